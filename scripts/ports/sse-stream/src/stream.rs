//! The bytes of a body to blocks, in both versions.

use crate::{Error, Sse};
use bytes::{Buf, Bytes};
use futures_util::stream::{FusedStream, MapOk, Stream};
use futures_util::{TryStream, TryStreamExt};
use http_body::{Body, Frame};
use http_body_util::{BodyDataStream, StreamBody};
use pin_project_lite::pin_project;
use sse_wire::DecodeError;
use sse_wire::stream::{EventStream, StreamError};
use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pin_project! {
    /// The blocks of an HTTP body.
    pub struct SseStream<B: Body> {
        #[pin]
        blocks: SseByteStream<BodyDataStream<B>>,
    }
}

/// The body that [`SseStream::from_bytes_stream`] makes of a stream.
pub type ByteStreamBody<S, D> = StreamBody<MapOk<S, fn(D) -> Frame<D>>>;

impl<S, D, E> SseStream<ByteStreamBody<S, D>>
where
    S: Stream<Item = Result<D, E>>,
    D: Buf,
{
    /// The blocks of a stream of chunks.
    pub fn from_bytes_stream(stream: S) -> Self {
        let frame: fn(D) -> Frame<D> = Frame::data;
        Self::new(StreamBody::new(stream.map_ok(frame)))
    }
}

impl<B: Body> SseStream<B> {
    /// The blocks of an HTTP body.
    pub fn new(body: B) -> Self {
        Self {
            blocks: SseByteStream::new(BodyDataStream::new(body)),
        }
    }
}

impl<B> Stream for SseStream<B>
where
    B: Body,
    B::Error: StdError + Send + Sync + 'static,
{
    type Item = Result<Sse, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.project().blocks.poll_next(cx)
    }
}

impl<B> FusedStream for SseStream<B>
where
    B: Body,
    B::Error: StdError + Send + Sync + 'static,
{
    fn is_terminated(&self) -> bool {
        self.blocks.is_terminated()
    }
}

/// As one piece; a copy only if it is not `Bytes` already.
type ToBytes<D> = fn(D) -> Bytes;

pin_project! {
    /// The blocks of a stream of chunks.
    pub struct SseByteStream<S: TryStream> {
        // `None` after an error and after the end.
        #[pin]
        events: Option<EventStream<MapOk<S, ToBytes<S::Ok>>>>,
    }
}

impl<S: TryStream<Ok: Buf>> SseByteStream<S> {
    /// The blocks of a stream of chunks.
    pub fn new(stream: S) -> Self {
        let to_bytes: ToBytes<S::Ok> = |mut chunk| chunk.copy_to_bytes(chunk.remaining());
        Self {
            events: Some(EventStream::new(stream.map_ok(to_bytes))),
        }
    }
}

impl<S> Stream for SseByteStream<S>
where
    S: TryStream<Ok: Buf>,
    S::Error: StdError + Send + Sync + 'static,
{
    type Item = Result<Sse, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut events = self.project().events;
        while let Some(stream) = events.as_mut().as_pin_mut() {
            match ready!(stream.poll_next_frame(cx)) {
                Some(Ok(frame)) => {
                    if let Some(block) = Sse::from_frame(frame) {
                        return Poll::Ready(Some(Ok(block)));
                    }
                }
                Some(Err(StreamError::Transport(error))) => {
                    events.set(None);
                    return Poll::Ready(Some(Err(Error::Body(error.into()))));
                }
                Some(Err(StreamError::Decode(error @ DecodeError::EventTooLarge { .. }))) => {
                    events.set(None);
                    return Poll::Ready(Some(Err(Error::Body(error.into()))));
                }
                // A comment or another field over the limit, which nobody sees here.
                Some(Err(_)) => {}
                None => events.set(None),
            }
        }
        Poll::Ready(None)
    }
}

impl<S> FusedStream for SseByteStream<S>
where
    S: TryStream<Ok: Buf>,
    S::Error: StdError + Send + Sync + 'static,
{
    fn is_terminated(&self) -> bool {
        self.events.is_none()
    }
}
