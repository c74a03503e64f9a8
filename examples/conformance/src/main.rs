//! Runs a program that decodes event streams on the vectors.

use std::{ffi::OsString, process::ExitCode, time::Duration};

use sse_wire_conformance::{chunking::Chunking, program::Program, report::Report};
use sse_wire_testing::{Vector, vectors};

const USAGE: &str = "\
Runs a program that decodes event streams on conformance vectors.

usage: conformance [options] program [arguments]

  --filter TEXT      only vectors whose name, theme or rule has TEXT in it; repeated: any of them
  --chunking NAMES   whole, bytes, cuts, halves; several with commas (default: all)
  --timeout SECONDS  for the program to decode one stream, else it has crashed (default: 5)
  --json             print JSON

The program speaks the protocol of docs/protocol.md. The exit code is 1 if a rule is broken, 2 if
the program cannot be run.";

fn main() -> ExitCode {
    match Options::parse(std::env::args_os().skip(1)).and_then(|options| options.run()) {
        Ok(report) if report.has_failures() => ExitCode::from(1),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

struct Options {
    filters: Vec<String>,
    chunkings: Vec<Chunking>,
    timeout: Duration,
    json: bool,
    command: Vec<OsString>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self {
            filters: Vec::new(),
            chunkings: Chunking::ALL.to_vec(),
            timeout: Duration::from_secs(5),
            json: false,
            command: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next().and_then(|value| value.into_string().ok());
                value.ok_or_else(|| format!("{} needs a value", argument.display()))
            };
            match argument.to_str() {
                Some("--filter") => options.filters.push(value()?),
                Some("--chunking") => {
                    options.chunkings = value()?
                        .split(',')
                        .map(str::parse)
                        .collect::<Result<_, _>>()?;
                }
                Some("--timeout") => options.timeout = seconds(&value()?)?,
                Some("--json") => options.json = true,
                Some(option) if option.starts_with('-') => return Err(USAGE.to_owned()),
                _ => {
                    options.command = [argument].into_iter().chain(arguments).collect();
                    return Ok(options);
                }
            }
        }
        Err(USAGE.to_owned())
    }

    fn run(&self) -> Result<Report, String> {
        let vectors: Vec<_> = vectors()
            .iter()
            .filter(|vector| self.wants(vector))
            .collect();
        if vectors.is_empty() {
            return Err("no vector passes the filter".to_owned());
        }
        let mut program =
            Program::start(&self.command, self.timeout).map_err(|crash| crash.to_string())?;
        let report = Report::of(&mut program, &vectors, &self.chunkings);
        if self.json {
            println!(
                "{}",
                serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?
            );
        } else {
            print!("{report}");
        }
        Ok(report)
    }

    fn wants(&self, vector: &Vector) -> bool {
        let matches = |filter: &String| {
            vector.name.contains(filter) || vector.theme == filter || vector.rules.contains(filter)
        };
        self.filters.is_empty() || self.filters.iter().any(matches)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok();
    let timeout = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    timeout.ok_or_else(|| format!("{text:?} is no number of seconds"))
}
