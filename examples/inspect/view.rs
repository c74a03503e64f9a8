//! What is shown, in whatever form.

use crate::position::Place;
use sse_wire::check::{self, Diagnostic};
use sse_wire::{Decoder, Event, Field};
use std::io;
use std::time::{Duration, SystemTime};

/// A way to show what a stream says.
pub(crate) trait View {
    fn event(&mut self, event: &Event<'_>, about: &About) -> io::Result<()>;
    /// A block that dispatches nothing.
    fn block(&mut self, block: &Event<'_>, at: Place) -> io::Result<()>;
    fn comment(&mut self, text: &str) -> io::Result<()>;
    fn retry(&mut self, retry: Duration) -> io::Result<()>;
    fn field(&mut self, field: &Field<'_>) -> io::Result<()>;
    fn error(&mut self, error: &str) -> io::Result<()>;
    fn note(&mut self, note: &str) -> io::Result<()>;
    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> io::Result<()>;
    fn end(&mut self, summary: &Summary, decoder: &Decoder, checked: Checked<'_>)
    -> io::Result<()>;
    /// Everything that has arrived was shown.
    fn flush(&mut self) -> io::Result<()>;
}

/// What is known about an event.
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// None for the event that the end of the stream has cut off.
    pub(crate) number: Option<u64>,
    pub(crate) at: Place,
    /// If asked for: when it arrived, and how long after the one before.
    pub(crate) time: Option<(SystemTime, Duration)>,
}

/// What the end of the stream has cut off.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum CutOff {
    #[default]
    Nothing,
    Event,
    /// A block without data.
    Block,
    Line,
}

#[derive(Default)]
pub(crate) struct Summary {
    pub(crate) bytes: u64,
    pub(crate) events: u64,
    pub(crate) comments: u64,
    pub(crate) errors: u64,
    pub(crate) cut_off: CutOff,
    pub(crate) interrupted: bool,
}

/// What a checker has counted, if there is one, and each kind's first line.
pub(crate) type Checked<'a> = Option<(&'a check::Summary, &'a [(check::Kind, u64)])>;

/// A number of things.
pub(crate) struct Count(pub(crate) u64, pub(crate) &'static str);

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(number, thing) = self;
        write!(f, "{number} {thing}{}", if *number == 1 { "" } else { "s" })
    }
}
