//! The ways to cut a stream, which must all give the same.

use std::{fmt, iter::once, str::FromStr};

use sse_wire_testing::Vector;

/// A way to cut a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunking {
    /// One chunk.
    Whole,
    /// After every byte.
    Bytes,
    /// At the vector's `cuts`.
    Cuts,
    /// In two, at every offset: one stream for each offset.
    Halves,
}

impl Chunking {
    /// All of them, the simplest first.
    pub const ALL: [Self; 4] = [Self::Whole, Self::Bytes, Self::Cuts, Self::Halves];

    /// The streams to feed, each a list of chunks.
    pub fn streams(self, vector: &Vector) -> Vec<Vec<&[u8]>> {
        let input = &vector.input[..];
        match self {
            Self::Whole => vec![cut(input, &[])],
            Self::Bytes => vec![input.chunks(1).collect()],
            Self::Cuts if vector.cuts.is_empty() => Vec::new(),
            Self::Cuts => vec![cut(input, &vector.cuts)],
            Self::Halves => (1..input.len()).map(|at| cut(input, &[at])).collect(),
        }
    }
}

fn cut<'a>(input: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let starts = once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(once(input.len()));
    starts
        .zip(ends)
        .map(|(start, end)| &input[start..end])
        .collect()
}

impl fmt::Display for Chunking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "whole",
            Self::Bytes => "bytes",
            Self::Cuts => "cuts",
            Self::Halves => "halves",
        })
    }
}

impl FromStr for Chunking {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|chunking| chunking.to_string() == name)
            .ok_or_else(|| format!("no chunking is called {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sse_wire_testing::vectors;

    #[test]
    fn every_stream_is_the_input() {
        for vector in vectors() {
            for chunking in Chunking::ALL {
                for chunks in chunking.streams(vector) {
                    assert_eq!(chunks.concat(), vector.input, "{} {chunking}", vector.name);
                }
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for chunking in Chunking::ALL {
            assert_eq!(chunking.to_string().parse(), Ok(chunking));
        }
        assert!("other".parse::<Chunking>().is_err());
    }
}
