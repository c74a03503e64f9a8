//! What is wrong with a stream, as compilers tell it: the line, and a caret under the place.

use crate::{Count, DIM, Harmless, PLAIN, Styled, drives_terminal};
use serde_json::{Value, json};
use sse_wire::check::{Diagnostic, Severity, Summary};
use std::collections::BTreeMap;
use std::fmt;

/// So many diagnostics of a kind are shown.
pub(crate) const SHOWN_PER_KIND: u64 = 10;

/// A diagnostic for people.
pub(crate) struct Shown<'a> {
    pub(crate) name: &'a str,
    pub(crate) diagnostic: &'a Diagnostic,
    pub(crate) colours: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            diagnostic,
            colours,
        } = *self;
        let (severity, colour) = match diagnostic.severity() {
            Severity::Error => ("error", "1;31"),
            _ => ("warning", "1;33"),
        };
        let (colour, dim) = if colours {
            (colour, DIM)
        } else {
            (PLAIN, PLAIN)
        };
        let (line, column) = (diagnostic.line().to_string(), diagnostic.column());
        let (severity, message) = (Styled(colour, severity), Harmless(diagnostic.message()));
        writeln!(f, "{name}:{line}:{column}: {severity}: {message}")?;

        let Excerpt {
            before,
            from,
            carets,
        } = Excerpt::of(diagnostic);
        writeln!(
            f,
            "{} {before}{from}",
            Styled(dim, format_args!("{line:>4} |"))
        )?;
        let margin = format!("{:1$} |", "", line.len().max(4));
        let indent = " ".repeat(width_of(&before));
        let carets = Styled(colour, "^".repeat(carets));
        let rule = format!("{}: {}", diagnostic.kind(), diagnostic.rule());
        writeln!(
            f,
            "{} {indent}{carets} {}",
            Styled(dim, margin),
            Styled(dim, rule)
        )
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
    fn of(diagnostic: &Diagnostic) -> Self {
        let missing = diagnostic.excerpt_column() > 1;
        let mut before = String::from(if missing { "…" } else { "" });
        let (mut from, mut carets, mut bytes) = (String::new(), 0, 0);
        for (character, column) in diagnostic
            .excerpt()
            .chars()
            .zip(diagnostic.excerpt_column()..)
        {
            let shown = visible(character);
            if column < diagnostic.column() {
                before += &shown;
                continue;
            }
            if bytes < diagnostic.length() {
                carets += width_of(&shown);
            }
            // What U+FFFD stands for has fewer bytes, but then it is all that the diagnostic means.
            bytes += character.len_utf8() as u64;
            from += &shown;
        }
        if diagnostic.excerpt_is_cut() {
            from.push('…');
        }
        Self {
            before,
            from,
            carets: carets.max(1),
        }
    }
}

/// A character as it can be shown and counted: what has no shape is escaped.
fn visible(character: char) -> String {
    match character {
        '\t' => "    ".to_owned(),
        '\u{feff}' | '\u{200b}' | '\u{2028}'..='\u{2029}' => character.escape_unicode().to_string(),
        _ if drives_terminal(character) => character.escape_unicode().to_string(),
        _ => character.to_string(),
    }
}

fn width_of(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// The columns that terminals give to a character; right for what is common, not for all of Unicode.
fn width(character: char) -> usize {
    match character {
        // Marks on the character before, joiners and variation selectors.
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' => 0,
        '\u{64b}'..='\u{65f}' | '\u{93c}' | '\u{941}'..='\u{948}' | '\u{94d}' => 0,
        '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' => 0,
        '\u{1160}'..='\u{11ff}' | '\u{200c}'..='\u{200d}' | '\u{20d0}'..='\u{20ff}' => 0,
        '\u{3099}'..='\u{309a}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' => 0,
        // Chinese, Japanese and Korean, full-width forms, and emoji.
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' => 2,
        '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff01}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' => 2,
        '\u{231a}'..='\u{231b}' | '\u{23e9}'..='\u{23ec}' | '\u{2614}'..='\u{2615}' => 2,
        '\u{26a1}' | '\u{2705}' | '\u{2728}' | '\u{274c}' | '\u{2753}'..='\u{2757}' => 2,
        '\u{2795}'..='\u{2797}' | '\u{2b50}' | '\u{2b55}' => 2,
        '\u{1f300}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}' | '\u{1f7e0}'..='\u{1f7eb}' => 2,
        '\u{1f90c}'..='\u{1f9ff}' | '\u{1fa70}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// How many diagnostics there were, for people.
pub(crate) struct Verdict<'a> {
    pub(crate) summary: &'a Summary,
    pub(crate) colours: bool,
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (errors, warnings) = (self.summary.errors(), self.summary.warnings());
        let styled = |style, count: u64, noun| {
            let style = if self.colours && count > 0 { style } else { "" };
            Styled(style, Count(count, noun))
        };
        let errors = styled("1;31", errors, "error");
        write!(f, "{errors}, {}", styled("1;33", warnings, "warning"))?;
        for (kind, count) in self
            .summary
            .counts()
            .filter(|&(_, count)| count > SHOWN_PER_KIND)
        {
            write!(f, "; {} more of {kind}", count - SHOWN_PER_KIND)?;
        }
        writeln!(f)
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

/// How many diagnostics there were, for scripts.
pub(crate) fn counts_to_json(summary: &Summary) -> Value {
    let kinds: BTreeMap<_, _> = summary.counts().map(|(kind, n)| (kind.name(), n)).collect();
    json!({ "errors": summary.errors(), "warnings": summary.warnings(), "kinds": kinds })
}
