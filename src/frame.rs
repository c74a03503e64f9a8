//! All that a stream says, as both directions see it.

use crate::text::Excerpt;
use crate::value::{owned, refuse_line_end};
use crate::{Event, InvalidText, field};
use alloc::borrow::Cow;
use core::fmt;
use core::time::Duration;

/// Something that a stream says: [`Feed::next_frame`](crate::Feed::next_frame) returns frames in
/// stream order, and [`Encoder::frame`](crate::Encoder::frame) writes each back in its place.
///
/// A block gives a frame for each comment, reconnection time and other field, at its line. At its
/// blank line it gives one frame for the whole block: [`Event`](Self::Event) or
/// [`Undispatched`](Self::Undispatched). A block that sets nothing gives no such frame.
///
/// ```
/// use core::time::Duration;
/// use sse_wire::{Decoder, Event, Frame};
///
/// let mut decoder = Decoder::new();
/// let mut feed = decoder.feed(b"retry: 500\ndata: 1\n\n");
/// let half_a_second = Duration::from_millis(500);
/// assert_eq!(feed.next_frame(), Some(Ok(Frame::Retry(half_a_second))));
/// let event = Event::new("1").with_retry(half_a_second);
/// assert_eq!(feed.next_frame(), Some(Ok(Frame::Event(event))));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// A block with data has ended: it dispatches this event (R18).
    Event(Event<'a>),
    /// A block without data has ended. It dispatches nothing, but has an event type, an id, a
    /// reconnection time or another field (R18, R19). [`Event::has_data`] is false.
    Undispatched(Event<'a>),
    /// A comment line: everything after its colon, untouched (R9).
    Comment(Cow<'a, str>),
    /// A line has set the reconnection time (R16). The frame of its block repeats the last one, in
    /// [`Event::retry`].
    Retry(Duration),
    /// A field with another name, which clients ignore (R17).
    Field(Field<'a>),
}

impl Frame<'_> {
    /// The same frame, independent of what it was borrowed from.
    ///
    /// ```
    /// # use sse_wire::{Decoder, Frame};
    /// let mut decoder = Decoder::new();
    /// let kept: Frame<'static> = decoder.feed(b": ping\n").next_frame().unwrap()?.into_owned();
    /// assert_eq!(kept, Frame::Comment(" ping".into()));
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// ```
    #[must_use]
    pub fn into_owned(self) -> Frame<'static> {
        match self {
            Self::Event(event) => Frame::Event(event.into_owned()),
            Self::Undispatched(event) => Frame::Undispatched(event.into_owned()),
            Self::Comment(text) => Frame::Comment(owned(text)),
            Self::Retry(time) => Frame::Retry(time),
            Self::Field(field) => Frame::Field(field.into_owned()),
        }
    }
}

/// Long text is shown by its start.
impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Undispatched(event) => f.debug_tuple("Undispatched").field(event).finish(),
            Self::Comment(text) => f.debug_tuple("Comment").field(&Excerpt(text)).finish(),
            Self::Retry(time) => f.debug_tuple("Retry").field(time).finish(),
            Self::Field(field) => f.debug_tuple("Field").field(field).finish(),
        }
    }
}

/// A field whose name is none of the four (R17). Clients ignore it, but some protocols send and
/// read such fields.
///
/// ```
/// use sse_wire::{Encoder, Event, Field};
///
/// let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
/// encoder.field(&Field::new("topics", "news")?, &mut buf);
/// encoder.data("hello", &mut buf);
/// encoder.end(&mut buf);
/// assert_eq!(buf, b"topics: news\ndata: hello\n\n");
/// # Ok::<(), sse_wire::InvalidText>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Field<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

impl<'a> Field<'a> {
    /// A field with this name and value, valid by construction.
    ///
    /// # Errors
    ///
    /// [`InvalidText::Empty`] if the name is empty, [`InvalidText::Reserved`] if it is `event`,
    /// `data`, `id` or `retry`, [`InvalidText::Colon`] if it has a colon, [`InvalidText::LineEnd`]
    /// if name or value has a CR or LF.
    ///
    /// ```
    /// # use sse_wire::{Field, InvalidText};
    /// assert!(Field::new("topics", "a: b").is_ok());
    /// assert_eq!(Field::new("data", "a"), Err(InvalidText::Reserved));
    /// ```
    pub fn new(
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Result<Self, InvalidText> {
        let (name, value) = (name.into(), value.into());
        field::refuse_name(&name)?;
        match refuse_line_end(&name).or_else(|| refuse_line_end(&value)) {
            Some(refusal) => Err(refusal),
            None => Ok(Self { name, value }),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value; empty if the line has no colon (R11).
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The same field, independent of what it was borrowed from.
    #[must_use]
    pub fn into_owned(self) -> Field<'static> {
        Field {
            name: owned(self.name),
            value: owned(self.value),
        }
    }

    /// A field from the wire, where refused text cannot occur.
    pub(crate) const fn from_wire(name: Cow<'a, str>, value: Cow<'a, str>) -> Self {
        Self { name, value }
    }
}

/// Long text is shown by its start.
impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field")
            .field("name", &Excerpt(&self.name))
            .field("value", &Excerpt(&self.value))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_the_wire_cannot_carry_are_refused() {
        for (name, value, expected) in [
            ("topics", "a:b", None),
            (" ", "", None),
            ("Data", "a", None),
            ("\u{feff}data", "a", None),
            ("", "a", Some(InvalidText::Empty)),
            ("data", "a", Some(InvalidText::Reserved)),
            ("retry", "a", Some(InvalidText::Reserved)),
            ("a:b", "", Some(InvalidText::Colon { position: 1 })),
            ("a\n", "", Some(InvalidText::LineEnd { position: 1 })),
            ("a", "b\r", Some(InvalidText::LineEnd { position: 1 })),
        ] {
            assert_eq!(
                Field::new(name, value).err(),
                expected,
                "{name:?}: {value:?}"
            );
        }
    }

    #[test]
    fn debugging_shows_no_megabytes() {
        let text = "x".repeat(1 << 20);
        let field = Field::new(&text, &text).expect("no line end");
        for frame in [
            Frame::Field(field),
            Frame::Comment((&text).into()),
            Frame::Event(Event::new(&text)),
        ] {
            assert!(alloc::format!("{frame:?}").len() < 500);
        }
    }
}
