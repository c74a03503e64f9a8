//! The outcome for every vector.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use sse_wire_testing::Vector;

use crate::{
    chunking::Chunking,
    judge::{Outcome, Verdict, applies, judge},
    program::Program,
    protocol::Hello,
};

/// The result of a run. `--json` prints it as JSON.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The program's hello.
    pub program: Hello,
    /// The vectors, in their order.
    pub vectors: Vec<Tried>,
}

/// A vector and its outcome.
#[derive(Debug, Serialize)]
pub struct Tried {
    /// The vector's name.
    pub name: String,
    /// What it is about: the name of its file.
    pub theme: &'static str,
    /// The rules that decide.
    pub rules: Vec<String>,
    /// The worst outcome among its chunkings.
    pub outcome: Outcome,
    /// The first chunking with that outcome, if something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunking: Option<String>,
    /// What is wrong.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Report {
    /// Runs a program on vectors, each in all these chunkings.
    #[must_use]
    pub fn of(program: &mut Program, vectors: &[&Vector], chunkings: &[Chunking]) -> Self {
        Self {
            vectors: vectors
                .iter()
                .map(|vector| Tried::of(program, vector, chunkings))
                .collect(),
            program: program.hello().clone(),
        }
    }

    /// Whether something is wrong.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.vectors
            .iter()
            .any(|tried| tried.outcome > Outcome::NotShown)
    }

    fn count(&self, theme: Option<&str>, outcome: Outcome) -> usize {
        let counts = |tried: &&Tried| {
            tried.outcome == outcome && theme.is_none_or(|theme| tried.theme == theme)
        };
        self.vectors.iter().filter(counts).count()
    }
}

impl Tried {
    fn of(program: &mut Program, vector: &Vector, chunkings: &[Chunking]) -> Self {
        let mut tried = Self {
            name: vector.name.clone(),
            theme: vector.theme,
            rules: vector.rules.clone(),
            outcome: Outcome::Passed,
            chunking: None,
            reason: String::new(),
        };
        if !applies(vector, program.hello()) {
            tried.outcome = Outcome::NotShown;
            return tried;
        }
        for &chunking in chunkings {
            for chunks in chunking.streams(vector) {
                let verdict = match program.decode(&vector.initial_last_event_id, &chunks) {
                    Ok(transcript) => judge(vector, program.hello(), &transcript),
                    Err(crash) => Verdict {
                        outcome: Outcome::Crashed,
                        reason: crash.to_string(),
                    },
                };
                tried.take_if_worse(chunking, &chunks, verdict);
                // The outcome cannot get worse, and starting a program again and again takes long.
                if tried.outcome == Outcome::Crashed {
                    return tried;
                }
            }
        }
        tried
    }

    fn take_if_worse(&mut self, chunking: Chunking, chunks: &[&[u8]], verdict: Verdict) {
        if verdict.outcome <= self.outcome {
            return;
        }
        self.outcome = verdict.outcome;
        self.chunking = (!verdict.reason.is_empty()).then(|| match (chunking, chunks) {
            (Chunking::Halves, [first, ..]) => format!("{chunking} at {}", first.len()),
            _ => chunking.to_string(),
        });
        self.reason = verdict.reason;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hello {
            name,
            version,
            shows,
            ..
        } = &self.program;
        writeln!(f, "{name} {version} shows {shows:?}\n")?;
        self.fmt_table(f)?;
        for outcome in Outcome::FAILURES {
            let tried: Vec<_> = self
                .vectors
                .iter()
                .filter(|tried| tried.outcome == outcome)
                .collect();
            if !tried.is_empty() {
                writeln!(f, "\n{outcome} ({})", tried.len())?;
            }
            for Tried {
                name,
                rules,
                chunking,
                reason,
                ..
            } in tried
            {
                let chunking = chunking.as_deref().unwrap_or_default();
                writeln!(f, "  {name} [{}] {chunking}: {reason}", rules.join(" "))?;
            }
        }
        Ok(())
    }
}

impl Report {
    fn fmt_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut themes = BTreeMap::new();
        for tried in &self.vectors {
            *themes.entry(tried.theme).or_insert(0) += 1;
        }
        write!(f, "{:14} {:>8}", "", "vectors")?;
        for outcome in Outcome::ALL {
            write!(f, " {:>9}", outcome.to_string())?;
        }
        let rows = themes
            .into_iter()
            .map(|(theme, vectors)| (Some(theme), vectors));
        for (theme, vectors) in rows.chain([(None, self.vectors.len())]) {
            write!(f, "\n{:14} {vectors:>8}", theme.unwrap_or("total"))?;
            for outcome in Outcome::ALL {
                write!(f, " {:>9}", self.count(theme, outcome))?;
            }
        }
        writeln!(f)
    }
}
