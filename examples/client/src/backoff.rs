//! When to reconnect.

use std::time::Duration;

/// The specification leaves this to the client: "a few seconds" (9.2.2).
const UNTIL_THE_SERVER_SAYS: Duration = Duration::from_secs(3);

/// So that a server that says `retry: 0` is not asked without a pause.
const SHORTEST: Duration = Duration::from_millis(100);

/// How long to wait before reconnecting.
///
/// At least the reconnection time, and twice as long after each connection in a row that has
/// brought no event, up to the longest. A random part is added, so that the clients of a server
/// that restarts do not all come back at the same moment.
#[derive(Clone, Debug)]
pub struct Backoff {
    longest: Duration,
    in_vain: u32,
}

impl Backoff {
    pub const fn new(longest: Duration) -> Self {
        Self {
            longest,
            in_vain: 0,
        }
    }

    /// A connection has brought an event.
    pub const fn reset(&mut self) {
        self.in_vain = 0;
    }

    /// The wait before the next connection. `retry` comes from the server, and may be anything.
    pub fn next(&mut self, retry: Option<Duration>) -> Duration {
        let wait = retry
            .unwrap_or(UNTIL_THE_SERVER_SAYS)
            .max(SHORTEST)
            .saturating_mul(1 << self.in_vain.min(16))
            .min(self.longest);
        self.in_vain += 1;
        wait + wait.mul_f64(fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(60);

    #[test]
    fn waits_the_reconnection_time_within_bounds_and_up_to_half_of_it_more() {
        for (retry, least) in [
            (Some(Duration::from_secs(2)), Duration::from_secs(2)),
            (None, UNTIL_THE_SERVER_SAYS),
            (Some(Duration::ZERO), SHORTEST),
            (Some(Duration::MAX), LONGEST),
        ] {
            let waits: Vec<_> = (0..100)
                .map(|_| Backoff::new(LONGEST).next(retry))
                .collect();
            let most = least.mul_f64(1.5);
            assert!(waits.iter().all(|wait| (least..=most).contains(wait)));
            assert!(waits.iter().any(|&wait| wait != waits[0]));
        }
    }

    #[test]
    fn doubles_up_to_the_longest_until_a_connection_is_of_use() {
        let mut backoff = Backoff::new(LONGEST);
        for least in [3, 6, 12, 24, 48, 60, 60].map(Duration::from_secs) {
            assert!(backoff.next(None) >= least);
        }
        for _ in 0..100 {
            assert!(backoff.next(None) <= LONGEST.mul_f64(1.5));
        }
        backoff.reset();
        assert!(backoff.next(None) < Duration::from_secs(5));
    }
}
