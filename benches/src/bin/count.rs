//! `count ROW PASSES`: runs one row over and over with nothing else around, for callgrind.

use std::env;

use sse_wire_benches::{
    decode,
    encode::{self, Source},
    workload::{self, Chunking, Workload},
};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [row, passes] = &arguments[..] else {
        panic!("usage: count ROW PASSES, as in guard.json")
    };
    let passes: usize = passes.parse().expect("a number of passes");
    let events = match &row.split(' ').collect::<Vec<_>>()[..] {
        ["decode", workload, chunk] => decode_row(workload, chunk, passes),
        ["encode", workload] => encode_row(workload, passes),
        _ => panic!("a row is `decode WORKLOAD CHUNK` or `encode WORKLOAD`"),
    };
    println!("{events}");
}

/// Says how many events a pass has.
fn decode_row(workload: &str, chunk: &str, passes: usize) -> usize {
    let workload = Workload::new(workload, workload::SIZE);
    let chunking = Chunking::ALL
        .into_iter()
        .find(|known| known.to_string() == chunk);
    let input = workload.cut(chunking.expect("a chunking's name"));
    for _ in 0..passes {
        (decode::CONTENDERS[0].touch)(&input);
    }
    workload.events.len()
}

fn encode_row(workload: &str, passes: usize) -> usize {
    let workload = Workload::new(workload, workload::SIZE);
    let pass = (encode::CONTENDERS[0].work)(Source::new(&workload.events));
    (0..passes).for_each(|_| pass());
    workload.events.len()
}
