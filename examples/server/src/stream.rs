//! The body of a response: where it starts, then events as they come, and comments while none do.

use crate::hub::{Client, Start};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use sse_wire::{Encoder, Event, EventType};
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Interval, interval};

pub fn body(
    client: Client,
    start: Start,
    retry: Duration,
    keep_alive: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let ticks = interval(keep_alive);
    stream::unfold(
        (client, ticks, Some(hello(start, retry))),
        async |(mut client, mut ticks, hello)| {
            let chunk = match hello {
                Some(hello) => {
                    ticks.reset();
                    hello
                }
                None => next(&mut client, &mut ticks).await?,
            };
            Some((Ok(chunk), (client, ticks, None)))
        },
    )
}

/// The first event of every stream. Its id lets a client resume even if it is cut off before any
/// other event; its type keeps it from clients that do not listen for it.
fn hello(start: Start, retry: Duration) -> Bytes {
    const HELLO: EventType<'_> = EventType::from_static("hello");
    const GAP: EventType<'_> = EventType::from_static("gap");
    Event::new(start.after.to_string())
        .with_event_type(if start.gap { GAP } else { HELLO })
        .with_id(start.after)
        .with_retry(retry)
        .to_bytes()
}

/// Keep-alives are for the silence between events: each event starts the wait anew.
async fn next(client: &mut Client, ticks: &mut Interval) -> Option<Bytes> {
    tokio::select! {
        biased;
        event = client.next() => {
            ticks.reset();
            event
        }
        _ = ticks.tick() => Some(Bytes::from_static(Encoder::KEEP_ALIVE)),
    }
}
