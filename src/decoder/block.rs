//! The block between two blank lines: the specification's buffers, what each field does to them,
//! dispatch, and the limit (R7, R8, R13 to R18, R21).

use super::{Ready, Span};
use crate::field::Digits;
use crate::text::{self, Texts};
use crate::value::has_nul;
use crate::{DecodeError, Event};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

/// The capacity kept between events, in bytes: of the data buffer, and of each of four others, one
/// of them for a cut line. 64 KiB in all.
const KEPT_DATA: usize = 32_768;
pub(super) const KEPT_OTHER: usize = 8192;

/// The three buffers, and the two values that outlive a block.
#[derive(Clone)]
pub(super) struct Block {
    /// How many bytes of values a block may hold.
    limit: usize,
    /// How many bytes it holds, with the line feeds that join data: never over the limit.
    size: usize,
    flags: u8,
    /// Without its last line feed.
    data: Buffer,
    event_type: Buffer,
    id: Buffer,
    /// Texts of the last event in which U+FFFD has replaced invalid UTF-8.
    lossy: String,

    /// The last event ID string: the id that a blank line has committed.
    last_event_id: String,
    /// In milliseconds.
    reconnection_time: Option<u64>,
}

/// It has data, perhaps empty.
const DATA: u8 = 1;
/// It has an event type that is not empty.
const TYPE: u8 = 1 << 1;
const ID: u8 = 1 << 2;
/// It has set the reconnection time.
const RETRY: u8 = 1 << 3;
/// It has a field with another name.
const OTHER: u8 = 1 << 4;
/// It was over the limit: its data and event type are ignored.
const TOO_LARGE: u8 = 1 << 5;
/// A buffer holds bytes.
const COPIED: u8 = 1 << 6;
/// It has ended. Its texts may be lent to the caller until the next one begins.
const ENDED: u8 = 1 << 7;

/// The value of a field, and where it is.
#[derive(Clone, Copy)]
pub(super) enum Value<'v> {
    /// In the chunk, which can lend it.
    Lent { chunk: &'v [u8], span: Span },
    /// Elsewhere, so it has to be copied.
    Copied(&'v [u8]),
}

impl<'v> Value<'v> {
    #[inline(always)]
    const fn len(self) -> usize {
        match self {
            Self::Lent { span, .. } => span.len(),
            Self::Copied(bytes) => bytes.len(),
        }
    }

    #[inline(always)]
    pub(super) fn bytes(self) -> &'v [u8] {
        match self {
            Self::Lent { chunk, span } => span.of(chunk),
            Self::Copied(bytes) => bytes,
        }
    }
}

/// The effects of fields and blank lines.
impl Block {
    /// R13: `event` sets the event type buffer.
    #[inline(always)]
    pub(super) fn set_event_type(&mut self, value: Value<'_>) -> Result<(), DecodeError> {
        let len = value.len();
        if self.admits(len)? {
            self.size = self.size - self.event_type.len() + len;
            let has_type = if len > 0 { TYPE } else { 0 };
            self.flags = self.flags & !TYPE | has_type | self.event_type.set(value);
        }
        Ok(())
    }

    /// R14: `data` appends its value and a line feed to the data buffer. Dispatch removes the last
    /// line feed, so each is added only when another line follows.
    #[inline(always)]
    pub(super) fn append_data(&mut self, value: Value<'_>) -> Result<(), DecodeError> {
        let len = value.len();
        if self.has(DATA) {
            if self.admits(1 + len)? {
                self.size += 1 + len;
                self.join_data(value);
            }
        } else if self.admits(len)? {
            self.size += len;
            self.flags |= DATA | self.data.set(value);
        }
        Ok(())
    }

    /// R15: `id` sets the last event ID buffer, unless the value has a NUL. An id takes effect even
    /// in a block that is too large: without it, a client that reconnects would get that block
    /// again for ever.
    #[inline(always)]
    pub(super) fn set_id(&mut self, value: Value<'_>) -> Result<(), DecodeError> {
        let len = value.len();
        let admitted = self.admits(len);
        if self.has_room(len) && !has_nul(value.bytes()) {
            self.size = self.size - self.id.len() + len;
            self.flags |= ID | self.id.set(value);
        }
        admitted.map(drop)
    }

    /// R16: `retry` sets the reconnection time at once, if its value is all digits.
    #[inline(always)]
    pub(super) fn set_reconnection_time(&mut self, digits: Digits) -> Option<Ready> {
        let milliseconds = digits.milliseconds()?;
        self.reconnection_time = Some(milliseconds);
        self.flags |= RETRY;
        Some(Ready::Retry(milliseconds))
    }

    /// R17: a field with another name is ignored, but the block is no longer empty.
    #[inline(always)]
    pub(super) fn add_other_field(&mut self) {
        self.flags |= OTHER;
    }

    /// R8, R18: a blank line commits the id, and dispatches a block that has data.
    #[inline(always)]
    pub(super) fn end<'c>(&mut self, chunk: &'c [u8], texts: &mut impl Texts<'c>) -> Option<Ready> {
        if self.is_empty() {
            return None;
        }
        if self.has(ID) {
            self.commit_id(chunk, texts);
        }
        if self.has(DATA) {
            self.flags |= ENDED;
            Some(Ready::Event)
        } else if self.has(TYPE | ID | RETRY | OTHER) {
            self.flags |= ENDED;
            Some(Ready::Undispatched)
        } else {
            self.begin();
            None
        }
    }

    /// R20: the end of the stream ends the block, but does not commit its id.
    pub(super) fn cut_off(&mut self) -> Option<Ready> {
        self.flags |= ENDED | COPIED;
        self.has(DATA).then_some(Ready::CutOff)
    }

    /// R18: the next block begins with empty buffers for data and event type.
    #[inline(always)]
    pub(super) fn begin(&mut self) {
        let copied = self.has(COPIED);
        self.flags = 0;
        self.size = 0;
        self.data.span = Span::EMPTY;
        self.event_type.span = Span::EMPTY;
        self.id.span = Span::EMPTY;
        if copied {
            self.empty_buffers();
        }
    }

    /// Drops the block, and gives memory back.
    pub(super) fn discard(&mut self) {
        self.flags |= COPIED;
        self.begin();
        self.trim();
    }

    #[inline(always)]
    fn commit_id<'c>(&mut self, chunk: &'c [u8], texts: &mut impl Texts<'c>) {
        match self.id.text(chunk, texts) {
            Some(id) => replace(&mut self.last_event_id, id),
            None => {
                empty_text(&mut self.last_event_id);
                text::decode_into(self.id.bytes(chunk), &mut self.last_event_id);
            }
        }
    }
}

/// State of the block.
impl Block {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            size: 0,
            flags: 0,
            data: Buffer::NEW,
            event_type: Buffer::NEW,
            id: Buffer::NEW,
            lossy: String::new(),
            last_event_id: String::new(),
            reconnection_time: None,
        }
    }

    pub(super) const fn limit(&self) -> usize {
        self.limit
    }

    pub(super) const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(super) fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    pub(super) fn set_last_event_id(&mut self, id: &str) {
        replace(&mut self.last_event_id, id);
    }

    pub(super) const fn reconnection_time(&self) -> Option<u64> {
        self.reconnection_time
    }

    /// Whether nothing has come since the last blank line.
    #[inline(always)]
    pub(super) const fn is_empty(&self) -> bool {
        self.flags == 0
    }

    #[inline(always)]
    pub(super) const fn has_ended(&self) -> bool {
        self.has(ENDED)
    }

    /// Whether it has not ended and its end would have an effect.
    pub(super) const fn is_open(&self) -> bool {
        !self.has_ended() && self.has(DATA | TYPE | ID | RETRY | OTHER | TOO_LARGE)
    }

    /// How many bytes of a block that has not ended are in the buffers.
    pub(super) fn buffered(&self) -> usize {
        if self.has_ended() {
            return 0;
        }
        self.data.bytes.len() + self.event_type.bytes.len() + self.id.bytes.len()
    }

    /// The event that the block becomes, lent from the chunk and the buffers.
    #[inline(always)]
    pub(super) fn lend<'a, 'c: 'a>(
        &'a mut self,
        chunk: &'c [u8],
        texts: &mut impl Texts<'c>,
        has_data: bool,
    ) -> Event<'a> {
        let event_type = if self.has(TYPE) {
            self.event_type.text(chunk, texts)
        } else {
            Some("")
        };
        let data = self.data.text(chunk, texts);
        let (event_type, data) = match (event_type, data) {
            (Some(event_type), Some(data)) => (event_type, data),
            (event_type, data) => {
                self.flags |= COPIED;
                let bytes = (self.event_type.bytes(chunk), self.data.bytes(chunk));
                replaced(
                    event_type.ok_or(bytes.0),
                    data.ok_or(bytes.1),
                    &mut self.lossy,
                )
            }
        };
        Event::from_wire(
            Cow::Borrowed(event_type),
            has_data.then_some(Cow::Borrowed(data)),
            Cow::Borrowed(&self.last_event_id),
            self.flags & ID != 0,
            if self.flags & RETRY != 0 {
                self.reconnection_time
            } else {
                None
            },
        )
    }

    /// The same without changing the block. It allocates only for text that is not UTF-8.
    #[inline]
    pub(super) fn peek<'a>(&'a self, chunk: &'a [u8], cut_off: bool) -> Event<'a> {
        let last_event_id = if cut_off && self.has(ID) {
            text::decode(self.id.bytes(chunk))
        } else {
            Cow::Borrowed(&*self.last_event_id)
        };
        Event::from_wire(
            text::decode(self.event_type.bytes(chunk)),
            self.has(DATA).then(|| text::decode(self.data.bytes(chunk))),
            last_event_id,
            self.has(ID),
            self.retry(),
        )
    }

    fn retry(&self) -> Option<u64> {
        if self.has(RETRY) {
            self.reconnection_time
        } else {
            None
        }
    }

    #[inline(always)]
    const fn has(&self, flags: u8) -> bool {
        self.flags & flags != 0
    }
}

/// The limit, in bytes of values as they come on the wire.
impl Block {
    /// Whether this many more bytes fit. Both sizes are of bytes in memory at the same time, so the
    /// sum cannot overflow.
    #[inline(always)]
    pub(super) const fn has_room(&self, more: usize) -> bool {
        self.size + more <= self.limit
    }

    /// Whether the block accepts this many more bytes. A block that is too large does not; it
    /// becomes too large with one error.
    #[inline(always)]
    pub(super) fn admits(&mut self, more: usize) -> Result<bool, DecodeError> {
        if self.has(TOO_LARGE) {
            Ok(false)
        } else if self.has_room(more) {
            Ok(true)
        } else {
            Err(self.drop_event())
        }
    }

    #[cold]
    fn drop_event(&mut self) -> DecodeError {
        self.flags = self.flags & !(DATA | TYPE) | TOO_LARGE | COPIED;
        self.size = self.id.len();
        self.data.clear();
        self.event_type.clear();
        DecodeError::EventTooLarge { limit: self.limit }
    }

    /// A comment has to fit next to what the block holds, though it is not a part of the block.
    pub(super) fn check_comment(&self, len: usize) -> Result<(), DecodeError> {
        if self.has_room(len) {
            Ok(())
        } else {
            Err(DecodeError::CommentTooLarge { limit: self.limit })
        }
    }

    /// So does the line of a field with another name.
    pub(super) fn check_field(&self, len: usize) -> Result<(), DecodeError> {
        if self.has_room(len) {
            Ok(())
        } else {
            Err(DecodeError::FieldTooLarge { limit: self.limit })
        }
    }
}

/// Memory.
impl Block {
    /// More of a data line that was cut.
    #[inline]
    pub(super) fn extend_data(&mut self, more: &[u8]) -> Result<(), DecodeError> {
        if self.admits(more.len())? {
            self.size += more.len();
            self.push_data(more);
        }
        Ok(())
    }

    #[inline]
    fn join_data(&mut self, value: Value<'_>) {
        if let Value::Lent { chunk, .. } = value {
            self.settle_data(chunk);
        }
        self.reserve_data(1 + value.len());
        self.data.bytes.push(b'\n');
        self.data.bytes.extend_from_slice(value.bytes());
    }

    /// Copies the values that are still in the chunk.
    #[inline(always)]
    pub(super) fn settle(&mut self, chunk: &[u8]) {
        if !self.is_empty() {
            self.settle_all(chunk);
        }
    }

    #[inline(never)]
    fn settle_all(&mut self, chunk: &[u8]) {
        self.settle_data(chunk);
        for text in [&mut self.event_type, &mut self.id] {
            let span = mem::take(&mut text.span);
            text.bytes.extend_from_slice(span.of(chunk));
        }
    }

    #[inline(always)]
    fn settle_data(&mut self, chunk: &[u8]) {
        self.flags |= COPIED;
        if !self.data.span.is_empty() {
            let span = mem::take(&mut self.data.span);
            self.push_data(span.of(chunk));
        }
    }

    #[inline(always)]
    fn push_data(&mut self, more: &[u8]) {
        self.reserve_data(more.len());
        self.data.bytes.extend_from_slice(more);
    }

    /// Makes room for more data.
    #[inline(always)]
    fn reserve_data(&mut self, more: usize) {
        if more > self.data.bytes.capacity() - self.data.bytes.len() {
            self.grow_data(more);
        }
    }

    #[cold]
    fn grow_data(&mut self, more: usize) {
        let data = &mut self.data.bytes;
        let capacity = grown(data.len() + more, data.capacity(), self.limit);
        data.reserve_exact(capacity - data.len());
    }

    #[inline(never)]
    fn empty_buffers(&mut self) {
        // A large buffer is kept while large events follow one another.
        let large = self.data.bytes.len() > KEPT_DATA;
        self.data.bytes.clear();
        if !large {
            self.trim();
        }
        for bytes in [&mut self.event_type.bytes, &mut self.id.bytes] {
            empty(bytes);
        }
        empty_text(&mut self.lossy);
    }

    /// Gives memory back if no event is unfinished.
    #[inline(always)]
    pub(super) fn trim(&mut self) {
        if self.data.bytes.capacity() > KEPT_DATA && self.data.bytes.is_empty() {
            exchange(&mut self.data.bytes);
        }
    }
}

/// Event type and data, with U+FFFD for invalid UTF-8.
#[cold]
fn replaced<'a>(
    event_type: Result<&'a str, &[u8]>,
    data: Result<&'a str, &[u8]>,
    lossy: &'a mut String,
) -> (&'a str, &'a str) {
    lossy.clear();
    if let Err(bytes) = event_type {
        text::decode_into(bytes, lossy);
    }
    let end = lossy.len();
    if let Err(bytes) = data {
        text::decode_into(bytes, lossy);
    }
    let lossy = lossy.split_at(end);
    (event_type.unwrap_or(lossy.0), data.unwrap_or(lossy.1))
}

/// The capacity that a data buffer grows to, to hold `size` bytes. A large one grows by four, so
/// that less of it is moved, but to no more than a block may hold; a smaller one doubles, but to no
/// more than is kept.
fn grown(size: usize, capacity: usize, limit: usize) -> usize {
    let (factor, most) = if size > KEPT_DATA {
        // No allocation is larger.
        (4, limit.min(isize::MAX.unsigned_abs()))
    } else {
        (2, KEPT_DATA)
    };
    capacity.saturating_mul(factor).clamp(size, most.max(size))
}

/// Replaces a large buffer with a fresh small one. Shrinking in place can unmap pages that fault
/// again when the buffer regrows: six times slower.
#[cold]
fn exchange(data: &mut Vec<u8>) {
    drop(mem::take(data));
    data.reserve_exact(KEPT_DATA);
}

/// Empties a buffer, and gives it back if it is large.
pub(super) fn empty(bytes: &mut Vec<u8>) {
    if bytes.capacity() > KEPT_OTHER {
        *bytes = Vec::new();
    }
    bytes.clear();
}

fn empty_text(text: &mut String) {
    if text.capacity() > KEPT_OTHER {
        *text = String::new();
    }
    text.clear();
}

fn replace(text: &mut String, by: &str) {
    empty_text(text);
    text.push_str(by);
}

/// A value that a field has set: it is in the chunk, or else in `bytes`; the other one is empty.
#[derive(Clone)]
struct Buffer {
    span: Span,
    bytes: Vec<u8>,
}

impl Buffer {
    const NEW: Self = Self {
        span: Span::EMPTY,
        bytes: Vec::new(),
    };

    #[inline(always)]
    fn len(&self) -> usize {
        self.span.len() + self.bytes.len()
    }

    /// Replaces the value. Returns `COPIED` if it had to copy.
    #[inline(always)]
    fn set(&mut self, value: Value<'_>) -> u8 {
        self.clear();
        match value {
            Value::Lent { span, .. } => {
                self.span = span;
                0
            }
            Value::Copied(bytes) => {
                self.bytes.extend_from_slice(bytes);
                COPIED
            }
        }
    }

    #[inline(always)]
    fn clear(&mut self) {
        self.span = Span::EMPTY;
        self.bytes.clear();
    }

    #[inline(always)]
    fn bytes<'a>(&'a self, chunk: &'a [u8]) -> &'a [u8] {
        if self.span.is_empty() {
            &self.bytes
        } else {
            self.span.of(chunk)
        }
    }

    /// The value as text, if it is UTF-8.
    #[inline(always)]
    fn text<'a, 'c: 'a>(&'a self, chunk: &'c [u8], texts: &mut impl Texts<'c>) -> Option<&'a str> {
        if !self.span.is_empty() {
            texts.lend(chunk, self.span.start, self.span.end)
        } else if self.bytes.is_empty() {
            Some("")
        } else {
            text::check(&self.bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_grows_by_two_up_to_what_is_kept_then_by_four_up_to_the_limit() {
        const LIMIT: usize = 1 << 20;
        for (len, capacity, more, expected) in [
            (0, 0, 10, 10),
            (10, 10, 1, 20),
            (5, 10, 6, 20),
            (10, 10, 90, 100),
            (20_000, 20_000, KEPT_DATA - 20_000, KEPT_DATA),
            (20_000, 20_000, KEPT_DATA - 19_999, 80_000),
            (KEPT_DATA, KEPT_DATA, 1, 4 * KEPT_DATA),
            (KEPT_DATA, KEPT_DATA, 5 * KEPT_DATA, 6 * KEPT_DATA),
            (300_000, 300_000, 1, LIMIT),
        ] {
            assert_eq!(
                grown(len + more, capacity, LIMIT),
                expected,
                "{len}, {capacity}, {more}"
            );
        }
        // Four times as much would be more than there are addresses.
        const MOST: usize = isize::MAX.unsigned_abs();
        for limit in [MOST, usize::MAX] {
            assert_eq!(grown(MOST / 2 + 1, MOST / 2, limit), MOST);
        }
    }

    #[test]
    fn data_that_fits_does_not_move() {
        let mut block = Block::new(usize::MAX);
        block.data.bytes.reserve_exact(10);
        block.data.bytes.extend_from_slice(b"12345");
        block.reserve_data(5);
        assert_eq!(block.data.bytes.capacity(), 10);
    }
}
