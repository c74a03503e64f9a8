//! What is wrong with a stream, as compilers report it: the line, and a caret under the place.

use crate::terminal::{
    DIM, ERROR, Harmless, PLAIN, Styled, WARNING, is_plain, visible, width_of, wrap,
};
use crate::view::Count;
use serde_json::{Value, json};
use sse_wire::check::{Diagnostic, Kind, Severity, Summary};
use std::collections::BTreeMap;
use std::fmt;

/// A diagnostic for people.
pub(crate) struct Shown<'a> {
    pub(crate) name: &'a str,
    pub(crate) diagnostic: &'a Diagnostic,
    pub(crate) colours: bool,
    pub(crate) width: usize,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            diagnostic,
            colours,
            width,
        } = *self;
        let (severity, style) = match diagnostic.severity() {
            Severity::Error => ("error", ERROR),
            _ => ("warning", WARNING),
        };
        let (style, dim) = if colours {
            (style, DIM)
        } else {
            (PLAIN, PLAIN)
        };
        let (line, column) = (diagnostic.line().to_string(), diagnostic.column());
        let (message, kind) = (Harmless(diagnostic.message()), diagnostic.kind());
        let start = format!("{name}:{line}:{column}: {severity}:");
        let sentence = wrap(&format!("{start} {message} [{kind}]"), width, "    ");
        match sentence.strip_prefix(&start) {
            Some(rest) => {
                let severity = Styled(style, severity);
                writeln!(f, "{name}:{line}:{column}: {severity}:{rest}")?;
            }
            None => writeln!(f, "{sentence}")?,
        }

        let margin = line.len().max(4);
        let excerpt = Excerpt::of(diagnostic, width.saturating_sub(margin + 3));
        let bar = Styled(dim, format_args!("{line:>4} |"));
        writeln!(f, "{bar} {}{}", excerpt.before, excerpt.from)?;
        let bar = Styled(dim, format!("{:margin$} |", ""));
        let indent = " ".repeat(width_of(&excerpt.before));
        let carets = Styled(style, "^".repeat(excerpt.carets));
        writeln!(f, "{bar} {indent}{carets}")
    }
}

/// A line around the place of a diagnostic.
struct Excerpt {
    before: String,
    from: String,
    /// How many columns of the terminal the place takes.
    carets: usize,
}

impl Excerpt {
    /// The part that fits `room` columns; 0 means all. A third of them is before the place.
    fn of(diagnostic: &Diagnostic, room: usize) -> Self {
        let columns = diagnostic.excerpt_column()..;
        let (before, from): (Vec<_>, Vec<_>) = diagnostic
            .excerpt()
            .chars()
            .zip(columns)
            .partition(|&(_, column)| column < diagnostic.column());
        let mut parts: Vec<String> = before.iter().map(|&(c, _)| visible(c)).collect();
        let mut is_cut = diagnostic.excerpt_column() > 1;
        let total: usize = parts.iter().map(|part| width_of(part)).sum();
        let rest: usize = from.iter().map(|&(c, _)| width_of(&visible(c))).sum();
        if room > 0 && total + rest > room {
            let most = room.saturating_sub(rest + 2).max(room / 3);
            let mut used = total;
            let dropped = parts
                .iter()
                .take_while(|part| {
                    let drop = used > most;
                    used -= if drop { width_of(part) } else { 0 };
                    drop
                })
                .count();
            parts.drain(..dropped);
            is_cut |= dropped > 0;
        }
        let before = ["…"][usize::from(!is_cut)..].concat() + &parts.concat();
        let left = match room {
            0 => usize::MAX,
            room => room.saturating_sub(width_of(&before) + 1).max(1),
        };
        Self::from_place(diagnostic, before, from.into_iter().map(|(c, _)| c), left)
    }

    fn from_place(
        diagnostic: &Diagnostic,
        before: String,
        characters: impl Iterator<Item = char>,
        room: usize,
    ) -> Self {
        let (mut from, mut carets, mut bytes, mut used) = (String::new(), 0, 0, 0);
        let mut is_cut = diagnostic.excerpt_is_cut();
        for character in characters {
            let shown = visible(character);
            let columns = width_of(&shown);
            if used + columns > room {
                is_cut = true;
                break;
            }
            used += columns;
            if bytes < diagnostic.length() {
                carets += columns;
            }
            // U+FFFD may replace fewer bytes, but then the diagnostic is about nothing else.
            bytes += character.len_utf8() as u64;
            from += &shown;
        }
        if is_cut {
            from.push('…');
        }
        Self {
            before,
            from,
            carets: carets.max(1),
        }
    }
}

/// How many faults there were, for people: each kind with its first line.
pub(crate) struct Verdict<'a> {
    pub(crate) summary: &'a Summary,
    pub(crate) first: &'a [(Kind, u64)],
    pub(crate) colours: bool,
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (errors, warnings) = (self.summary.errors(), self.summary.warnings());
        let styled = |style, count: u64, noun| {
            let style = if self.colours && count > 0 {
                style
            } else {
                PLAIN
            };
            Styled(style, Count(count, noun))
        };
        let errors = styled(ERROR, errors, "error");
        writeln!(f, "{errors}, {}", styled(WARNING, warnings, "warning"))?;
        for (kind, count) in self.summary.counts() {
            write!(f, "{count:>6} {kind}")?;
            if let Some((_, line)) = self.first.iter().find(|(first, _)| *first == kind) {
                let first = if count == 1 { "line" } else { "first on line" };
                write!(f, ", {first} {line}")?;
            }
            if kind == Kind::UnknownField {
                self.names(f)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl Verdict<'_> {
    /// The unknown names that came most often.
    fn names(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        let mut names: Vec<_> = self.summary.unknown_fields().collect();
        names.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        for (at, (name, count)) in names.iter().take(SHOWN).enumerate() {
            let name = if is_plain(name) {
                (*name).to_owned()
            } else {
                name.chars().map(visible).collect()
            };
            let start = if at == 0 { ": " } else { ", " };
            write!(f, "{start}{count} `{name}`")?;
        }
        f.write_str(if names.len() > SHOWN { ", …" } else { "" })
    }
}

/// A diagnostic for scripts.
pub(crate) fn to_json(diagnostic: &Diagnostic) -> Value {
    json!({
        "kind": diagnostic.kind().name(),
        "severity": diagnostic.severity().to_string(),
        "line": diagnostic.line(),
        "column": diagnostic.column(),
        "offset": diagnostic.offset(),
        "length": diagnostic.length(),
        "message": diagnostic.message(),
        "rule": diagnostic.rule(),
        "excerpt": diagnostic.excerpt(),
        "excerpt_column": diagnostic.excerpt_column(),
        "excerpt_is_cut": diagnostic.excerpt_is_cut(),
    })
}

/// How many faults there were, for scripts.
pub(crate) fn counts_to_json(summary: &Summary) -> Value {
    let kinds: BTreeMap<_, _> = summary.counts().map(|(kind, n)| (kind.name(), n)).collect();
    let names: BTreeMap<_, _> = summary.unknown_fields().collect();
    json!({
        "errors": summary.errors(),
        "warnings": summary.warnings(),
        "kinds": kinds,
        "unknown_fields": names,
    })
}
