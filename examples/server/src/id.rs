//! The order of events: `MILLISECONDS-NUMBER`, as Redis Streams number their entries.
//!
//! A plain counter would begin again when the server restarts, and id 500 of the last run would look
//! like a valid place in this one. A time cannot: an id of an earlier run is older than all of this.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id {
    milliseconds: u64,
    number: u64,
}

impl Id {
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

/// The number may be left out, as in Redis: `0` comes before every event.
impl FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (milliseconds, number) = text.split_once('-').unwrap_or((text, "0"));
        Ok(Self {
            milliseconds: milliseconds.parse()?,
            number: number.parse()?,
        })
    }
}
