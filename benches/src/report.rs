//! The results, as tables to read and as JSON to compute with.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};

use crate::measure::{Entry, Flaw, Role, Stats};

/// One line of a table: all contenders on one input.
#[derive(Debug)]
pub struct Row {
    /// `decode`, `encode`, `stream`, `body` or `limits`.
    pub kind: &'static str,
    pub workload: &'static str,
    /// Empty if nothing is cut.
    pub chunking: String,
    pub events: usize,
    pub bytes: usize,
    pub results: Vec<Result>,
}

/// One contender in one row.
#[derive(Debug)]
pub struct Result {
    pub name: &'static str,
    role: Role,
    flaw: Option<Flaw>,
    stats: Option<Stats>,
}

impl Result {
    pub fn new(entry: &Entry, stats: Option<Stats>) -> Self {
        Self {
            name: entry.name,
            role: entry.role,
            flaw: entry.flaw,
            stats,
        }
    }

    /// Whether this is one of ours with a wrong or missing answer.
    pub fn disgraces(&self) -> bool {
        self.role == Role::Ours && self.flaw.is_some()
    }

    fn time(&self) -> Option<f64> {
        self.stats.as_ref().map(Stats::time)
    }
}

impl Row {
    fn best_peer(&self) -> Option<&Result> {
        let peers = self
            .results
            .iter()
            .filter(|result| result.role == Role::Peer);
        peers.filter(|peer| peer.stats.is_some()).min_by(|a, b| {
            a.time()
                .unwrap_or(f64::INFINITY)
                .total_cmp(&b.time().unwrap_or(f64::INFINITY))
        })
    }

    /// The best peer's time divided by that of `result`, if that is one of ours.
    fn ratio(&self, result: &Result) -> Option<f64> {
        let ours = result
            .stats
            .as_ref()
            .filter(|_| result.role == Role::Ours)?;
        Some(ours.ratio(self.best_peer()?.stats.as_ref()?))
    }
}

/// The versions of the packages in this build, from this package's lock file.
pub fn versions() -> BTreeMap<&'static str, &'static str> {
    let mut lines = include_str!("../Cargo.lock").lines();
    let mut versions = BTreeMap::new();
    while let Some(line) = lines.next() {
        if let Some(name) = value(line, "name = ") {
            versions.extend(
                lines
                    .next()
                    .and_then(|line| Some((name, value(line, "version = ")?))),
            );
        }
    }
    return versions;

    fn value(line: &'static str, key: &str) -> Option<&'static str> {
        line.strip_prefix(key).map(|value| value.trim_matches('"'))
    }
}

/// The packages whose versions matter for the numbers.
const PACKAGES: [&str; 14] = [
    "sse-wire",
    "sse-core",
    "sse-stream",
    "sseer",
    "eventsource-stream",
    "russe",
    "eventsource-client",
    "sse-parse",
    "sse-frame",
    "allama-http",
    "tokio_sse_codec",
    "axum",
    "memchr",
    "simdutf8",
];

/// How the program was built, and from which versions.
pub fn heading() -> String {
    let versions = versions();
    let packages: Vec<String> = PACKAGES
        .iter()
        .map(|name| format!("{name} {}", versions[name]))
        .collect();
    format!(
        "profile `{}`, {}, {}\n{}\n",
        env!("BUILT_AS"),
        env!("BUILT_WITH"),
        processor(),
        packages.join(", ")
    )
}

/// Markdown tables of the rows of one kind: ratios, time, allocations, memory.
pub fn tables(kind: &str, rows: &[Row]) -> String {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.kind == kind).collect();
    let time = |row: &Row, result: &Result, stats: &Stats| {
        let best = row.best_peer().is_some_and(|best| best.name == result.name);
        let mark = if best { "*" } else { "" };
        format!("{mark}{}{mark}", short(stats.time()))
    };
    let times = format!(
        "\n## {kind}: ns an event\n\n{}",
        markdown(&by_contender(&rows, time))
    );
    if kind == "limits" {
        return times;
    }
    let allocations = by_contender(&rows, |_, _, stats| format!("{:.2}", stats.allocations));
    let peaks = by_contender(&rows, |_, _, stats| {
        format!("{:.1}", stats.peak as f64 / 1024.0)
    });
    format!(
        "\n## {kind}: time of the best peer over ours\n\n{}{times}\n\
         ## {kind}: allocations an event, steady state\n\n{}\n\
         ## {kind}: peak memory of one pass, KiB\n\n{}",
        markdown(&ratios(&rows)),
        markdown(&allocations),
        markdown(&peaks),
    )
}

/// A line for each of ours and each chunking, a column for each workload.
fn ratios(rows: &[&Row]) -> Vec<Vec<String>> {
    let mut head = vec![String::new(), "chunk".into()];
    let mut lines: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    let mut chunkings: Vec<&str> = Vec::new();
    for row in rows {
        if head.last().is_none_or(|workload| workload != row.workload) {
            head.push(row.workload.into());
        }
        let known = chunkings
            .iter()
            .position(|chunking| *chunking == row.chunking);
        let chunking = known.unwrap_or_else(|| {
            chunkings.push(&row.chunking);
            chunkings.len() - 1
        });
        let ours = row
            .results
            .iter()
            .filter(|result| result.role == Role::Ours);
        for (index, result) in ours.enumerate() {
            let ratio = row
                .ratio(result)
                .map_or("-".into(), |ratio| format!("{ratio:.2}"));
            let new = || vec![result.name.into(), row.chunking.clone()];
            lines
                .entry((index, chunking))
                .or_insert_with(new)
                .push(ratio);
        }
    }
    [head].into_iter().chain(lines.into_values()).collect()
}

/// A line for each row, a column for each contender.
fn by_contender(rows: &[&Row], cell: impl Fn(&Row, &Result, &Stats) -> String) -> Vec<Vec<String>> {
    let names = rows
        .first()
        .into_iter()
        .flat_map(|row| &row.results)
        .map(|result| result.name);
    let head = ["workload", "chunk"]
        .into_iter()
        .chain(names)
        .map(String::from)
        .collect();
    let lines = rows.iter().map(|row| {
        let place = [row.workload.to_owned(), row.chunking.clone()].into_iter();
        let cells = row
            .results
            .iter()
            .map(|result| match (&result.stats, result.flaw) {
                (Some(stats), _) => cell(row, result, stats),
                (None, Some(Flaw::Slow)) => "slow".into(),
                (None, _) => "-".into(),
            });
        place.chain(cells).collect()
    });
    [head].into_iter().chain(lines).collect()
}

/// The first line is the head; the first two columns say what the others are about.
fn markdown(lines: &[Vec<String>]) -> String {
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].len())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    let rule = widths
        .iter()
        .enumerate()
        .map(|(column, &width)| match column {
            0 | 1 => "-".repeat(width),
            _ => format!("{}:", "-".repeat(width - 1)),
        });
    let rule = rule.collect();
    let mut out = String::new();
    for line in [&lines[0], &rule].into_iter().chain(&lines[1..]) {
        for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 | 1 => write!(out, "| {cell:width$} "),
                _ => write!(out, "| {cell:>width$} "),
            };
        }
        out.push_str("|\n");
    }
    out
}

fn short(time: f64) -> String {
    if time < 100.0 {
        format!("{time:.1}")
    } else {
        format!("{time:.0}")
    }
}

/// Everything, unrounded.
pub fn json(rows: &[Row]) -> Value {
    let versions = versions();
    json!({
        "profile": env!("BUILT_AS"),
        "rustc": env!("BUILT_WITH"),
        "processor": processor(),
        "versions": PACKAGES.map(|name| (name, versions[name])).into_iter()
            .collect::<BTreeMap<_, _>>(),
        "rows": rows.iter().map(json_row).collect::<Vec<_>>(),
    })
}

fn json_row(row: &Row) -> Value {
    json!({
        "kind": row.kind,
        "workload": row.workload,
        "chunking": row.chunking,
        "events": row.events,
        "bytes": row.bytes,
        "best_peer": row.best_peer().map(|peer| peer.name),
        "results": row.results.iter().map(|result| json!({
            "name": result.name,
            "role": match result.role {
                Role::Ours => "ours",
                Role::Peer => "peer",
                Role::Limit => "limit",
            },
            "flaw": result.flaw.map(|flaw| match flaw {
                Flaw::Wrong => "wrong",
                Flaw::Slow => "slow",
            }),
            "ns_per_event": result.time(),
            "spread": result.stats.as_ref().map(Stats::spread),
            "best_peer_ratio": row.ratio(result),
            "allocations_per_event": result.stats.as_ref().map(|stats| stats.allocations),
            "peak_bytes": result.stats.as_ref().map(|stats| stats.peak),
        })).collect::<Vec<_>>(),
    })
}

/// The processor's name, if the system reports it.
fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or("unknown processor", |(_, name)| name)
        .trim()
        .into()
}
