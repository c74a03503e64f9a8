//! Decoders for `FramedRead`. They are driven as it drives them: a chunk is appended to the buffer,
//! then `decode` is called until it wants more; an error ends the stream; `decode_eof` is called at
//! the end. What they return as an error at the end is not counted: it is their way to say that
//! the end cut something off.

use std::fmt;

use bytes::BytesMut;
use sse_wire_conformance::{
    adapter::Adapter,
    protocol::{Answer, Hello, Shown},
};
use tokio_util::codec::Decoder;

use crate::{block, event, hello, milliseconds};

/// `russe::Decoder`. It hands over the comments of a block in one piece, joined by LFs; they are
/// taken apart again. Its messages do not tell no data from empty data.
pub struct Russe {
    decoder: russe::Decoder,
    buffer: BytesMut,
    failed: bool,
}

impl Adapter for Russe {
    fn hello() -> Hello {
        hello("russe", &[Shown::Id, Shown::Retries, Shown::Comments])
    }

    fn open(_: &str) -> Self {
        Self {
            decoder: russe::Decoder::default(),
            buffer: BytesMut::new(),
            failed: false,
        }
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        let mut answer = Answer::default();
        self.buffer.extend_from_slice(chunk);
        while !self.failed {
            match self.decoder.decode(&mut self.buffer) {
                Ok(Some(frame)) => russe_frame(frame, &mut answer),
                Ok(None) => break,
                Err(error) => fail(&mut self.failed, &mut answer, &error),
            }
        }
        answer
    }

    fn end(mut self) -> Answer {
        let mut answer = Answer::default();
        while let Ok(Some(frame)) = self.decoder.decode_eof(&mut self.buffer) {
            russe_frame(frame, &mut answer);
        }
        answer
    }
}

fn russe_frame(frame: russe::Event, answer: &mut Answer) {
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

/// `SseDecoder<String>`, without the limit that it can have.
pub struct TokioSseCodec {
    decoder: tokio_sse_codec::SseDecoder<String>,
    buffer: BytesMut,
    failed: bool,
}

impl Adapter for TokioSseCodec {
    fn hello() -> Hello {
        let shows = [Shown::LastEventId, Shown::Retries, Shown::Comments];
        hello("tokio_sse_codec", &shows)
    }

    fn open(_: &str) -> Self {
        Self {
            decoder: tokio_sse_codec::SseDecoder::new(),
            buffer: BytesMut::new(),
            failed: false,
        }
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        let mut answer = Answer::default();
        self.buffer.extend_from_slice(chunk);
        while !self.failed {
            match self.decoder.decode(&mut self.buffer) {
                Ok(Some(frame)) => tokio_sse_codec_frame(frame, &mut answer),
                Ok(None) => break,
                Err(error) => fail(&mut self.failed, &mut answer, &error),
            }
        }
        answer
    }

    fn end(mut self) -> Answer {
        let mut answer = Answer::default();
        while let Ok(Some(frame)) = self.decoder.decode_eof(&mut self.buffer) {
            tokio_sse_codec_frame(frame, &mut answer);
        }
        answer
    }
}

fn tokio_sse_codec_frame(frame: tokio_sse_codec::Frame<String>, answer: &mut Answer) {
    match frame {
        tokio_sse_codec::Frame::Event(next) => {
            answer.events.push(event(next.name, next.data, next.id));
        }
        tokio_sse_codec::Frame::Comment(comment) => answer.comments.push(comment),
        tokio_sse_codec::Frame::Retry(time) => answer.retries.push(milliseconds(time)),
    }
}

/// `SSECodec`, in the `FramedRead` of `futures_codec`.
pub struct SseCodec {
    decoder: sse_codec::SSECodec,
    buffer: BytesMut,
    failed: bool,
}

impl Adapter for SseCodec {
    fn hello() -> Hello {
        hello("sse-codec", &[Shown::LastEventId, Shown::Retries])
    }

    fn open(_: &str) -> Self {
        Self {
            decoder: sse_codec::SSECodec::default(),
            buffer: BytesMut::new(),
            failed: false,
        }
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        let mut answer = Answer::default();
        self.buffer.extend_from_slice(chunk);
        while !self.failed {
            match futures_codec::Decoder::decode(&mut self.decoder, &mut self.buffer) {
                Ok(Some(sse_codec::Event::Message {
                    id,
                    event: event_type,
                    data,
                })) => {
                    answer.events.push(event(event_type, data, id));
                }
                Ok(Some(sse_codec::Event::Retry { retry })) => answer.retries.push(retry as f64),
                Ok(None) => break,
                Err(error) => fail(&mut self.failed, &mut answer, &error),
            }
        }
        answer
    }

    /// Its `decode_eof` drops what is left.
    fn end(self) -> Answer {
        Answer::default()
    }
}

fn fail(failed: &mut bool, answer: &mut Answer, error: &impl fmt::Display) {
    *failed = true;
    answer.error = Some(error.to_string());
}
