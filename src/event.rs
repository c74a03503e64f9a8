//! One event, as both directions see it.

use crate::text::Excerpt;
use crate::value::owned;
use crate::{EventId, EventType, encoder};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::{BufMut, Bytes};
use core::fmt;
use core::hash::{Hash, Hasher};
use core::time::Duration;

/// One event: data, event type, id and reconnection time, borrowed or owned.
///
/// A [`Decoder`](crate::Decoder) lends events; [`into_owned`](Self::into_owned) keeps one. A server
/// builds them:
///
/// ```
/// use sse_wire::{Event, EventType};
///
/// const GREETING: EventType = EventType::from_static("greeting");
/// let event = Event::new("hello\nworld").with_event_type(GREETING).with_id(42);
/// assert_eq!(&event.to_bytes()[..], b"event: greeting\nid: 42\ndata: hello\ndata: world\n\n");
/// ```
///
/// An event is valid by construction. Text that the wire cannot carry is refused when an
/// [`EventType`] or [`EventId`] is made, so encoding never fails and no value can inject lines,
/// fields or events.
///
/// Two events are equal if they have the same event type, data, id and reconnection time.
/// [`last_event_id`](Self::last_event_id) is not compared, since it may come from an earlier event.
#[derive(Clone)]
pub struct Event<'a> {
    /// Empty means the default, `message`.
    event_type: EventType<'a>,
    /// Empty if `has_data` is not set.
    data: Cow<'a, str>,
    /// Whether the block has a `data` field: an empty one dispatches an event, a missing one does
    /// not (R18).
    has_data: bool,
    /// This block's id if `has_id`, else the most recent earlier one.
    last_event_id: EventId<'a>,
    has_id: bool,
    /// In milliseconds.
    retry: Option<u64>,
}

/// An event taken apart, by [`Event::into_parts`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Parts<'a> {
    /// The event type, unless it is the default.
    pub event_type: Option<EventType<'a>>,
    /// The data; none in a block that dispatches nothing.
    pub data: Option<Cow<'a, str>>,
    /// The last event ID after this event (R21).
    pub last_event_id: EventId<'a>,
    /// Whether [`last_event_id`](Self::last_event_id) is the block's own id.
    pub has_id: bool,
    /// The reconnection time that the block sets.
    pub retry: Option<Duration>,
}

impl<'a> Event<'a> {
    /// An event with this data.
    ///
    /// Any text is valid. CR, LF and CRLF in it separate lines, and arrive as LF.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(Event::new("one\r\ntwo").data(), "one\r\ntwo");
    /// assert_eq!(&Event::new("one\r\ntwo").to_bytes()[..], b"data: one\ndata: two\n\n");
    /// ```
    #[must_use]
    pub fn new(data: impl Into<Cow<'a, str>>) -> Self {
        Self::without_data().with_data(data)
    }

    /// A block without data: it dispatches nothing, but its id and reconnection time take effect
    /// (R15, R16, R18).
    ///
    /// Few clients show such an id to their application, and Firefox forgets it.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// let checkpoint = Event::without_data().with_id(43);
    /// assert_eq!(&checkpoint.to_bytes()[..], b"id: 43\n\n");
    /// ```
    #[must_use]
    pub const fn without_data() -> Self {
        Self {
            event_type: EventType::from_wire(Cow::Borrowed("")),
            data: Cow::Borrowed(""),
            has_data: false,
            last_event_id: EventId::from_wire(Cow::Borrowed("")),
            has_id: false,
            retry: None,
        }
    }

    /// Sets the event type. An empty one means the default, `message` (R18).
    ///
    /// ```
    /// # use sse_wire::{Event, EventType};
    /// let event = Event::new("").with_event_type(const { EventType::from_static("ping") });
    /// assert_eq!(event.event_type(), "ping");
    ///
    /// let name = String::from("a name that is known when the program runs");
    /// let event = Event::new("").with_event_type(EventType::new(name)?);
    /// # Ok::<(), sse_wire::InvalidText>(())
    /// ```
    #[must_use]
    // Inlined, like the next three: a call would pass the event through memory.
    #[inline(always)]
    pub fn with_event_type(mut self, event_type: impl Into<EventType<'a>>) -> Self {
        self.event_type = event_type.into();
        self
    }

    /// Sets the data.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// let event = Event::new("hello").with_id(1);
    /// assert_eq!(event.with_data("goodbye").data(), "goodbye");
    /// ```
    #[must_use]
    #[inline(always)]
    pub fn with_data(mut self, data: impl Into<Cow<'a, str>>) -> Self {
        self.data = data.into();
        self.has_data = true;
        self
    }

    /// Sets the id, which becomes the client's last event ID. An empty one resets that to empty
    /// (R15). [`EventId`] says which ids work with every client.
    ///
    /// ```
    /// # use sse_wire::{Event, EventId};
    /// assert_eq!(Event::new("").with_id(42).id(), Some("42"));
    /// assert_eq!(Event::new("").with_id(EventId::new("a-42")?).id(), Some("a-42"));
    /// # Ok::<(), sse_wire::InvalidText>(())
    /// ```
    #[must_use]
    #[inline(always)]
    pub fn with_id(mut self, id: impl Into<EventId<'a>>) -> Self {
        self.last_event_id = id.into();
        self.has_id = true;
        self
    }

    /// Sets the reconnection time, in whole milliseconds; it saturates at `u64::MAX`.
    ///
    /// ```
    /// # use {core::time::Duration, sse_wire::Event};
    /// let event = Event::new("").with_retry(Duration::from_micros(2500));
    /// assert_eq!(event.retry(), Some(Duration::from_millis(2)));
    /// ```
    #[must_use]
    #[inline(always)]
    pub fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = Some(whole_milliseconds(retry));
        self
    }

    /// The event type; `message` if none was set (R18).
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(Event::new("").event_type(), "message");
    /// ```
    #[must_use]
    #[inline]
    pub fn event_type(&self) -> &str {
        self.explicit_event_type().unwrap_or("message")
    }

    /// The event type, if one was set that is not empty (R18).
    ///
    /// ```
    /// # use sse_wire::{Event, EventType};
    /// assert_eq!(Event::new("").explicit_event_type(), None);
    /// let event = Event::new("").with_event_type(EventType::from_static("message"));
    /// assert_eq!(event.explicit_event_type(), Some("message"));
    /// ```
    #[must_use]
    #[inline]
    pub fn explicit_event_type(&self) -> Option<&str> {
        let event_type = self.event_type.as_str();
        if event_type.is_empty() {
            None
        } else {
            Some(event_type)
        }
    }

    /// The data; empty if there is none.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(Event::new("hello").data(), "hello");
    /// ```
    #[must_use]
    #[inline]
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Whether the block has data, even if it is empty. Only a block with data dispatches an event
    /// (R18).
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert!(Event::new("").has_data());
    /// assert!(!Event::without_data().has_data());
    /// ```
    #[must_use]
    #[inline]
    pub const fn has_data(&self) -> bool {
        self.has_data
    }

    /// The data by value, without a copy if it is already owned.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(Event::new("hello").into_data(), "hello");
    /// ```
    #[must_use]
    #[inline]
    pub fn into_data(self) -> Cow<'a, str> {
        self.data
    }

    /// The id that this block has, if it has one (R15).
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(Event::new("").id(), None);
    /// assert_eq!(Event::new("").with_id(42).id(), Some("42"));
    /// ```
    #[must_use]
    #[inline]
    pub fn id(&self) -> Option<&str> {
        self.has_id.then_some(self.last_event_id.as_str())
    }

    /// The last event ID after this event: its own id, or the most recent earlier one, or empty
    /// (R21).
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"id: 1\ndata: a\n\ndata: b\n\n");
    /// assert_eq!(feed.next_event().unwrap()?.last_event_id(), "1");
    /// let second = feed.next_event().unwrap()?;
    /// assert_eq!((second.id(), second.last_event_id()), (None, "1"));
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn last_event_id(&self) -> &str {
        self.last_event_id.as_str()
    }

    /// The reconnection time that this block sets, if it sets one (R16).
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(Event::new("").retry(), None);
    /// ```
    #[must_use]
    #[inline]
    pub fn retry(&self) -> Option<Duration> {
        self.retry.map(Duration::from_millis)
    }

    /// The event taken apart, without a copy.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// let parts = Event::new("hello").with_id(42).into_parts();
    /// assert_eq!(parts.event_type, None);
    /// assert_eq!(parts.data.as_deref(), Some("hello"));
    /// assert_eq!(parts.has_id.then_some(parts.last_event_id.as_str()), Some("42"));
    /// ```
    #[must_use]
    pub fn into_parts(self) -> Parts<'a> {
        Parts {
            retry: self.retry(),
            event_type: self
                .explicit_event_type()
                .is_some()
                .then_some(self.event_type),
            data: self.has_data.then_some(self.data),
            last_event_id: self.last_event_id,
            has_id: self.has_id,
        }
    }

    /// The same event, borrowed from this one.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// let event = Event::new(String::from("hello")).with_id(42);
    /// let other = event.as_borrowed().with_data("goodbye");
    /// assert_eq!((event.data(), other.id()), ("hello", Some("42")));
    /// ```
    #[must_use]
    pub fn as_borrowed(&self) -> Event<'_> {
        Event {
            event_type: self.event_type.as_borrowed(),
            data: Cow::Borrowed(&self.data),
            last_event_id: self.last_event_id.as_borrowed(),
            ..*self
        }
    }

    /// The same event, independent of what it was borrowed from. Allocates once for each text that
    /// is borrowed and not empty.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// let text = String::from("hello");
    /// let kept: Event<'static> = Event::new(&text).into_owned();
    /// drop(text);
    /// assert_eq!(kept.data(), "hello");
    /// ```
    #[must_use]
    // Mostly called on an event just lent: once inlined, the compiler knows the texts are borrowed.
    #[inline(always)]
    pub fn into_owned(self) -> Event<'static> {
        Event {
            event_type: self.event_type.into_owned(),
            data: owned(self.data),
            has_data: self.has_data,
            last_event_id: self.last_event_id.into_owned(),
            has_id: self.has_id,
            retry: self.retry,
        }
    }

    /// An event whose parts come from the wire, where refused text cannot occur.
    #[inline(always)]
    pub(crate) fn from_wire(
        event_type: Cow<'a, str>,
        data: Option<Cow<'a, str>>,
        last_event_id: Cow<'a, str>,
        has_id: bool,
        retry: Option<u64>,
    ) -> Self {
        let has_data = data.is_some();
        Self {
            event_type: EventType::from_wire(event_type),
            data: data.unwrap_or(Cow::Borrowed("")),
            has_data,
            last_event_id: EventId::from_wire(last_event_id),
            has_id,
            retry,
        }
    }

    /// The reconnection time in milliseconds.
    #[inline]
    pub(crate) const fn retry_milliseconds(&self) -> Option<u64> {
        self.retry
    }
}

/// To bytes.
impl Event<'_> {
    /// Writes the event: its fields `event`, `id`, `retry` and `data`, in this order, and the blank
    /// line.
    ///
    /// Only fields that were set are written, always with a space after the colon and with LF as
    /// line end. Each line of the data becomes a data line, so that a decoder reads the same text,
    /// with LF for CR and CRLF. Encoded events may be concatenated: they are one stream. Only `buf`
    /// may allocate, to grow.
    ///
    /// ```
    /// # use {core::time::Duration, sse_wire::{Event, EventType}};
    /// let mut buf = Vec::new();
    /// Event::new("one\r\ntwo").with_retry(Duration::from_secs(3)).encode(&mut buf);
    /// Event::new("").with_event_type(const { EventType::from_static("ping") }).encode(&mut buf);
    /// assert_eq!(buf, b"retry: 3000\ndata: one\ndata: two\n\nevent: ping\ndata: \n\n");
    /// ```
    ///
    /// # Panics
    ///
    /// If `buf` cannot grow and has less room than [`encoded_len`](Self::encoded_len), as
    /// [`BufMut`] documents.
    #[inline]
    pub fn encode(&self, buf: &mut (impl BufMut + ?Sized)) {
        encoder::put_event(self, None, |bytes| buf.put_slice(bytes));
    }

    /// How many bytes [`encode`](Self::encode) writes, exactly. Takes one pass over the data.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// let event = Event::new("one\r\ntwo");
    /// assert_eq!(event.encoded_len(), "data: one\ndata: two\n\n".len());
    /// ```
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut len = 0;
        encoder::put_event(self, None, |bytes| len += bytes.len());
        len
    }

    /// The encoded event in its own memory, allocated once with the exact size: encode once, and
    /// [`clone`](Bytes::clone) for every subscriber.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(&Event::new("hello").to_bytes()[..], b"data: hello\n\n");
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        let mut buf = Vec::with_capacity(self.encoded_len());
        self.encode(&mut buf);
        buf.into()
    }
}

/// A block [without data](Event::without_data).
impl Default for Event<'_> {
    fn default() -> Self {
        Self::without_data()
    }
}

/// An event with this data.
impl<'a> From<&'a str> for Event<'a> {
    fn from(data: &'a str) -> Self {
        Self::new(data)
    }
}

/// An event with this data.
impl From<String> for Event<'_> {
    fn from(data: String) -> Self {
        Self::new(data)
    }
}

impl PartialEq for Event<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.event_type() == other.event_type()
            && self.has_data == other.has_data
            && self.data == other.data
            && self.id() == other.id()
            && self.retry == other.retry
    }
}

impl Eq for Event<'_> {}

/// Hashes what [equality](Self#method.eq) compares.
impl Hash for Event<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.event_type().hash(state);
        self.has_data.hash(state);
        self.data.hash(state);
        self.id().hash(state);
        self.retry.hash(state);
    }
}

/// Long text is shown by its start.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("event_type", &Excerpt(self.event_type()))
            .field("data", &self.has_data.then_some(Excerpt(&self.data)))
            .field("id", &self.id().map(Excerpt))
            .field("last_event_id", &Excerpt(self.last_event_id()))
            .field("retry", &self.retry())
            .finish()
    }
}

/// A reconnection time in whole milliseconds, as the wire carries it.
pub(crate) fn whole_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_wire(
        event_type: &'static str,
        data: Option<&'static str>,
        last_event_id: &'static str,
        has_id: bool,
        retry: Option<u64>,
    ) -> Event<'static> {
        let data = data.map(Cow::Borrowed);
        Event::from_wire(event_type.into(), data, last_event_id.into(), has_id, retry)
    }

    #[test]
    fn equality_is_about_the_block() {
        let hash = |event: &Event<'_>| {
            let mut hasher = std::hash::DefaultHasher::new();
            event.hash(&mut hasher);
            hasher.finish()
        };
        let event = Event::new("a");
        let same = from_wire("message", Some("a"), "before", false, None);
        assert_eq!(event, same);
        assert_eq!(hash(&event), hash(&same));
        for other in [
            from_wire("other", Some("a"), "", false, None),
            from_wire("", Some("b"), "", false, None),
            from_wire("", None, "", false, None),
            from_wire("", Some("a"), "", true, None),
            from_wire("", Some("a"), "", false, Some(0)),
        ] {
            assert_ne!(event, other);
            assert_ne!(hash(&event), hash(&other));
        }
        assert_ne!(Event::new(""), Event::without_data());
    }

    #[test]
    fn borrowing_and_owning_change_nothing() {
        for event in [
            Event::default(),
            Event::from("a"),
            Event::from(String::from("a"))
                .with_id(1)
                .with_retry(Duration::ZERO),
            from_wire("b", None, "before", false, None),
        ] {
            for same in [event.as_borrowed(), event.clone().into_owned()] {
                assert_eq!(same, event);
                assert_eq!(same.last_event_id(), event.last_event_id());
            }
        }
    }
}
