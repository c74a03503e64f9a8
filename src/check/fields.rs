//! What can be wrong with a line, a block, and the end of the stream.

use super::diagnostic::{Line, Place, Quoted};
use super::looks::{self, Hex};
use super::{Checker, Json, Kind, Summary};
use crate::Event;
use crate::field::{self, Name};
use crate::text::{self, BOM};
use alloc::format;
use alloc::string::String;
use core::mem;
use memchr::{memchr, memchr_iter};

/// What is known of the block between two blank lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    has_data: bool,
    has_retry: bool,
    too_large: bool,
    event_type: Option<EventType>,
    /// A hash of the id.
    id: Option<u64>,
    /// Where the id stands, if that will be asked for.
    id_place: Option<Place>,
    /// What is wrong with its JSON was reported.
    json_reported: bool,
}

#[derive(Clone, Debug)]
struct EventType {
    hash: u64,
    /// Its name, if `EventSource` dispatches events of this type by itself.
    reserved: Option<&'static str>,
    place: Place,
}

impl Block {
    pub(super) const fn new() -> Self {
        Self {
            has_data: false,
            has_retry: false,
            too_large: false,
            event_type: None,
            id: None,
            id_place: None,
            json_reported: false,
        }
    }

    /// Whether the stream's end would take something away.
    fn is_pending(&self) -> bool {
        self.has_data || self.event_type.is_some() || self.id.is_some()
    }
}

/// Lines.
impl Checker {
    pub(super) fn field_line(&mut self, line: &Line<'_>) {
        let (name, value) = field::split(line.bytes);
        match name {
            Name::Other if self.foreign_line(line) => {}
            Name::Other => self.unknown_field(line),
            Name::Comment => self.summary.comments += 1,
            Name::Data | Name::EventType | Name::Id | Name::Retry => {
                self.foreign = None;
                self.known_field(line, name, value);
            }
        }
        self.has_fields |= name != Name::Comment;
        if self.foreign.is_none() {
            self.invalid_utf8(line, line.length > line.bytes.len() as u64);
        }
        self.limits(line);
    }

    fn known_field(&mut self, line: &Line<'_>, name: Name, value: usize) {
        match name {
            Name::Data => self.data(line, value),
            Name::EventType => self.event_type(line, value),
            Name::Id => self.id(line, value),
            Name::Retry => self.retry(line, value),
            Name::Comment | Name::Other => {}
        }
        self.space_after_colon(line);
        self.bom_in_value(line, value);
        // JSON has a meaning for it.
        if name != Name::Data || !self.json.is_possible() {
            self.literal_line_end(line, value);
        }
    }

    fn data(&mut self, line: &Line<'_>, value: usize) {
        let data = &line.bytes[value..];
        if data.starts_with(b"data:") {
            self.report(
                Kind::DoubledField,
                || line.place(value..value + b"data:".len()),
                format_args!(
                    "the data itself begins with `data:`, which stays in it: was it encoded twice?"
                ),
            );
        }
        if mem::replace(&mut self.block.has_data, true) {
            self.joined_json(line, value);
            self.json.push(b"\n");
        } else {
            self.json = Json::START;
        }
        self.json.push(data);
    }

    /// Looks at how a line of data goes on with the one before it.
    fn joined_json(&mut self, line: &Line<'_>, value: usize) {
        let data = line.bytes[value..].trim_ascii_start();
        let (kind, message) = if self.json.is_in_string() {
            let message = "a line end within a JSON string, where clients put an LF, which JSON \
                           does not allow: escape it as `\\n`";
            (Kind::LineEndInJsonString, message)
        } else if self.json.is_complete() && matches!(data, [b'{' | b'[', ..]) {
            let message = "a second JSON text in one event, joined to the first with an LF: is \
                           the empty line between two events missing?";
            (Kind::JsonTextsInOneEvent, message)
        } else {
            return;
        };
        if !mem::replace(&mut self.block.json_reported, true) {
            let place = || line.place(value..line.bytes.len());
            self.report(kind, place, format_args!("{message}"));
        }
    }

    fn event_type(&mut self, line: &Line<'_>, value: usize) {
        let event_type = &line.bytes[value..];
        let trimmed = event_type.trim_ascii();
        if trimmed.len() < event_type.len() {
            self.report(
                Kind::EventTypeSpace,
                || line.place(value..line.bytes.len()),
                format_args!(
                    "the white space is part of the event type, and listeners for {} miss the \
                     event: send the type without it",
                    Quoted(trimmed),
                ),
            );
        }
        let hash = looks::hash(event_type);
        if self
            .block
            .event_type
            .as_ref()
            .is_some_and(|earlier| earlier.hash != hash)
        {
            self.report(
                Kind::EventTypeOverwritten,
                || line.whole(),
                format_args!(
                    "this event type replaces that of an earlier line: is the empty line between \
                     two events missing?"
                ),
            );
        }
        let reserved = ["error", "open"]
            .into_iter()
            .find(|name| name.as_bytes() == event_type);
        self.block.event_type = Some(EventType {
            hash,
            reserved,
            place: line.whole(),
        });
    }

    fn id(&mut self, line: &Line<'_>, value: usize) {
        let id = &line.bytes[value..];
        if let Some(nul) = memchr(0, id) {
            self.report(
                Kind::IdWithNul,
                || line.place(value + nul..value + nul + 1),
                format_args!(
                    "an id with a NUL is ignored, and the last event ID stays what it was: send \
                     one without"
                ),
            );
            return;
        }
        let hash = looks::hash(id);
        if self.block.id.is_some_and(|earlier| earlier != hash) {
            self.report(
                Kind::IdOverwritten,
                || line.whole(),
                format_args!(
                    "this id replaces that of an earlier line: is the empty line between two \
                     events missing?"
                ),
            );
        }
        self.block.id = Some(hash);
        self.block.id_place = self.findings.style.then(|| line.whole());
    }

    fn retry(&mut self, line: &Line<'_>, value: usize) {
        self.block.has_retry |= self.heard.retry.is_some();
        let place = || line.place(value..line.bytes.len());
        match self.heard.retry.map(looks::exceeded_by) {
            Some(None) => {}
            Some(Some(exceeded)) => self.report(
                Kind::HugeRetry,
                place,
                format_args!(
                    "more milliseconds than {exceeded}: clients may reconnect at another time, \
                     even at once; send fewer"
                ),
            ),
            None if line.length == value as u64 => self.report(
                Kind::EmptyRetry,
                || line.whole(),
                format_args!(
                    "an empty `retry` is ignored, though some clients take it for their default: \
                     send a number of milliseconds, or no `retry`"
                ),
            ),
            None => self.report(
                Kind::InvalidRetry,
                place,
                format_args!(
                    "`retry` is ignored because of {}: send whole milliseconds in ASCII digits \
                     and nothing else",
                    looks::fault_of(&line.bytes[value..]),
                ),
            ),
        }
    }

    fn space_after_colon(&mut self, line: &Line<'_>) {
        let colon = field::name(line.bytes).len();
        match line.bytes[colon..] {
            [_, b' ', b' ', ..] => self.report(
                Kind::TwoSpacesAfterColon,
                || line.place(colon + 2..colon + 3),
                format_args!("clients drop one space behind the colon: this one is in the value"),
            ),
            [_, first, ..] if first != b' ' => self.report(
                Kind::NoSpaceAfterColon,
                || line.place(colon..colon + 1),
                format_args!(
                    "no space behind the colon: a value that begins with a space would lose that"
                ),
            ),
            _ => {}
        }
    }

    fn literal_line_end(&mut self, line: &Line<'_>, value: usize) {
        if let Some(found) = looks::literal_line_end(&line.bytes[value..]) {
            let span = value + found.start..value + found.end;
            self.report(
                Kind::LiteralLineEnd,
                || line.place(span.clone()),
                format_args!(
                    "{} is text here and stays in the value: send line ends themselves, not \
                     their escapes",
                    Quoted(&line.bytes[span.clone()]),
                ),
            );
        }
    }

    fn limits(&mut self, line: &Line<'_>) {
        let limit = self.client.max_event_size();
        let looked_at = line.bytes.len();
        if self.heard.too_large {
            self.block.too_large = true;
            self.report(
                Kind::EventTooLarge,
                || line.whole(),
                format_args!("over {limit} bytes in one block: clients with this limit drop it"),
            );
        } else if line.length > looked_at as u64 {
            self.report(
                Kind::LineTooLong,
                || line.whole(),
                format_args!("only the first {looked_at} bytes of this line were checked"),
            );
        }
    }
}

/// Text.
impl Checker {
    /// If the line `is_cut`, a character may be missing its end.
    fn invalid_utf8(&mut self, line: &Line<'_>, is_cut: bool) {
        let mut columns = Columns::of(line);
        for (start, invalid) in text::invalid_parts(line.bytes) {
            let end = start + invalid.len();
            if is_cut && end == line.bytes.len() && text::is_unfinished(invalid) {
                return;
            }
            let column = columns.advance(start);
            self.report(
                Kind::InvalidUtf8,
                || line.place_at(column, start..end),
                format_args!(
                    "{} not UTF-8, and clients put U+FFFD there: send UTF-8, and cut it only \
                     between characters",
                    Hex(invalid),
                ),
            );
        }
    }

    fn bom_in_value(&mut self, line: &Line<'_>, value: usize) {
        let mut columns = Columns::of(line);
        let text = &line.bytes[value..];
        for found in memchr_iter(BOM[0], text).filter(|&at| text[at..].starts_with(&BOM)) {
            let start = value + found;
            let column = columns.advance(start);
            self.report(
                Kind::BomInValue,
                || line.place_at(column, start..start + BOM.len()),
                format_args!(
                    "a byte order mark stays in the value, unseen: take it off the text that is \
                     sent"
                ),
            );
        }
    }
}

/// Lines that are no field, and no comment either.
impl Checker {
    fn unknown_field(&mut self, line: &Line<'_>) {
        let unmarked = without_boms(line.bytes);
        if unmarked.len() < line.bytes.len() {
            self.bom_before_field(line, unmarked);
        } else if line.bytes.trim_ascii().is_empty() {
            self.report(
                Kind::WhiteSpaceLine,
                || line.whole(),
                format_args!(
                    "a line of white space is an ignored field: it is not blank and dispatches \
                     nothing; send an empty line"
                ),
            );
        } else if let Some(meant) = looks::meant(field::name(line.bytes)) {
            self.misspelt(line, meant);
        } else if !self.chunked {
            self.no_field(line);
        }
    }

    fn bom_before_field(&mut self, line: &Line<'_>, unmarked: &[u8]) {
        let effect = match unmarked {
            [] => "with a byte order mark this line is not blank and ends no block",
            _ => "with a byte order mark before its name this field is ignored",
        };
        self.report(
            Kind::BomBeforeField,
            || line.place(0..line.bytes.len() - unmarked.len()),
            format_args!("{effect}: send one at the very start of the stream only, or none"),
        );
    }

    fn misspelt(&mut self, line: &Line<'_>, meant: &str) {
        let name = field::name(line.bytes);
        let (kind, reason) = if name.trim_ascii_start().len() < name.len() {
            (
                Kind::LeadingSpace,
                "the white space before it is part of the name",
            )
        } else if name.trim_ascii_end().len() < name.len() {
            (
                Kind::SpaceBeforeColon,
                "the white space behind it is part of the name",
            )
        } else {
            (Kind::FieldNameCase, "names are case-sensitive")
        };
        self.report(
            kind,
            || line.place(0..name.len()),
            format_args!(
                "field {} is ignored: {reason}, write `{meant}`",
                Quoted(name)
            ),
        );
    }

    fn no_field(&mut self, line: &Line<'_>) {
        let name = field::name(line.bytes);
        let place = || line.place(0..name.len());
        if name.len() < line.bytes.len() {
            self.report(
                Kind::UnknownField,
                place,
                format_args!(
                    "field {} is ignored: there are `data`, `event`, `id` and `retry`; to send \
                     the line as data, write `data: ` before it",
                    Quoted(name),
                ),
            );
        } else {
            self.no_name(place);
        }
    }

    fn no_name(&mut self, place: impl FnOnce() -> Place) {
        let purpose = if self.block.has_data {
            "go on with the data"
        } else {
            "send it"
        };
        self.report(
            Kind::UnknownField,
            place,
            format_args!(
                "this line is ignored, since it has no field name: to {purpose}, write `data: ` \
                 before it"
            ),
        );
    }

    /// The first field could be the size of an HTTP chunk; then its line ends with a CRLF.
    pub(super) fn settle_chunk_size(&mut self, is_crlf: bool) {
        let Some(place) = self.chunk_size.take() else {
            return;
        };
        self.chunked = is_crlf;
        if is_crlf {
            self.report(
                Kind::RawHttpChunk,
                || place,
                format_args!(
                    "what looks like the size of an HTTP chunk is ignored here, and chunks may \
                     cut lines: decode the chunks first"
                ),
            );
        } else {
            self.no_name(|| place);
        }
    }

    /// Whether a line that is no field belongs to something that is no event stream. The first line
    /// of it is reported.
    fn foreign_line(&mut self, line: &Line<'_>) -> bool {
        if let Some(kind) = self.foreign {
            self.chunked |= kind == Kind::RawHttpHead && looks::is_chunk_size(line.bytes);
            return true;
        }
        let text = line.bytes.trim_ascii_start();
        if self.continues_json(line.bytes) {
            self.report(
                Kind::JsonCutByLineEnd,
                || line.whole(),
                format_args!(
                    "this line goes on with the JSON above, but is ignored: send JSON on one \
                     line, or write `data: ` before each"
                ),
            );
            self.foreign = Some(Kind::JsonCutByLineEnd);
        } else if looks::is_json(text) {
            self.no_event_stream(line, Kind::RawJson, "JSON");
        } else if looks::is_markup(text) {
            self.no_event_stream(line, Kind::RawHtml, "HTML or XML");
        } else if let Some((kind, message)) = looks::start(line.bytes).filter(|_| !self.has_fields)
        {
            self.report(kind, || line.whole(), format_args!("{message}"));
            self.foreign = Some(kind);
        } else if !self.has_fields && looks::is_chunk_size(line.bytes) {
            self.chunk_size = Some(line.whole());
        } else {
            return false;
        }
        true
    }

    fn no_event_stream(&mut self, line: &Line<'_>, kind: Kind, what: &str) {
        let advice = if self.has_fields {
            "write `data: ` before each of its lines"
        } else {
            "is it an error with a wrong content type, or is `data: ` missing?"
        };
        let place = || line.whole();
        self.report(
            kind,
            place,
            format_args!("{what} where a field should be, so clients ignore it: {advice}"),
        );
        self.foreign = Some(kind);
    }

    /// Whether a line goes on with data that is half a JSON text.
    fn continues_json(&self, line: &[u8]) -> bool {
        let mut json = self.json;
        let is_open = json.is_open();
        let is_text = !line.trim_ascii().is_empty() && looks::meant(field::name(line)).is_none();
        is_open && is_text && {
            json.push(b"\n");
            json.push(line);
            json.is_possible()
        }
    }
}

/// Blocks, and the end of the stream.
impl Checker {
    pub(super) fn blank_line(&mut self, line: &Line<'_>) {
        self.limits(line);
        let block = mem::take(&mut self.block);
        if block.id.is_some() {
            self.note_id(block.too_large);
        }
        if self.heard.event {
            self.reserved_event_type(block.event_type);
        } else if !block.has_data && !block.too_large {
            self.without_data(block);
        }
    }

    /// The blank line has made the block's id the last event ID.
    fn note_id(&mut self, too_large: bool) {
        let id = self.client.last_event_id();
        // In a block over the limit there may have been no room for the id.
        if too_large && id == self.summary.last_id.as_deref().unwrap_or_default() {
            return;
        }
        if self.ids.len() < Summary::MAX_DISTINCT_IDS {
            self.ids.insert(looks::hash(id.as_bytes()));
        }
        self.summary.add_id(id, self.ids.len());
    }

    fn reserved_event_type(&mut self, event_type: Option<EventType>) {
        if let Some(EventType {
            reserved: Some(name),
            place,
            ..
        }) = event_type
        {
            self.report(
                Kind::ReservedEventType,
                || place,
                format_args!(
                    "in browsers `on{name}` gets this event like the connection's own: choose \
                     another type"
                ),
            );
        }
    }

    fn without_data(&mut self, block: Block) {
        let has_id = block.id.is_some();
        if has_id || block.has_retry || block.event_type.is_some() {
            self.summary.blocks_without_data += 1;
        }
        if let Some(EventType { place, .. }) = block.event_type {
            let id = if has_id { " (only its id counts)" } else { "" };
            self.report(
                Kind::BlockWithoutData,
                || place,
                format_args!(
                    "no event is dispatched, since its block has no `data`{id}: send `data:` if \
                     the data is empty"
                ),
            );
        } else if let Some(place) = block.id_place {
            self.report(
                Kind::IdWithoutData,
                || place,
                format_args!("the id counts, but no event is dispatched without `data`"),
            );
        }
    }

    /// The end of the stream cuts off `line`, which is empty behind a line end, and loses `what`.
    pub(super) fn cut_off(&mut self, line: &Line<'_>, what: &str) {
        let is_field = match field::split(line.bytes).0 {
            _ if line.length == 0 => false,
            Name::Comment => false,
            Name::Other => !self.foreign_line(line) || self.chunk_size.take().is_some(),
            Name::Data | Name::EventType | Name::Id | Name::Retry => true,
        };
        if is_field || self.foreign.is_none() {
            self.invalid_utf8(line, true);
        }
        self.limits(line);
        let (kind, place) = match (is_field, self.block.is_pending()) {
            (true, _) => (Kind::EndInsideLine, "within a line"),
            (false, true) => (Kind::EndInsideBlock, "before the blank line of a block"),
            (false, false) => return,
        };
        self.report(
            kind,
            || line.end(0),
            format_args!("the stream ends {place}: {what}; end each event with an empty line"),
        );
    }
}

/// What the end of the stream loses if it cuts off this event, or something that is none.
pub(super) fn lost(event: Option<&Event<'_>>) -> String {
    let Some(event) = event else {
        return String::from("what it cuts off is lost");
    };
    let (event_type, bytes) = (Quoted(event.event_type().as_bytes()), event.data().len());
    let id = event
        .id()
        .map(|id| format!(" and the id {}", Quoted(id.as_bytes())));
    let (id, verb) = id.map_or((String::new(), "is"), |id| (id, "are"));
    format!("an event of type {event_type} with {bytes} bytes of data{id} {verb} lost")
}

/// Columns of places that come in order: no byte is counted twice.
struct Columns<'a> {
    bytes: &'a [u8],
    at: usize,
    column: u64,
}

impl<'a> Columns<'a> {
    const fn of(line: &Line<'a>) -> Self {
        Self {
            bytes: line.bytes,
            at: 0,
            column: 1,
        }
    }

    fn advance(&mut self, to: usize) -> u64 {
        self.column += text::characters(&self.bytes[self.at..to]) as u64;
        self.at = to;
        self.column
    }
}

fn without_boms(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_prefix(&BOM) {
        line = rest;
    }
    line
}
