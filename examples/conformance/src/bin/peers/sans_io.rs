//! Decoders that take slices.

use std::{sync::Arc, time::Duration};

use sse_wire_conformance::{
    adapter::Adapter,
    protocol::{Answer, Hello, Shown},
};

use crate::{ALL_STATE, block, event, hello, milliseconds};

/// `SseDecoder::next` until it wants more; a last event ID is given to `reconnect_with_id`.
pub struct SseCore(sse_core::SseDecoder);

impl Adapter for SseCore {
    fn hello() -> Hello {
        Hello {
            max_retry: Some(u32::MAX.into()),
            ..hello("sse-core", &ALL_STATE)
        }
    }

    fn open(last_event_id: &str) -> Self {
        let mut decoder = sse_core::SseDecoder::new();
        decoder.reconnect_with_id((!last_event_id.is_empty()).then(|| Arc::from(last_event_id)));
        Self(decoder)
    }

    fn feed(&mut self, mut chunk: &[u8]) -> Answer {
        let mut answer = Answer::default();
        while let Some(next) = self.0.next(&mut chunk) {
            match next {
                Ok(sse_core::SseEvent::Message(message)) => {
                    answer
                        .events
                        .push(event(message.event, message.data, message.last_event_id))
                }
                Ok(sse_core::SseEvent::Retry(retry)) => answer.retries.push(retry.into()),
                Err(error) => answer.error = Some(error.to_string()),
            }
        }
        answer
    }

    fn end(self) -> Answer {
        Answer {
            last_event_id: self.0.last_event_id().map(ToString::to_string),
            ..Answer::default()
        }
    }
}

/// `feed` and `next_event`; the reconnection time that `SseParser::retry` returns after each event
/// and each chunk, and the last event ID that the parser returns after `finish`.
pub struct SseParse {
    parser: sse_parse::SseParser,
    retry: Option<Duration>,
}

impl Adapter for SseParse {
    fn hello() -> Hello {
        hello("sse-parse", &ALL_STATE)
    }

    fn open(last_event_id: &str) -> Self {
        Self {
            parser: sse_parse::SseParser::with_last_event_id(last_event_id),
            retry: None,
        }
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        self.parser.feed(chunk);
        self.handed_over()
    }

    fn end(mut self) -> Answer {
        self.parser.finish();
        Answer {
            last_event_id: Some(self.parser.last_event_id().to_owned()),
            ..self.handed_over()
        }
    }
}

impl SseParse {
    fn handed_over(&mut self) -> Answer {
        let mut answer = Answer::default();
        while let Some(next) = self.parser.next_event() {
            answer
                .events
                .push(event(next.event, next.data, Some(next.id)));
        }
        if self.parser.retry() != self.retry {
            self.retry = self.parser.retry();
            answer.retries.extend(self.retry.map(milliseconds));
        }
        answer
    }
}

/// `push`. Its events are blocks, and those without data look like those with empty data, so all of
/// them are returned. (`flush` is for callers that want the event that the end cut off.)
pub struct SseFrame(sse_frame::Parser);

impl Adapter for SseFrame {
    fn hello() -> Hello {
        hello("sse-frame", &[Shown::Id, Shown::Retries])
    }

    fn open(_: &str) -> Self {
        Self(sse_frame::Parser::new())
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        let mut answer = Answer::default();
        for next in self.0.push(chunk) {
            answer
                .retries
                .extend(next.retry_ms.map(|retry| retry as f64));
            answer.events.push(block(next.event, next.data, next.id));
        }
        answer
    }

    fn end(self) -> Answer {
        Answer::default()
    }
}
