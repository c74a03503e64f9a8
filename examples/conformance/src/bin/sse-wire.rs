//! The adapter for `sse-wire`: a model for others.

use sse_wire::{Decoder, EventId, Frame};
use sse_wire_conformance::{
    adapter::{Adapter, locked_version, serve},
    protocol::{Answer, Event, Hello, Shown},
};

fn main() -> std::io::Result<()> {
    serve::<SseWire>()
}

struct SseWire(Decoder);

impl Adapter for SseWire {
    fn hello() -> Hello {
        Hello {
            name: "sse-wire".to_owned(),
            version: locked_version("sse-wire"),
            shows: vec![
                Shown::Type,
                Shown::LastEventId,
                Shown::FinalLastEventId,
                Shown::Retries,
                Shown::Comments,
                Shown::CutOff,
                Shown::Resume,
            ],
            max_retry: None,
        }
    }

    fn open(last_event_id: &str) -> Self {
        let id = EventId::new(last_event_id);
        let id = id.expect("no vector resumes from an id that cannot be sent");
        Self(Decoder::new().with_last_event_id(id))
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        let mut answer = Answer::default();
        let mut feed = self.0.feed(chunk);
        while let Some(frame) = feed.next_frame() {
            match frame {
                Ok(Frame::Event(event)) => answer.events.push(returned(&event)),
                Ok(Frame::Comment(comment)) => answer.comments.push(comment.into_owned()),
                Ok(Frame::Retry(time)) => answer.retries.push(time.as_millis() as f64),
                Ok(_) => {}
                Err(error) => answer.error = Some(error.to_string()),
            }
        }
        answer
    }

    fn end(mut self) -> Answer {
        let (cut_off, error) = match self.0.finish() {
            None => (None, None),
            Some(Ok(event)) => (Some(returned(&event)), None),
            Some(Err(error)) => (None, Some(error.to_string())),
        };
        Answer {
            cut_off,
            error,
            last_event_id: Some(self.0.last_event_id().to_owned()),
            ..Answer::default()
        }
    }
}

fn returned(event: &sse_wire::Event<'_>) -> Event {
    Event {
        event_type: Some(event.event_type().to_owned()),
        data: event.data().to_owned(),
        last_event_id: Some(event.last_event_id().to_owned()),
        id: None,
    }
}
