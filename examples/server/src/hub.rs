//! Broadcast and replay, by one mechanism: a bounded log, and for each client its place in it.
//!
//! A client's place is the id of the last event that it was given; what it gets next is what the log
//! has after that. So there is no seam between replay and live: a client that resumes merely starts
//! further back. And no client has a queue: a slow one costs no more memory than a fast one, and
//! nobody waits for it.

use crate::id::Id;
use bytes::Bytes;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

#[derive(Debug)]
pub struct Hub {
    state: Mutex<State>,
    /// Wakes the clients: the log has grown, or the hub has closed.
    news: watch::Sender<()>,
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The number of events that the log keeps.
    pub history: usize,
    /// The number of events that a client may fall behind.
    pub queue: usize,
    /// Other instances send the same events, so a client may know one that is not here yet.
    pub shared: bool,
}

#[derive(Debug)]
struct State {
    log: VecDeque<(Id, Bytes)>,
    /// The last event that the log has forgotten, or that came before this hub: the log is complete
    /// for everybody who has seen this one.
    forgotten: Id,
    clients: HashMap<u64, Place>,
    next_client: u64,
    closed: bool,
    counts: Counts,
}

/// Where a client is in the log.
#[derive(Debug)]
struct Place {
    after: Id,
    /// It has caught up with the log once; before that it may be as far behind as the log reaches.
    live: bool,
    reset: Reset,
}

/// Resets a connection, even while that waits for a client that does not read.
pub type Reset = Arc<Notify>;

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    events: u64,
    dropped: u64,
    gaps: u64,
}

#[derive(Debug, serde::Serialize)]
pub struct Stats {
    connections: usize,
    /// Events since the start.
    events: u64,
    /// Connections that were reset because they were too slow.
    dropped: u64,
    /// Connections that asked for more than the log has.
    gaps: u64,
    last_id: String,
    /// Events in the log.
    kept: usize,
    /// How many events the slowest client is behind, and clients are in the mean.
    lag_max: usize,
    lag_mean: f64,
}

impl Hub {
    /// A hub whose log begins after the event `forgotten`.
    pub fn new(limits: Limits, forgotten: Id) -> Self {
        Self {
            state: Mutex::new(State {
                log: VecDeque::new(),
                forgotten,
                clients: HashMap::new(),
                next_client: 0,
                closed: false,
                counts: Counts::default(),
            }),
            news: watch::Sender::new(()),
            limits,
        }
    }

    /// Adds an event of this process, encoded with the id that it gets.
    pub fn send(&self, encode: impl FnOnce(Id) -> Bytes) -> Id {
        let mut state = self.state();
        let id = state.last_id().next();
        state.append((id, encode(id)), self.limits.history);
        self.announce(state);
        id
    }

    /// Adds events that have their ids already. Those that came before are left out.
    ///
    /// All of them are added before any client sees one: if they push out events that a client has
    /// still to get, it is reset, and cannot step over the gap unawares.
    pub fn receive(&self, events: impl IntoIterator<Item = (Id, Bytes)>) {
        let mut state = self.state();
        for event in events {
            if event.0 > state.last_id() {
                state.append(event, self.limits.history);
            }
        }
        self.announce(state);
    }

    fn announce(&self, mut state: MutexGuard<'_, State>) {
        state.drop_slow_clients(self.limits.queue);
        drop(state);
        self.news.send_replace(());
    }

    /// Adds a client that has seen events up to the one that it names, if it names one.
    ///
    /// Also reports whether it may have missed events, namely if the log does not reach back to the
    /// event it names, or nobody can have sent that. Then the client gets all that the log has.
    /// Refusing it would be worse: a browser's `EventSource` gives up for good on any error status.
    pub fn connect(self: &Arc<Self>, asked: Option<&str>, reset: Reset) -> (Client, Start) {
        let mut state = self.state();
        let (after, gap) = match asked.map(str::parse::<Id>) {
            None => (state.last_id(), false),
            Some(Ok(id)) if state.reaches(id) && (id <= state.last_id() || self.limits.shared) => {
                (id, false)
            }
            Some(_) => (state.forgotten, true),
        };
        state.counts.gaps += u64::from(gap);
        let key = state.next_client;
        state.next_client += 1;
        state.clients.insert(
            key,
            Place {
                after,
                live: false,
                reset,
            },
        );
        let client = Client {
            hub: Arc::clone(self),
            key,
            news: self.news.subscribe(),
        };
        (client, Start { after, gap })
    }

    /// Ends every client's events, now and in future.
    pub fn close(&self) {
        self.state().closed = true;
        self.news.send_replace(());
    }

    pub fn last_id(&self) -> Id {
        self.state().last_id()
    }

    pub fn stats(&self) -> Stats {
        let state = self.state();
        let lags = || state.clients.values().map(|place| state.lag(place.after));
        let Counts {
            events,
            dropped,
            gaps,
        } = state.counts;
        Stats {
            connections: state.clients.len(),
            events,
            dropped,
            gaps,
            last_id: state.last_id().to_string(),
            kept: state.log.len(),
            lag_max: lags().max().unwrap_or(0),
            lag_mean: lags().sum::<usize>() as f64 / state.clients.len().max(1) as f64,
        }
    }

    /// Nothing that holds the lock panics halfway through a change, so poison means nothing here.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn last_id(&self) -> Id {
        self.log.back().map_or(self.forgotten, |&(id, _)| id)
    }

    fn append(&mut self, event: (Id, Bytes), history: usize) {
        self.log.push_back(event);
        self.counts.events += 1;
        if self.log.len() > history
            && let Some((id, _)) = self.log.pop_front()
        {
            self.forgotten = id;
        }
    }

    /// Whether the log has everything that follows `id`.
    fn reaches(&self, id: Id) -> bool {
        id >= self.forgotten
    }

    /// The number of events that follow `id` in the log.
    fn lag(&self, id: Id) -> usize {
        self.log.len() - self.log.partition_point(|&(other, _)| other <= id)
    }

    /// Resets the connections of clients that are more than `queue` events behind, or for whom the
    /// log no longer has the next event. Done here, as events come, and not where a client takes
    /// them: a client that does not read never gets there.
    fn drop_slow_clients(&mut self, queue: usize) {
        let behind = self
            .log
            .len()
            .checked_sub(queue + 1)
            .map(|index| self.log[index].0);
        let slowest = behind.unwrap_or(self.forgotten);
        let (before, forgotten) = (self.clients.len(), self.forgotten);
        self.clients.retain(|_, place| {
            let keep = place.after >= if place.live { slowest } else { forgotten };
            if !keep {
                place.reset.notify_one();
            }
            keep
        });
        self.counts.dropped += (before - self.clients.len()) as u64;
    }
}

/// Where a client starts.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// It gets the events that follow this one.
    pub after: Id,
    /// Before those, it may have missed some.
    pub gap: bool,
}

/// A client's events. It leaves the hub when this is dropped.
#[derive(Debug)]
pub struct Client {
    hub: Arc<Hub>,
    key: u64,
    news: watch::Receiver<()>,
}

impl Client {
    /// Waits for the next event. `None`: the hub has closed, or the client was too slow.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.take()? {
                return Some(event);
            }
            // Returns at once if there was news since the last time: none slips in between.
            self.news.changed().await.ok()?;
        }
    }

    fn take(&self) -> Option<Option<Bytes>> {
        let state = &mut *self.hub.state();
        let place = state.clients.get_mut(&self.key).filter(|_| !state.closed)?;
        let index = state.log.partition_point(|&(id, _)| id <= place.after);
        let Some((id, event)) = state.log.get(index) else {
            place.live = true;
            return Some(None);
        };
        place.after = *id;
        Some(Some(event.clone()))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.hub.state().clients.remove(&self.key);
    }
}
