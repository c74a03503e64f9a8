//! The body of a response: hello, then events as they come, and comments while none do.

use crate::hub::{Client, Start};
use crate::wire;
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

pub fn body(
    client: Client,
    start: Start,
    retry: Duration,
    keep_alive: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let mut ticks = interval(keep_alive);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    let hello = Some(wire::hello(start, retry));
    stream::unfold(
        (client, ticks, hello),
        async |(mut client, mut ticks, hello)| {
            let chunk = match hello {
                Some(hello) => hello,
                None => next(&mut client, &mut ticks).await?,
            };
            Some((Ok(chunk), (client, ticks, None)))
        },
    )
}

/// Keep-alives are for the silence between events: each event starts the wait anew.
async fn next(client: &mut Client, ticks: &mut Interval) -> Option<Bytes> {
    tokio::select! {
        biased;
        event = client.next() => {
            ticks.reset();
            event
        }
        _ = ticks.tick() => Some(wire::KEEP_ALIVE),
    }
}
