//! A block of a stream, which both versions have.

use sse_wire::Frame;
use std::time::Duration;

/// What a block says; nothing of the blocks before.
#[allow(missing_docs, reason = "the specification's terms")]
#[derive(Default, Debug, PartialEq, Eq, Hash, Clone)]
pub struct Sse {
    pub event: Option<String>,
    pub data: Option<String>,
    pub id: Option<String>,
    pub retry: Option<u64>,
}

#[allow(missing_docs, reason = "setters")]
impl Sse {
    pub fn is_event(&self) -> bool {
        self.event.is_some()
    }

    pub fn is_message(&self) -> bool {
        self.event.is_none()
    }

    pub fn event(mut self, event: impl Into<String>) -> Self {
        self.event = Some(event.into());
        self
    }

    pub fn data(mut self, data: impl Into<String>) -> Self {
        self.data = Some(data.into());
        self
    }

    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    pub fn retry(mut self, milliseconds: u64) -> Self {
        self.retry = Some(milliseconds);
        self
    }

    pub fn retry_duration(self, time: Duration) -> Self {
        self.retry(milliseconds(time))
    }
}

impl Sse {
    /// The block that this frame ends, unless it sets none of the four fields.
    pub(crate) fn from_frame(frame: Frame<'_>) -> Option<Self> {
        let (Frame::Event(event) | Frame::Undispatched(event)) = frame else {
            return None;
        };
        let block = Self {
            event: event.explicit_event_type().map(str::to_owned),
            id: event.id().map(str::to_owned),
            retry: event.retry().map(milliseconds),
            data: event.has_data().then(|| event.into_data().into_owned()),
        };
        (block != Self::default()).then_some(block)
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
