//! `count ROW PASSES`: runs one row over and over with nothing else around, for callgrind.

use std::env;

use sse_wire_benches::{
    decode,
    encode::{self, Source},
    stream,
    workload::{self, Chunking, Workload},
};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [row, passes] = &arguments[..] else {
        panic!("usage: count ROW PASSES, as in guard.json")
    };
    let passes: usize = passes.parse().expect("a number of passes");
    let events = match &row.split(' ').collect::<Vec<_>>()[..] {
        ["decode", workload, chunk] => decode_row(&decode::CONTENDERS[0], workload, chunk, passes),
        ["lent", workload, chunk] => decode_row(&stream::DECODERS[1], workload, chunk, passes),
        ["owned", workload, chunk] => decode_row(&stream::DECODERS[2], workload, chunk, passes),
        ["encode", workload] => encode_row(&encode::CONTENDERS[0], workload, passes),
        ["body", workload] => encode_row(&stream::ENCODERS[0], workload, passes),
        _ => panic!("no such row"),
    };
    println!("{events}");
}

/// Says how many events a pass has.
fn decode_row(contender: &decode::Contender, workload: &str, chunk: &str, passes: usize) -> usize {
    let workload = Workload::new(workload, workload::SIZE);
    let chunking = Chunking::ALL
        .into_iter()
        .find(|known| known.to_string() == chunk);
    let input = workload.cut(chunking.expect("a chunking's name"));
    for _ in 0..passes {
        (contender.touch)(&input);
    }
    workload.events.len()
}

fn encode_row(contender: &encode::Contender, workload: &str, passes: usize) -> usize {
    let workload = Workload::new(workload, workload::SIZE);
    let pass = (contender.work)(Source::new(&workload.events));
    (0..passes).for_each(|_| pass());
    workload.events.len()
}
