//! `cargo run --release -- [--quick] [--rounds N] [--filter key=value,...] [--json FILE]`

use std::{env, fs, process::ExitCode};

use sse_wire_benches::{
    allocations::Counting,
    decode, encode, limits,
    measure::{Effort, Entry, measure},
    report::{self, Row},
    stream,
    workload::{self, Chunking, Workload},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const USAGE: &str = "\
usage: sse-wire-benches [--quick] [--rounds N] [--filter KEY=VALUE,...] [--json FILE]

  --quick       a test run of some seconds; its numbers mean nothing
  --rounds N    samples of each contender
  --filter      only what matches, keys: kind (decode, encode, stream, body, limits), workload, chunk, contender;
                a key that is given twice takes either value
  --json FILE   everything, unrounded";

fn main() -> ExitCode {
    let arguments = match Arguments::parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", report::heading());
    let mut rows = Vec::new();
    for (kind, run) in [
        ("decode", decode_rows as Run),
        ("encode", encode_rows),
        ("stream", stream_rows),
        ("body", body_rows),
        ("limits", limit_rows),
    ] {
        if arguments.wants("kind", kind) {
            run(&arguments, &mut rows);
            println!("{}", report::tables(kind, &rows));
        }
    }
    if let Some(file) = &arguments.json {
        fs::write(file, format!("{:#}\n", report::json(&rows))).expect("the file can be written");
    }
    let results = || {
        rows.iter()
            .flat_map(|row| row.results.iter().map(move |result| (row, result)))
    };
    for (row, result) in results().filter(|(_, result)| result.disgraces()) {
        eprintln!(
            "{} fails on {} {} {}",
            result.name, row.kind, row.workload, row.chunking
        );
    }
    ExitCode::from(u8::from(results().any(|(_, result)| result.disgraces())))
}

type Run = fn(&Arguments, &mut Vec<Row>);

fn decode_rows(arguments: &Arguments, rows: &mut Vec<Row>) {
    for workload in arguments.workloads(&workload::NAMES) {
        for chunking in Chunking::ALL {
            decode_row(
                "decode",
                &decode::CONTENDERS,
                &workload,
                chunking,
                arguments,
                rows,
            );
        }
    }
}

fn decode_row(
    kind: &'static str,
    contenders: &[decode::Contender],
    workload: &Workload,
    chunking: Chunking,
    arguments: &Arguments,
    rows: &mut Vec<Row>,
) {
    let chunk = chunking.to_string();
    if arguments.wants("chunk", &chunk) {
        let input = workload.cut(chunking);
        let entries = contenders
            .iter()
            .filter(|contender| arguments.wants("contender", contender.name))
            .map(|contender| contender.entry(workload, &input, arguments.effort.patience))
            .collect();
        rows.push(row(kind, workload, chunk, entries, arguments.effort));
    }
}

fn encode_rows(arguments: &Arguments, rows: &mut Vec<Row>) {
    for workload in arguments.workloads(&encode::NAMES) {
        let limit = Some(encode::limit(&workload));
        encode_row(
            "encode",
            &encode::CONTENDERS,
            &workload,
            limit,
            arguments,
            rows,
        );
    }
}

fn stream_rows(arguments: &Arguments, rows: &mut Vec<Row>) {
    for workload in arguments.workloads(&stream::NAMES) {
        for chunking in stream::CHUNKINGS {
            decode_row(
                "stream",
                &stream::DECODERS,
                &workload,
                chunking,
                arguments,
                rows,
            );
        }
    }
}

fn body_rows(arguments: &Arguments, rows: &mut Vec<Row>) {
    for workload in arguments.workloads(&stream::NAMES) {
        encode_row("body", &stream::ENCODERS, &workload, None, arguments, rows);
    }
}

fn encode_row(
    kind: &'static str,
    contenders: &[encode::Contender],
    workload: &Workload,
    limit: Option<Entry>,
    arguments: &Arguments,
    rows: &mut Vec<Row>,
) {
    let entries = contenders
        .iter()
        .filter(|contender| arguments.wants("contender", contender.name))
        .map(|contender| contender.entry(workload))
        .chain(limit)
        .collect();
    rows.push(row(
        kind,
        workload,
        String::new(),
        entries,
        arguments.effort,
    ));
}

fn limit_rows(arguments: &Arguments, rows: &mut Vec<Row>) {
    for workload in arguments.workloads(&workload::NAMES) {
        let entries = limits::entries(&workload);
        rows.push(row(
            "limits",
            &workload,
            String::new(),
            entries,
            arguments.effort,
        ));
    }
}

fn row(
    kind: &'static str,
    workload: &Workload,
    chunking: String,
    entries: Vec<Entry>,
    effort: Effort,
) -> Row {
    eprintln!("{kind} {} {chunking}", workload.name);
    let events = workload.events.len();
    let stats = measure(&entries, events, effort);
    let results = entries.iter().zip(stats);
    let results = results
        .map(|(entry, stats)| report::Result::new(entry, stats))
        .collect();
    Row {
        kind,
        workload: workload.name,
        chunking,
        events,
        bytes: workload.bytes.len(),
        results,
    }
}

struct Arguments {
    effort: Effort,
    /// Key and value; a key that is not here matches everything.
    filters: Vec<(String, String)>,
    json: Option<String>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self {
            effort: Effort::FULL,
            filters: Vec::new(),
            json: None,
        };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => arguments.effort = Effort::QUICK,
                "--rounds" => {
                    arguments.effort.rounds = value()?.parse().map_err(|_| "--rounds: a number")?;
                }
                "--json" => arguments.json = Some(value()?),
                "--filter" => {
                    for filter in value()?.split(',') {
                        let filter = filter.split_once('=').ok_or("--filter: key=value")?;
                        arguments.filters.push((filter.0.into(), filter.1.into()));
                    }
                }
                _ => return Err(format!("{word}: unknown")),
            }
        }
        Ok(arguments)
    }

    fn wants(&self, key: &str, value: &str) -> bool {
        let mut wanted = self
            .filters
            .iter()
            .filter(|filter| filter.0 == key)
            .peekable();
        wanted.peek().is_none() || wanted.any(|filter| filter.1 == value)
    }

    fn workloads(&self, names: &[&'static str]) -> impl Iterator<Item = Workload> {
        let names = names.iter().filter(|name| self.wants("workload", name));
        names.map(|name| Workload::new(name, workload::SIZE))
    }
}
