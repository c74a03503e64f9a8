//! Samples, interleaved: every contender takes its turn in every round, so that whatever the
//! machine does meanwhile it does to all of them. Time is the processor time of this thread, which
//! on a machine at rest is the time that passes, and on a busy one leaves out what others run.

use std::{fmt, time::Duration};

use cpu_time::ThreadTime;

use crate::allocations;

/// One contender's work on one input.
pub struct Entry {
    pub name: &'static str,
    pub role: Role,
    /// Why it is not timed, if it is not.
    pub flaw: Option<Flaw>,
    /// The work: the whole stream once. Buffers may stay from one run to the next.
    pub once: Box<dyn Fn()>,
    /// The stream twice over in one go; what it allocates beyond `once` is the steady state.
    pub twice: Box<dyn Fn()>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Ours,
    Peer,
    /// Not a contender: what the machine can do.
    Limit,
}

/// Why a contender is not timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The answer is wrong, or there is none.
    Wrong,
    /// There was no answer in time.
    Slow,
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Samples of each contender.
    pub rounds: usize,
    /// The least that one sample takes.
    pub sample: Duration,
    /// What all samples of a slow contender may take: it sits out the rounds that exceed it.
    pub budget: Duration,
    /// How long a contender may take to answer at all.
    pub patience: Duration,
}

impl Effort {
    /// For numbers to be published.
    pub const FULL: Self = Self {
        rounds: 61,
        sample: Duration::from_millis(2),
        budget: Duration::from_millis(300),
        patience: Duration::from_secs(1),
    };

    /// To see that everything runs.
    pub const QUICK: Self = Self {
        rounds: 3,
        sample: Duration::from_micros(100),
        budget: Duration::from_millis(3),
        patience: Duration::from_millis(200),
    };
}

/// What one contender needed for one event.
#[derive(Clone, Debug)]
pub struct Stats {
    /// One sample for each round it took part in, in nanoseconds.
    samples: Vec<f64>,
    /// Allocations in the steady state.
    pub allocations: f64,
    /// The most bytes alive at one time, in one pass over the stream; not an event's share.
    pub peak: usize,
}

impl Stats {
    /// The median of the samples, in nanoseconds.
    pub fn time(&self) -> f64 {
        quantile(self.samples.iter().copied(), 0.5)
    }

    /// Half the distance between the quartiles, as a share of the median.
    pub fn spread(&self) -> f64 {
        let quartile = |share| quantile(self.samples.iter().copied(), share);
        (quartile(0.75) - quartile(0.25)) / 2.0 / self.time()
    }

    /// How many times this one's time `other` takes: the median of the rounds, in each of which
    /// both had the same machine.
    pub fn ratio(&self, other: &Self) -> f64 {
        let rounds = self.samples.iter().zip(&other.samples);
        quantile(rounds.map(|(own, other)| other / own), 0.5)
    }
}

/// The value below which lies this share of `values`; there is at least one.
fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}

/// Measures `entries`, each over `events` events; `None` for those that have a flaw.
pub fn measure(entries: &[Entry], events: usize, effort: Effort) -> Vec<Option<Stats>> {
    let mut turns: Vec<Turn> = entries
        .iter()
        .map(|entry| Turn::new(entry, effort))
        .collect();
    for round in 0..effort.rounds {
        for turn in turns.iter_mut().filter(|turn| round < turn.rounds) {
            turn.sample();
        }
    }
    turns
        .into_iter()
        .map(|turn| turn.stats(events as f64))
        .collect()
}

struct Turn<'a> {
    entry: &'a Entry,
    /// None at all for one that has a flaw.
    rounds: usize,
    /// The most bytes alive in the very first pass, when no buffer has grown yet.
    peak: usize,
    /// Passes over the stream in one sample.
    passes: u32,
    /// Seconds a pass.
    samples: Vec<f64>,
}

impl<'a> Turn<'a> {
    fn new(entry: &'a Entry, effort: Effort) -> Self {
        let mut turn = Self {
            entry,
            rounds: 0,
            peak: 0,
            passes: 1,
            samples: Vec::new(),
        };
        if entry.flaw.is_none() {
            turn.peak = allocations::count(&entry.once).peak;
            let pass = turn.warm_up(effort.sample);
            turn.passes = 1 + (effort.sample.as_secs_f64() / pass) as u32;
            let affordable = effort.budget.as_secs_f64() / (pass * f64::from(turn.passes));
            turn.rounds = (affordable as usize).clamp(3, effort.rounds);
        }
        turn
    }

    /// Runs for as long as a sample takes, at least once, and says what a pass takes.
    fn warm_up(&self, sample: Duration) -> f64 {
        let start = ThreadTime::now();
        let mut passes = 0;
        loop {
            (self.entry.once)();
            passes += 1;
            if start.elapsed() >= sample {
                return start.elapsed().as_secs_f64() / f64::from(passes);
            }
        }
    }

    fn sample(&mut self) {
        let start = ThreadTime::now();
        for _ in 0..self.passes {
            (self.entry.once)();
        }
        self.samples
            .push(start.elapsed().as_secs_f64() / f64::from(self.passes));
    }

    fn stats(self, events: f64) -> Option<Stats> {
        if self.samples.is_empty() {
            return None;
        }
        // Its buffers have yet to grow.
        (self.entry.twice)();
        let once = allocations::count(&self.entry.once).calls;
        let twice = allocations::count(&self.entry.twice).calls;
        Some(Stats {
            samples: self
                .samples
                .iter()
                .map(|seconds| seconds * 1e9 / events)
                .collect(),
            allocations: twice.saturating_sub(once) as f64 / events,
            peak: self.peak,
        })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name, role, flaw, ..
        } = self;
        f.debug_struct("Entry")
            .field("name", name)
            .field("role", role)
            .field("flaw", flaw)
            .finish_non_exhaustive()
    }
}
