//! The bytes of a body to events.

use super::StreamError;
use crate::{DecodeError, Decoder, Event, Frame, OwnedFeed};
use core::fmt;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use futures_core::{FusedStream, Stream, TryStream};
use pin_project_lite::pin_project;

/// A body that is always ready must not block its thread for ever: after this many chunks without
/// an event, other tasks run.
const CHUNKS_IN_A_ROW: usize = 32;

pin_project! {
    /// The events of a body: of any stream of chunks that may fail.
    ///
    /// [`next_event`](Self::next_event) lends each event from the chunk, or else from the decoder:
    /// nothing is allocated for it. As a [`Stream`], it yields owned events;
    /// [`frames`](Self::frames) turns it into a stream of everything in the body.
    ///
    /// ```
    /// # use futures::{executor::block_on, stream};
    /// use sse_wire::stream::EventStream;
    ///
    /// # let body = stream::iter(["data: hel", "lo\n\n"].map(Ok::<_, std::io::Error>));
    /// # block_on(async {
    /// let mut events = EventStream::new(body);
    /// while let Some(event) = events.next_event().await {
    ///     println!("{}", event?.data());
    /// }
    /// # Ok::<(), sse_wire::stream::StreamError<std::io::Error>>(())
    /// # });
    /// ```
    ///
    /// # The end
    ///
    /// At the body's end, and after an error of the body, the body is dropped, and all that follows
    /// is `None`. An event that the end has cut off is discarded (R20), unless you ask for it by
    /// [`finish`](Self::finish). The [decoder](Self::decoder) still knows the last event ID and the
    /// reconnection time, and [`reconnect`](Self::reconnect) continues with another body.
    ///
    /// # Cancel safety
    ///
    /// All futures may be dropped at any time: they have no state, and nothing is lost.
    ///
    /// # Memory
    ///
    /// A chunk is dropped by the first call after its last event. For the rest, see [`Decoder`].
    ///
    /// # Fairness
    ///
    /// A body that is always ready but has no event, such as an endless one of comments, lets other
    /// tasks run after each 32 chunks.
    #[must_use = "streams do nothing unless polled"]
    pub struct EventStream<S: TryStream> {
        // `None` once it has ended or failed.
        #[pin]
        body: Option<S>,
        feed: OwnedFeed<S::Ok>,
    }
}

impl<S: TryStream> EventStream<S> {
    /// The events of a body, from its start, with a [new](Decoder::new) decoder.
    pub const fn new(body: S) -> Self {
        Self::with_decoder(body, Decoder::new())
    }

    /// The events of a body, with a decoder that has a limit or a last event ID.
    ///
    /// ```
    /// # use futures::stream;
    /// # use sse_wire::{Decoder, stream::EventStream};
    /// # let body = stream::empty::<Result<&[u8], std::io::Error>>();
    /// let decoder = Decoder::new().with_max_event_size(64 * 1024).with_last_event_id(42);
    /// let events = EventStream::with_decoder(body, decoder);
    /// assert_eq!(events.decoder().last_event_id(), "42");
    /// ```
    pub const fn with_decoder(body: S, decoder: Decoder) -> Self {
        Self {
            body: Some(body),
            feed: OwnedFeed::with_decoder(decoder),
        }
    }

    /// The decoder: its last event ID and reconnection time are those after the last event that was
    /// yielded, also after an error and after the end.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder {
        self.feed.decoder()
    }

    /// The decoder alone. The body is dropped.
    #[must_use]
    pub fn into_decoder(self) -> Decoder {
        self.feed.into_decoder()
    }

    /// The body, unless it has ended or failed.
    #[must_use]
    pub const fn get_ref(&self) -> Option<&S> {
        self.body.as_ref()
    }

    /// The body, unless it has ended or failed. Chunks that are taken from it are lost to this
    /// stream.
    #[must_use]
    pub const fn get_mut(&mut self) -> Option<&mut S> {
        self.body.as_mut()
    }

    /// The body, pinned, unless it has ended or failed.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Option<Pin<&mut S>> {
        self.project().body.as_pin_mut()
    }

    /// The body, unless it has ended or failed. The rest of its last chunk is lost.
    #[must_use]
    pub fn into_inner(self) -> Option<S> {
        self.body
    }
}

/// Events, lent.
impl<S: TryStream<Ok: AsRef<[u8]>>> EventStream<S> {
    /// The next event; `None` once the body has ended.
    ///
    /// This loop skips an event over the limit and continues; to stop there, return the error.
    ///
    /// # Errors
    ///
    /// [`StreamError::Decode`], once for each block over the limit; the next call continues.
    /// [`StreamError::Transport`], once, if the body fails.
    ///
    /// ```
    /// # use futures::{executor::block_on, stream};
    /// # use sse_wire::{Decoder, stream::EventStream};
    /// # let body = stream::iter([Ok::<_, std::io::Error>("data: too large\n\ndata: 1\n\n")]);
    /// # let decoder = Decoder::new().with_max_event_size(5);
    /// # let mut events = EventStream::with_decoder(body, decoder);
    /// # block_on(async {
    /// # let mut seen = vec![];
    /// while let Some(event) = events.next_event().await {
    ///     match event {
    ///         Ok(event) => seen.push(event.data().to_owned()),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// # assert_eq!(seen, ["1"]);
    /// # });
    /// ```
    #[inline]
    pub fn next_event(
        &mut self,
    ) -> impl Future<Output = Option<Result<Event<'_>, StreamError<S::Error>>>>
    where
        S: Unpin,
    {
        NextEvent(Some(self))
    }

    /// [`next_event`](Self::next_event) to poll.
    ///
    /// # Errors
    ///
    /// As [`next_event`](Self::next_event).
    #[inline(always)]
    pub fn poll_next_event<'a>(
        mut self: Pin<&'a mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Event<'a>, StreamError<S::Error>>>> {
        match ready!(self.as_mut().poll_advance(cx)) {
            Some(Ok(())) => Poll::Ready(self.project().feed.lend().map(Ok)),
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => Poll::Ready(None),
        }
    }

    /// Finds the next event, which [`event`](Self::event) lends; `None` once the body has ended.
    ///
    /// So a wrapper may look at an event and continue, which the borrow checker does not allow with
    /// [`next_event`](Self::next_event):
    ///
    /// ```
    /// # use futures::{executor::block_on, stream, Stream};
    /// use sse_wire::Event;
    /// use sse_wire::stream::{EventStream, StreamError};
    ///
    /// /// The next event that is not a ping.
    /// async fn next<S, B, E>(events: &mut EventStream<S>) -> Option<Result<Event<'_>, StreamError<E>>>
    /// where
    ///     S: Stream<Item = Result<B, E>> + Unpin,
    ///     B: AsRef<[u8]>,
    /// {
    ///     while let Some(found) = events.advance().await {
    ///         match found {
    ///             Ok(()) if events.event().is_some_and(|event| event.event_type() == "ping") => {}
    ///             Ok(()) => return events.event().map(Ok),
    ///             Err(error) => return Some(Err(error)),
    ///         }
    ///     }
    ///     None
    /// }
    /// # let body = stream::iter([Ok::<_, std::io::Error>("event: ping\ndata\n\ndata: 1\n\n")]);
    /// # let mut events = EventStream::new(body);
    /// # assert_eq!(block_on(next(&mut events)).unwrap().unwrap(), Event::new("1"));
    /// ```
    ///
    /// # Errors
    ///
    /// As [`next_event`](Self::next_event).
    #[inline]
    pub async fn advance(&mut self) -> Option<Result<(), StreamError<S::Error>>>
    where
        S: Unpin,
    {
        poll_fn(|cx| Pin::new(&mut *self).poll_advance(cx)).await
    }

    /// [`advance`](Self::advance) to poll.
    ///
    /// # Errors
    ///
    /// As [`next_event`](Self::next_event).
    #[inline]
    pub fn poll_advance(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(), StreamError<S::Error>>>> {
        self.poll_find::<false>(cx)
    }

    /// The event that the last call has found, as often as you like; `None` if it has found none.
    #[must_use]
    #[inline]
    pub fn event(&self) -> Option<Event<'_>> {
        self.feed.event()
    }
}

/// As an `async fn`, which no attribute inlines, it would return the event through memory: 9 ns more
/// for each.
struct NextEvent<'a, S: TryStream>(Option<&'a mut EventStream<S>>);

impl<'a, S: TryStream<Ok: AsRef<[u8]>> + Unpin> Future for NextEvent<'a, S> {
    type Output = Option<Result<Event<'a>, StreamError<S::Error>>>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(events) = self.0.take() else {
            return Poll::Ready(None);
        };
        match Pin::new(&mut *events).poll_advance(cx) {
            Poll::Ready(Some(Ok(()))) => Poll::Ready(events.feed.lend().map(Ok)),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                self.0 = Some(events);
                Poll::Pending
            }
        }
    }
}

/// Frames, lent.
impl<S: TryStream<Ok: AsRef<[u8]>>> EventStream<S> {
    /// The next frame: all that the body says, in order, as
    /// [`Feed::next_frame`](crate::Feed::next_frame) returns it.
    ///
    /// # Errors
    ///
    /// As [`next_event`](Self::next_event), and [`StreamError::Decode`] for a comment or a field
    /// over the limit.
    ///
    /// ```
    /// # use futures::{executor::block_on, stream};
    /// # use sse_wire::{Frame, stream::EventStream};
    /// # let body = stream::iter([Ok::<_, std::io::Error>(": ping\n")]);
    /// # block_on(async {
    /// let mut events = EventStream::new(body);
    /// assert_eq!(events.next_frame().await.unwrap()?, Frame::Comment(" ping".into()));
    /// # Ok::<(), sse_wire::stream::StreamError<std::io::Error>>(())
    /// # });
    /// ```
    #[inline]
    pub async fn next_frame(&mut self) -> Option<Result<Frame<'_>, StreamError<S::Error>>>
    where
        S: Unpin,
    {
        match self.advance_frame().await? {
            Ok(()) => self.frame().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// [`next_frame`](Self::next_frame) to poll.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    #[inline]
    pub fn poll_next_frame<'a>(
        mut self: Pin<&'a mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<'a>, StreamError<S::Error>>>> {
        let found = ready!(self.as_mut().poll_advance_frame(cx));
        let this = self.into_ref().get_ref();
        Poll::Ready(match found {
            Some(Ok(())) => this.frame().map(Ok),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        })
    }

    /// Finds the next frame, which [`frame`](Self::frame) lends; `None` once the body has ended.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    #[inline]
    pub async fn advance_frame(&mut self) -> Option<Result<(), StreamError<S::Error>>>
    where
        S: Unpin,
    {
        poll_fn(|cx| Pin::new(&mut *self).poll_advance_frame(cx)).await
    }

    /// [`advance_frame`](Self::advance_frame) to poll.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    #[inline]
    pub fn poll_advance_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(), StreamError<S::Error>>>> {
        self.poll_find::<true>(cx)
    }

    /// The frame that the last call has found, as often as you like; `None` if it has found none.
    #[must_use]
    #[inline]
    pub fn frame(&self) -> Option<Frame<'_>> {
        self.feed.frame()
    }

    /// A stream of owned frames.
    ///
    /// ```
    /// # use futures::{executor::block_on_stream, stream};
    /// # use sse_wire::{Event, Frame, stream::EventStream};
    /// # let body = stream::iter([Ok::<_, std::io::Error>(": ping\ndata: 1\n\n")]);
    /// let frames: Vec<_> = block_on_stream(EventStream::new(body).frames()).flatten().collect();
    /// assert_eq!(frames, [Frame::Comment(" ping".into()), Frame::Event(Event::new("1"))]);
    /// ```
    pub const fn frames(self) -> FrameStream<S> {
        FrameStream { events: self }
    }
}

/// The end of a body, and the next one.
impl<S: TryStream<Ok: AsRef<[u8]>>> EventStream<S> {
    /// Ends the stream and drops the body, and finds the event that the end has cut off, which
    /// [`event`](Self::event) lends.
    ///
    /// Call it after the body's end. The event's last value may be incomplete: see
    /// [`Decoder::finish`].
    ///
    /// # Errors
    ///
    /// As [`Decoder::finish`].
    ///
    /// ```
    /// # use futures::{executor::block_on, stream};
    /// # use sse_wire::stream::EventStream;
    /// # let body = stream::iter([Ok::<_, std::io::Error>("data: [DONE]\n")]);
    /// # let mut events = EventStream::new(body);
    /// # block_on(async {
    /// assert!(events.next_event().await.is_none());
    /// if let Some(Ok(())) = events.finish() {
    ///     assert_eq!(events.event().unwrap().data(), "[DONE]");
    /// }
    /// # });
    /// ```
    pub fn finish(&mut self) -> Option<Result<(), DecodeError>>
    where
        S: Unpin,
    {
        self.body = None;
        self.feed.finish()
    }

    /// Continues with the body of another connection, with the same last event ID and reconnection
    /// time. The rest of the former body is dropped.
    ///
    /// ```
    /// # use futures::{executor::block_on, stream};
    /// # use sse_wire::stream::EventStream;
    /// # let body = |text| stream::iter([Ok::<_, std::io::Error>(text)]);
    /// # block_on(async {
    /// let mut events = EventStream::new(body("id: 1\ndata: a\n\ndata: lost"));
    /// while let Some(event) = events.next_event().await {}
    /// events.reconnect(body("data: b\n\n"));
    /// let event = events.next_event().await.unwrap()?;
    /// assert_eq!((event.data(), event.last_event_id()), ("b", "1"));
    /// # Ok::<(), sse_wire::stream::StreamError<std::io::Error>>(())
    /// # });
    /// ```
    pub fn reconnect(&mut self, body: S)
    where
        S: Unpin,
    {
        self.body = Some(body);
        self.feed.reconnect();
    }

    #[inline(always)]
    fn poll_find<const FRAMES: bool>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<(), StreamError<S::Error>>>> {
        let this = self.project();
        match this.feed.find::<FRAMES>() {
            Some(found) => Poll::Ready(Some(found.map_err(StreamError::Decode))),
            None => poll_chunks::<S, FRAMES>(this.body, this.feed, cx),
        }
    }
}

/// Consumes chunks until something is found.
fn poll_chunks<S: TryStream<Ok: AsRef<[u8]>>, const FRAMES: bool>(
    mut body: Pin<&mut Option<S>>,
    feed: &mut OwnedFeed<S::Ok>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<(), StreamError<S::Error>>>> {
    for _ in 0..CHUNKS_IN_A_ROW {
        drop(feed.take());
        let Some(chunks) = body.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let end = match ready!(chunks.try_poll_next(cx)) {
            Some(Ok(chunk)) => match feed.push_and_find::<FRAMES>(chunk) {
                Some(found) => return Poll::Ready(Some(found.map_err(StreamError::Decode))),
                None => continue,
            },
            Some(Err(error)) => Some(Err(StreamError::Transport(error))),
            None => None,
        };
        body.set(None);
        return Poll::Ready(end);
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Owned events.
impl<S: TryStream<Ok: AsRef<[u8]>>> Stream for EventStream<S> {
    type Item = Result<Event<'static>, StreamError<S::Error>>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = ready!(self.poll_next_event(cx));
        Poll::Ready(event.map(|event| event.map(Event::into_owned)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.is_terminated().then_some(0))
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>>> FusedStream for EventStream<S> {
    fn is_terminated(&self) -> bool {
        self.body.is_none()
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>> + fmt::Debug> fmt::Debug for EventStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("body", &self.body)
            .field("feed", &self.feed)
            .finish()
    }
}

pin_project! {
    /// A stream of owned frames: what [`EventStream::frames`] returns.
    #[must_use = "streams do nothing unless polled"]
    pub struct FrameStream<S: TryStream> {
        #[pin]
        events: EventStream<S>,
    }
}

impl<S: TryStream> FrameStream<S> {
    /// The stream that finds the frames: it has the decoder and the body.
    pub const fn get_ref(&self) -> &EventStream<S> {
        &self.events
    }

    /// The stream that finds the frames, for example to [reconnect](EventStream::reconnect).
    pub const fn get_mut(&mut self) -> &mut EventStream<S> {
        &mut self.events
    }

    /// The stream that finds the frames, pinned.
    #[must_use]
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut EventStream<S>> {
        self.project().events
    }

    /// The stream that finds the frames. Nothing is lost.
    pub fn into_inner(self) -> EventStream<S> {
        self.events
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>>> Stream for FrameStream<S> {
    type Item = Result<Frame<'static>, StreamError<S::Error>>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = ready!(self.project().events.poll_next_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map(Frame::into_owned)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.events.size_hint()
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>>> FusedStream for FrameStream<S> {
    fn is_terminated(&self) -> bool {
        self.events.is_terminated()
    }
}

impl<S: TryStream<Ok: AsRef<[u8]>> + fmt::Debug> fmt::Debug for FrameStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameStream")
            .field("events", &self.events)
            .finish()
    }
}
