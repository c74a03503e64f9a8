//! Holds programs that decode event streams against the conformance vectors of `sse-wire`.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`protocol`] | the lines that runner and program exchange, as `docs/protocol.md` has them |
//! | [`adapter`] | the program's side of it: a trait to implement, and `serve` to call |
//! | [`program`] | the runner's side: start a program, ask it, notice when it dies or hangs |
//! | [`chunking`] | the ways to cut a stream |
//! | [`judge`] | what the program answered beside what the vector demands |
//! | [`report`] | the outcome for every vector, for people and for programs |

pub mod adapter;
pub mod chunking;
pub mod judge;
pub mod program;
pub mod protocol;
pub mod report;
