//! The line that a chunk's end has cut. This can consume any line, in any number of pieces; a chunk
//! lends the lines that are whole in it only to save the copy.

use super::Ready;
use super::block::{Block, KEPT_OTHER, Value, empty};
use crate::DecodeError;
use crate::field::{self, DECISIVE, Digits, Name};
use crate::text::{Bom, Stripped};
use alloc::vec::Vec;
use core::mem;

/// The state of that line.
#[derive(Clone)]
pub(super) struct Cut {
    state: State,
    /// Its value so far, except data, which goes to the block at once. For a field with another
    /// name, the line so far.
    value: Vec<u8>,
}

#[derive(Clone, Copy)]
// An explicit tag is faster to test than one packed into `Digits`.
#[repr(u8)]
enum State {
    /// No line was cut.
    Nothing,
    /// The stream has begun, perhaps with a part of a byte order mark.
    Bom(Bom),
    /// Too few bytes have come to know the field.
    Start(Start),
    /// The cut is in the value of this field.
    Value(Name),
    /// The cut is in the value of a `retry` field.
    Retry(Digits),
    /// The rest of the line does not matter.
    Ignored,
}

impl Cut {
    /// The start of a stream.
    pub(super) const fn new() -> Self {
        Self {
            state: State::Bom(Bom::EXPECTED),
            value: Vec::new(),
        }
    }

    /// Expects a new stream.
    pub(super) fn restart(&mut self) {
        self.state = State::Bom(Bom::EXPECTED);
        empty(&mut self.value);
    }

    #[inline(always)]
    pub(super) const fn is_nothing(&self) -> bool {
        matches!(self.state, State::Nothing)
    }

    /// Whether the stream so far ends in the middle of a line.
    pub(super) fn is_in_line(&self) -> bool {
        match &self.state {
            State::Nothing => false,
            State::Bom(bom) => !bom.seen().is_empty(),
            State::Start(_) | State::Value(_) | State::Retry(_) | State::Ignored => true,
        }
    }

    /// How many bytes are held.
    pub(super) fn buffered(&self) -> usize {
        match &self.state {
            State::Bom(bom) => bom.seen().len(),
            State::Start(start) => start.bytes().len(),
            State::Value(Name::Data) => 0,
            State::Value(_) => self.value.len(),
            State::Nothing | State::Retry(_) | State::Ignored => 0,
        }
    }

    /// The text of a comment or other field that was cut and is now whole.
    pub(super) fn value(&self) -> &[u8] {
        &self.value
    }

    #[inline(always)]
    pub(super) const fn is_at_start(&self) -> bool {
        matches!(self.state, State::Bom(_))
    }

    /// R5: consumes a byte order mark, or a part of one, at the start of the stream. Returns how
    /// many bytes of the chunk it consumed.
    #[inline(never)]
    pub(super) fn strip_bom(&mut self, chunk: &[u8]) -> usize {
        let State::Bom(bom) = self.state else {
            return 0;
        };
        match bom.strip(chunk) {
            Stripped::Unfinished(bom) => {
                self.state = State::Bom(bom);
                chunk.len()
            }
            Stripped::Whole(len) => {
                self.state = State::Nothing;
                len
            }
            Stripped::Absent => {
                self.state = match bom.seen() {
                    [] => State::Nothing,
                    seen => State::Start(Start::of(seen)),
                };
                0
            }
        }
    }

    /// Consumes the start of a line, up to the end of its chunk.
    #[inline]
    pub(super) fn begin(
        &mut self,
        start: &[u8],
        block: &mut Block,
        frames: bool,
    ) -> Result<(), DecodeError> {
        if field::is_decisive(start) {
            self.begin_value(start, block, frames)
        } else {
            self.state = State::Start(Start::of(start));
            Ok(())
        }
    }

    /// Consumes more of the line; `whole` if this is the rest of it.
    #[inline(always)]
    pub(super) fn extend(
        &mut self,
        more: &[u8],
        whole: bool,
        block: &mut Block,
        frames: bool,
    ) -> Result<(), DecodeError> {
        match self.state {
            State::Start(start) => self.extend_start(start, more, whole, block, frames),
            State::Value(Name::Data) => block.extend_data(more),
            _ => self.extend_value(more, block, frames),
        }
    }

    /// The line is now whole.
    #[inline(always)]
    pub(super) fn end(&mut self, block: &mut Block) -> Result<Option<Ready>, DecodeError> {
        match mem::replace(&mut self.state, State::Nothing) {
            State::Value(Name::EventType) => {
                let set = block.set_event_type(Value::Copied(&self.value));
                empty(&mut self.value);
                set?;
            }
            State::Value(Name::Id) => {
                let set = block.set_id(Value::Copied(&self.value));
                empty(&mut self.value);
                set?;
            }
            State::Value(Name::Comment) => return Ok(Some(Ready::Comment(None))),
            State::Value(Name::Other) => return Ok(Some(Ready::Field(None))),
            State::Retry(digits) => return Ok(block.set_reconnection_time(digits)),
            _ => {}
        }
        Ok(None)
    }

    /// The end of the stream also ends the line, but `retry` takes effect only at a real line end.
    pub(super) fn end_of_stream(&mut self, block: &mut Block) -> Result<(), DecodeError> {
        if let State::Bom(bom) = self.state {
            self.state = State::Start(Start::of(bom.seen()));
        }
        let extended = self.extend(b"", true, block, false);
        if matches!(self.state, State::Retry(_)) {
            self.state = State::Ignored;
        }
        let ended = self.end(block);
        extended.and(ended.map(drop))
    }

    /// Gives back the memory of a line that was returned.
    #[inline(always)]
    pub(super) fn trim(&mut self) {
        if self.value.capacity() > KEPT_OTHER && self.is_nothing() {
            empty(&mut self.value);
        }
    }

    #[inline(never)]
    fn extend_start(
        &mut self,
        mut start: Start,
        more: &[u8],
        whole: bool,
        block: &mut Block,
        frames: bool,
    ) -> Result<(), DecodeError> {
        let taken = start.extend(more);
        if !whole && !field::is_decisive(start.bytes()) {
            self.state = State::Start(start);
            return Ok(());
        }
        let begun = self.begin_value(start.bytes(), block, frames);
        begun.and(self.extend(&more[taken..], whole, block, frames))
    }

    /// Consumes a line from its start; enough of it is here to know the field.
    #[inline(always)]
    fn begin_value(
        &mut self,
        line: &[u8],
        block: &mut Block,
        frames: bool,
    ) -> Result<(), DecodeError> {
        let (name, value) = field::split(line);
        let value = &line[value..];
        self.state = State::Value(name);
        if name == Name::Data {
            return block.append_data(Value::Copied(value));
        }
        self.value.clear();
        match name {
            Name::Retry => self.state = State::Retry(Digits::default()),
            Name::Other => {
                block.add_other_field();
                return self.extend_value(line, block, frames);
            }
            _ => {}
        }
        self.extend_value(value, block, frames)
    }

    #[inline(never)]
    fn extend_value(
        &mut self,
        more: &[u8],
        block: &mut Block,
        frames: bool,
    ) -> Result<(), DecodeError> {
        let len = self.value.len() + more.len();
        match self.state {
            State::Value(Name::EventType) => {
                let admitted = block.admits(len);
                self.keep(more, admitted == Ok(true));
                admitted?;
            }
            State::Value(Name::Id) => {
                let admitted = block.admits(len);
                self.keep(more, block.has_room(len));
                admitted?;
            }
            State::Value(Name::Comment | Name::Other) if !frames => self.state = State::Ignored,
            State::Value(Name::Comment) => {
                let fits = block.check_comment(len);
                self.keep(more, fits.is_ok());
                return fits;
            }
            State::Value(Name::Other) => {
                let fits = block.check_field(len);
                self.keep(more, fits.is_ok());
                return fits;
            }
            State::Retry(digits) => self.state = State::Retry(digits.push(more)),
            _ => {}
        }
        Ok(())
    }

    /// Adds to a value that fits, or else ignores the line.
    fn keep(&mut self, more: &[u8], fits: bool) {
        if fits {
            self.value.extend_from_slice(more);
        } else {
            self.state = State::Ignored;
            empty(&mut self.value);
        }
    }
}

/// The first bytes of a line.
#[derive(Clone, Copy)]
struct Start {
    bytes: [u8; DECISIVE],
    len: u8,
}

impl Start {
    fn of(bytes: &[u8]) -> Self {
        let mut start = Self {
            bytes: [0; DECISIVE],
            len: 0,
        };
        start.extend(bytes);
        start
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Appends bytes until it is full. Returns how many it took.
    #[inline(always)]
    fn extend(&mut self, more: &[u8]) -> usize {
        let seen = usize::from(self.len);
        for (place, byte) in self.bytes[seen..].iter_mut().zip(more) {
            *place = *byte;
            self.len += 1;
        }
        usize::from(self.len) - seen
    }
}
