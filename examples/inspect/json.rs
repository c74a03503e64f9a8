//! For scripts: objects with one key, which says what each one is.

use crate::check;
use crate::position::Place;
use crate::terminal::{digits, drives_terminal, find_beyond_ascii};
use crate::view::{About, Checked, CutOff, Summary, View};
use serde_json::json;
use sse_wire::check::Diagnostic;
use sse_wire::{Decoder, Event, Field};
use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

/// This many bytes of text are escaped before they are written.
const PIECE: usize = 64;
/// The room for the escape of a byte, at most six bytes, and for its length.
const ESCAPE: usize = 8;

pub(crate) struct Json<W> {
    out: W,
    piece: [u8; PIECE * ESCAPE],
}

impl<W: Write> Json<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self {
            out,
            piece: [0; PIECE * ESCAPE],
        }
    }

    fn object(&mut self, value: &serde_json::Value) -> io::Result<()> {
        let mut safe = String::new();
        push_safe(&value.to_string(), &mut safe);
        writeln!(self.out, "{safe}")
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(b"\"")?;
        let mut rest = text;
        while let Some((at, character)) = find_beyond_ascii(rest) {
            self.escaped(&rest[..at])?;
            write!(self.out, "\\u{:04x}", u32::from(character))?;
            rest = &rest[at + character.len_utf8()..];
        }
        self.escaped(rest)?;
        self.out.write_all(b"\"")
    }

    /// Text in which only ASCII has to be escaped. There is no branch for each byte, since JSON in
    /// JSON has many quotes.
    fn escaped(&mut self, text: &str) -> io::Result<()> {
        for piece in text.as_bytes().chunks(PIECE) {
            let mut length = 0;
            for &byte in piece {
                let escape = &ESCAPES[usize::from(byte)];
                self.piece[length..length + ESCAPE].copy_from_slice(escape);
                length += usize::from(escape[ESCAPE - 1]);
            }
            self.out.write_all(&self.piece[..length])?;
        }
        Ok(())
    }

    fn number(&mut self, number: u64) -> io::Result<()> {
        self.out.write_all(digits(number, &mut [0; 20]).as_bytes())
    }

    fn optional(&mut self, text: Option<&str>) -> io::Result<()> {
        match text {
            Some(text) => self.text(text),
            None => self.out.write_all(b"null"),
        }
    }

    fn retry_of(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event.retry() {
            Some(retry) => write!(self.out, "{}", milliseconds(retry)),
            None => self.out.write_all(b"null"),
        }
    }
}

/// The escape of each byte in a string; the last byte is the length.
static ESCAPES: [[u8; ESCAPE]; 256] = {
    let mut escapes = [[0; ESCAPE]; 256];
    let mut byte = u8::MAX;
    loop {
        escapes[byte as usize] = escape(byte);
        if byte == 0 {
            break escapes;
        }
        byte -= 1;
    }
};

const fn escape(byte: u8) -> [u8; ESCAPE] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\x08' => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        b'\x0C' => b'f',
        b'\r' => b'r',
        0..b' ' | b'\x7F' => {
            let (high, low) = (HEX[byte as usize / 16], HEX[byte as usize % 16]);
            return [b'\\', b'u', b'0', b'0', high, low, 0, 6];
        }
        _ => return [byte, 0, 0, 0, 0, 0, 0, 1],
    };
    [b'\\', letter, 0, 0, 0, 0, 0, 2]
}

/// JSON need not escape all characters that terminals obey; they come only within its strings.
fn push_safe(json: &str, safe: &mut String) {
    for character in json.chars() {
        if drives_terminal(character) {
            safe.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
}

impl<W: Write> View for Json<W> {
    /// Written part by part: a value in between would copy everything.
    fn event(&mut self, event: &Event<'_>, about: &About) -> io::Result<()> {
        let Place { offset, line } = about.at;
        self.out.write_all(b"{\"event\":{\"number\":")?;
        match about.number {
            Some(number) => self.number(number)?,
            None => self.out.write_all(b"null")?,
        }
        self.out.write_all(b",\"line\":")?;
        self.number(line)?;
        self.out.write_all(b",\"offset\":")?;
        self.number(offset)?;
        self.out.write_all(b",\"type\":")?;
        self.text(event.event_type())?;
        self.out.write_all(b",\"id\":")?;
        self.optional(event.id())?;
        self.out.write_all(b",\"last_event_id\":")?;
        self.text(event.last_event_id())?;
        self.out.write_all(b",\"retry\":")?;
        self.retry_of(event)?;
        if let Some((time, gap)) = about.time {
            let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
            let (time, gap) = (time.as_secs_f64(), gap.as_secs_f64());
            write!(self.out, ",\"time\":{time:.3},\"gap\":{gap:.3}")?;
        }
        let cut_off = match about.number {
            Some(_) => "false",
            None => "true",
        };
        for part in [",\"cut_off\":", cut_off, ",\"data\":"] {
            self.out.write_all(part.as_bytes())?;
        }
        self.text(event.data())?;
        self.out.write_all(b"}}\n")
    }

    fn block(&mut self, block: &Event<'_>, at: Place) -> io::Result<()> {
        self.object(&json!({ "block": {
            "line": at.line,
            "offset": at.offset,
            "type": block.explicit_event_type(),
            "id": block.id(),
            "last_event_id": block.last_event_id(),
            "retry": block.retry().map(milliseconds),
        }}))
    }

    fn comment(&mut self, text: &str) -> io::Result<()> {
        self.object(&json!({ "comment": text }))
    }

    fn retry(&mut self, retry: Duration) -> io::Result<()> {
        self.object(&json!({ "retry": milliseconds(retry) }))
    }

    fn field(&mut self, field: &Field<'_>) -> io::Result<()> {
        self.object(&json!({ "field": { "name": field.name(), "value": field.value() }}))
    }

    fn error(&mut self, error: &str) -> io::Result<()> {
        self.object(&json!({ "error": error }))
    }

    fn note(&mut self, note: &str) -> io::Result<()> {
        self.object(&json!({ "note": note }))
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> io::Result<()> {
        self.object(&json!({ "diagnostic": check::to_json(diagnostic) }))
    }

    fn end(
        &mut self,
        summary: &Summary,
        decoder: &Decoder,
        checked: Checked<'_>,
    ) -> io::Result<()> {
        let mut end = json!({
            "events": summary.events,
            "comments": summary.comments,
            "errors": summary.errors,
            "bytes": summary.bytes,
            "last_event_id": decoder.last_event_id(),
            "retry": decoder.retry().map(milliseconds),
            "cut_off": summary.cut_off != CutOff::Nothing,
            "interrupted": summary.interrupted,
        });
        if let Some((summary, _)) = checked {
            end["diagnostics"] = check::counts_to_json(summary);
        }
        self.object(&json!({ "end": end }))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn milliseconds(retry: Duration) -> u64 {
    u64::try_from(retry.as_millis()).unwrap_or(u64::MAX)
}
