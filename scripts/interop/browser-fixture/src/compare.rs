//! What a browser saw, beside what the decoder returned.

use serde::{Deserialize, Serialize};
use sse_wire::Event;

use crate::Visit;
use crate::draw::{Kind, Stream};
use crate::firefox;

/// What the page reports.
#[derive(Deserialize)]
pub struct Seen {
    events: Vec<SeenEvent>,
    /// Whether the source closed for good. If not, the page gave up after some time.
    closed: bool,
}

/// Type, data and last event ID.
type SeenEvent = (String, String, String);

#[derive(Serialize)]
pub struct Outcome {
    kind: Kind,
    name: &'static str,
    events: usize,
    /// The browser saw every event as the decoder does.
    is_equal: bool,
    /// It saw what follows from the known faults of Firefox.
    is_equal_with_faults: bool,
    came_back: bool,
    /// `Last-Event-ID` is the decoder's last event ID.
    id_is_equal: bool,
    closed: bool,
    /// From the end of the stream to the reconnect, less the reconnection time.
    late_ms: Option<f64>,
    /// What the decoder says / what the browser saw.
    first_difference: Option<String>,
}

impl Outcome {
    /// None if the reader has not reported yet.
    pub fn of(stream: &Stream, visit: &Visit) -> Option<Self> {
        let seen = visit.seen.as_ref()?;
        let (events, decoder) = stream.decode();
        let expected: Vec<_> = events.iter().map(as_seen).collect();
        let differing = (0..expected.len().max(seen.events.len()))
            .find(|&index| expected.get(index) != seen.events.get(index));
        let difference =
            |index| format!("{:?} / {:?}", expected.get(index), seen.events.get(index));
        let id = visit.came_back.as_ref().map(|(_, id)| id.as_slice());
        // HTTP trims what a header's value begins and ends with.
        let expected_id = decoder.last_event_id().trim_matches([' ', '\t']);
        Some(Self {
            kind: stream.kind,
            name: stream.name,
            events: events.len(),
            is_equal: differing.is_none(),
            is_equal_with_faults: as_firefox_sees(stream) == seen.events,
            came_back: id.is_some(),
            id_is_equal: id == Some(expected_id.as_bytes()),
            closed: seen.closed,
            late_ms: visit
                .waited()
                .zip(decoder.retry())
                .map(|(waited, retry)| (waited.as_secs_f64() - retry.as_secs_f64()) * 1000.0),
            first_difference: differing.map(difference),
        })
    }
}

fn as_seen(event: &Event<'_>) -> SeenEvent {
    let (event_type, data) = (event.event_type().to_owned(), event.data().to_owned());
    (event_type, data, event.last_event_id().to_owned())
}

fn as_firefox_sees(stream: &Stream) -> Vec<SeenEvent> {
    let (events, _) = stream.as_firefox_reads_it().decode();
    let seen = events
        .iter()
        .map(as_seen)
        .zip(firefox::last_event_ids(&events));
    seen.map(|((event_type, data, _), id)| (event_type, data, id))
        .collect()
}
