//! What both clients share: it uses no HTTP library and never waits.

mod backoff;
mod output;

pub use backoff::Backoff;
pub use output::Output;

use clap::Parser;
use http::HeaderValue;
use std::error::Error;
use std::iter::successors;
use std::time::Duration;

/// Shows the events of a stream, and reconnects when it is lost.
#[derive(Debug, Parser)]
pub struct Options {
    /// An http address
    pub url: String,
    /// Show one JSON object a line
    #[arg(long)]
    pub json: bool,
    /// Try again after a 429 or 5xx; browsers would stop
    #[arg(long)]
    pub persistent: bool,
    /// Give the connection up after this much silence; comments are not silence
    #[arg(long, value_name = "SECONDS", default_value = "45", value_parser = seconds)]
    pub idle: Duration,
    /// Wait at most this long before reconnecting, and up to half of it more at random
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub longest_wait: Duration,
}

impl Options {
    /// Whether to try again after a response that is not an event stream. The specification says
    /// never.
    pub const fn tries_again(&self, status: u16) -> bool {
        self.persistent && matches!(status, 429 | 500..=599)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// The `Last-Event-ID` header of a request: none if there was no id yet.
///
/// An event stream's id may be any text without line ends and NUL, but HTTP carries no control
/// characters. Reconnecting without the header may show events twice, or miss some; not reconnecting
/// misses all.
pub fn last_event_id(id: &str) -> Option<HeaderValue> {
    if id.is_empty() {
        return None;
    }
    let value = HeaderValue::from_bytes(id.as_bytes()).ok();
    if value.is_none() {
        eprintln!(
            "client: the id {id:?} cannot be sent, so the server does not know where to resume"
        );
    }
    value
}

/// An error with its causes.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    for cause in successors(error.source(), |&error| error.source()).map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
