//! For people: what a line is stands as a mark in the margin.

use crate::position::Place;
use crate::terminal::{CYAN, DIM, Harmless, PLAIN, RED, Style, Styled, rows, wrap};
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
    pub(crate) out: W,
    pub(crate) colours: bool,
    /// The terminal's columns; 0 does not wrap.
    pub(crate) width: usize,
    pub(crate) pretty: bool,
    /// Diagnostics alone are shown.
    pub(crate) quiet: bool,
    /// The stream's name in diagnostics.
    pub(crate) name: String,
    /// The last comment, and how often it came again.
    pub(crate) comment: Option<(String, u64)>,
}

impl<W: Write> Text<W> {
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

    /// A line of a text, in as many rows as it takes.
    fn rows(&mut self, mark: &str, more: &str, style: Style, line: &str) -> io::Result<()> {
        let room = self.room();
        let (mark, more) = (
            margin(self.styled(DIM, mark)),
            margin(self.styled(DIM, more)),
        );
        let (start, end) = match style {
            "" => (String::new(), ""),
            style if self.colours => (format!("\x1b[{style}m"), "\x1b[m"),
            _ => (String::new(), ""),
        };
        let (mut margin, mut result) = (&mark, Ok(()));
        let out = &mut self.out;
        rows(line, room, |row| {
            if result.is_ok() {
                result = [margin, &start, row, end, "\n"]
                    .into_iter()
                    .try_for_each(|part| out.write_all(part.as_bytes()));
            }
            margin = &more;
        });
        result
    }

    fn data(&mut self, data: &str) -> io::Result<()> {
        let laid_out = self.pretty.then(|| pretty::lay_out(data)).flatten();
        laid_out
            .as_deref()
            .unwrap_or(data)
            .split('\n')
            .try_for_each(|line| self.rows("│", "┊", PLAIN, line))
    }

    fn head(&mut self, number: &str, event: &Event<'_>, is_event: bool) -> io::Result<()> {
        let event_type = if is_event {
            event.event_type()
        } else {
            event.explicit_event_type().unwrap_or("(no type)")
        };
        let event_type = self.styled(CYAN, Harmless(event_type));
        write!(self.out, "{number:>4} {event_type}")?;
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
            Some(number) => self.head(itoa(number, &mut [0; 20]), event, true)?,
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
        self.rows(":", ":", DIM, text)
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
        self.rows("?", "?", DIM, &text)
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

fn margin(mark: impl fmt::Display) -> String {
    format!("   {mark} ")
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

/// The digits of a number, which stands above each event.
fn itoa(mut number: u64, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[start..]).unwrap_or_default()
}
