//! Decoders for `FramedRead`. They are called as `FramedRead` calls them: a chunk is appended to
//! the buffer, then `decode` is called until it wants more; an error ends the stream; `decode_eof`
//! is called at the end. An error at the end is not counted: it is their way to say that the end
//! cut something off.

use std::fmt;

use bytes::BytesMut;
use sse_wire_conformance::{
    adapter::Adapter,
    protocol::{Answer, Hello, Shown},
};
use tokio_util::codec::Decoder;

use crate::{block, event, hello, milliseconds};

/// Calls a decoder as `FramedRead` does.
pub struct Framed<D> {
    decoder: D,
    buffer: BytesMut,
    failed: bool,
}

/// A decoder, and what its frames mean.
pub trait Peer: Decoder<Error: fmt::Display> + Default {
    fn hello() -> Hello;
    fn show(frame: Self::Item, answer: &mut Answer);
}

impl<P: Peer> Adapter for Framed<P> {
    fn hello() -> Hello {
        P::hello()
    }

    fn open(_: &str) -> Self {
        Self {
            decoder: P::default(),
            buffer: BytesMut::new(),
            failed: false,
        }
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        let mut answer = Answer::default();
        self.buffer.extend_from_slice(chunk);
        while !self.failed {
            match self.decoder.decode(&mut self.buffer) {
                Ok(Some(frame)) => P::show(frame, &mut answer),
                Ok(None) => break,
                Err(error) => {
                    self.failed = true;
                    answer.error = Some(error.to_string());
                }
            }
        }
        answer
    }

    fn end(mut self) -> Answer {
        let mut answer = Answer::default();
        while let Ok(Some(frame)) = self.decoder.decode_eof(&mut self.buffer) {
            P::show(frame, &mut answer);
        }
        answer
    }
}

/// It returns the comments of a block in one piece, joined by LFs; here they are split again. Its
/// messages look the same without data and with empty data.
impl Peer for russe::Decoder {
    fn hello() -> Hello {
        hello("russe", &[Shown::Id, Shown::Retries, Shown::Comments])
    }

    fn show(frame: russe::Event, answer: &mut Answer) {
        match frame {
            russe::Event::Message(message) => {
                answer.retries.extend(message.retry.map(milliseconds));
                answer
                    .events
                    .push(block(message.event, message.data, message.id));
            }
            russe::Event::Comment(comment) => {
                answer
                    .comments
                    .extend(comment.split('\n').map(str::to_owned));
            }
            russe::Event::Retry(time) => answer.retries.push(milliseconds(time)),
        }
    }
}

/// Without its optional limit.
impl Peer for tokio_sse_codec::SseDecoder<String> {
    fn hello() -> Hello {
        let shows = [Shown::LastEventId, Shown::Retries, Shown::Comments];
        hello("tokio_sse_codec", &shows)
    }

    fn show(frame: tokio_sse_codec::Frame<String>, answer: &mut Answer) {
        match frame {
            tokio_sse_codec::Frame::Event(next) => {
                answer.events.push(event(next.name, next.data, next.id));
            }
            tokio_sse_codec::Frame::Comment(comment) => answer.comments.push(comment),
            tokio_sse_codec::Frame::Retry(time) => answer.retries.push(milliseconds(time)),
        }
    }
}

/// `SSECodec`, whose `FramedRead` is that of `futures_codec`, with a trait of its own.
#[derive(Default)]
pub struct SseCodec(sse_codec::SSECodec);

impl Decoder for SseCodec {
    type Item = sse_codec::Event;
    type Error = <sse_codec::SSECodec as futures_codec::Decoder>::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        futures_codec::Decoder::decode(&mut self.0, buffer)
    }

    /// It drops what is left.
    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Self::Item>, Self::Error> {
        futures_codec::Decoder::decode_eof(&mut self.0, buffer)
    }
}

impl Peer for SseCodec {
    fn hello() -> Hello {
        hello("sse-codec", &[Shown::LastEventId, Shown::Retries])
    }

    fn show(frame: sse_codec::Event, answer: &mut Answer) {
        match frame {
            sse_codec::Event::Message {
                id,
                event: event_type,
                data,
            } => answer.events.push(event(event_type, data, id)),
            sse_codec::Event::Retry { retry } => answer.retries.push(retry as f64),
        }
    }
}
