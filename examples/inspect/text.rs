//! For people: a mark in the margin shows what a line is.

use crate::options::Options;
use crate::position::Place;
use crate::terminal::{
    CYAN, DIM, Harmless, PLAIN, RED, Style, Styled, digits, is_plain, rows, wrap,
};
use crate::view::{About, Checked, Count, CutOff, Summary, View};
use crate::{check, pretty};
use sse_wire::check::Diagnostic;
use sse_wire::{Decoder, Event, Field};
use std::fmt;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The columns of the margin.
const MARGIN: usize = 5;

pub(crate) struct Text<W> {
    out: W,
    colours: bool,
    /// The terminal's columns; 0 does not wrap.
    width: usize,
    pretty: bool,
    /// Only diagnostics are shown.
    quiet: bool,
    /// The stream's name in diagnostics.
    name: String,
    /// The last comment, and how often it came again.
    comment: Option<(String, u64)>,
    /// The margin of a line of data, and of its further rows.
    margins: (String, String),
}

impl<W: Write> Text<W> {
    pub(crate) fn new(
        out: W,
        name: String,
        colours: bool,
        width: usize,
        options: &Options,
    ) -> Self {
        let mut text = Self {
            out,
            colours,
            width,
            pretty: options.pretty,
            quiet: options.quiet,
            name,
            comment: None,
            margins: Default::default(),
        };
        text.margins = (text.margin("│"), text.margin("┊"));
        text
    }

    fn line(&mut self, mark: &str, style: Style, text: impl fmt::Display) -> io::Result<()> {
        let (mark, text) = (self.styled(DIM, mark), self.styled(style, text));
        writeln!(self.out, "{mark:>4} {text}")
    }

    fn styled<T>(&self, style: Style, text: T) -> Styled<T> {
        Styled(if self.colours { style } else { PLAIN }, text)
    }

    /// The columns that the margin leaves.
    fn room(&self) -> usize {
        match self.width {
            0 => 0,
            width => width.saturating_sub(MARGIN).max(1),
        }
    }

    fn margin(&self, mark: &str) -> String {
        format!("   {} ", self.styled(DIM, mark))
    }

    /// A line beside a mark, in as many rows as it takes.
    fn aside(&mut self, mark: &str, line: &str) -> io::Result<()> {
        let margin = self.margin(mark);
        let (room, styled) = (self.room(), self.colours);
        let (start, end) = if styled {
            ("\x1b[2m", "\x1b[m\n")
        } else {
            ("", "\n")
        };
        for row in rows(line, room) {
            write!(self.out, "{margin}{start}")?;
            row.write(&mut self.out)?;
            self.out.write_all(end.as_bytes())?;
        }
        Ok(())
    }

    fn data(&mut self, data: &str) -> io::Result<()> {
        let laid_out = self.pretty.then(|| pretty::lay_out(data)).flatten();
        let (room, out) = (self.room(), &mut self.out);
        let mut rest = laid_out.as_deref().unwrap_or(data);
        loop {
            let end = memchr::memchr(b'\n', rest.as_bytes());
            let line = &rest[..end.unwrap_or(rest.len())];
            let mut margin = &self.margins.0;
            for row in rows(line, room) {
                out.write_all(margin.as_bytes())?;
                row.write(out)?;
                out.write_all(b"\n")?;
                margin = &self.margins.1;
            }
            let Some(end) = end else { return Ok(()) };
            rest = &rest[end + 1..];
        }
    }

    fn head(&mut self, number: &str, event: &Event<'_>, is_event: bool) -> io::Result<()> {
        let event_type = if is_event {
            event.event_type()
        } else {
            event.explicit_event_type().unwrap_or("(no type)")
        };
        let indent = &"    "[number.len().min(4)..];
        self.out.write_all(indent.as_bytes())?;
        self.out.write_all(number.as_bytes())?;
        self.out.write_all(b" ")?;
        if !self.colours && is_plain(event_type) {
            self.out.write_all(event_type.as_bytes())?;
        } else {
            write!(self.out, "{}", self.styled(CYAN, Harmless(event_type)))?;
        }
        match (event.id(), Harmless(event.last_event_id())) {
            (Some(""), _) => write!(self.out, "  id \"\"")?,
            (Some(_), id) => write!(self.out, "  id {id}")?,
            (None, Harmless("")) => {}
            (None, id) => {
                let id = self.styled(DIM, format!("(id {id})"));
                write!(self.out, "  {id}")?;
            }
        }
        Ok(())
    }

    /// Says how often the last comment came again.
    fn end_comments(&mut self) -> io::Result<()> {
        match self.comment.take() {
            Some((_, more)) if more > 0 => {
                let times = if more == 1 { "once" } else { "times" };
                let text = match more {
                    1 => format!(" (the same {times} more)"),
                    _ => format!(" (the same {more} {times} more)"),
                };
                self.line(":", DIM, text)
            }
            _ => Ok(()),
        }
    }
}

impl<W: Write> View for Text<W> {
    fn event(&mut self, event: &Event<'_>, about: &About) -> io::Result<()> {
        self.end_comments()?;
        match about.number {
            Some(number) => self.head(digits(number, &mut [0; 20]), event, true)?,
            None => self.head("cut", event, true)?,
        }
        if let Some((time, gap)) = about.time {
            let time = format!("{} +{:.3}s", of_day(time), gap.as_secs_f64());
            write!(self.out, "  {}", self.styled(DIM, time))?;
        }
        self.out.write_all(b"\n")?;
        self.data(event.data())
    }

    fn block(&mut self, block: &Event<'_>, _: Place) -> io::Result<()> {
        if block.id().is_none() && block.explicit_event_type().is_none() {
            return Ok(()); // its other fields were shown
        }
        self.end_comments()?;
        self.head("-", block, false)?;
        writeln!(self.out, "  {}", self.styled(DIM, "no data"))
    }

    fn comment(&mut self, text: &str) -> io::Result<()> {
        if let Some((last, more)) = &mut self.comment {
            if last == text {
                *more += 1;
                return Ok(());
            }
        }
        self.end_comments()?;
        self.comment = Some((text.to_owned(), 0));
        self.aside(":", text)
    }

    fn retry(&mut self, retry: Duration) -> io::Result<()> {
        self.end_comments()?;
        self.line("=", PLAIN, format_args!("retry {retry:?}"))
    }

    fn field(&mut self, field: &Field<'_>) -> io::Result<()> {
        self.end_comments()?;
        let text = match field.value() {
            "" => field.name().to_owned(),
            value => format!("{}: {value}", field.name()),
        };
        self.aside("?", &text)
    }

    fn error(&mut self, error: &str) -> io::Result<()> {
        self.end_comments()?;
        let text = wrap(error, self.room(), "     ");
        self.line("!", RED, text)
    }

    fn note(&mut self, note: &str) -> io::Result<()> {
        let text = wrap(note, self.room(), "     ");
        self.line("!", PLAIN, text)
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> io::Result<()> {
        self.end_comments()?;
        let shown = check::Shown {
            name: &self.name,
            diagnostic,
            colours: self.colours,
            width: self.width,
        };
        write!(self.out, "{shown}")
    }

    fn end(
        &mut self,
        summary: &Summary,
        decoder: &Decoder,
        checked: Checked<'_>,
    ) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.end_comments()?;
        let text = sentence(summary, decoder);
        let text = wrap(&text, self.width, "");
        writeln!(self.out, "\n{text}")?;
        let verdict = |(summary, first)| check::Verdict {
            summary,
            first,
            colours: self.colours,
        };
        checked.map_or(Ok(()), |checked| write!(self.out, "{}", verdict(checked)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What the stream was, in a sentence.
fn sentence(summary: &Summary, decoder: &Decoder) -> String {
    let Summary {
        bytes,
        events,
        comments,
        errors,
        cut_off,
        interrupted,
    } = summary;
    if *bytes == 0 {
        return "the stream is empty: no byte has come".to_owned();
    }
    let mut text = format!(
        "{}, {}, ",
        Count(*events, "event"),
        Count(*comments, "comment")
    );
    if *errors > 0 {
        text += &format!("{}, ", Count(*errors, "error"));
    }
    text += &format!("{}; ", Count(*bytes, "byte"));
    text += &match Harmless(decoder.last_event_id()) {
        Harmless("") => "no last event ID".to_owned(),
        id => format!("last event ID {id}"),
    };
    text += &match decoder.retry() {
        None => ", no retry".to_owned(),
        Some(retry) => format!(", retry {retry:?}"),
    };
    text += match cut_off {
        CutOff::Nothing => "; nothing cut off",
        CutOff::Event => "; the end cut an event off",
        CutOff::Block => "; the end cut a block off",
        CutOff::Line => "; the last line has no end",
    };
    if *interrupted {
        text += "; stopped by Ctrl-C";
    }
    text
}

/// The time of day, in UTC.
fn of_day(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs() % (24 * 60 * 60);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!(
        "{hours:02}:{minutes:02}:{:02}.{:03}Z",
        seconds % 60,
        since.subsec_millis()
    )
}
