//! Shows that the codec's time is linear in its input, for any input and any chunks.
//!
//!     cargo run --release
//!
//! Time itself proves nothing on a shared machine, so callgrind counts instructions. Each row runs in
//! its own processes on n, 2n and 4n bytes: 2n must cost twice as much as n, and 4n four times as
//! much, give or take 10 %. The last column is the cost of a byte.

use sse_wire::check::Checker;
use sse_wire::{Decoder, Encoder};
use std::env;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::thread;

/// How far a ratio may be from that of linear time.
const TOLERANCE: f64 = 0.1;

struct Row {
    name: &'static str,
    n: usize,
    /// The input begins with `start`, and then repeats `piece`.
    start: &'static [u8],
    piece: &'static [u8],
    run: fn(&[u8]),
}

const K: usize = 1024;
const M: usize = 1024 * K;

/// Bytes in a chunk, if all of the input is one chunk.
const ALL: usize = usize::MAX;

#[rustfmt::skip] // A table.
const ROWS: &[Row] = &[
    row("data without end, 1 byte a chunk", 16 * K, b"data: ", b"x", decode::<1>),
    row("data without end, 64 bytes a chunk", 256 * K, b"data: ", b"x", decode::<64>),
    row("data without end, 1 KiB a chunk", 3 * M, b"data: ", b"x", decode::<1024>),
    row("id without end, 1 byte a chunk", 16 * K, b"id: ", b"x", decode::<1>),
    row("event type without end, 64 bytes a chunk", 256 * K, b"event: ", b"x", decode::<64>),
    row("retry without end, 1 byte a chunk", 16 * K, b"retry: ", b"7", decode::<1>),
    row("comment without end, 1 byte a chunk", 16 * K, b":", b"x", decode::<1>),
    row("unknown field without end, 1 byte a chunk", 16 * K, b"", b"x", decode::<1>),
    row("data over the limit, 1 byte a chunk", 16 * K, b"data: ", b"x", over_the_limit::<1>),
    // 4n is a million of them.
    row("a million lines of data, 1 chunk", 1_500_000, b"", b"data:\n", decode::<ALL>),
    row("lines of data, 64 bytes a chunk", 256 * K, b"", b"data: 1\n", decode::<64>),
    row("ids in one block, 1 chunk", 256 * K, b"", b"id: 12345\n", decode::<ALL>),
    row("CR only, 1 chunk", 256 * K, b"", b"\r", decode::<ALL>),
    row("CR only, 1 byte a chunk", 16 * K, b"", b"\r", decode::<1>),
    row("comments only, 1 chunk", 256 * K, b"", b": ping\n\n", decode::<ALL>),
    row("comments only, 1 byte a chunk", 16 * K, b"", b": ping\n\n", decode::<1>),
    // Smaller copies take other instructions.
    row("invalid bytes only, 1 chunk", 2 * M, b"", b"\xFF", decode::<ALL>),
    row("invalid bytes only, 1 byte a chunk", 16 * K, b"", b"\xFF", decode::<1>),
    row("a line of invalid data, 64 bytes a chunk", 256 * K, b"data: ", b"\xFF", decode::<64>),
    row("events of invalid data, 1 chunk", 256 * K, b"", b"data: \xFF\n\n", decode::<ALL>),
    row("events, one a feed of all the rest", 256 * K, b"", b"data: 12345\n\n", one_a_feed),
    row("invalid events, one a feed", 256 * K, b"", b"data: \xFF\n\n", one_a_feed),
    row("encode line ends, at once", 256 * K, b"", b"\n", encode::<ALL>),
    row("encode CR, 1 byte a piece", 16 * K, b"", b"\r", encode::<1>),
    row("encode text, 1 byte a piece", 16 * K, b"", b"x", encode::<1>),
    row("encode a comment that waits for data's end", 256 * K, b"", b"\n", encode_comment),
    row("check events, 1 chunk", 256 * K, b"", b"event: a\nid: 1\ndata: {}\n\n", check::<ALL>),
    row("check a line of data, 1 byte a chunk", 16 * K, b"data: ", b"x", check::<1>),
    row("check a line of data, 64 bytes a chunk", M, b"data: ", b"x", check::<64>),
    row("check a line of invalid data, 1 chunk", 256 * K, b"data: ", b"\xFF", check::<ALL>),
    row("check a line of byte order marks, 1 chunk", 256 * K, b"data: ", b"\xEF\xBB\xBF", check::<ALL>),
    row("check a line of literal line ends, 1 chunk", 256 * K, b"data: ", b"\\n\\nx", check::<ALL>),
    row("check a line of backslashes, 1 chunk", 256 * K, b"data: ", b"\\", check::<ALL>),
    row("check a line of JSON, 1 chunk", 256 * K, b"data: [", b"\"\\\"\",", check::<ALL>),
    row("check lines after half a JSON text, 1 chunk", 256 * K, b"data: [\"", b"x\n", check::<ALL>),
    row("check half JSON texts, 1 chunk", 256 * K, b"", b"data: [\"\nx\n", check::<ALL>),
    row("check ignored lines, 1 chunk", 256 * K, b"", b"Data: x\n x\n", check::<ALL>),
    row("check ids in one block, 1 chunk", 256 * K, b"", b"id: 1\nid: 2\n", check::<ALL>),
    row("check words with and without a space, 1 chunk", 256 * K, b"", b"data:a\n\ndata: b\n\n", check::<ALL>),
    row("check halves of JSON texts, 1 chunk", 256 * K, b"", b"data: [\"\n\n", check::<ALL>),
    row("check lines of another protocol, 1 chunk", 256 * K, b"", b"12:00 x\n", check::<ALL>),
    row("check a line of separators in data, 1 chunk", 256 * K, b"data: ", b"\xE2\x80\xA8\0", check::<ALL>),
    row("check CR only, 1 byte a chunk", 16 * K, b"", b"\r", check::<1>),
];

const fn row(
    name: &'static str,
    n: usize,
    start: &'static [u8],
    piece: &'static [u8],
    run: fn(&[u8]),
) -> Row {
    Row {
        name,
        n,
        start,
        piece,
        run,
    }
}

fn main() -> ExitCode {
    if let [_, name, length] = &env::args().collect::<Vec<_>>()[..] {
        let row = ROWS
            .iter()
            .find(|row| row.name == name)
            .expect("the name of a row");
        counted(
            row.run,
            &row.input(length.parse().expect("a number of bytes")),
        );
        return ExitCode::SUCCESS;
    }
    println!(
        "{:44} {:>9} {:>7} {:>7} {:>9}",
        "instructions for", "n bytes", "2n", "4n", "a byte"
    );
    let linear: Vec<bool> = ROWS.iter().map(Row::is_linear).collect();
    if linear.contains(&false) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

impl Row {
    fn input(&self, length: usize) -> Vec<u8> {
        self.start
            .iter()
            .chain(self.piece.iter().cycle())
            .copied()
            .take(length)
            .collect()
    }

    /// Prints the row, too.
    fn is_linear(&self) -> bool {
        let [once, twice, four_times] = thread::scope(|scope| {
            [self.n, 2 * self.n, 4 * self.n]
                .map(|length| scope.spawn(move || instructions(self.name, length)))
                .map(|count| count.join().expect("a count"))
        });
        let is = |ratio: f64, expected: f64| (ratio / expected - 1.0).abs() <= TOLERANCE;
        let linear = is(twice / once, 2.0) && is(four_times / once, 4.0);
        println!(
            "{:44} {once:>9} x{:>6.3} x{:>6.3} {:>9.2}{}",
            self.name,
            twice / once,
            four_times / once,
            once / self.n as f64,
            if linear { "" } else { "  NOT LINEAR" },
        );
        linear
    }
}

fn instructions(row: &str, length: usize) -> f64 {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=linear::counted")
        .arg(env::current_exe().expect("this program"))
        .args([row, &length.to_string()])
        .output()
        .expect("valgrind is installed");
    let report = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{report}");
    let collected = report
        .rsplit_once("Collected : ")
        .expect("what callgrind has collected")
        .1;
    let collected = collected
        .split_whitespace()
        .next()
        .and_then(|count| count.parse().ok());
    collected
        .filter(|&count| count > 0.0)
        .expect("a number of instructions")
}

/// Callgrind counts only what this calls.
#[inline(never)]
fn counted(run: fn(&[u8]), input: &[u8]) {
    run(black_box(input));
}

fn decode<const SIZE: usize>(stream: &[u8]) {
    decode_with(Decoder::new(), stream.chunks(SIZE));
}

fn over_the_limit<const SIZE: usize>(stream: &[u8]) {
    decode_with(
        Decoder::new().with_max_event_size(1000),
        stream.chunks(SIZE),
    );
}

/// Asks for all frames, so that comments are kept, too.
fn decode_with<'a>(mut decoder: Decoder, chunks: impl Iterator<Item = &'a [u8]>) {
    for chunk in chunks {
        let mut feed = decoder.feed(chunk);
        while black_box(feed.next_frame()).is_some() {}
    }
    let _ = black_box(decoder.finish());
}

fn one_a_feed(mut rest: &[u8]) {
    let mut decoder = Decoder::new();
    loop {
        let mut feed = decoder.feed(rest);
        match black_box(feed.next_event()) {
            Some(Ok(_)) => rest = feed.remaining(),
            _ => return,
        }
    }
}

/// Finds every diagnostic, though the checker returns only some of each kind.
fn check<const SIZE: usize>(stream: &[u8]) {
    let mut checker = Checker::new().with_style(true);
    for chunk in stream.chunks(SIZE).chain([&b"\n\n"[..]]) {
        checker.feed(chunk).for_each(|found| drop(black_box(found)));
    }
    checker.finish().for_each(|found| drop(black_box(found)));
}

fn encode<const SIZE: usize>(text: &[u8]) {
    let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    for piece in text.chunks(SIZE) {
        encoder.data(str::from_utf8(piece).expect("ASCII"), &mut buf);
    }
    encoder.end(&mut buf);
    black_box(buf);
}

fn encode_comment(text: &[u8]) {
    let (mut encoder, mut buf) = (Encoder::new(), Vec::new());
    encoder.data("", &mut buf);
    encoder.comment(str::from_utf8(text).expect("ASCII"), &mut buf);
    encoder.end(&mut buf);
    black_box(buf);
}
