//! Runs programs that decode event streams on the conformance vectors of `sse-wire`.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`protocol`] | the lines that runner and program exchange, as in `docs/protocol.md` |
//! | [`adapter`] | the program's side of it: a trait to implement, and `serve` to call |
//! | [`program`] | the runner's side: start a program, ask it, notice when it dies or hangs |
//! | [`chunking`] | the ways to cut a stream |
//! | [`judge`] | compares the program's answers with what the vector requires |
//! | [`report`] | the outcome for every vector, for people and for programs |

pub mod adapter;
pub mod chunking;
pub mod judge;
pub mod program;
pub mod protocol;
pub mod report;
