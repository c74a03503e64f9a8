//! What a stream was made of.

use super::{Kind, Severity};
use crate::Event;
use crate::text;
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// The capacity for an id that outlives it, in bytes.
const KEPT: usize = 8192;

/// What a stream was made of, as far as it was fed: for tests to assert on.
///
/// ```
/// use sse_wire::check::Checker;
///
/// let mut checker = Checker::new();
/// checker.feed(b"retry: 500\nid: 1\ndata: a\n\nid: 2\ndata: b\n\n: bye\n");
/// checker.finish();
/// let summary = checker.summary();
/// assert_eq!((summary.events, summary.events_with_id, summary.distinct_ids), (2, 2, 2));
/// assert_eq!(summary.last_id.as_deref(), Some("2"));
/// assert_eq!(summary.line_ends.lf, 8);
/// assert_eq!(summary.errors(), 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The bytes of the stream.
    pub bytes: u64,
    /// How its lines end.
    pub line_ends: LineEnds,
    /// The longest line, in bytes, without its end.
    pub longest_line: u64,
    /// The events that a client dispatches.
    pub events: u64,
    /// Those among them that have an id of their own.
    pub events_with_id: u64,
    /// The largest event: its data, event type and id, in bytes of UTF-8.
    pub largest_event: u64,
    /// The blocks with an event type, id or reconnection time, but without data. Nothing of them is
    /// dispatched.
    pub blocks_without_data: u64,
    /// The comment lines.
    pub comments: u64,
    /// The first id that a blank line has made the last event ID.
    pub first_id: Option<String>,
    /// The last one. It is what a client sends when it reconnects, unless it is empty.
    pub last_id: Option<String>,
    /// How many different ones there were, at most
    /// [`MAX_DISTINCT_IDS`](Self::MAX_DISTINCT_IDS). Hashes of 64 bits distinguish them.
    pub distinct_ids: usize,
    /// The `retry` fields that set the reconnection time.
    pub retries: u64,
    /// The different reconnection times, in the order in which they came first; at most the first
    /// [`MAX_RETRY_VALUES`](Self::MAX_RETRY_VALUES).
    pub retry_values: Vec<Duration>,
    /// How often each unknown name came.
    pub(super) unknown_fields: BTreeMap<String, u64>,
    /// How many faults of each kind there were.
    pub(super) counts: BTreeMap<Kind, u64>,
}

/// How many lines end in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineEnds {
    /// A line feed alone.
    pub lf: u64,
    /// A carriage return and a line feed.
    pub crlf: u64,
    /// A carriage return alone.
    pub cr: u64,
}

impl Summary {
    pub(super) const fn new() -> Self {
        Self {
            bytes: 0,
            line_ends: LineEnds {
                lf: 0,
                crlf: 0,
                cr: 0,
            },
            longest_line: 0,
            events: 0,
            events_with_id: 0,
            largest_event: 0,
            blocks_without_data: 0,
            comments: 0,
            first_id: None,
            last_id: None,
            distinct_ids: 0,
            retries: 0,
            retry_values: Vec::new(),
            unknown_fields: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// At most this many ids are distinguished.
    pub const MAX_DISTINCT_IDS: usize = 4096;

    /// At most this many reconnection times are kept.
    pub const MAX_RETRY_VALUES: usize = 64;

    /// At most this many unknown names are counted, of at most
    /// [`MAX_UNKNOWN_NAME`](Self::MAX_UNKNOWN_NAME) bytes.
    pub const MAX_UNKNOWN_FIELDS: usize = 64;

    /// Longer names are not counted: they are hardly names.
    pub const MAX_UNKNOWN_NAME: usize = 64;

    /// The names of fields that clients ignore, each with how often it came. Lines without a colon
    /// are not counted here.
    ///
    /// ```
    /// # use sse_wire::check::Checker;
    /// let mut checker = Checker::new();
    /// checker.feed(b"data: a\ntopic: b\n\ndata: c\ntopic: d\n\n");
    /// assert!(checker.summary().unknown_fields().eq([("topic", 2)]));
    /// ```
    pub fn unknown_fields(&self) -> impl Iterator<Item = (&str, u64)> {
        self.unknown_fields
            .iter()
            .map(|(name, &count)| (name.as_str(), count))
    }

    /// How many faults of this kind there were, reported or not.
    ///
    /// ```
    /// # use sse_wire::check::{Checker, Kind};
    /// let mut checker = Checker::new();
    /// checker.feed(&b"Data: x\n".repeat(1000));
    /// assert_eq!(checker.summary().count(Kind::FieldNameCase), 1000);
    /// ```
    #[must_use]
    pub fn count(&self, kind: Kind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or_default()
    }

    /// The kinds of fault that there were, each with how many.
    pub fn counts(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.counts.iter().map(|(&kind, &count)| (kind, count))
    }

    /// How many errors there were, reported or not.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.of(Severity::Error)
    }

    /// How many warnings there were, reported or not.
    #[must_use]
    pub fn warnings(&self) -> u64 {
        self.of(Severity::Warning)
    }

    fn of(&self, severity: Severity) -> u64 {
        self.counts()
            .filter(|(kind, _)| kind.severity() == severity)
            .map(|(_, count)| count)
            .sum()
    }

    pub(super) fn add_event(&mut self, event: &Event<'_>) {
        let id = event.id();
        let size = event.data().len()
            + event.explicit_event_type().map_or(0, str::len)
            + id.map_or(0, str::len);
        self.events += 1;
        self.events_with_id += u64::from(id.is_some());
        self.largest_event = self.largest_event.max(size as u64);
    }

    pub(super) fn add_id(&mut self, id: &str, distinct: usize) {
        self.first_id.get_or_insert_with(|| id.to_owned());
        let last = self.last_id.get_or_insert_default();
        last.clear();
        last.shrink_to(KEPT);
        last.push_str(id);
        self.distinct_ids = distinct;
    }

    pub(super) fn add_unknown_field(&mut self, name: &[u8]) {
        if name.len() > Self::MAX_UNKNOWN_NAME {
            return;
        }
        let mut text = String::new();
        text::decode_into(name, &mut text);
        if let Some(count) = self.unknown_fields.get_mut(&text) {
            *count += 1;
        } else if self.unknown_fields.len() < Self::MAX_UNKNOWN_FIELDS {
            self.unknown_fields.insert(text, 1);
        }
    }

    pub(super) fn add_retry(&mut self, retry: Duration) {
        self.retries += 1;
        if self.retry_values.len() < Self::MAX_RETRY_VALUES && !self.retry_values.contains(&retry) {
            self.retry_values.push(retry);
        }
    }
}
