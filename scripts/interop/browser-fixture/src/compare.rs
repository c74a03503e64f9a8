//! What a browser saw, beside what the decoder says.

use serde::{Deserialize, Serialize};
use sse_wire::Event;

use crate::Visit;
use crate::draw::{Kind, Stream};

/// What the page reports.
#[derive(Deserialize)]
pub struct Seen {
    /// Type, data and last event ID of each.
    events: Vec<(String, String, String)>,
    /// Whether the source gave up; else the page did, after a time.
    closed: bool,
}

#[derive(Serialize)]
pub struct Outcome {
    kind: Kind,
    name: &'static str,
    events: usize,
    /// Type, data and last event ID of every event are the same.
    is_equal: bool,
    /// The same, had the stream no NUL.
    is_equal_without_nul: bool,
    came_back: bool,
    /// `Last-Event-ID` is what the decoder says.
    id_is_equal: bool,
    closed: bool,
    /// From the end of the stream to the reconnect, less the reconnection time.
    late_ms: Option<f64>,
    /// Of what the decoder says and the browser saw.
    first_difference: Option<String>,
}

impl Outcome {
    /// None if the reader has not reported yet.
    pub fn of(stream: &Stream, visit: &Visit) -> Option<Self> {
        let seen = visit.seen.as_ref()?;
        let (events, decoder) = stream.decode();
        let expected: Vec<_> = events.iter().map(as_seen).collect();
        let (came_back, id) = visit.came_back.clone().unzip();
        let late_ms =
            visit
                .ended
                .zip(came_back)
                .zip(decoder.retry())
                .map(|((ended, came_back), retry)| {
                    let waited = came_back.duration_since(ended).as_secs_f64();
                    (waited - retry.as_secs_f64()) * 1000.0
                });
        // HTTP trims what a header's value begins and ends with.
        let expected_id = decoder.last_event_id().trim_matches([' ', '\t']);
        let differing = (0..expected.len().max(seen.events.len()))
            .find(|&index| expected.get(index) != seen.events.get(index));
        Some(Self {
            kind: stream.kind,
            name: stream.name,
            events: events.len(),
            is_equal: differing.is_none(),
            is_equal_without_nul: expected
                .iter()
                .map(without_nul)
                .eq(seen.events.iter().cloned()),
            came_back: came_back.is_some(),
            id_is_equal: id.as_deref() == Some(expected_id.as_bytes()),
            closed: seen.closed,
            late_ms,
            first_difference: differing.map(|index| {
                format!(
                    "{index}: {:?} / {:?}",
                    expected.get(index),
                    seen.events.get(index)
                )
            }),
        })
    }
}

fn as_seen(event: &Event<'_>) -> (String, String, String) {
    let (event_type, data) = (event.event_type().to_owned(), event.data().to_owned());
    (event_type, data, event.last_event_id().to_owned())
}

fn without_nul((event_type, data, id): &(String, String, String)) -> (String, String, String) {
    (
        event_type.replace('\0', ""),
        data.replace('\0', ""),
        id.clone(),
    )
}
