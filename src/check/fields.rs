//! What can be wrong with a field's value, whatever its block and its stream are.

use super::Kind;
use super::findings::{Findings, Quoted};
use super::looks::{self, Hex};
use super::place::{Columns, Line};
use crate::field;
use crate::text::{self, BOM};
use core::time::Duration;
use memchr::{memchr, memchr_iter};

/// White space after the colon (R10).
pub(super) fn spaces(line: &Line<'_>, findings: &mut Findings) {
    if !findings.style {
        return;
    }
    let colon = field::name(line.bytes).len();
    match line.bytes[colon..] {
        [_, b' ', b' ', ..] => findings.report(
            Kind::TwoSpacesAfterColon,
            || line.place(colon + 2..colon + 3),
            format_args!("clients drop one space after the colon: this one is in the value"),
        ),
        [_, first, ..] if first != b' ' => findings.report(
            Kind::NoSpaceAfterColon,
            || line.place(colon..colon + 1),
            format_args!(
                "no space after the colon: many clients look for `data: ` with the space, and a \
                 value that starts with a space would lose it"
            ),
        ),
        _ => {}
    }
}

pub(super) fn event_type(line: &Line<'_>, value: usize, findings: &mut Findings) {
    let event_type = &line.bytes[value..];
    let trimmed = event_type.trim_ascii();
    if trimmed.len() < event_type.len() {
        findings.report(
            Kind::EventTypeSpace,
            || line.place(value..line.bytes.len()),
            format_args!(
                "the white space is part of the event type, and listeners for {} miss the event: \
                 send the type without it",
                Quoted(trimmed),
            ),
        );
    }
    doubled(line, value, findings);
}

/// An id that is not ignored.
pub(super) fn id(line: &Line<'_>, value: usize, findings: &mut Findings) {
    if let Some((found, why)) = looks::unportable(&line.bytes[value..]) {
        findings.report(
            Kind::IdNotPortable,
            || line.place(value + found.start..value + found.end),
            format_args!("{why}: send a short id of visible ASCII characters"),
        );
    }
    doubled(line, value, findings);
}

/// Why an id is ignored (R15).
pub(super) fn nul_in_id(line: &Line<'_>, value: usize, findings: &mut Findings) -> bool {
    let Some(nul) = memchr(0, &line.bytes[value..]) else {
        return false;
    };
    findings.report(
        Kind::IdWithNul,
        || line.place(value + nul..value + nul + 1),
        format_args!(
            "an id with a NUL is ignored, and the last event ID stays what it was: send one \
             without"
        ),
    );
    true
}

fn doubled(line: &Line<'_>, value: usize, findings: &mut Findings) {
    if let Some(layer) = looks::layer(&line.bytes[value..]).filter(|layer| layer.len() > 1) {
        findings.report(
            Kind::DoubledField,
            || line.place(value + layer.start..value + layer.end),
            format_args!("the value begins with a field's name, which stays in it: is it doubled?"),
        );
    }
}

/// A `retry` field, with the time that the decoder took from it (R16). It takes none from a field
/// that the stream's end has cut.
pub(super) fn retry(
    line: &Line<'_>,
    value: usize,
    retry: Option<Duration>,
    is_unfinished: bool,
    findings: &mut Findings,
) {
    let time = &line.bytes[value..];
    let place = || line.place(value..line.bytes.len());
    match retry.map(|retry| looks::exceeded_by(retry, time)) {
        Some(None) => {}
        Some(Some(exceeded)) => findings.report(
            Kind::HugeRetry,
            place,
            format_args!(
                "more milliseconds than {exceeded}: clients may reconnect at another time, even \
                 at once; send fewer"
            ),
        ),
        None if is_unfinished && time.iter().all(u8::is_ascii_digit) => {}
        None if line.length == value as u64 => findings.report(
            Kind::EmptyRetry,
            || line.whole(),
            format_args!(
                "an empty `retry` is ignored, though some clients reset to their default: send a \
                 number of milliseconds, or no `retry`"
            ),
        ),
        None => findings.report(
            Kind::InvalidRetry,
            place,
            format_args!(
                "`retry` is ignored because it contains {}: send whole milliseconds, ASCII digits \
                 only",
                looks::fault_of(time),
            ),
        ),
    }
}

pub(super) fn literal_line_end(line: &Line<'_>, value: usize, findings: &mut Findings) {
    if let Some(found) = looks::literal_line_end(&line.bytes[value..]) {
        let span = value + found.start..value + found.end;
        findings.report(
            Kind::LiteralLineEnd,
            || line.place(span.clone()),
            format_args!(
                "{} is text here and stays in the value: send line ends themselves, not their \
                 escapes",
                Quoted(&line.bytes[span.clone()]),
            ),
        );
    }
}

/// Characters that clients read differently.
pub(super) fn odd_characters(
    line: &Line<'_>,
    value: usize,
    is_data: bool,
    findings: &mut Findings,
) {
    let text = &line.bytes[value..];
    boms(line, value, findings);
    if let Some(nul) = memchr(0, text).filter(|_| is_data) {
        findings.report(
            Kind::NulInData,
            || line.place(value + nul..value + nul + 1),
            format_args!("a NUL in data, which Firefox drops: send text without it"),
        );
    }
    if let Some(found) = looks::unicode_line_end(text) {
        let span = value + found.start..value + found.end;
        findings.report_once(
            Kind::UnicodeLineEnd,
            b"",
            || line.place(span.clone()),
            format_args!(
                "{} does not end a line, but some clients treat it as a line end: escape it, as \
                 JSON can",
                Quoted(&line.bytes[span.clone()]),
            ),
        );
    }
}

fn boms(line: &Line<'_>, value: usize, findings: &mut Findings) {
    let mut columns = Columns::of(line);
    let text = &line.bytes[value..];
    for found in memchr_iter(BOM[0], text).filter(|&at| text[at..].starts_with(&BOM)) {
        let start = value + found;
        let column = columns.advance(start);
        findings.report(
            Kind::BomInValue,
            || line.place_at(column, start..start + BOM.len()),
            format_args!(
                "a byte order mark stays in the value, invisible: remove it from the text before \
                 you send it"
            ),
        );
    }
}

/// Each maximal subpart that is not UTF-8 (R5). If the line `is_cut`, a character may be missing
/// its end.
pub(super) fn invalid_utf8(line: &Line<'_>, is_cut: bool, findings: &mut Findings) {
    let mut columns = Columns::of(line);
    for (start, invalid) in text::invalid_parts(line.bytes) {
        let end = start + invalid.len();
        let is_unfinished = text::is_unfinished(invalid);
        if is_cut && end == line.bytes.len() && is_unfinished {
            return;
        }
        let column = columns.advance(start);
        let (cause, advice) = if is_unfinished {
            ("cut", "cut it only between characters")
        } else {
            ("other", "send UTF-8 and nothing else")
        };
        findings.report_once(
            Kind::InvalidUtf8,
            cause.as_bytes(),
            || line.place_at(column, start..end),
            format_args!(
                "{} not UTF-8, and clients show U+FFFD instead: {advice}",
                Hex(invalid),
            ),
        );
    }
}
