//! What the user sees.

use serde_json::json;
use sse_wire::{Event, Feed};
use std::fmt::{self, Write as _};
use std::io::{self, StdoutLock, Write};

/// Shows events on standard output.
#[derive(Debug)]
pub struct Output {
    out: StdoutLock<'static>,
    json: bool,
    /// How many were shown.
    pub events: u64,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self {
            out: io::stdout().lock(),
            json,
            events: 0,
        }
    }

    /// Shows the events that a chunk completes.
    pub fn show(&mut self, mut feed: Feed<'_, '_>) -> io::Result<()> {
        while let Some(event) = feed.next_event() {
            match event {
                Ok(event) if self.json => self.json(&event)?,
                Ok(event) => self.text(&event)?,
                Err(error) => eprintln!("client: {error}"),
            }
        }
        self.out.flush()
    }

    fn json(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.events += 1;
        let event = json!({
            "type": event.event_type(),
            "data": event.data(),
            "id": event.id(),
            "last_event_id": event.last_event_id(),
        });
        writeln!(self.out, "{event}")
    }

    fn text(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.events += 1;
        write!(
            self.out,
            "{:>4} {}",
            self.events,
            Harmless(event.event_type())
        )?;
        if let Some(id) = event.id() {
            write!(self.out, "  id {}", Harmless(id))?;
        }
        writeln!(self.out)?;
        for line in event.data().split('\n') {
            writeln!(self.out, "   │ {}", Harmless(line))?;
        }
        Ok(())
    }
}

/// A stranger's text, with control characters escaped, since those could control the terminal.
struct Harmless<'a>(&'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() && character != '\t' {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}
