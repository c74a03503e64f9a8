//! One event, as both directions see it.

use crate::{EncodeError, line};
use alloc::borrow::Cow;
use core::time::Duration;
use memchr::memchr;

/// One event: data, event type, id and reconnection time, borrowed or owned.
///
/// A [`Decoder`](crate::Decoder) lends events; [`into_owned`](Self::into_owned) keeps one. A server
/// builds them:
///
/// ```
/// use sse_wire::Event;
///
/// let event = Event::new("hello\nworld").with_event_type("greeting")?.with_id("42")?;
/// assert_eq!(&event.to_bytes()[..], b"event: greeting\nid: 42\ndata: hello\ndata: world\n\n");
/// # Ok::<(), sse_wire::EncodeError>(())
/// ```
///
/// An event is valid by construction. What the wire cannot carry is refused when it is set, so
/// encoding never fails and nobody can inject lines, fields or events through a value.
///
/// Two events are equal if they have the same event type, data, id and reconnection time.
/// [`last_event_id`](Self::last_event_id) is not compared: it tells of the stream before the event
/// as well.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// Empty for the default, `message`.
    event_type: Cow<'a, str>,
    /// Empty where `has_data` is not set.
    data: Cow<'a, str>,
    /// Whether the block has a `data` field: one with an empty value dispatches, none at all does
    /// not (R18).
    has_data: bool,
    /// This block's id if `has_id`, else the last one before it.
    last_event_id: Cow<'a, str>,
    has_id: bool,
    /// In milliseconds.
    retry: Option<u64>,
}

impl<'a> Event<'a> {
    /// An event with this data.
    ///
    /// Any text will do. CR, LF and CRLF in it separate lines, and arrive as LF.
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(Event::new("one\r\ntwo").data(), "one\r\ntwo");
    /// assert_eq!(&Event::new("one\r\ntwo").to_bytes()[..], b"data: one\ndata: two\n\n");
    /// ```
    #[must_use]
    pub fn new(data: impl Into<Cow<'a, str>>) -> Self {
        Self {
            data: data.into(),
            has_data: true,
            ..Self::without_data()
        }
    }

    /// A block without data: it dispatches nothing, but its id and reconnection time count (R15,
    /// R16, R18).
    ///
    /// ```
    /// # use sse_wire::Event;
    /// let checkpoint = Event::without_data().with_id("43")?;
    /// assert_eq!(&checkpoint.to_bytes()[..], b"id: 43\n\n");
    /// # Ok::<(), sse_wire::EncodeError>(())
    /// ```
    #[must_use]
    pub const fn without_data() -> Self {
        Self {
            event_type: Cow::Borrowed(""),
            data: Cow::Borrowed(""),
            has_data: false,
            last_event_id: Cow::Borrowed(""),
            has_id: false,
            retry: None,
        }
    }

    /// Sets the event type. An empty one stands for the default, `message` (R18).
    ///
    /// # Errors
    ///
    /// [`EncodeError::LineEnd`] if it has a CR or LF.
    ///
    /// ```
    /// # use sse_wire::{EncodeError, Event};
    /// let refused = Event::new("").with_event_type("a\ndata: injected");
    /// assert_eq!(refused, Err(EncodeError::LineEnd { field: "event type", position: 1 }));
    /// ```
    // As calls of their own, this and the next two would move the event through memory.
    #[inline(always)]
    pub fn with_event_type(
        mut self,
        event_type: impl Into<Cow<'a, str>>,
    ) -> Result<Self, EncodeError> {
        self.event_type = event_type.into();
        match line::find_end(self.event_type.as_bytes()) {
            Some(position) => Err(EncodeError::LineEnd {
                field: "event type",
                position,
            }),
            None => Ok(self),
        }
    }

    /// Sets the id, which becomes the client's last event ID. An empty one resets that to none
    /// (R15).
    ///
    /// # Errors
    ///
    /// [`EncodeError::LineEnd`] if it has a CR or LF, [`EncodeError::Nul`] if it has a NUL.
    ///
    /// ```
    /// # use sse_wire::{EncodeError, Event};
    /// assert_eq!(Event::new("").with_id("1\02"), Err(EncodeError::Nul { position: 1 }));
    /// ```
    #[inline(always)]
    pub fn with_id(mut self, id: impl Into<Cow<'a, str>>) -> Result<Self, EncodeError> {
        self.last_event_id = id.into();
        self.has_id = true;
        check_last_event_id(&self.last_event_id)?;
        Ok(self)
    }

    /// Sets the reconnection time, in whole milliseconds; beyond `u64::MAX` of them it saturates.
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

    /// The event type; `message` where none was set (R18).
    ///
    /// ```
    /// # use sse_wire::Event;
    /// assert_eq!(Event::new("").event_type(), "message");
    /// ```
    #[must_use]
    #[inline]
    pub fn event_type(&self) -> &str {
        if self.event_type.is_empty() {
            "message"
        } else {
            &self.event_type
        }
    }

    /// The data; empty where there is none.
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

    /// Whether the block has data, be it empty. A decoder dispatches only those that have (R18).
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

    /// The data by value, without a copy where it is owned already.
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
    /// assert_eq!(Event::new("").with_id("")?.id(), Some(""));
    /// # Ok::<(), sse_wire::EncodeError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn id(&self) -> Option<&str> {
        self.has_id.then_some(&*self.last_event_id)
    }

    /// The last event ID as of this event: its own id, else the last one that the stream had before
    /// it, else empty (R21).
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"id: 1\ndata: a\n\ndata: b\n\n");
    /// assert_eq!(feed.next_event()?.unwrap().last_event_id(), "1");
    /// let second = feed.next_event()?.unwrap();
    /// assert_eq!((second.id(), second.last_event_id()), (None, "1"));
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// The reconnection time that this block sets, if it does (R16).
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
    // Where it is called, a decoder has mostly just lent the texts: inlined, nobody has to ask.
    #[inline(always)]
    pub fn into_owned(self) -> Event<'static> {
        Event {
            event_type: owned(self.event_type),
            data: owned(self.data),
            has_data: self.has_data,
            last_event_id: owned(self.last_event_id),
            has_id: self.has_id,
            retry: self.retry,
        }
    }

    /// An event whose parts are known to be valid, since they came from the wire.
    #[inline]
    pub(crate) fn from_wire(
        event_type: &'a str,
        data: Option<&'a str>,
        last_event_id: &'a str,
        has_id: bool,
        retry: Option<u64>,
    ) -> Self {
        Self {
            event_type: Cow::Borrowed(event_type),
            data: Cow::Borrowed(data.unwrap_or_default()),
            has_data: data.is_some(),
            last_event_id: Cow::Borrowed(last_event_id),
            has_id,
            retry,
        }
    }

    /// The event type as it goes over the wire: empty for none.
    #[inline]
    pub(crate) fn event_type_field(&self) -> &str {
        &self.event_type
    }

    /// The reconnection time in milliseconds.
    #[inline]
    pub(crate) const fn retry_milliseconds(&self) -> Option<u64> {
        self.retry
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

/// Refuses what no last event ID can hold (R15, R24).
pub(crate) fn check_last_event_id(id: &str) -> Result<(), EncodeError> {
    let id = id.as_bytes();
    // A short id costs less than the call of a search.
    let nul = if has_nul(id) { memchr(0, id) } else { None };
    match line::find_end(id).into_iter().chain(nul).min() {
        None => Ok(()),
        Some(position) if id[position] == 0 => Err(EncodeError::Nul { position }),
        Some(position) => Err(EncodeError::LineEnd {
            field: "last event ID",
            position,
        }),
    }
}

/// R15. Ids are short: eight bytes at a time come cheaper than a search.
#[inline]
pub(crate) fn has_nul(id: &[u8]) -> bool {
    let is_hit = |part: &[u8]| part.iter().fold(false, |any, &byte| any | (byte == 0));
    let mut parts = id.chunks_exact(8);
    parts.any(is_hit) || is_hit(parts.remainder())
}

/// A reconnection time as the wire has it.
pub(crate) fn whole_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Most events have no event type and no id: an empty text must not cost an allocation or a call.
#[inline]
fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    if text.is_empty() {
        Cow::Borrowed("")
    } else {
        Cow::Owned(text.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_wire_cannot_carry_is_refused_with_its_place() {
        let line_end = |field, position| Some(EncodeError::LineEnd { field, position });
        for (value, as_event_type, as_id) in [
            ("plain \u{feff}:", None, None),
            (
                "a\nb",
                line_end("event type", 1),
                line_end("last event ID", 1),
            ),
            (
                "\u{e9}\r",
                line_end("event type", 2),
                line_end("last event ID", 2),
            ),
            ("\0", None, Some(EncodeError::Nul { position: 0 })),
            (
                "\0\n",
                line_end("event type", 1),
                Some(EncodeError::Nul { position: 0 }),
            ),
        ] {
            assert_eq!(
                Event::new("").with_event_type(value).err(),
                as_event_type,
                "{value:?}"
            );
            assert_eq!(Event::new("").with_id(value).err(), as_id, "{value:?}");
        }
    }

    #[test]
    fn equality_is_about_the_block() {
        let event = Event::new("a");
        assert_eq!(
            event,
            Event::from_wire("message", Some("a"), "before", false, None)
        );
        for other in [
            Event::from_wire("other", Some("a"), "", false, None),
            Event::from_wire("", Some("b"), "", false, None),
            Event::from_wire("", None, "", false, None),
            Event::from_wire("", Some("a"), "", true, None),
            Event::from_wire("", Some("a"), "", false, Some(0)),
        ] {
            assert_ne!(event, other);
        }
        assert_ne!(Event::new(""), Event::without_data());
    }
}
