//! The limit, by a model that knows the lines of a stream and the reference decoder's frame for
//! each, but not how the decoder stores them.

use super::decoder::holds_no_more_than_its_limit;
use super::{Line, Outcome, frames, lines};
use sse_wire::{Decoder, Event, EventId};
use sse_wire_testing::reference::{self, Frame};
use sse_wire_testing::strategies::Chunking;
use std::collections::BTreeMap;
use std::time::Duration;

/// A limit removes only blocks over it. It counts the bytes of the stream, so replacement makes no
/// difference.
pub fn a_limit_drops_what_is_too_large_and_nothing_else(
    stream: &[u8],
    limit: usize,
    chunking: &Chunking,
) {
    // The model knows lines that have an end.
    let stream = &[stream, b"\n\n"].concat();
    let limited = Limited::decode(stream, limit);
    let mut decoder = Decoder::new().with_max_event_size(limit);
    let mut seen = Vec::new();
    for chunk in chunking.split(stream) {
        seen.extend(frames(&mut decoder.feed(chunk)));
        holds_no_more_than_its_limit(&decoder);
    }
    assert_eq!(seen, limited.outcomes);
    assert_eq!(decoder.last_event_id(), limited.last_event_id);
    assert_eq!(decoder.retry(), reference::decode(stream).retries().last());
}

/// The expected result of a stream under a limit.
#[derive(Default)]
struct Limited {
    limit: usize,
    outcomes: Vec<Outcome>,
    last_event_id: String,
    block: Block,
}

/// What a block holds, in bytes.
#[derive(Default)]
struct Block {
    data: Option<usize>,
    event_type: usize,
    id: Option<(usize, String)>,
    retry: Option<Duration>,
    has_other: bool,
    is_too_large: bool,
}

impl Block {
    fn size(&self) -> usize {
        let id = self.id.as_ref().map_or(0, |(size, _)| *size);
        self.data.unwrap_or(0) + self.event_type + id
    }
}

impl Limited {
    fn decode(stream: &[u8], limit: usize) -> Self {
        let mut limited = Self {
            limit,
            ..Self::default()
        };
        let mut frames = BTreeMap::from_iter(reference::decode(stream).frames);
        for Line { text, at, .. } in lines(stream) {
            limited.line(text, frames.remove(&at));
        }
        limited
    }

    /// A line, and the reference decoder's frame at its end.
    fn line(&mut self, line: &[u8], frame: Option<Frame>) {
        let (name, value) = name_and_value(line);
        match (name, frame) {
            (b"", frame @ (None | Some(Frame::Event(_) | Frame::Undispatched(_)))) => {
                self.blank_line(frame);
            }
            (b"", Some(comment)) => self.beside_the_block(value.len(), "comment", comment),
            (b"data", _) => {
                let join = usize::from(self.block.data.is_some());
                if self.admits(join + value.len()) {
                    *self.block.data.get_or_insert(0) += join + value.len();
                }
            }
            (b"event", _) => {
                if self.admits(value.len()) {
                    self.block.event_type = value.len();
                }
            }
            (b"id", _) => {
                self.admits(value.len());
                // It counts even in a block that is too large.
                if self.fits(value.len()) && !value.contains(&0) {
                    let id = String::from_utf8_lossy(value).into_owned();
                    self.block.id = Some((value.len(), id));
                }
            }
            (b"retry", Some(Frame::Retry(time))) => {
                self.block.retry = Some(time);
                self.outcomes.push(Ok(Frame::Retry(time)));
            }
            (b"retry", _) => {}
            (_, field) => {
                self.block.has_other = true;
                let field = field.expect("a field with another name");
                self.beside_the_block(line.len(), "field", field);
            }
        }
    }

    /// A replaced value counts until the new one is whole.
    fn fits(&self, more: usize) -> bool {
        self.block.size() + more <= self.limit
    }

    /// Whether the block takes this many more bytes. It is dropped, with one error, once it does not.
    fn admits(&mut self, more: usize) -> bool {
        if !self.block.is_too_large && !self.fits(more) {
            self.error("event");
            self.block.is_too_large = true;
            (self.block.data, self.block.event_type) = (None, 0);
        }
        !self.block.is_too_large
    }

    /// Text that is not part of the block, but has to fit next to it.
    fn beside_the_block(&mut self, size: usize, name: &str, frame: Frame) {
        if self.fits(size) {
            self.outcomes.push(Ok(frame));
        } else {
            self.error(name);
        }
    }

    fn error(&mut self, name: &str) {
        let limit = self.limit;
        self.outcomes.push(Err(format!(
            "{name} larger than the limit of {limit} bytes"
        )));
    }

    fn blank_line(&mut self, frame: Option<Frame>) {
        let block = std::mem::take(&mut self.block);
        if let Some((_, id)) = &block.id {
            self.last_event_id.clone_from(id);
        }
        let frame = if block.is_too_large {
            let sets_anything = block.id.is_some() || block.retry.is_some() || block.has_other;
            sets_anything.then(|| {
                let mut event = Event::without_data();
                if let Some((_, id)) = block.id {
                    event = event.with_id(EventId::new(id).expect("an id of the stream"));
                }
                Frame::Undispatched(
                    block
                        .retry
                        .into_iter()
                        .fold(event, Event::with_retry)
                        .into(),
                )
            })
        } else {
            frame
        };
        // An earlier id was too large, so the one before it is still in force.
        self.outcomes.extend(frame.map(|mut frame| {
            if let Frame::Event(event) | Frame::Undispatched(event) = &mut frame {
                event.last_event_id.clone_from(&self.last_event_id);
            }
            Ok(frame)
        }));
    }
}

/// R9 to R11. A comment has an empty name.
fn name_and_value(line: &[u8]) -> (&[u8], &[u8]) {
    match line.iter().position(|&byte| byte == b':') {
        None => (line, b""),
        Some(0) => (b"", &line[1..]),
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
    }
}
