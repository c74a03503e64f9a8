//! Events that several instances share, in a Redis Stream. Its entry ids are the event ids, so every
//! instance gives an event the same id, and a client resumes at any of them.
//!
//! Each instance follows the stream into its own log, and clients only ever read from that: when an
//! instance dies and its clients come here, Redis notices nothing.

use crate::hub::Hub;
use crate::id::Id;
use crate::wire::{self, Message};
use bytes::Bytes;
use redis::aio::ConnectionManager;
use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use redis::{AsyncCommands, AsyncConnectionConfig, Client, RedisResult, cmd};
use std::sync::Arc;
use std::time::Duration;

/// The stream's key.
const KEY: &str = "events";

#[derive(Clone)]
pub struct Redis {
    client: Client,
    sender: ConnectionManager,
    history: usize,
}

impl Redis {
    pub async fn connect(url: &str, history: usize) -> RedisResult<Self> {
        let client = Client::open(url)?;
        let sender = client.get_connection_manager().await?;
        Ok(Self {
            client,
            sender,
            history,
        })
    }

    /// Sends an event to all instances, this one too, and returns its id.
    ///
    /// Redis cuts the stream to about the length of the log ("~" is much cheaper for it than
    /// exactly), never to less.
    pub async fn send(&self, message: &Message) -> RedisResult<String> {
        cmd("XADD")
            .arg(KEY)
            .arg(("MAXLEN", "~", self.history + 1, "*"))
            .arg(("type", message.event_type(), "data", message.data()))
            .query_async(&mut self.sender.clone())
            .await
    }

    /// Brings the hub up to date, then keeps it so. Returns only if the connection is lost; calling
    /// it again continues without a gap, since it reads after the last event that the hub has.
    pub async fn follow(&self, hub: &Hub, up_to_date: impl FnOnce()) -> RedisResult<()> {
        // A connection of its own, since a read blocks it. It waits for an answer longer than the
        // read blocks, and not for ever: then it is lost, and nobody has said so.
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(2 * BLOCK));
        let mut redis = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;

        // One entry more than the log keeps, which the log then forgets: so it knows how far back it
        // reaches. If it missed more than that, what it had is pushed out as a whole.
        let recent: StreamRangeReply = redis
            .xrevrange_count(KEY, "+", "-", self.history + 1)
            .await?;
        hub.receive(recent.ids.iter().rev().filter_map(event));
        up_to_date();

        let options = redis::streams::StreamReadOptions::default()
            .block(BLOCK.as_millis() as usize)
            .count(self.history);
        loop {
            let last = hub.last_id().to_string();
            let reply: Option<StreamReadReply> =
                redis.xread_options(&[KEY], &[last], &options).await?;
            let entries = reply
                .iter()
                .flat_map(|reply| &reply.keys)
                .flat_map(|key| &key.ids);
            hub.receive(entries.filter_map(event));
        }
    }
}

const BLOCK: Duration = Duration::from_secs(5);

/// Anybody may write to the stream. What is no event becomes a comment in its place, so that all
/// logs count the same.
fn event(entry: &StreamId) -> Option<(Id, Bytes)> {
    let id = entry.id.parse().ok()?;
    let message = entry
        .get("data")
        .and_then(|data| Message::new(entry.get("type"), data).ok());
    Some((
        id,
        message.map_or(wire::NO_EVENT, |message| message.encode(id)),
    ))
}

/// Follows for ever, over lost connections.
pub async fn keep_following(redis: Redis, hub: Arc<Hub>) {
    loop {
        if let Err(error) = redis.follow(&hub, || {}).await {
            eprintln!("redis: {error}");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
