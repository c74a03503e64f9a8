//! What is in a stream but not part of it: one line of it is reported, its other lines are not.

use super::findings::Findings;
use super::place::{Line, Place};
use super::tools::Tool;
use super::{Kind, looks, unknown};
use crate::field;
use alloc::vec::Vec;
use core::mem;
use memchr::memmem;

/// What is known of lines that are neither fields nor comments.
#[derive(Clone, Debug)]
pub(super) struct Foreign {
    /// What the last such line belongs to.
    of: Option<Kind>,
    /// A blank line came after it: the next lines belong to it only if they look like it.
    after_blank: bool,
    /// The head of an HTTP response has just ended.
    after_head: bool,
    /// The tools that have left their traces.
    tools: Vec<Tool>,
    /// The first line, if it looks like the size of an HTTP chunk and its line end is not known
    /// yet.
    chunk_size: Option<Place>,
    /// The chunked transfer coding was not undone.
    chunked: bool,
}

impl Foreign {
    pub(super) const fn new() -> Self {
        Self {
            of: None,
            after_blank: false,
            after_head: false,
            tools: Vec::new(),
            chunk_size: None,
            chunked: false,
        }
    }

    /// Whether the line before belongs to something foreign.
    pub(super) fn is_open(&self) -> bool {
        self.of.is_some()
    }

    /// Whether HTTP chunk sizes are among the lines: they may cut any line.
    pub(super) fn is_chunked(&self) -> bool {
        self.chunked
    }

    /// Whether a tool moves the cursor with its own CRs.
    pub(super) fn has_meter(&self) -> bool {
        self.tools.contains(&Tool::Meter)
    }

    /// A field has come, or something that was meant to be one.
    pub(super) fn end(&mut self) {
        self.of = None;
        self.after_head = false;
    }

    pub(super) fn blank_line(&mut self) {
        self.after_blank = true;
        if self.of == Some(Kind::RawHttpHead) {
            self.of = None;
            self.after_head = true;
        }
    }

    /// There was no stream at all.
    pub(super) fn begin(&mut self, kind: Kind) {
        self.of = Some(kind);
        self.after_blank = false;
    }

    /// Whether the line belongs to what was reported already.
    pub(super) fn continues(&mut self, line: &[u8]) -> bool {
        let after_blank = mem::take(&mut self.after_blank);
        if mem::take(&mut self.after_head) && looks::is_chunk_size(line) {
            self.chunked = true;
            return true;
        }
        if self.tools.iter().any(|tool| tool.may_write(line)) {
            return true;
        }
        let Some(kind) = self.of else { return false };
        if after_blank && !is_like(line, kind) {
            self.of = None;
        }
        self.of.is_some()
    }

    /// Whether the line is the first of something foreign. If so, it is reported.
    pub(super) fn begins(
        &mut self,
        line: &Line<'_>,
        has_fields: bool,
        findings: &mut Findings,
    ) -> bool {
        let text = line.bytes.trim_ascii_start();
        if let Some((kind, message)) = binary(line.bytes, !has_fields) {
            self.reported(kind, line, message, findings);
        } else if is_head(line.bytes, has_fields) {
            let message = "the head of an HTTP response is ignored here: send it as the head, or \
                           record without it: `curl -sN -o FILE URL`";
            self.reported(Kind::RawHttpHead, line, message, findings);
        } else if looks::is_json(text) {
            self.document(Kind::RawJson, "JSON", line, has_fields, findings);
        } else if looks::is_markup(text) {
            self.document(Kind::RawHtml, "HTML or XML", line, has_fields, findings);
        } else if !has_fields && looks::is_chunk_size(line.bytes) {
            self.chunk_size = Some(line.whole());
        } else {
            return false;
        }
        true
    }

    /// Whether a recording tool has written the line.
    pub(super) fn tool_line(&mut self, line: &Line<'_>, findings: &mut Findings) -> bool {
        let Some(tool) = Tool::of(line.bytes) else {
            return false;
        };
        if !self.tools.contains(&tool) {
            self.tools.push(tool);
            findings.report(
                Kind::RecordingTool,
                || line.whole(),
                format_args!(
                    "{} is not a field, and clients would ignore it: record with `curl -sN -o FILE \
                     URL`",
                    tool.what(),
                ),
            );
        }
        true
    }

    fn document(
        &mut self,
        kind: Kind,
        what: &str,
        line: &Line<'_>,
        has_fields: bool,
        findings: &mut Findings,
    ) {
        let advice = if has_fields {
            "write `data: ` before each of its lines"
        } else {
            "is it an error with a wrong content type, or is `data: ` missing?"
        };
        findings.report_once(
            kind,
            b"",
            || line.whole(),
            format_args!("{what} where a field should be, so clients ignore it: {advice}"),
        );
        self.begin(kind);
    }

    fn reported(&mut self, kind: Kind, line: &Line<'_>, message: &str, findings: &mut Findings) {
        findings.report(kind, || line.whole(), format_args!("{message}"));
        self.begin(kind);
    }

    /// A line continues data that is half a JSON text.
    pub(super) fn cut_json(&mut self, line: &Line<'_>, findings: &mut Findings) {
        let message = "this line continues the JSON above, but is ignored: send JSON on one line, \
                       or write `data: ` before each";
        self.reported(Kind::JsonCutByLineEnd, line, message, findings);
    }

    /// The end of the first line is known: after the size of an HTTP chunk it is a CRLF. Otherwise
    /// returns the line's place.
    pub(super) fn settle_chunk_size(
        &mut self,
        is_crlf: bool,
        findings: &mut Findings,
    ) -> Option<Place> {
        let place = self.chunk_size.take()?;
        if !is_crlf {
            return Some(place);
        }
        self.chunked = true;
        findings.report(
            Kind::RawHttpChunk,
            || place,
            format_args!(
                "this looks like the size of an HTTP chunk: it is ignored here, and chunks may cut \
                 lines: undo the chunked transfer coding first"
            ),
        );
        None
    }
}

/// Whether a line after a blank one still looks like what was foreign before it.
fn is_like(line: &[u8], kind: Kind) -> bool {
    let text = line.trim_ascii();
    match kind {
        Kind::RawJson | Kind::JsonCutByLineEnd => {
            matches!(
                text,
                [b'{' | b'}' | b'[' | b']' | b'"' | b'-' | b'0'..=b'9', ..]
            )
        }
        Kind::RawHtml => {
            let is_indented = line.first().is_some_and(u8::is_ascii_whitespace);
            let is_code = matches!(text, [.., b'>' | b'{' | b'}' | b';' | b','] | [b'<', ..]);
            is_indented || is_code
        }
        _ => true,
    }
}

/// The status line of an HTTP response, or one of its fields.
fn is_head(line: &[u8], has_fields: bool) -> bool {
    let name = field::name(line);
    let is_status = line.starts_with(b"HTTP/") && !has_fields;
    is_status || name.len() < line.len() && unknown::is_header(name)
}

/// What the first bytes of a stream reveal, and what is not text at all.
fn binary(line: &[u8], is_first: bool) -> Option<(Kind, &'static str)> {
    let known = match line {
        _ if !is_first => None,
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Some((Kind::RawUtf16, UTF_32)),
        [1..=255, 0, 0, 0, 1..=255, 0, 0, 0, 1..=255, 0, 0, 0, ..]
        | [0, 0, 0, 1..=255, 0, 0, 0, 1..=255, 0, 0, 0, 1..=255, ..] => {
            Some((Kind::RawUtf16, UTF_32))
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some((Kind::RawUtf16, UTF_16)),
        [1..=0x7F, 0, 1..=0x7F, 0, ..] | [0, 1..=0x7F, 0, 1..=0x7F, ..] => {
            Some((Kind::RawUtf16, UTF_16))
        }
        [0x1F, 0x8B, ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x78, 0x01 | 0x9C | 0xDA, ..] => {
            let message = "this stream is compressed, and clients ignore all of it: set \
                           `content-encoding`, or record with `curl --compressed`";
            Some((Kind::RawCompressed, message))
        }
        _ => None,
    };
    known.or_else(|| {
        let has_prelude = matches!(line, [0, _, _, _, 0, 0, _, _, ..]);
        let is_aws = has_prelude || memmem::find(line, b":message-type").is_some();
        match looks::is_binary(line) {
            false => None,
            true if is_aws => Some((Kind::RawBinary, AWS)),
            true => Some((Kind::RawBinary, BINARY)),
        }
    })
}

const UTF_16: &str = "this stream is in UTF-16, and clients ignore all of it: send UTF-8; if \
                      PowerShell has recorded it, use `curl.exe -sN -o FILE URL`";
const UTF_32: &str = "this stream is in UTF-32, and clients ignore all of it: send UTF-8";
const AWS: &str = "frames of AWS's event stream (application/vnd.amazon.eventstream), which clients \
                   ignore: they have a format of their own";
const BINARY: &str = "these bytes are not text, and clients ignore them: are they compressed, by \
                      Brotli for example? set `content-encoding`, or do not compress";
