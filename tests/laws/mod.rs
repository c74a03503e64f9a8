//! The laws of the codec, each once: a function that panics if its law does not hold. Property
//! tests call them with values from proptest, fuzz targets with values read from bytes.
#![allow(unreachable_pub, reason = "a module of several programs")]

pub mod decoder;
pub mod encoder;
pub mod gateway;
pub mod limits;

use sse_wire::{DecodeError, Decoder, Feed};
use sse_wire_testing::reference::{Decoded, Frame};
use std::iter;
use std::time::Duration;

/// A result at one point of a stream: a frame, or the text of an error.
pub type Outcome = Result<Frame, String>;

pub fn outcome(frame: Result<sse_wire::Frame<'_>, DecodeError>) -> Outcome {
    match frame {
        Ok(frame) => Ok(frame.into()),
        Err(error) => Err(error.to_string()),
    }
}

pub fn next_frame(feed: &mut Feed<'_, '_>) -> Option<Outcome> {
    feed.next_frame().map(outcome)
}

pub fn next_event(feed: &mut Feed<'_, '_>) -> Option<Outcome> {
    let event = feed.next_event()?;
    Some(outcome(event.map(sse_wire::Frame::Event)))
}

/// All frames that a feed has left.
pub fn frames(feed: &mut Feed<'_, '_>) -> Vec<Outcome> {
    iter::from_fn(|| next_frame(feed)).collect()
}

/// All events that a feed has left.
pub fn events(feed: &mut Feed<'_, '_>) -> Vec<Outcome> {
    iter::from_fn(|| next_event(feed)).collect()
}

pub fn finish(decoder: &mut Decoder) -> Option<Outcome> {
    let event = decoder.finish()?;
    Some(outcome(event.map(sse_wire::Frame::Event)))
}

/// Whether `next_event` returns it, too.
pub fn is_event(outcome: &Outcome) -> bool {
    match outcome {
        Ok(frame) => matches!(frame, Frame::Event(_)),
        Err(error) => error.starts_with("event "),
    }
}

/// The reference decoder's result for a stream, in any chunks and without a limit.
pub fn expected(decoded: &Decoded) -> Vec<Outcome> {
    let frames = decoded.frames.iter();
    frames.map(|(_, frame)| Ok(frame.clone())).collect()
}

/// All state of a decoder that can be seen without feeding it.
#[derive(Debug, PartialEq)]
pub struct State {
    pub last_event_id: String,
    pub retry: Option<Duration>,
    pub in_block: bool,
    pub in_line: bool,
}

impl State {
    pub fn of(decoder: &Decoder) -> Self {
        Self {
            last_event_id: decoder.last_event_id().to_owned(),
            retry: decoder.retry(),
            in_block: decoder.in_block(),
            in_line: decoder.in_line(),
        }
    }
}

/// A line that has an end.
pub struct Line<'s> {
    pub text: &'s [u8],
    /// The offset after the first byte of its end, with which the line is complete (R3).
    pub at: usize,
    /// The offset after its end.
    pub next: usize,
}

/// R2, R5, R6: the lines of a stream that have an end.
pub fn lines(stream: &[u8]) -> Vec<Line<'_>> {
    let mut start = bom_len(stream);
    let mut lines = Vec::new();
    while let Some(len) = stream[start..].iter().position(is_line_end) {
        let end = start + len;
        let pair = stream[end..].starts_with(b"\r\n");
        let (at, next) = (end + 1, end + 1 + usize::from(pair));
        let text = &stream[start..end];
        lines.push(Line { text, at, next });
        start = next;
    }
    lines
}

pub fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

pub fn bom_len(stream: &[u8]) -> usize {
    let bom = b"\xEF\xBB\xBF";
    if stream.starts_with(bom) {
        bom.len()
    } else {
        0
    }
}

/// All that the format does not preserve of data.
pub fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
