//! One chunk: lines that are whole in it are lent.

use super::block::Value;
use super::{Decoder, Ready, Span};
use crate::field::{self, COMMENT, Digits, Name};
use crate::line::Lines;
use crate::text::{Texts, Window};
use crate::{DecodeError, Event, Frame};
use core::fmt;

/// One chunk on its way into a [`Decoder`]: lends the events that it completes.
///
/// An event borrows its texts from the chunk if they are whole in it, else from the decoder, until
/// the next call.
#[must_use = "a chunk is consumed only as far as its events are asked for"]
pub struct Feed<'d, 'i> {
    decoder: &'d mut Decoder,
    chunk: &'i [u8],
    /// Everything before this place is consumed.
    at: usize,
    window: Window<'i>,
}

impl<'d, 'i> Feed<'d, 'i> {
    #[inline(always)]
    pub(super) fn new(decoder: &'d mut Decoder, chunk: &'i [u8]) -> Self {
        let at = decoder.lines.start_chunk(chunk);
        Self {
            decoder,
            chunk,
            at,
            window: Window::new(),
        }
    }

    /// The next event that this chunk completes; `None` once the whole chunk is consumed.
    ///
    /// After an error the next call returns what follows: an event that is too large takes no other
    /// one with it.
    ///
    /// This function is inlined, about 5 KB of code: call it in one place.
    ///
    /// # Errors
    ///
    /// [`DecodeError::EventTooLarge`], once for each block over the limit.
    ///
    /// ```
    /// # use sse_wire::{DecodeError, Decoder};
    /// let mut decoder = Decoder::new().with_max_event_size(5);
    /// let mut feed = decoder.feed(b"event: ticks\ndata: 1\n\n: a comment\ndata: 2\n\n");
    /// let mut seen = vec![];
    /// while let Some(event) = feed.next_event() {
    ///     match event {
    ///         Ok(event) => seen.push(event.data().to_owned()),
    ///         Err(error) => println!("{error}"),
    ///     }
    /// }
    /// assert_eq!(seen, ["2"]);
    /// ```
    // As a call, it would return the event through memory: 5 ns more for each.
    #[inline(always)]
    pub fn next_event(&mut self) -> Option<Result<Event<'_>, DecodeError>> {
        match self.advance::<false>()? {
            Ok(_) => Some(Ok(self.decoder.block.lend(
                self.chunk,
                &mut self.window,
                true,
            ))),
            Err(error) => Some(Err(error)),
        }
    }

    /// Like [`next_event`](Self::next_event), but returns everything in the stream, in its order:
    /// events, blocks without data, comments, reconnection times and fields with other names.
    ///
    /// Calls of the two may be mixed. A comment or other field that begins during a call of
    /// `next_event` may be skipped.
    ///
    /// # Errors
    ///
    /// As [`next_event`](Self::next_event), and [`DecodeError::CommentTooLarge`] and
    /// [`DecodeError::FieldTooLarge`] for a line over the limit.
    ///
    /// ```
    /// # use sse_wire::{Decoder, Event, Frame};
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b": ping\ndata: 1\n\nid: 2\n\n");
    /// assert_eq!(feed.next_frame(), Some(Ok(Frame::Comment(" ping".into()))));
    /// assert_eq!(feed.next_frame(), Some(Ok(Frame::Event(Event::new("1")))));
    /// assert_eq!(feed.next_frame(), Some(Ok(Frame::Undispatched(Event::without_data().with_id(2)))));
    /// assert_eq!(feed.next_frame(), None);
    /// ```
    #[inline]
    pub fn next_frame(&mut self) -> Option<Result<Frame<'_>, DecodeError>> {
        let ready = match self.advance::<true>()? {
            Ok(ready) => ready,
            Err(error) => return Some(Err(error)),
        };
        Some(Ok(self.decoder.frame(ready, self.chunk, &mut self.window)))
    }

    /// The part of the chunk that is not consumed yet. Do not feed the bytes before it again.
    ///
    /// After each [frame](Self::next_frame) it starts right after the line that completed the
    /// frame: for an event or a block without data, right after the blank line. So a gateway can
    /// forward blocks byte for byte. There is one exception: if a chunk ends between a CR and its
    /// LF, that LF is consumed when the next chunk is fed. A gateway that drops the first block of
    /// a stream has to write a line feed or a comment in its place: the next block may begin with
    /// U+FEFF, which a decoder strips at the start of a stream (R5).
    ///
    /// ```
    /// # use sse_wire::Decoder;
    /// let mut decoder = Decoder::new();
    /// let mut feed = decoder.feed(b"data: 1\n\ndata: 2\n\n");
    /// assert!(feed.next_event().is_some());
    /// assert_eq!(feed.remaining(), b"data: 2\n\n");
    /// ```
    #[must_use]
    #[inline]
    pub fn remaining(&self) -> &'i [u8] {
        &self.chunk[self.at..]
    }

    #[inline(always)]
    fn advance<const FRAMES: bool>(&mut self) -> Option<Result<Ready, DecodeError>> {
        self.decoder
            .advance::<FRAMES>(self.chunk, &mut self.at, &mut self.window)
            .transpose()
    }
}

impl fmt::Debug for Feed<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("decoder", &self.decoder)
            .field("remaining", &self.remaining().len())
            .finish_non_exhaustive()
    }
}

/// How a chunk is consumed. What runs for each line is inlined into the caller's loop; what runs at
/// most once a chunk is not.
impl Decoder {
    /// Consumes the chunk from `at` on until something is ready. If that is not the end of a block,
    /// the block then no longer depends on the chunk.
    #[inline(always)]
    pub(super) fn advance<'c, const FRAMES: bool>(
        &mut self,
        chunk: &'c [u8],
        at: &mut usize,
        texts: &mut impl Texts<'c>,
    ) -> Result<Option<Ready>, DecodeError> {
        if self.block.has_ended() {
            self.block.begin();
        }
        if FRAMES {
            self.cut.trim();
        }
        if self.is_consumed(chunk, *at) {
            return Ok(None);
        }
        if !self.cut.is_nothing() {
            let ready = self.take_rest_of_line::<FRAMES>(chunk, at);
            if !matches!(ready, Ok(None)) || self.is_consumed(chunk, *at) {
                return ready;
            }
        }
        if !FRAMES && Lines::may_skip(chunk, *at, COMMENT) && self.block.is_empty() {
            *at = self.lines.skip(chunk, *at, COMMENT);
            if self.is_consumed(chunk, *at) {
                return Ok(None);
            }
        }
        let ready = self.take_lines::<FRAMES>(chunk, at, texts);
        if self.block.has_ended() {
            return ready;
        }
        self.block.settle(chunk);
        if matches!(ready, Ok(None)) && !self.is_consumed(chunk, *at) {
            self.take_start_of_line(chunk, at, FRAMES)?;
        }
        ready
    }

    /// Consumes whole lines until something is ready.
    #[inline(always)]
    fn take_lines<'c, const FRAMES: bool>(
        &mut self,
        chunk: &'c [u8],
        at: &mut usize,
        texts: &mut impl Texts<'c>,
    ) -> Result<Option<Ready>, DecodeError> {
        let mut start = *at;
        while let Some(line) = self.lines.next(chunk, start) {
            *at = line.next;
            let ready = if start == line.end {
                self.block.end(chunk, texts)
            } else {
                let end = line.end;
                self.take_line::<FRAMES>(chunk, Span { start, end })?
            };
            match ready {
                None => {}
                Some(Ready::Event) => return Ok(ready),
                Some(_) if FRAMES => return Ok(ready),
                Some(Ready::Undispatched) => self.block.begin(),
                Some(_) => {}
            }
            start = line.next;
        }
        Ok(None)
    }

    /// A line that is whole in the chunk and not blank.
    #[inline(always)]
    fn take_line<const FRAMES: bool>(
        &mut self,
        chunk: &[u8],
        line: Span,
    ) -> Result<Option<Ready>, DecodeError> {
        let block = &mut self.block;
        let (name, value) = field::split(&chunk[line.start..line.end]);
        let span = Span {
            start: line.start + value,
            end: line.end,
        };
        let value = Value::Lent { chunk, span };
        match name {
            Name::Data => block.append_data(value)?,
            Name::EventType => block.set_event_type(value)?,
            Name::Id => block.set_id(value)?,
            Name::Retry => {
                let digits = Digits::default().push(value.bytes());
                return Ok(block.set_reconnection_time(digits));
            }
            Name::Other => {
                block.add_other_field();
                if FRAMES {
                    block.check_field(line.len())?;
                    return Ok(Some(Ready::Field(Some(line))));
                }
            }
            Name::Comment => {
                if FRAMES {
                    block.check_comment(span.len())?;
                    return Ok(Some(Ready::Comment(Some(span))));
                }
            }
        }
        Ok(None)
    }

    /// Continues with the line that the end of an earlier chunk has cut.
    #[inline(never)]
    fn take_rest_of_line<const FRAMES: bool>(
        &mut self,
        chunk: &[u8],
        at: &mut usize,
    ) -> Result<Option<Ready>, DecodeError> {
        if self.cut.is_at_start() {
            *at += self.cut.strip_bom(chunk);
            if *at == chunk.len() || self.cut.is_nothing() {
                return Ok(None);
            }
        }
        let line = self.lines.next(chunk, *at);
        let end = line.map_or(chunk.len(), |line| line.end);
        let rest = &chunk[*at..end];
        *at = line.map_or(end, |line| line.next);
        let extended = self
            .cut
            .extend(rest, line.is_some(), &mut self.block, FRAMES);
        let ready = if line.is_some() {
            self.cut.end(&mut self.block)
        } else {
            Ok(None)
        };
        extended.and(ready.map(|ready| ready.filter(|_| FRAMES)))
    }

    /// Consumes the line that the end of the chunk cuts.
    #[inline(never)]
    fn take_start_of_line(
        &mut self,
        chunk: &[u8],
        at: &mut usize,
        frames: bool,
    ) -> Result<(), DecodeError> {
        let start = &chunk[*at..];
        *at = chunk.len();
        self.cut.begin(start, &mut self.block, frames)
    }

    /// Whether the chunk has ended; then memory is given back.
    #[inline(always)]
    fn is_consumed(&mut self, chunk: &[u8], at: usize) -> bool {
        let is_consumed = at == chunk.len();
        if is_consumed {
            self.block.trim();
        }
        is_consumed
    }
}
