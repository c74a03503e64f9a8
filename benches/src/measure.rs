//! Samples, interleaved: every contender has its turn in every round, so that a disturbance of the
//! machine affects all of them. Time is the processor time of this thread. On a machine at rest
//! that is real time; on a busy one it leaves out other programs.

use std::{fmt, time::Duration};

use cpu_time::ThreadTime;

use crate::allocations;

/// One contender's work on one input.
pub struct Entry {
    pub name: &'static str,
    pub role: Role,
    /// The reason, if it is not timed.
    pub flaw: Option<Flaw>,
    /// The work: the whole stream once. Buffers may stay from one run to the next.
    pub once: Box<dyn Fn()>,
    /// The stream twice in one pass; what it allocates more than `once` is the steady state.
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
    /// The answer is wrong or missing.
    Wrong,
    /// There was no answer in time.
    Slow,
}

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Samples of each contender.
    pub rounds: usize,
    /// The least time of one sample.
    pub sample: Duration,
    /// The most time of all samples of a slow contender: it skips the rounds after that.
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

    /// For a test that everything runs.
    pub const QUICK: Self = Self {
        rounds: 3,
        sample: Duration::from_micros(100),
        budget: Duration::from_millis(3),
        patience: Duration::from_millis(200),
    };
}

/// What one event cost one contender.
#[derive(Clone, Debug)]
pub struct Stats {
    /// One sample for each round it took part in, in nanoseconds.
    samples: Vec<f64>,
    /// Allocations in the steady state.
    pub allocations: f64,
    /// The most bytes alive at one time, in one pass over the stream; not per event.
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

    /// The time of `other`, divided by this one's: the median over the rounds, since within a round
    /// both met the same machine.
    pub fn ratio(&self, other: &Self) -> f64 {
        let rounds = self.samples.iter().zip(&other.samples);
        quantile(rounds.map(|(own, other)| other / own), 0.5)
    }
}

/// The value below which this share of `values` lies; there is at least one.
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
    /// Empty for one that has a flaw.
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

    /// Runs for the time of a sample, at least once. Returns the time of a pass.
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
        // Its buffers have not grown yet.
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
