//! The gateway's statistics.

use hdrhistogram::Histogram;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub struct Stats {
    streams: AtomicU64,
    bytes: AtomicU64,
    /// From a chunk's arrival until it is written to the client's socket, in microseconds.
    latency: Mutex<Histogram<u64>>,
}

impl Default for Stats {
    fn default() -> Self {
        let latency = Histogram::new(3).expect("at most 5 digits");
        Self {
            streams: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            latency: Mutex::new(latency),
        }
    }
}

impl Stats {
    /// Counts a stream. Returns how many were before it.
    pub fn count_stream(&self) -> u64 {
        self.streams.fetch_add(1, Ordering::Relaxed)
    }

    pub fn count_written(&self, bytes: usize, latency: Option<Duration>) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if let Some(latency) = latency {
            let microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            let mut latencies = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
            _ = latencies.record(microseconds);
        }
    }

    pub fn to_json(&self) -> String {
        let latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "streams": self.streams.load(Ordering::Relaxed),
            "bytes_written": self.bytes.load(Ordering::Relaxed),
            "latency_in_microseconds": {
                "count": latency.len(),
                "p50": latency.value_at_quantile(0.5),
                "p99": latency.value_at_quantile(0.99),
                "max": latency.max(),
            },
        })
        .to_string()
    }
}

/// Runs from a chunk's arrival until it is written.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Option<Instant>>>);

impl Clock {
    /// Does nothing if a chunk before this one still waits.
    pub fn start(&self, arrived: Instant) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(arrived);
    }

    pub fn stop(&self) -> Option<Duration> {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        started.map(|started| started.elapsed())
    }
}
