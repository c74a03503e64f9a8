//! Blocks to an HTTP body, in version 0.2.

use crate::Sse;
use crate::keep_alive::{KeepAlive, KeepAliveStream, NeverTimer, Timer};
use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame};
use pin_project_lite::pin_project;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project! {
    /// The HTTP body of a stream of blocks.
    pub struct SseBody<S, T = NeverTimer> {
        // The blocks.
        #[pin]
        pub event_stream: S,
        // What is sent during silence.
        #[pin]
        pub keep_alive: Option<KeepAliveStream<T>>,
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
        }
    }
}

impl<S, E, T> Body for SseBody<S, T>
where
    S: Stream<Item = Result<Sse, E>>,
    T: Timer,
{
    type Data = Bytes;
    type Error = E;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        let mut this = self.project();
        let keep_alive = this.keep_alive.as_mut().as_pin_mut();
        let Poll::Ready(block) = this.event_stream.poll_next(cx) else {
            return keep_alive.map_or(Poll::Pending, |keep_alive| {
                let bytes = keep_alive.poll_bytes(cx);
                bytes.map(|bytes| Some(Ok(Frame::data(bytes))))
            });
        };
        if let (Some(Ok(_)), Some(keep_alive)) = (&block, keep_alive) {
            keep_alive.reset();
        }
        Poll::Ready(block.map(|block| block.map(|block| Frame::data(block.into()))))
    }
}
