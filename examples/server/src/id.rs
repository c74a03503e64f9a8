//! The order of events: `MILLISECONDS-NUMBER`, as Redis Streams number their entries.
//!
//! A plain counter would begin again when the server restarts, and id 500 of the last run would
//! look like a valid place in this one. A time does not: every id of an earlier run is older than
//! this run.

use sse_wire::EventId;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    milliseconds: u64,
    number: u64,
}

impl Id {
    pub const MAX: Self = Self {
        milliseconds: u64::MAX,
        number: u64::MAX,
    };

    /// The id of an event that follows `self` and happens now. Ids grow even if the clock does not.
    pub fn next(self) -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let milliseconds = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        if milliseconds > self.milliseconds {
            Self {
                milliseconds,
                number: 0,
            }
        } else {
            Self {
                number: self.number + 1,
                ..self
            }
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.milliseconds, self.number)
    }
}

impl From<Id> for EventId<'_> {
    fn from(id: Id) -> Self {
        Self::new(id.to_string()).expect("digits and a hyphen")
    }
}

/// The number may be left out, as in Redis: `0` comes before every event.
impl FromStr for Id {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (milliseconds, number) = text.split_once('-').unwrap_or((text, "0"));
        Ok(Self {
            milliseconds: milliseconds.parse()?,
            number: number.parse()?,
        })
    }
}
