//! The newest events, encoded, in the order of their ids.

use crate::id::Id;
use bytes::Bytes;
use std::collections::VecDeque;

#[derive(Debug)]
pub struct Log {
    events: VecDeque<(Id, Bytes)>,
    /// How many events it keeps.
    history: usize,
    /// The newest event that it has forgotten, or that was before it.
    forgotten: Id,
}

impl Log {
    /// A log of the events that follow `beginning`.
    pub fn new(history: usize, beginning: Id) -> Self {
        Self {
            events: VecDeque::new(),
            history,
            forgotten: beginning,
        }
    }

    pub fn append(&mut self, id: Id, event: Bytes) {
        self.events.push_back((id, event));
        if self.events.len() > self.history
            && let Some((id, _)) = self.events.pop_front()
        {
            self.forgotten = id;
        }
    }

    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// A client that has seen this event finds everything after it in the log.
    pub fn start(&self) -> Id {
        self.forgotten
    }

    /// A client that has seen this event has seen everything.
    pub fn end(&self) -> Id {
        self.behind(0)
    }

    /// A client that has seen this event is `count` events behind, or as many as the log has.
    pub fn behind(&self, count: usize) -> Id {
        let index = self.events.len().checked_sub(count + 1);
        index.map_or(self.forgotten, |index| self.events[index].0)
    }

    /// The first event after `id`.
    pub fn after(&self, id: Id) -> Option<&(Id, Bytes)> {
        self.events.get(self.index_after(id))
    }

    /// How many events there are after `id`.
    pub fn lag(&self, id: Id) -> usize {
        self.len() - self.index_after(id)
    }

    /// Ids are in order, but not every id has an event: a client may name any.
    fn index_after(&self, id: Id) -> usize {
        self.events.partition_point(|&(other, _)| other <= id)
    }
}
