//! For scripts: objects with one key, which says what it is.

use crate::check;
use crate::position::Place;
use crate::terminal::{digits, drives_terminal, is_plain};
use crate::view::{About, Checked, CutOff, Summary, View};
use serde_json::json;
use sse_wire::check::Diagnostic;
use sse_wire::{Decoder, Event, Field};
use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

pub(crate) struct Json<W> {
    pub(crate) out: W,
}

impl<W: Write> Json<W> {
    fn object(&mut self, value: &serde_json::Value) -> io::Result<()> {
        let mut safe = String::new();
        push_safe(&value.to_string(), &mut safe);
        writeln!(self.out, "{safe}")
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        if is_plain(text) {
            return self.plain(text.as_bytes());
        }
        let mut safe = String::new();
        push_safe(&serde_json::Value::from(text).to_string(), &mut safe);
        self.out.write_all(safe.as_bytes())
    }

    /// Text in which only quotes and backslashes have to be escaped: without a branch for each,
    /// since JSON in JSON has many.
    fn plain(&mut self, text: &[u8]) -> io::Result<()> {
        const PIECE: usize = 32;
        self.out.write_all(b"\"")?;
        for piece in text.chunks(PIECE) {
            let (mut is_special, mut escaped, mut length) = ([0; PIECE], [0; 2 * PIECE], 0);
            for (is_special, byte) in is_special.iter_mut().zip(piece) {
                *is_special = u8::from(*byte == b'"') | u8::from(*byte == b'\\');
            }
            for (byte, is_special) in piece.iter().zip(is_special) {
                escaped[length % (2 * PIECE)] = b'\\';
                length += usize::from(is_special);
                escaped[length % (2 * PIECE)] = *byte;
                length += 1;
            }
            self.out.write_all(&escaped[..length])?;
        }
        self.out.write_all(b"\"")
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

/// JSON leaves some characters as they are that terminals obey, but only within its strings.
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
    /// Written part by part: a value in between would copy all.
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
        write!(
            self.out,
            ",\"cut_off\":{},\"data\":",
            about.number.is_none()
        )?;
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
