//! Broadcast and replay with one mechanism: a bounded log of encoded events, and each client's
//! place in it.
//!
//! A client's place is the id of the last event that it got; next it gets the event that follows in
//! the log. A client that resumes just starts further back, so nothing can get lost between
//! replayed and live events. And no client has a queue of its own: a slow one needs no more memory
//! than a fast one, and nobody waits for it.

use crate::id::Id;
use crate::log::Log;
use bytes::Bytes;
use serde::Serialize;
use sse_wire::Event;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    state: Mutex<State>,
    /// Wakes the clients: the log has grown, or the hub has closed.
    news: watch::Sender<()>,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many events are kept for clients that resume.
    pub history: usize,
    /// How many events a client may fall behind.
    pub queue: usize,
    /// Whether other servers send the same events. Then a client may have seen an event that has
    /// not arrived here yet.
    pub shared: bool,
}

#[derive(Debug)]
struct State {
    log: Log,
    clients: HashMap<u64, Place>,
    next_client: u64,
    closed: bool,
    counts: Counts,
}

/// Where a client is in the log.
#[derive(Debug)]
struct Place {
    after: Id,
    /// It has reached the log's end once. Before that it may be as far behind as the log reaches.
    live: bool,
    reset: Reset,
}

/// Resets a connection, even while it waits for a client that does not read.
pub type Reset = Arc<Notify>;

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    /// Events since the start.
    events: u64,
    /// Clients whose connection was reset because they were too slow.
    dropped: u64,
    /// Clients that asked for more than the log has.
    gaps: u64,
}

#[derive(Debug, Serialize)]
pub struct Stats {
    connections: usize,
    #[serde(flatten)]
    counts: Counts,
    last_id: String,
    /// Events in the log.
    kept: usize,
    /// How many events the slowest client is behind, and a client on average.
    lag_max: usize,
    lag_mean: f64,
}

impl Hub {
    /// A hub for the events that follow `beginning`.
    pub fn new(limits: Limits, beginning: Id) -> Self {
        let state = Mutex::new(State {
            log: Log::new(limits.history, beginning),
            clients: HashMap::new(),
            next_client: 0,
            closed: false,
            counts: Counts::default(),
        });
        Self {
            limits,
            state,
            news: watch::Sender::new(()),
        }
    }

    /// Gives an event its id and sends it. This is the only time that it is encoded.
    pub fn send(&self, event: Event<'_>) -> Id {
        let state = self.state();
        let id = state.log.end().next();
        self.publish(state, [(id, event.with_id(id).to_bytes())]);
        id
    }

    /// Sends encoded events that have ids, except those that it has already sent.
    pub fn receive(&self, events: impl IntoIterator<Item = (Id, Bytes)>) {
        self.publish(self.state(), events);
    }

    /// No client sees any of these events before all of them are in the log. So if they push out an
    /// event that a client has not seen, that client is reset: it cannot miss the event without
    /// noticing.
    fn publish(
        &self,
        mut state: MutexGuard<'_, State>,
        events: impl IntoIterator<Item = (Id, Bytes)>,
    ) {
        state.drop_slow_clients(self.limits.queue);
        for (id, event) in events {
            if id > state.log.end() {
                state.log.append(id, event);
                state.counts.events += 1;
            }
        }
        state.drop_clients_that_missed_one();
        drop(state);
        self.news.send_replace(());
    }

    /// Adds a client that has seen the events up to `last_event_id`; without it, one that wants
    /// only new events.
    ///
    /// If the log does not reach back to that event, or nobody can have sent it, there is a gap, and
    /// the client gets all that the log has. An error status instead would be worse: it ends a
    /// browser's `EventSource` for good.
    pub fn connect(self: &Arc<Self>, last_event_id: Option<&str>, reset: Reset) -> (Client, Start) {
        let mut state = self.state();
        let newest = if self.limits.shared {
            Id::MAX
        } else {
            state.log.end()
        };
        let (after, gap) = match last_event_id.map(str::parse) {
            None => (state.log.end(), false),
            Some(Ok(id)) if (state.log.start()..=newest).contains(&id) => (id, false),
            Some(_) => (state.log.start(), true),
        };
        state.counts.gaps += u64::from(gap);
        let key = state.add_client(Place {
            after,
            live: false,
            reset,
        });
        let client = Client {
            hub: Arc::clone(self),
            key,
            news: self.news.subscribe(),
        };
        (client, Start { after, gap })
    }

    /// Ends the events of all clients, also of those that connect later.
    pub fn close(&self) {
        self.state().closed = true;
        self.news.send_replace(());
    }

    pub fn last_id(&self) -> Id {
        self.state().log.end()
    }

    pub fn stats(&self) -> Stats {
        let state = self.state();
        let lag = |place: &Place| state.log.lag(place.after);
        let lags = || state.clients.values().map(lag);
        let connections = state.clients.len();
        Stats {
            connections,
            counts: state.counts,
            last_id: state.log.end().to_string(),
            kept: state.log.len(),
            lag_max: lags().max().unwrap_or(0),
            lag_mean: lags().sum::<usize>() as f64 / connections.max(1) as f64,
        }
    }

    /// No change of the state can panic halfway, so a poisoned lock is harmless.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a client starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// It gets the events that follow this one.
    pub after: Id,
    /// It may have missed some before those.
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
            match self.hub.state().next_event(self.key) {
                Ok(Some(event)) => return Some(event),
                Ok(None) => {}
                Err(Ended) => return None,
            }
            // Returns at once if there was news since the last time, so none is missed in between.
            self.news.changed().await.ok()?;
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.hub.state().clients.remove(&self.key);
    }
}

/// A client gets no more events.
struct Ended;

impl State {
    fn add_client(&mut self, place: Place) -> u64 {
        let key = self.next_client;
        self.next_client += 1;
        self.clients.insert(key, place);
        key
    }

    fn next_event(&mut self, client: u64) -> Result<Option<Bytes>, Ended> {
        let place = self
            .clients
            .get_mut(&client)
            .filter(|_| !self.closed)
            .ok_or(Ended)?;
        let Some((id, event)) = self.log.after(place.after) else {
            place.live = true;
            return Ok(None);
        };
        place.after = *id;
        Ok(Some(event.clone()))
    }

    /// Drops clients that are more than `queue` events behind. Called before new events are added,
    /// which no client can have taken yet.
    ///
    /// Not left to when a client takes an event: a client that does not read takes none.
    fn drop_slow_clients(&mut self, queue: usize) {
        let slowest = self.log.behind(queue);
        self.keep_clients(|place| !place.live || place.after >= slowest);
    }

    /// Drops clients for whom the next event is no longer in the log.
    fn drop_clients_that_missed_one(&mut self) {
        let start = self.log.start();
        self.keep_clients(|place| place.after >= start);
    }

    fn keep_clients(&mut self, keep: impl Fn(&Place) -> bool) {
        let before = self.clients.len();
        self.clients.retain(|_, place| {
            let kept = keep(place);
            if !kept {
                place.reset.notify_one();
            }
            kept
        });
        self.counts.dropped += (before - self.clients.len()) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn hub(history: usize, queue: usize) -> Arc<Hub> {
        let limits = Limits {
            history,
            queue,
            shared: true,
        };
        Arc::new(Hub::new(limits, Id::default()))
    }

    fn id(text: &str) -> Id {
        text.parse().expect("an id")
    }

    fn receive(hub: &Hub, ids: &[&str]) {
        hub.receive(ids.iter().map(|text| (id(text), Bytes::new())));
    }

    #[test]
    fn a_client_never_steps_over_events_that_are_forgotten() {
        let hub = hub(3, 3);
        let reset = Reset::default();
        let (mut client, _) = hub.connect(None, Reset::clone(&reset));
        receive(&hub, &["1", "2", "3"]);
        assert!(client.next().now_or_never().flatten().is_some());

        // It has seen 1, and could still get 3 to 5, but 2 is forgotten.
        receive(&hub, &["2", "3", "4", "5"]);
        assert!(reset.notified().now_or_never().is_some());
        assert_eq!(client.next().now_or_never(), Some(None));
        let (_, start) = hub.connect(Some("1"), reset);
        assert_eq!(
            start,
            Start {
                after: id("2"),
                gap: true
            }
        );
    }

    #[test]
    fn a_client_is_not_slow_because_many_events_come_at_once() {
        let hub = hub(9, 1);
        let (mut client, _) = hub.connect(None, Reset::default());
        assert_eq!(client.next().now_or_never(), None);
        receive(&hub, &["1", "2", "3"]);
        assert!(client.next().now_or_never().flatten().is_some());

        receive(&hub, &["4"]);
        assert_eq!(client.next().now_or_never(), Some(None));
    }
}
