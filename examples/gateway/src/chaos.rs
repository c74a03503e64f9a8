//! A bad network, at random: what clients have to survive.

use crate::forward::{BoxError, Chunks};
use bytes::{Bytes, BytesMut};
use fastrand::Rng;
use futures_util::stream::{self, StreamExt};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

/// A connection ends after at most this many bytes.
const LONGEST_CONNECTION: usize = 60_000;

/// The most that is sent at once, in bytes.
const LARGEST_PIECE: usize = 9_000;

const LONGEST_DELAY: Duration = Duration::from_millis(20);

/// What happens to one stream. Its bytes stay the same, up to the cut.
#[derive(Debug)]
pub struct Chaos {
    rng: Rng,
    /// Bytes until the cut. It ignores where blocks end, so it nearly always falls inside one.
    left: usize,
    /// Bytes that are not sent yet.
    held: BytesMut,
    /// Resets the connection.
    reset: Arc<Notify>,
}

impl Chaos {
    /// The same seed does the same to the stream with the same number.
    pub fn new(seed: u64, number: u64, reset: Arc<Notify>) -> Self {
        let mut rng = Rng::with_seed(seed ^ number.rotate_left(32));
        Self {
            left: rng.usize(1..=LONGEST_CONNECTION),
            held: BytesMut::new(),
            reset,
            rng,
        }
    }

    pub fn disturb(self, chunks: impl Chunks) -> impl Chunks {
        // Fused, since merging may come upon the end.
        let state = (self, Box::pin(chunks.fuse()));
        stream::unfold(state, async |(mut chaos, mut chunks)| {
            let piece = chaos.next(&mut chunks).await?;
            Some((piece, (chaos, chunks)))
        })
    }

    async fn next(
        &mut self,
        chunks: &mut (impl Chunks + Unpin),
    ) -> Option<Result<Bytes, BoxError>> {
        if self.left == 0 {
            return self.cut().await;
        }
        if self.held.is_empty() {
            match chunks.next().await? {
                Ok(chunk) => self.held.extend_from_slice(&chunk),
                error => return Some(error),
            }
        }
        let delay = LONGEST_DELAY.mul_f64(self.rng.f64());
        match self.rng.u8(..10) {
            0 => sleep(delay).await,
            // Merges, if something comes in time.
            1 => {
                if let Ok(Some(Ok(chunk))) = timeout(delay, chunks.next()).await {
                    self.held.extend_from_slice(&chunk);
                }
            }
            // Lets the connection write the previous piece first, so that the two stay apart.
            _ => yield_now().await,
        }
        let most = self.held.len().min(self.left).min(LARGEST_PIECE);
        let piece = self.held.split_to(self.rng.usize(1..=most));
        self.left -= piece.len();
        Some(Ok(piece.freeze()))
    }

    /// By FIN after the bytes sent, or by RST as if the peer had crashed.
    async fn cut(&mut self) -> Option<Result<Bytes, BoxError>> {
        if self.rng.bool() {
            return Some(Err("cut".into()));
        }
        self.reset.notify_one();
        pending().await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use std::iter;
    use std::pin::pin;

    #[tokio::test]
    async fn the_bytes_stay_what_they_are_up_to_a_cut_that_the_seed_decides() {
        let mut ends = Vec::new();
        for seed in 0..16 {
            let (sent, is_reset) = play(seed).await;
            assert_eq!((&sent, is_reset), (&play(seed).await.0, is_reset));
            assert!(sent.iter().copied().eq((0..=250).cycle().take(sent.len())));
            ends.push((sent.len(), is_reset));
        }
        assert!(ends.iter().any(|&(_, is_reset)| is_reset));
        assert!(ends.iter().any(|&(_, is_reset)| !is_reset));
        assert!(ends.iter().any(|&(len, _)| len != ends[0].0));
    }

    #[tokio::test]
    async fn a_stream_that_ends_before_the_cut_comes_whole() {
        for seed in 0..100 {
            // Unlike most streams, this one panics if it is polled after its end.
            let chunks = stream::unfold(["a", "b", "c", "d"].iter(), async |mut rest| {
                Some((Ok(Bytes::from(*rest.next()?)), rest))
            });
            let chaos = Chaos::new(seed, 0, Arc::default());
            let pieces: Vec<_> = chaos.disturb(chunks).map(Result::unwrap).collect().await;
            assert_eq!(pieces.concat(), b"abcd");
        }
    }

    /// What is sent of an endless stream, and whether a reset ends it.
    async fn play(seed: u64) -> (Vec<u8>, bool) {
        let chunk = Bytes::from_iter((0..=250).cycle().take(251 * 20));
        let endless = stream::iter(iter::repeat_with(move || Ok(chunk.clone())));
        let reset = Arc::new(Notify::new());
        let mut pieces = pin!(Chaos::new(seed, 0, Arc::clone(&reset)).disturb(endless));
        let mut sent = Vec::new();
        loop {
            tokio::select! {
                piece = pieces.next() => match piece.unwrap() {
                    Ok(piece) => sent.extend(piece),
                    Err(_) => return (sent, false),
                },
                () = reset.notified() => return (sent, true),
            }
        }
    }
}
