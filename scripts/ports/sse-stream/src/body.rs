//! Blocks to an HTTP body, in version 0.3.

use crate::keep_alive::{KeepAlive, KeepAliveStream, NeverTimer, Timer};
use crate::{BodyError, Sse};
use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// The HTTP body of a stream of blocks. It ends with the first error.
    pub struct SseBody<S, T = NeverTimer> {
        // The blocks.
        #[pin]
        pub event_stream: S,
        #[pin]
        keep_alive: Option<KeepAliveStream<T>>,
        ended: bool,
    }
}

impl<S, E> SseBody<S, NeverTimer>
where
    S: Stream<Item = Result<Sse, E>>,
{
    /// The body of these blocks.
    pub fn new(stream: S) -> Self {
        Self {
            event_stream: stream,
            keep_alive: None,
            ended: false,
        }
    }
}

impl<S, E, T> SseBody<S, T>
where
    S: Stream<Item = Result<Sse, E>>,
    T: Timer,
{
    /// The body of these blocks, with something sent during silence.
    pub fn new_keep_alive(stream: S, keep_alive: KeepAlive) -> Self {
        SseBody::new(stream).with_keep_alive(keep_alive)
    }

    /// The same body, with something sent during silence.
    pub fn with_keep_alive<T2: Timer>(self, keep_alive: KeepAlive) -> SseBody<S, T2> {
        SseBody {
            event_stream: self.event_stream,
            keep_alive: Some(KeepAliveStream::new(keep_alive)),
            ended: self.ended,
        }
    }
}

impl<S, T> SseBody<S, T> {
    /// Whether something is sent during silence.
    pub fn has_keep_alive(&self) -> bool {
        self.keep_alive.is_some()
    }
}

impl<S, E, T> Body for SseBody<S, T>
where
    S: Stream<Item = Result<Sse, E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
    T: Timer,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        let keep_alive = this.keep_alive.as_mut().as_pin_mut();
        let Poll::Ready(block) = this.event_stream.poll_next(cx) else {
            return keep_alive.map_or(Poll::Pending, |keep_alive| {
                let bytes = keep_alive.poll_bytes(cx);
                bytes.map(|bytes| Some(Ok(Frame::data(bytes))))
            });
        };
        let bytes = block.map(|block| match block {
            Ok(block) => block.encode().map_err(BodyError::Encode),
            Err(error) => Err(BodyError::Stream(error.into())),
        });
        if let (Some(Ok(_)), Some(keep_alive)) = (&bytes, keep_alive) {
            keep_alive.reset();
        }
        *this.ended = !matches!(bytes, Some(Ok(_)));
        Poll::Ready(bytes.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
