//! Lines in their order: what each one is, and which module judges it.

use super::block::{Block, Ids};
use super::data::Data;
use super::ends::{End, Ends};
use super::findings::{Findings, Quoted};
use super::foreign::Foreign;
use super::place::{Line, Place};
use super::{Heard, Kind, fields, looks, unknown};
use crate::Event;
use crate::field::{self, Name};
use crate::text::BOM;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

/// This many lines without a field or comment are no event stream.
const NO_STREAM: u32 = 10;

/// What is known of the stream so far.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    /// Names of other fields that are meant.
    pub(super) known: BTreeSet<String>,
    block: Block,
    data: Data,
    ids: Ids,
    ends: Ends,
    foreign: Foreign,
    /// There was a field, even if unknown.
    has_fields: bool,
    /// It was recognized, as an event stream or as something else.
    is_known: bool,
    /// How many lines came before that, and the first of them.
    strange: u32,
    first: Option<Place>,
    /// How the line ends is of no interest.
    is_silent: bool,
}

impl Stream {
    pub(super) const fn new() -> Self {
        Self {
            known: BTreeSet::new(),
            block: Block::new(),
            data: Data::new(),
            ids: Ids::new(),
            ends: Ends::new(),
            foreign: Foreign::new(),
            has_fields: false,
            is_known: false,
            strange: 0,
            first: None,
            is_silent: false,
        }
    }

    /// A whole line that is not blank, of which the decoder said `heard`.
    pub(super) fn field_line(
        &mut self,
        line: &Line<'_>,
        heard: &Heard,
        limit: usize,
        findings: &mut Findings,
    ) {
        self.ends.settle(findings);
        self.is_silent = self.foreign.is_open() || self.foreign.is_chunked();
        let (name, value) = field::split(line.bytes);
        match name {
            Name::Comment => self.comment(findings),
            Name::Other => _ = self.unknown_line(line, findings),
            Name::Data | Name::EventType | Name::Id | Name::Retry => {
                self.known_field(name, line, value, heard, false, findings);
            }
        }
        self.is_silent |= self.foreign.is_open();
        if !self.is_silent || self.foreign.is_chunked() {
            fields::invalid_utf8(line, line.is_cut(), findings);
        }
        self.limits(line, heard, limit, findings);
        findings.end_line();
    }

    /// A blank line, with the last event ID from there on.
    pub(super) fn blank_line(
        &mut self,
        line: &Line<'_>,
        heard: &Heard,
        last_event_id: &str,
        limit: usize,
        findings: &mut Findings,
    ) {
        self.is_silent |= self.foreign.is_open() || self.foreign.is_chunked();
        self.limits(line, heard, limit, findings);
        if self.block.has_data {
            self.data.end(findings);
        }
        self.block
            .end(heard, last_event_id, &mut self.ids, findings);
        self.foreign.blank_line();
        findings.end_line();
    }

    /// How the line ended. If it `may_continue`, an LF that follows belongs to its CR.
    pub(super) fn line_ended(
        &mut self,
        line: &Line<'_>,
        end: End,
        may_continue: bool,
        findings: &mut Findings,
    ) {
        let is_silent = self.is_silent || end == End::Cr && self.foreign.has_meter();
        self.ends.note(line, end, may_continue, is_silent, findings);
        if !may_continue {
            self.end_is_known(end, findings);
        }
    }

    /// The next byte, or the end of the stream, has shown what the CR before it was.
    pub(super) fn decide_end(&mut self, is_crlf: bool, findings: &mut Findings) {
        if let Some(end) = self.ends.decide(is_crlf, findings) {
            self.end_is_known(end, findings);
        }
    }

    fn end_is_known(&mut self, end: End, findings: &mut Findings) {
        let line_ends = &mut findings.summary.line_ends;
        *match end {
            End::Lf => &mut line_ends.lf,
            End::CrLf => &mut line_ends.crlf,
            End::Cr => &mut line_ends.cr,
        } += 1;
        self.settle_chunk_size(end == End::CrLf, findings);
        findings.end_line();
    }

    /// The stream has ended, perhaps inside `line`, and would have dispatched `event`.
    pub(super) fn end(
        &mut self,
        line: &Line<'_>,
        event: Option<&Event<'_>>,
        heard: &Heard,
        limit: usize,
        findings: &mut Findings,
    ) {
        self.ends.settle(findings);
        let in_line = self.unfinished_line(line, findings);
        self.limits(line, heard, limit, findings);
        self.data.finish(findings);
        let (kind, place) = match (in_line, self.block.is_pending()) {
            (true, _) => (Kind::EndInsideLine, "within a line"),
            (false, true) => (Kind::EndInsideBlock, "before the blank line of a block"),
            (false, false) => {
                findings.end_line();
                return findings.release();
            }
        };
        let lost = self.lost(line, event);
        findings.report(
            kind,
            || line.end(0),
            format_args!("the stream ends {place}: {lost}; end each event with an empty line"),
        );
        findings.end_line();
        findings.release();
    }

    /// Whether the end of the stream has cut a field, or what could have become one.
    fn unfinished_line(&mut self, line: &Line<'_>, findings: &mut Findings) -> bool {
        let (name, value) = field::split(line.bytes);
        let in_field = match name {
            _ if line.length == 0 => return false,
            Name::Comment => {
                self.comment(findings);
                findings.summary.comments -= 1;
                false
            }
            Name::Other => {
                let is_mark = line.offset == 0 && BOM.starts_with(line.bytes);
                let may_become = is_mark || unknown::may_become_known(line.bytes);
                may_become && !self.foreign.is_open() || self.unknown_line(line, findings)
            }
            Name::Data | Name::EventType | Name::Id | Name::Retry => {
                self.known_field(name, line, value, &Heard::default(), true, findings);
                true
            }
        };
        self.settle_chunk_size(false, findings);
        if !self.foreign.is_open() && !self.is_silent {
            fields::invalid_utf8(line, true, findings);
        }
        in_field
    }

    fn lost(&self, line: &Line<'_>, event: Option<&Event<'_>>) -> String {
        match field::split(line.bytes) {
            (Name::Retry, value) if !self.block.is_pending() => {
                let time = Quoted(&line.bytes[value..]);
                format!("the reconnection time {time} is lost")
            }
            _ => self.block.lost(event),
        }
    }

    fn limits(&mut self, line: &Line<'_>, heard: &Heard, limit: usize, findings: &mut Findings) {
        let judged = line.bytes.len();
        if heard.too_large {
            self.block.too_large();
            findings.report(
                Kind::EventTooLarge,
                || line.whole(),
                format_args!("over {limit} bytes in one block: clients with this limit drop it"),
            );
        } else if line.is_cut() {
            findings.report(
                Kind::LineTooLong,
                || line.whole(),
                format_args!("only the first {judged} bytes of this line were checked"),
            );
        }
    }

    fn comment(&mut self, findings: &mut Findings) {
        findings.summary.comments += 1;
        self.is_known(findings);
    }

    fn known_field(
        &mut self,
        name: Name,
        line: &Line<'_>,
        value: usize,
        heard: &Heard,
        is_unfinished: bool,
        findings: &mut Findings,
    ) {
        self.has_fields = true;
        self.is_known(findings);
        self.foreign.end();
        self.is_silent = self.foreign.is_chunked();
        match name {
            Name::Data => self.data.line(line, value, !self.block.has_data, findings),
            Name::Retry => fields::retry(line, value, heard.retry, is_unfinished, findings),
            _ => {}
        }
        self.block.field(name, line, value, heard, findings);
        fields::spaces(line, findings);
        let is_data = name == Name::Data;
        // In JSON, an escaped line end has a meaning.
        if !(is_data && self.data.is_json()) {
            fields::literal_line_end(line, value, findings);
        }
        if !looks::is_plain(&line.bytes[value..]) {
            fields::odd_characters(line, value, is_data, findings);
        }
    }

    /// It is an event stream, or something else that was recognized.
    fn is_known(&mut self, findings: &mut Findings) {
        if !self.is_known {
            self.is_known = true;
            findings.release();
        }
    }

    /// A line that is neither field nor comment. Returns whether it was meant as a field.
    fn unknown_line(&mut self, line: &Line<'_>, findings: &mut Findings) -> bool {
        let name = field::name(line.bytes);
        let unmarked = without_boms(line.bytes);
        let has_bom = unmarked.len() < line.bytes.len();
        let is_known = || core::str::from_utf8(name).is_ok_and(|name| self.known.contains(name));
        let meant = unknown::meant(name).filter(|_| !has_bom);
        if meant.is_some() || is_known() {
            self.is_known(findings);
            self.foreign.end();
            self.is_silent = self.foreign.is_chunked();
            if let Some(meant) = meant {
                unknown::misspelt(line, meant, findings);
            }
            self.has_fields = true;
            self.block.unknown_field();
            return true;
        }
        if self.foreign.continues(line.bytes) || self.foreign.tool_line(line, findings) {
            self.is_silent = true;
            self.is_known(findings);
        } else if self.data.is_continued_by(line.bytes) {
            self.data.continuation_is_reported();
            self.foreign.cut_json(line, findings);
        } else if has_bom {
            bom_before_field(line, unmarked, findings);
            self.no_field(|| line.whole(), findings);
        } else if core::str::from_utf8(line.bytes).is_ok_and(|line| looks::trim(line).is_empty()) {
            white_space_line(line, findings);
            self.no_field(|| line.whole(), findings);
        } else if self.foreign.begins(line, self.has_fields, findings) {
            if self.foreign.is_open() {
                self.is_known(findings);
            }
        } else if !self.foreign.is_chunked() {
            unknown::report(line, self.block.has_data, findings);
            self.block.unknown_field();
            self.no_field(|| line.whole(), findings);
        }
        false
    }

    /// The line is no field: are there fields at all?
    fn no_field(&mut self, place: impl FnOnce() -> Place, findings: &mut Findings) {
        self.has_fields = true;
        if self.is_known {
            return;
        }
        self.strange += 1;
        let first = self.first.get_or_insert_with(place);
        if self.strange == NO_STREAM {
            self.is_known = true;
            findings.replace_held();
            findings.report(
                Kind::NoEventStream,
                || first.clone(),
                format_args!(
                    "{NO_STREAM} lines without a field or comment, which clients ignore: is this \
                     a log, or another protocol?"
                ),
            );
            self.foreign.begin(Kind::NoEventStream);
        }
    }

    /// The end of the first line is known: is it the size of an HTTP chunk?
    fn settle_chunk_size(&mut self, is_crlf: bool, findings: &mut Findings) {
        if let Some(place) = self.foreign.settle_chunk_size(is_crlf, findings) {
            unknown::report_number(place.clone(), self.block.has_data, findings);
            self.no_field(|| place, findings);
        } else if self.foreign.is_chunked() {
            self.is_known(findings);
        }
    }
}

fn bom_before_field(line: &Line<'_>, unmarked: &[u8], findings: &mut Findings) {
    let effect = match unmarked {
        [] => "with a byte order mark this line is not blank and ends no block: it is ignored",
        _ => "with a byte order mark before its name this field is ignored",
    };
    findings.report(
        Kind::BomBeforeField,
        || line.place(0..line.bytes.len() - unmarked.len()),
        format_args!("{effect}: send one at the very start of the stream only, or none"),
    );
}

fn white_space_line(line: &Line<'_>, findings: &mut Findings) {
    findings.report(
        Kind::WhiteSpaceLine,
        || line.whole(),
        format_args!(
            "a line of white space is an ignored field: it is not blank and dispatches nothing; \
             send an empty line"
        ),
    );
}

fn without_boms(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_prefix(&BOM) {
        line = rest;
    }
    line
}
