//! The program's side of the protocol, for decoders written in Rust.

use std::io::{self, BufRead, Write};

use serde::Serialize;

use crate::protocol::{Answer, Hello, Request};

/// A decoder under test, and its current stream.
pub trait Adapter: Sized {
    /// Says what the decoder is and shows.
    fn hello() -> Hello;
    /// Begins a stream. The last event ID is empty unless [`Hello`] announces `resume`.
    fn open(last_event_id: &str) -> Self;
    /// Decodes the next bytes.
    fn feed(&mut self, chunk: &[u8]) -> Answer;
    /// Ends the stream.
    fn end(self) -> Answer;
}

/// Answers the runner until it has no more questions. A panic ends the program, as the runner
/// expects.
///
/// # Errors
///
/// Errors of standard input and output, and lines that are not requests.
pub fn serve<A: Adapter>() -> io::Result<()> {
    let mut output = io::stdout().lock();
    write_line(&mut output, &A::hello())?;
    let mut adapter = None;
    for line in io::stdin().lock().lines() {
        let answer = match (serde_json::from_str(&line?)?, &mut adapter) {
            (Request::Open { last_event_id }, adapter) => {
                *adapter = Some(A::open(&last_event_id));
                Answer::default()
            }
            (Request::Feed(chunk), Some(adapter)) => adapter.feed(&chunk.0),
            (Request::End {}, Some(_)) => adapter.take().map(A::end).unwrap_or_default(),
            (_, None) => return Err(io::Error::other("no stream is open")),
        };
        write_line(&mut output, &answer)?;
    }
    Ok(())
}

/// Writes a line and flushes it: the runner waits for it.
pub(crate) fn write_line(output: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(line)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

/// The version of a package that this one is built with, from its lock file.
///
/// # Panics
///
/// There is no such package in it.
#[must_use]
pub fn locked_version(package: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let (_, entry) = lock
        .split_once(&format!("name = \"{package}\"\nversion = \""))
        .unwrap_or_else(|| panic!("{package} is not in Cargo.lock"));
    entry.chars().take_while(|&digit| digit != '"').collect()
}
