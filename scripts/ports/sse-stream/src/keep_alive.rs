//! What a body sends during silence, in both versions.

use bytes::Bytes;
use pin_project_lite::pin_project;
use sse_wire::Encoder;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// What to send during silence, and how often.
#[derive(Debug, Clone)]
#[must_use]
pub struct KeepAlive {
    bytes: Bytes,
    interval: Duration,
}

impl KeepAlive {
    /// The shortest comment, every 15 seconds.
    pub fn new() -> Self {
        Self {
            bytes: Bytes::from_static(b":\n\n"),
            interval: Duration::from_secs(15),
        }
    }

    /// Sends it after each `time` of silence.
    pub fn interval(self, time: Duration) -> Self {
        Self {
            interval: time,
            ..self
        }
    }

    /// Sends this comment. Each of its lines becomes a comment.
    pub fn comment(self, comment: &str) -> Self {
        let mut bytes = Vec::new();
        Encoder::new().comment(comment, &mut bytes);
        bytes.push(b'\n');
        self.bytes(bytes.into())
    }

    pub(crate) fn bytes(self, bytes: Bytes) -> Self {
        Self { bytes, ..self }
    }
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self::new()
    }
}

/// A timer of any runtime.
pub trait Timer: Future<Output = ()> {
    /// Sets it to another instant, also after it has ended.
    fn reset(self: Pin<&mut Self>, instant: Instant);
    /// A timer that ends after this time.
    fn from_duration(duration: Duration) -> Self;
}

/// The timer of a body without keep-alive.
pub struct NeverTimer;

impl Future for NeverTimer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Timer for NeverTimer {
    fn reset(self: Pin<&mut Self>, _: Instant) {}

    fn from_duration(_: Duration) -> Self {
        Self
    }
}

pin_project! {
    /// A [`KeepAlive`] and its timer.
    #[derive(Debug)]
    pub struct KeepAliveStream<T> {
        #[pin]
        timer: T,
        keep_alive: KeepAlive,
    }
}

impl<T: Timer> KeepAliveStream<T> {
    pub(crate) fn new(keep_alive: KeepAlive) -> Self {
        Self {
            timer: T::from_duration(keep_alive.interval),
            keep_alive,
        }
    }

    /// Something else was sent.
    pub(crate) fn reset(self: Pin<&mut Self>) {
        let this = self.project();
        this.timer.reset(Instant::now() + this.keep_alive.interval);
    }

    /// What to send, once it is time.
    pub(crate) fn poll_bytes(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Bytes> {
        ready!(self.as_mut().project().timer.poll(cx));
        self.as_mut().reset();
        Poll::Ready(self.keep_alive.bytes.clone())
    }
}
