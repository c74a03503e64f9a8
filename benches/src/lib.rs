//! Measures `sse-wire` and its peers: the same bytes, one process, results checked first.
//!
//! Top down: [`measure`] takes the samples, of [`decode`], [`encode`], [`stream`] and [`limits`],
//! which run on the streams of [`workload`]; [`report`] prints the results. See the README for the
//! method.

pub mod allocations;
pub mod decode;
pub mod encode;
pub mod limits;
pub mod measure;
pub mod report;
pub mod stream;
pub mod workload;
