//! Events that several servers share, in a Redis Stream. Its entry ids are the event ids, so an event
//! has the same id on every server, and a client resumes at any of them.
//!
//! Each server follows the stream into its own hub, and its clients read only from there. So when a
//! server dies and all its clients move to another, Redis does not notice.

use crate::hub::Hub;
use crate::id::Id;
use bytes::Bytes;
use redis::aio::{ConnectionManager, MultiplexedConnection};
use redis::streams::{StreamId, StreamRangeReply, StreamReadOptions, StreamReadReply};
use redis::{AsyncCommands, AsyncConnectionConfig, Client, RedisResult, cmd};
use sse_wire::{Encoder, Event, EventType};
use std::sync::Arc;
use std::time::Duration;

/// The key of the stream. An entry has the field `data`, and may have `type`.
const KEY: &str = "events";

/// How long one read waits for events.
const WAIT: Duration = Duration::from_secs(5);

/// How long to wait before connecting again.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct Redis {
    client: Client,
    sender: ConnectionManager,
    history: usize,
}

impl Redis {
    /// Connects, brings the hub up to date, and keeps it so.
    pub async fn start(url: &str, history: usize, hub: Arc<Hub>) -> RedisResult<Self> {
        let client = Client::open(url)?;
        let sender = client.get_connection_manager().await?;
        let redis = Self {
            client,
            sender,
            history,
        };
        let reader = redis.catch_up(&hub).await?;
        tokio::spawn(redis.clone().follow(reader, hub));
        Ok(redis)
    }

    /// Sends an event to every server, also to this one. Returns its id.
    ///
    /// Redis shortens the stream to about as many entries as a hub keeps (`~` makes that cheap), and
    /// never to fewer.
    pub async fn send(&self, event: &Event<'_>) -> RedisResult<String> {
        cmd("XADD")
            .arg(KEY)
            .arg(("MAXLEN", "~", self.history + 1, "*"))
            .arg((
                "type",
                event.explicit_event_type().unwrap_or_default(),
                "data",
                event.data(),
            ))
            .query_async(&mut self.sender.clone())
            .await
    }

    /// Reads for ever. If the connection is lost, no event is: the next one continues after the
    /// hub's last event.
    async fn follow(self, mut reader: MultiplexedConnection, hub: Arc<Hub>) {
        loop {
            if let Err(error) = self.read(&mut reader, &hub).await {
                eprintln!("redis: {error}");
                tokio::time::sleep(RETRY).await;
                if let Ok(connection) = self.catch_up(&hub).await {
                    reader = connection;
                }
            }
        }
    }

    /// Reads the newest entries, over a new connection. It is only for reads, since nothing else
    /// can use it while a read waits.
    ///
    /// It reads one more than the hub keeps. So the hub forgets one, and knows how far back it
    /// reaches. If it has missed more than it keeps, it forgets all its older events.
    async fn catch_up(&self, hub: &Hub) -> RedisResult<MultiplexedConnection> {
        // An answer that takes much longer than a read waits will never come.
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(2 * WAIT));
        let mut reader = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let newest: StreamRangeReply = reader
            .xrevrange_count(KEY, "+", "-", self.history + 1)
            .await?;
        hub.receive(newest.ids.iter().rev().filter_map(encode));
        Ok(reader)
    }

    /// Waits for entries after the last that the hub has.
    async fn read(&self, reader: &mut MultiplexedConnection, hub: &Hub) -> RedisResult<()> {
        let options = StreamReadOptions::default()
            .block(WAIT.as_millis() as usize)
            .count(1000);
        let after = [hub.last_id().to_string()];
        let reply: Option<StreamReadReply> = reader.xread_options(&[KEY], &after, &options).await?;
        let entries = reply
            .iter()
            .flat_map(|reply| &reply.keys)
            .flat_map(|key| &key.ids);
        hub.receive(entries.filter_map(encode));
        Ok(())
    }
}

/// Any program may add entries. An entry that is not an event becomes a comment in its place, so
/// that the hub's log has as many entries as the stream.
fn encode(entry: &StreamId) -> Option<(Id, Bytes)> {
    let id: Id = entry.id.parse().ok()?;
    let event_type = EventType::new(entry.get::<String>("type").unwrap_or_default());
    let encoded = match (event_type, entry.get::<String>("data")) {
        (Ok(event_type), Some(data)) => Event::new(data)
            .with_event_type(event_type)
            .with_id(id)
            .to_bytes(),
        _ => {
            let mut comment = Vec::new();
            Encoder::new().comment("not an event", &mut comment);
            comment.into()
        }
    };
    Some((id, encoded))
}
