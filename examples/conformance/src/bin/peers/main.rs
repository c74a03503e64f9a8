//! Adapters for other crates. Each uses the public interface that shows the most, as its
//! documentation does, and hides nothing: the runner gets what a caller gets.
//!
//! `peers NAME` is the adapter for the crate of that name, `peers` alone lists the names.

mod codecs;
mod sans_io;
mod streams;

use std::{io, process::ExitCode, time::Duration};

use codecs::Framed;
use sse_wire_conformance::{
    adapter::{locked_version, serve},
    protocol::{Event, Hello, Shown},
};

type Serve = fn() -> io::Result<()>;

const PEERS: [(&str, Serve); 10] = [
    ("eventsource-client", serve::<streams::EventsourceClient>),
    ("eventsource-stream", serve::<streams::EventsourceStream>),
    ("russe", serve::<Framed<russe::Decoder>>),
    ("sse-codec", serve::<Framed<codecs::SseCodec>>),
    ("sse-core", serve::<sans_io::SseCore>),
    ("sse-frame", serve::<sans_io::SseFrame>),
    ("sse-parse", serve::<sans_io::SseParse>),
    ("sse-stream", serve::<streams::SseStream>),
    ("sseer", serve::<streams::Sseer>),
    (
        "tokio_sse_codec",
        serve::<Framed<tokio_sse_codec::SseDecoder<String>>>,
    ),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1);
    let Some((_, serve)) = PEERS
        .into_iter()
        .find(|(name, _)| wanted.as_deref() == Some(name))
    else {
        eprintln!("usage: peers NAME, of {:?}", PEERS.map(|(name, _)| name));
        return ExitCode::from(2);
    };
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What a decoder shows if it keeps all the state of the standard.
const ALL_STATE: [Shown; 4] = [
    Shown::LastEventId,
    Shown::FinalLastEventId,
    Shown::Retries,
    Shown::Resume,
];

/// All of them show event types.
fn hello(name: &str, shows: &[Shown]) -> Hello {
    Hello {
        name: name.to_owned(),
        version: locked_version(name),
        shows: [&[Shown::Type], shows].concat(),
        max_retry: None,
    }
}

/// An event of a decoder that shows the last event ID.
fn event(
    event_type: impl ToString,
    data: impl ToString,
    last_event_id: Option<impl ToString>,
) -> Event {
    Event {
        event_type: Some(event_type.to_string()),
        data: data.to_string(),
        last_event_id: last_event_id.map(|id| id.to_string()),
        id: None,
    }
}

/// An event of a decoder that shows the fields of its block alone.
fn block(
    event_type: Option<impl ToString>,
    data: impl ToString,
    id: Option<impl ToString>,
) -> Event {
    Event {
        event_type: event_type.map(|event_type| event_type.to_string()),
        data: data.to_string(),
        last_event_id: None,
        id: id.map(|id| id.to_string()),
    }
}

/// The protocol's numbers are floats.
fn milliseconds(time: Duration) -> f64 {
    time.as_millis() as f64
}
