//! Compares the adapters' state machine with a loop over [`Feed`](sse_wire::Feed): for any body and
//! any calls, an adapter returns what the decoder returns.

use bytes::Bytes;
use futures::Stream;
use sse_wire::stream::{EventStream, StreamError};
use sse_wire::{DecodeError, Decoder};
use sse_wire_testing::reference::{self, Frame};
use std::future::Future;
use std::iter::Cycle;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};
use std::time::Duration;
use std::vec;

/// Input: a limit, then a number and as many bytes that say what bodies do, then a number and as
/// many bytes that say which calls are made; the rest is the stream. Each body continues where the
/// last one ended.
pub fn adapters(input: &[u8]) {
    let (&limit, input) = input.split_first().unwrap_or((&u8::MAX, &[]));
    let limit = if limit == u8::MAX {
        1 << 24
    } else {
        limit.into()
    };
    let (steps, input) = counted(input);
    let (calls, stream) = counted(input);

    let body = Body::new(steps, stream);
    let decoder = Decoder::new().with_max_event_size(limit);
    let mut model = Model::new(body.clone(), decoder.clone());
    let mut events = EventStream::with_decoder(body, decoder);
    for &call in calls.iter().cycle().take(calls.len() + stream.len() + 8) {
        let (call, next) = (Call::from(call), model.body.clone());
        let answer;
        (events, answer) = ask(events, call, next);
        assert_eq!(answer, model.answer(call), "{call:?}");
        assert_eq!(state(events.decoder()), state(&model.decoder), "{call:?}");
    }
}

/// A number, and as many bytes.
fn counted(input: &[u8]) -> (&[u8], &[u8]) {
    let (&count, input) = input.split_first().unwrap_or((&0, &[]));
    input.split_at(input.len().min(count.into()))
}

fn state(decoder: &Decoder) -> (&str, Option<Duration>, usize, bool, bool) {
    (
        decoder.last_event_id(),
        decoder.retry(),
        decoder.buffered(),
        decoder.in_block(),
        decoder.in_line(),
    )
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Event,
    Advance,
    PollEvent,
    OwnedEvent,
    Frame,
    AdvanceFrame,
    PollFrame,
    OwnedFrame,
    Finish,
    Reconnect,
}

impl From<u8> for Call {
    fn from(byte: u8) -> Self {
        use Call::*;
        const CALLS: [Call; 10] = [
            Event,
            Advance,
            PollEvent,
            OwnedEvent,
            Frame,
            AdvanceFrame,
            PollFrame,
            OwnedFrame,
            Finish,
            Reconnect,
        ];
        CALLS[usize::from(byte) % CALLS.len()]
    }
}

type Answer = Option<Result<Frame, StreamError<Failure>>>;

/// The error of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure;

/// A body that is pending, empty, in pieces or broken as its steps say.
#[derive(Clone, Debug)]
pub struct Body {
    steps: Cycle<vec::IntoIter<u8>>,
    rest: Bytes,
}

impl Body {
    pub fn new(steps: &[u8], stream: &[u8]) -> Self {
        // The last step makes sure that the stream ends.
        let steps = [steps, &[u8::MAX]].concat();
        Self {
            steps: steps.into_iter().cycle(),
            rest: Bytes::copy_from_slice(stream),
        }
    }

    fn step(&mut self) -> Poll<Option<Result<Bytes, Failure>>> {
        let size = match self.steps.next() {
            Some(0) => return Poll::Pending,
            Some(1) => 0,
            Some(2) => return Poll::Ready(Some(Err(Failure))),
            Some(3) => return Poll::Ready(None),
            Some(u8::MAX) | None => self.rest.len(),
            Some(size) => usize::from(size) - 3,
        };
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let size = size.min(self.rest.len());
        Poll::Ready(Some(Ok(self.rest.split_to(size))))
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let step = self.step();
        if step.is_pending() {
            cx.waker().wake_by_ref();
        }
        step
    }
}

/// Calls the adapter. Each future that waits is dropped.
fn ask(mut events: EventStream<Body>, call: Call, next: Body) -> (EventStream<Body>, Answer) {
    let found = |found: Option<Result<(), StreamError<Failure>>>, frame: Option<Frame>| {
        found.map(|found| found.map(|()| frame.expect("it has been found")))
    };
    let answer = match call {
        Call::Event => until_ready(|cx| {
            let event = pin!(events.next_event()).poll(cx);
            event.map(|event| event.map(|event| event.map(dispatched)))
        }),
        Call::Advance => {
            let advanced = until_ready(|cx| pin!(events.advance()).poll(cx));
            found(advanced, events.event().map(dispatched))
        }
        Call::PollEvent => until_ready(|cx| {
            let event = Pin::new(&mut events).poll_next_event(cx);
            event.map(|event| event.map(|event| event.map(dispatched)))
        }),
        Call::OwnedEvent => until_ready(|cx| {
            let event = Pin::new(&mut events).poll_next(cx);
            event.map(|event| event.map(|event| event.map(dispatched)))
        }),
        Call::Frame => until_ready(|cx| {
            let frame = pin!(events.next_frame()).poll(cx);
            frame.map(|frame| frame.map(|frame| frame.map(Frame::from)))
        }),
        Call::AdvanceFrame => {
            let advanced = until_ready(|cx| pin!(events.advance_frame()).poll(cx));
            found(advanced, events.frame().map(Frame::from))
        }
        Call::PollFrame => until_ready(|cx| {
            let frame = Pin::new(&mut events).poll_next_frame(cx);
            frame.map(|frame| frame.map(|frame| frame.map(Frame::from)))
        }),
        Call::OwnedFrame => {
            let mut frames = events.frames();
            let frame = until_ready(|cx| Pin::new(&mut frames).poll_next(cx));
            events = frames.into_inner();
            frame.map(|frame| frame.map(Frame::from))
        }
        Call::Finish => {
            let ended = events
                .finish()
                .map(|ended| ended.map_err(StreamError::Decode));
            found(ended, events.event().map(dispatched))
        }
        Call::Reconnect => {
            events.reconnect(next);
            None
        }
    };
    (events, answer)
}

/// Polls until there is an answer. A task that is not woken would never get one.
pub fn until_ready<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    #[derive(Default)]
    struct Woken(AtomicBool);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let woken = Arc::new(Woken::default());
    let waker = Arc::clone(&woken).into();
    loop {
        match poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => assert!(woken.0.swap(false, Ordering::Relaxed), "nobody wakes it"),
        }
    }
}

fn dispatched(event: sse_wire::Event<'_>) -> Frame {
    Frame::Event(reference::Event::from(event))
}

/// The code of a caller without the adapter: a loop over `Feed`.
struct Model {
    body: Body,
    has_ended: bool,
    /// The rest of the last chunk.
    chunk: Bytes,
    decoder: Decoder,
}

impl Model {
    fn new(body: Body, decoder: Decoder) -> Self {
        Self {
            body,
            has_ended: false,
            chunk: Bytes::new(),
            decoder,
        }
    }

    fn answer(&mut self, call: Call) -> Answer {
        match call {
            Call::Event | Call::Advance | Call::PollEvent | Call::OwnedEvent => self.next(false),
            Call::Frame | Call::AdvanceFrame | Call::PollFrame | Call::OwnedFrame => {
                self.next(true)
            }
            Call::Finish => {
                (self.has_ended, self.chunk) = (true, Bytes::new());
                let cut_off = self.decoder.finish()?;
                Some(cut_off.map(dispatched).map_err(StreamError::Decode))
            }
            Call::Reconnect => {
                (self.has_ended, self.chunk) = (false, Bytes::new());
                self.decoder.reconnect();
                None
            }
        }
    }

    fn next(&mut self, frames: bool) -> Answer {
        loop {
            if let Some(found) = self.next_in_chunk(frames) {
                return Some(found.map_err(StreamError::Decode));
            }
            if self.has_ended {
                return None;
            }
            match self.body.step() {
                Poll::Pending => {}
                Poll::Ready(Some(Ok(chunk))) => self.chunk = chunk,
                Poll::Ready(end) => {
                    self.has_ended = true;
                    return end
                        .map(|error| Err(StreamError::Transport(error.expect_err("no chunk"))));
                }
            }
        }
    }

    fn next_in_chunk(&mut self, frames: bool) -> Option<Result<Frame, DecodeError>> {
        let mut feed = self.decoder.feed(&self.chunk);
        let found = if frames {
            feed.next_frame().map(|frame| frame.map(Frame::from))
        } else {
            feed.next_event().map(|event| event.map(dispatched))
        };
        let remaining = feed.remaining().len();
        self.chunk = self.chunk.slice(self.chunk.len() - remaining..);
        found
    }
}
