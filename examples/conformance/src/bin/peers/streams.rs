//! Decoders that turn one stream into another. They are polled by hand: the inner stream gets a
//! chunk, then the outer one is polled until it waits for more. This shows when an event is
//! returned. Errors after the end are not counted: some decoders report the end that way.

use std::{
    collections::VecDeque,
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use eventsource_client::Client as _;
use eventsource_stream::Eventsource as _;
use futures_core::Stream;
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture, TransportError};
use sse_wire_conformance::{
    adapter::Adapter,
    protocol::{Answer, Hello, Shown},
};

use crate::{ALL_STATE, block, event, hello, milliseconds};

/// `.eventsource()` on a stream of chunks.
pub struct EventsourceStream(Polled<eventsource_stream::EventStream<Chunks<Infallible>>>);

impl Adapter for EventsourceStream {
    fn hello() -> Hello {
        hello("eventsource-stream", &ALL_STATE)
    }

    fn open(last_event_id: &str) -> Self {
        let mut polled = Polled::new(|chunks: Chunks<Infallible>| chunks.eventsource());
        if !last_event_id.is_empty() {
            polled.stream.set_last_event_id(last_event_id);
        }
        Self(polled)
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        self.0.feed(chunk, Self::handed_over)
    }

    fn end(mut self) -> Answer {
        Answer {
            last_event_id: Some(self.0.stream.last_event_id().to_owned()),
            ..self.0.end(Self::handed_over)
        }
    }
}

impl EventsourceStream {
    fn handed_over(next: eventsource_stream::Event, answer: &mut Answer) {
        answer.retries.extend(next.retry.map(milliseconds));
        answer
            .events
            .push(event(next.event, next.data, Some(next.id)));
    }
}

/// `EventStream` on a stream of chunks.
pub struct Sseer(Polled<sseer::event_stream::EventStream<Chunks<Infallible>>>);

impl Adapter for Sseer {
    fn hello() -> Hello {
        hello("sseer", &ALL_STATE)
    }

    fn open(last_event_id: &str) -> Self {
        let mut polled = Polled::new(sseer::event_stream::EventStream::new);
        if !last_event_id.is_empty() {
            polled.stream.set_last_event_id(last_event_id.to_owned());
        }
        Self(polled)
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        self.0.feed(chunk, Self::handed_over)
    }

    fn end(mut self) -> Answer {
        Answer {
            last_event_id: Some(self.0.stream.last_event_id().to_string()),
            ..self.0.end(Self::handed_over)
        }
    }
}

impl Sseer {
    fn handed_over(next: sseer::event::Event, answer: &mut Answer) {
        answer.retries.extend(next.retry.map(milliseconds));
        answer
            .events
            .push(event(next.event, next.data, Some(next.id)));
    }
}

/// `SseByteStream` on a stream of chunks. By design it returns blocks. Those without data are not
/// events, and can be told from those with empty data.
pub struct SseStream(Polled<sse_stream::SseByteStream<Chunks<Infallible>>>);

impl Adapter for SseStream {
    fn hello() -> Hello {
        hello("sse-stream", &[Shown::Id, Shown::Retries])
    }

    fn open(_: &str) -> Self {
        Self(Polled::new(sse_stream::SseByteStream::new))
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        self.0.feed(chunk, Self::handed_over)
    }

    fn end(mut self) -> Answer {
        self.0.end(Self::handed_over)
    }
}

impl SseStream {
    fn handed_over(next: sse_stream::Sse, answer: &mut Answer) {
        answer.retries.extend(next.retry.map(|retry| retry as f64));
        if let Some(data) = next.data {
            answer.events.push(block(next.event, data, next.id));
        }
    }
}

/// The whole `Client`, since its parser is private, over a transport whose answer is a stream of
/// chunks. It does not reconnect.
pub struct EventsourceClient(Polled<eventsource_client::BoxStream<ClientResult>>);

type ClientResult = eventsource_client::Result<eventsource_client::SSE>;

impl Adapter for EventsourceClient {
    fn hello() -> Hello {
        let shows = [
            Shown::LastEventId,
            Shown::Retries,
            Shown::Comments,
            Shown::Resume,
        ];
        hello("eventsource-client", &shows)
    }

    fn open(last_event_id: &str) -> Self {
        let mut builder = eventsource_client::ClientBuilder::for_url("http://localhost/")
            .expect("a URL")
            .reconnect(eventsource_client::ReconnectOptions::reconnect(false).build());
        if !last_event_id.is_empty() {
            builder = builder.last_event_id(last_event_id.to_owned());
        }
        Self(Polled::new(|chunks| {
            builder.build_with_transport(Answering(chunks)).stream()
        }))
    }

    fn feed(&mut self, chunk: &[u8]) -> Answer {
        self.0.feed(chunk, Self::handed_over)
    }

    fn end(mut self) -> Answer {
        self.0.end(Self::handed_over)
    }
}

impl EventsourceClient {
    fn handed_over(next: eventsource_client::SSE, answer: &mut Answer) {
        match next {
            eventsource_client::SSE::Event(next) => {
                answer.retries.extend(next.retry.map(|retry| retry as f64));
                answer
                    .events
                    .push(event(next.event_type, next.data, next.id));
            }
            eventsource_client::SSE::Comment(comment) => answer.comments.push(comment),
            eventsource_client::SSE::Connected(_) => {}
        }
    }
}

/// A transport that answers with the chunks.
#[derive(Clone)]
struct Answering(Chunks<TransportError>);

impl HttpTransport for Answering {
    fn request(&self, _: http::Request<Option<Bytes>>) -> ResponseFuture {
        let body: ByteStream = Box::pin(self.0.clone());
        Box::pin(async { Ok(http::Response::new(body)) })
    }
}

/// A stream under test, and the chunks that it reads.
struct Polled<S> {
    stream: Pin<Box<S>>,
    queue: Arc<Mutex<Queue>>,
    woken: Arc<Woken>,
}

impl<T, E: fmt::Display, S: Stream<Item = Result<T, E>>> Polled<S> {
    fn new<F>(build: impl FnOnce(Chunks<F>) -> S) -> Self {
        let queue = Arc::default();
        Self {
            stream: Box::pin(build(Chunks {
                queue: Arc::clone(&queue),
                error: std::marker::PhantomData,
            })),
            queue,
            woken: Arc::default(),
        }
    }

    fn feed(&mut self, chunk: &[u8], take: fn(T, &mut Answer)) -> Answer {
        locked(&self.queue)
            .chunks
            .push_back(Bytes::copy_from_slice(chunk));
        self.poll(take)
    }

    fn end(&mut self, take: fn(T, &mut Answer)) -> Answer {
        locked(&self.queue).ended = true;
        Answer {
            error: None,
            ..self.poll(take)
        }
    }

    /// Polls until the stream waits for more, has ended, or returns an error.
    fn poll(&mut self, take: fn(T, &mut Answer)) -> Answer {
        let waker = Waker::from(Arc::clone(&self.woken));
        let mut answer = Answer::default();
        loop {
            let poll = self
                .stream
                .as_mut()
                .poll_next(&mut Context::from_waker(&waker));
            match poll {
                Poll::Ready(Some(Ok(next))) => take(next, &mut answer),
                Poll::Ready(Some(Err(error))) => {
                    answer.error = Some(error.to_string());
                    return answer;
                }
                Poll::Ready(None) => return answer,
                // Some wake themselves, to be polled again at once.
                Poll::Pending if self.woken.0.swap(false, Ordering::Relaxed) => {}
                Poll::Pending => return answer,
            }
        }
    }
}

/// The chunks that have arrived, as a stream. It wakes nobody: it is polled after each chunk.
struct Chunks<E> {
    queue: Arc<Mutex<Queue>>,
    error: std::marker::PhantomData<fn() -> E>,
}

impl<E> Clone for Chunks<E> {
    fn clone(&self) -> Self {
        Self {
            queue: Arc::clone(&self.queue),
            error: self.error,
        }
    }
}

#[derive(Default)]
struct Queue {
    chunks: VecDeque<Bytes>,
    ended: bool,
}

impl<E> Stream for Chunks<E> {
    type Item = Result<Bytes, E>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut queue = locked(&self.queue);
        match queue.chunks.pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(chunk))),
            None if queue.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

fn locked(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
