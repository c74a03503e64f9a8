//! Comments during silence.

use crate::Encoder;
use bytes::Bytes;
use core::fmt;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::{FusedStream, Stream};
use pin_project_lite::pin_project;

pin_project! {
    /// A body with comments that keep its connection alive: proxies close a connection that is
    /// silent for long (R26).
    ///
    /// The ticks are any stream, such as `IntervalStream` of tokio-stream: there is no clock here.
    /// At each tick, it writes a comment if nothing was sent since the last tick. So silence lasts
    /// two ticks at most. The first tick writes nothing. When the ticks end, only the comments end.
    ///
    /// Any body will do: an [`EncodeStream`](super::EncodeStream), or the chunks of an upstream. A
    /// comment is written only after a line that has ended with LF, and it does not end an open
    /// block.
    ///
    /// ```
    /// # use futures::{executor::block_on_stream, stream};
    /// use bytes::Bytes;
    /// use sse_wire::stream::KeepAlive;
    ///
    /// # let silence = stream::pending::<Result<Bytes, std::io::Error>>();
    /// # let every_15_seconds = stream::iter([(); 3]);
    /// let body = KeepAlive::new(silence, every_15_seconds);
    /// # let mut body = block_on_stream(body);
    /// # assert_eq!(body.next().unwrap().unwrap(), ":\n");
    /// # assert_eq!(body.next().unwrap().unwrap(), ":\n");
    /// ```
    #[must_use = "streams do nothing unless polled"]
    pub struct KeepAlive<S, T> {
        // `None` once it has ended.
        #[pin]
        body: Option<S>,
        #[pin]
        ticks: Option<T>,
        has_sent: bool,
        comment: &'static [u8],
    }
}

impl<S, T> KeepAlive<S, T> {
    /// A body with a comment at each tick, unless something was sent since the last one.
    pub const fn new(body: S, ticks: T) -> Self {
        Self {
            body: Some(body),
            ticks: Some(ticks),
            has_sent: true,
            comment: Encoder::KEEP_ALIVE,
        }
    }

    /// The body, unless it has ended.
    #[must_use]
    pub const fn get_ref(&self) -> Option<&S> {
        self.body.as_ref()
    }

    /// The body, unless it has ended.
    #[must_use]
    pub const fn get_mut(&mut self) -> Option<&mut S> {
        self.body.as_mut()
    }

    /// The body, pinned, unless it has ended.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Option<Pin<&mut S>> {
        self.project().body.as_pin_mut()
    }

    /// The body, unless it has ended.
    #[must_use]
    pub fn into_inner(self) -> Option<S> {
        self.body
    }
}

impl<S, T, E> Stream for KeepAlive<S, T>
where
    S: Stream<Item = Result<Bytes, E>>,
    T: Stream,
{
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let Some(body) = this.body.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(next) = body.poll_next(cx) {
            match &next {
                Some(Ok(chunk)) if !chunk.is_empty() => {
                    *this.has_sent = true;
                    *this.comment = comment_after(chunk);
                }
                Some(_) => {}
                None => {
                    this.body.set(None);
                    this.ticks.set(None);
                }
            }
            return Poll::Ready(next);
        }
        while let Some(ticks) = this.ticks.as_mut().as_pin_mut() {
            if ready!(ticks.poll_next(cx)).is_none() {
                this.ticks.set(None);
            } else if !mem::take(this.has_sent) && !this.comment.is_empty() {
                return Poll::Ready(Some(Ok(Bytes::from_static(this.comment))));
            }
        }
        Poll::Pending
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.is_terminated().then_some(0))
    }
}

impl<S, T, E> FusedStream for KeepAlive<S, T>
where
    S: Stream<Item = Result<Bytes, E>>,
    T: Stream,
{
    fn is_terminated(&self) -> bool {
        self.body.is_none()
    }
}

impl<S: fmt::Debug, T> fmt::Debug for KeepAlive<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepAlive")
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// The comment that may follow. None inside a line; after a CR, the line's LF may still come.
fn comment_after(chunk: &[u8]) -> &'static [u8] {
    if chunk.ends_with(b"\n") {
        Encoder::KEEP_ALIVE
    } else {
        b""
    }
}
