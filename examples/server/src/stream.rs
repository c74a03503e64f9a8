//! The body of a response: its starting place, then events as they come, and comments while none
//! come.

use crate::hub::{Client, Start};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use sse_wire::stream::KeepAlive;
use sse_wire::{Event, EventType};
use std::convert::Infallible;
use std::future::ready;
use std::time::Duration;
use tokio::time::interval;

pub fn body(
    client: Client,
    start: Start,
    retry: Duration,
    keep_alive: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let hello = stream::once(ready(hello(start, retry)));
    let events = stream::unfold(client, async |mut client| {
        Some((client.next().await?, client))
    });
    // A comment comes at the second tick after an event at the latest.
    let ticks = stream::unfold(interval(keep_alive / 2), async |mut interval| {
        Some((interval.tick().await, interval))
    });
    KeepAlive::new(hello.chain(events).map(Ok), ticks)
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
