//! The fields between two blank lines, and what comes of them together.

use super::findings::{Findings, Quoted};
use super::looks::{self, Bytes};
use super::place::{Kept, Line};
use super::{Heard, Kind, Summary, fields};
use crate::Event;
use crate::field::Name;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use core::mem;

/// What is known of the block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) has_data: bool,
    has_retry: bool,
    has_unknown: bool,
    too_large: bool,
    event_type: Option<EventType>,
    /// The line of the event type, if there is one. The memory is reused.
    event_type_line: Kept,
    /// A hash of the id.
    id: Option<u64>,
    id_line: Kept,
}

#[derive(Clone, Copy, Debug)]
struct EventType {
    hash: u64,
    is_empty: bool,
    /// Its name, if `EventSource` dispatches events of this type by itself.
    reserved: Option<&'static str>,
}

impl Block {
    pub(super) const fn new() -> Self {
        Self {
            has_data: false,
            has_retry: false,
            has_unknown: false,
            too_large: false,
            event_type: None,
            event_type_line: Kept::NONE,
            id: None,
            id_line: Kept::NONE,
        }
    }

    /// A field with a known name, but not the data itself.
    pub(super) fn field(
        &mut self,
        name: Name,
        line: &Line<'_>,
        value: usize,
        heard: &Heard,
        findings: &mut Findings,
    ) {
        match name {
            Name::EventType => self.event_type(line, value, findings),
            Name::Id => self.id(line, value, findings),
            Name::Retry => self.has_retry |= heard.retry.is_some(),
            Name::Data => self.has_data = true,
            Name::Comment | Name::Other => {}
        }
    }

    pub(super) fn unknown_field(&mut self) {
        self.has_unknown = true;
    }

    pub(super) fn too_large(&mut self) {
        self.too_large = true;
    }

    fn event_type(&mut self, line: &Line<'_>, value: usize, findings: &mut Findings) {
        fields::event_type(line, value, findings);
        let event_type = &line.bytes[value..];
        let hash = looks::hash(event_type);
        let earlier = self.event_type.filter(|earlier| !earlier.is_empty);
        if earlier.is_some_and(|earlier| earlier.hash != hash) {
            findings.report(
                Kind::EventTypeOverwritten,
                || line.whole(),
                format_args!(
                    "this event type replaces that of an earlier line: is the empty line between \
                     two events missing?"
                ),
            );
        }
        self.event_type_line.set(line);
        self.event_type = Some(EventType {
            hash,
            is_empty: event_type.is_empty(),
            reserved: ["error", "open"]
                .into_iter()
                .find(|name| name.as_bytes() == event_type),
        });
    }

    fn id(&mut self, line: &Line<'_>, value: usize, findings: &mut Findings) {
        if fields::nul_in_id(line, value, findings) {
            return;
        }
        fields::id(line, value, findings);
        let hash = looks::hash(&line.bytes[value..]);
        if self.id.is_some_and(|earlier| earlier != hash) {
            findings.report(
                Kind::IdOverwritten,
                || line.whole(),
                format_args!(
                    "this id replaces that of an earlier line: is the empty line between two \
                     events missing?"
                ),
            );
        }
        self.id = Some(hash);
        self.id_line.set(line);
    }

    /// A blank line has ended the block.
    pub(super) fn end(
        &mut self,
        heard: &Heard,
        last_event_id: &str,
        ids: &mut Ids,
        findings: &mut Findings,
    ) {
        if self.id.is_some() {
            ids.note(last_event_id, self.too_large, findings);
        }
        let event_type = self.event_type.filter(|event_type| !event_type.is_empty);
        if heard.event {
            if let Some(reserved) = event_type.and_then(|event_type| event_type.reserved) {
                self.reserved_event_type(reserved, findings);
            }
        } else if !self.has_data && !self.too_large {
            self.without_data(event_type.is_some(), findings);
        }
        self.forget();
    }

    fn forget(&mut self) {
        *self = Self {
            event_type_line: mem::replace(&mut self.event_type_line, Kept::NONE),
            id_line: mem::replace(&mut self.id_line, Kept::NONE),
            ..Self::new()
        };
    }

    fn reserved_event_type(&self, name: &str, findings: &mut Findings) {
        findings.report(
            Kind::ReservedEventType,
            || self.event_type_line.line().whole(),
            format_args!(
                "in browsers `on{name}` gets this event like the connection's own: choose another \
                 type"
            ),
        );
    }

    fn without_data(&self, has_event_type: bool, findings: &mut Findings) {
        let has_id = self.id.is_some();
        if has_id || self.has_retry || self.event_type.is_some() {
            findings.summary.blocks_without_data += 1;
        }
        if has_event_type {
            let is_alone = !has_id && !self.has_retry && !self.has_unknown;
            self.event_type_without_data(is_alone, findings);
        } else if has_id {
            findings.report(
                Kind::IdWithoutData,
                || self.id_line.line().whole(),
                format_args!("the id takes effect, but no event is dispatched without `data`"),
            );
        }
    }

    fn event_type_without_data(&self, is_alone: bool, findings: &mut Findings) {
        let (kind, advice) = match self.id {
            _ if is_alone => {
                let advice = ": to keep the connection alive, send a comment, otherwise `data:`";
                (Kind::EventTypeWithoutData, advice)
            }
            Some(_) => {
                let advice = " (only its id takes effect): send `data:` if the data is empty";
                (Kind::BlockWithoutData, advice)
            }
            None => {
                let advice = ": send `data:` if the data is empty";
                (Kind::BlockWithoutData, advice)
            }
        };
        findings.report(
            kind,
            || self.event_type_line.line().whole(),
            format_args!("no event is dispatched, since its block has no `data`{advice}"),
        );
    }

    /// Whether something would be lost if the stream ended here.
    pub(super) fn is_pending(&self) -> bool {
        self.has_data
            || self.id.is_some()
            || self
                .event_type
                .is_some_and(|event_type| !event_type.is_empty)
    }

    /// What the end of the stream loses if it cuts off this event, or a block without data.
    pub(super) fn lost(&self, event: Option<&Event<'_>>) -> String {
        if let Some(event) = event {
            let event_type = Quoted(event.event_type().as_bytes());
            let id = event
                .id()
                .map(|id| format!(" and the id {}", Quoted(id.as_bytes())));
            let (id, verb) = id.map_or((String::new(), "is"), |id| (id, "are"));
            let bytes = Bytes(event.data().len());
            return format!("an event of type {event_type} with {bytes} of data{id} {verb} lost");
        }
        let event_type = self
            .event_type
            .filter(|event_type| !event_type.is_empty)
            .map(|_| format!("the event type {}", quoted_value(&self.event_type_line)));
        let id = self
            .id
            .map(|_| format!("the id {}", quoted_value(&self.id_line)));
        match (event_type, id) {
            (Some(event_type), Some(id)) => format!("{event_type} and {id} are lost"),
            (Some(one), None) | (None, Some(one)) => format!("{one} is lost"),
            (None, None) => "what it cuts off is lost".to_string(),
        }
    }
}

fn quoted_value(line: &Kept) -> String {
    let line = line.line();
    Quoted(&line.bytes[crate::field::split(line.bytes).1..]).to_string()
}

/// The ids that became the last event ID.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    /// Their hashes.
    distinct: BTreeSet<u64>,
}

impl Ids {
    pub(super) const fn new() -> Self {
        Self {
            distinct: BTreeSet::new(),
        }
    }

    /// A blank line has made the block's id the last event ID.
    fn note(&mut self, id: &str, too_large: bool, findings: &mut Findings) {
        // In a block over the limit there may have been no room for the id.
        let last = findings.summary.last_id.as_deref().unwrap_or_default();
        if too_large && id == last {
            return;
        }
        if self.distinct.len() < Summary::MAX_DISTINCT_IDS {
            self.distinct.insert(looks::hash(id.as_bytes()));
        }
        findings.summary.add_id(id, self.distinct.len());
    }
}
