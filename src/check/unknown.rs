//! What the name of a field that clients ignore was probably meant to be.

use super::findings::{Findings, Quoted};
use super::place::{Line, Place};
use super::{Kind, looks};
use crate::field;
use core::fmt;

/// What happens to an event that lacks one of the [four fields](field::NAMES).
const LOSSES: [&str; 4] = [
    "without it this text is lost",
    "without it the event's type is `message`",
    "without it the last event ID stays as it was",
    "without it the reconnection time stays as it was",
];

/// What people write instead of one of the four.
const SYNONYMS: [(&str, &str); 11] = [
    ("type", "event"),
    ("event_type", "event"),
    ("event-type", "event"),
    ("eventtype", "event"),
    ("message", "data"),
    ("payload", "data"),
    ("content", "data"),
    ("event_id", "id"),
    ("event-id", "id"),
    ("lasteventid", "id"),
    ("last-event-id", "id"),
];

/// What people send to keep a connection alive.
const KEEP_ALIVES: [&str; 7] = [
    "ping",
    "pong",
    "heartbeat",
    "heart-beat",
    "keepalive",
    "keep-alive",
    "keep_alive",
];

/// Fields of an HTTP head that scripts print.
const HEADERS: [&str; 18] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "alt-svc",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-type",
    "etag",
    "last-modified",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "x-accel-buffering",
    "x-powered-by",
];

/// The known name that differs only in case, white space and invisible characters.
pub(super) fn meant(name: &[u8]) -> Option<&'static str> {
    // The longest has five letters; what is unseen around them is seldom more.
    let name = core::str::from_utf8(name).ok()?;
    let trimmed = looks::trim(name);
    known().find(|known| trimmed.eq_ignore_ascii_case(known))
}

fn known() -> impl Iterator<Item = &'static str> {
    field::NAMES
        .iter()
        .map(|name| core::str::from_utf8(name).unwrap_or_default())
}

/// Whether more bytes could make this the start of a line with a known name.
pub(super) fn may_become_known(line: &[u8]) -> bool {
    field::NAMES.iter().any(|known| known.starts_with(line))
}

/// Whether it is the name of a field in an HTTP head.
pub(super) fn is_header(name: &[u8]) -> bool {
    HEADERS
        .into_iter()
        .any(|header| name.eq_ignore_ascii_case(header.as_bytes()))
}

/// A known name in the wrong case, or with white space.
pub(super) fn misspelt(line: &Line<'_>, meant: &str, findings: &mut Findings) {
    let name = field::name(line.bytes);
    let text = core::str::from_utf8(name).unwrap_or_default();
    let (kind, reason) = if looks::trim_start(text).len() < text.len() {
        let reason = "the white space before it is part of the name";
        (Kind::LeadingSpace, reason)
    } else if looks::trim_end(text).len() < text.len() {
        let reason = "the white space after it is part of the name";
        (Kind::SpaceBeforeColon, reason)
    } else {
        (Kind::FieldNameCase, "names are case-sensitive")
    };
    findings.report(
        kind,
        || line.place(0..name.len()),
        format_args!(
            "field {} is ignored: {reason}, write `{meant}`",
            Quoted(name)
        ),
    );
}

/// Any other line that is no field. The block may have data before it.
pub(super) fn report(line: &Line<'_>, has_data: bool, findings: &mut Findings) {
    let name = field::name(line.bytes);
    let guess = Guess::of(line.bytes, has_data);
    if name.len() < line.bytes.len() {
        findings.summary.add_unknown_field(name);
    }
    findings.report_once(
        Kind::UnknownField,
        guess.cause(name),
        || line.place(0..name.len()),
        format_args!("{}", Advice { name, guess }),
    );
}

/// A number that is not the size of an HTTP chunk.
pub(super) fn report_number(place: Place, has_data: bool, findings: &mut Findings) {
    let guess = Guess::no_name(has_data);
    findings.report_once(
        Kind::UnknownField,
        guess.cause(b""),
        || place,
        format_args!("{}", Advice { name: b"", guess }),
    );
}

/// What a line that is no field was probably meant to be.
#[derive(Clone, Copy)]
enum Guess {
    Synonym(&'static str),
    /// One of the four, misspelt or torn, and the effect of its loss.
    Misspelt(&'static str, &'static str),
    /// The type of an event, with its data.
    EventType,
    KeepAlive,
    RestOfJson,
    Name,
    /// There is no colon. Holds what to do about the line.
    NoName(&'static str),
}

impl Guess {
    fn of(line: &[u8], has_data: bool) -> Self {
        let name = field::name(line);
        let has_colon = name.len() < line.len();
        let value = line.get(name.len() + 1..).unwrap_or_default().trim_ascii();
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        let misspelt = known()
            .zip(LOSSES)
            .find(|(known, _)| has_colon && is_nearly(name, known.as_bytes()));
        if KEEP_ALIVES.into_iter().any(is) {
            Self::KeepAlive
        } else if looks::is_rest_of_json(line) {
            Self::RestOfJson
        } else if let Some((known, loss)) = misspelt {
            Self::Misspelt(known, loss)
        } else if has_colon && looks::begins_json(value) && is_word(name) {
            Self::EventType
        } else if let Some((_, known)) = SYNONYMS
            .into_iter()
            .find(|(synonym, _)| has_colon && is(synonym))
        {
            Self::Synonym(known)
        } else if has_colon {
            Self::Name
        } else {
            Self::no_name(has_data)
        }
    }

    const fn no_name(has_data: bool) -> Self {
        Self::NoName(if has_data {
            "continue the data"
        } else {
            "send it"
        })
    }

    /// What lines must share for one report to be enough.
    fn cause(self, name: &[u8]) -> &[u8] {
        match self {
            Self::NoName(purpose) => purpose.as_bytes(),
            Self::RestOfJson => b"}",
            _ => name,
        }
    }
}

/// What to do about a line that is no field.
struct Advice<'a> {
    name: &'a [u8],
    guess: Guess,
}

impl fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Quoted(self.name);
        match self.guess {
            Guess::Synonym(known) => write!(f, "field {name} is ignored: its name is `{known}`"),
            Guess::Misspelt(known, loss) => {
                write!(f, "field {name} is ignored: did you mean `{known}`? {loss}")
            }
            Guess::EventType => {
                let word = core::str::from_utf8(self.name).unwrap_or_default();
                write!(
                    f,
                    "field {name} is ignored: if that is an event type, send `event: {word}`, and \
                     the JSON after `data: `"
                )
            }
            Guess::KeepAlive => write!(
                f,
                "{name} is ignored: to keep the connection alive, send a comment, which begins \
                 with a colon"
            ),
            Guess::RestOfJson => f.write_str(
                "this line is ignored, and looks like the rest of a JSON text: send JSON on one \
                 line, or `data: ` before each of its lines",
            ),
            Guess::Name => write!(
                f,
                "field {name} is ignored: clients know `data`, `event`, `id` and `retry`"
            ),
            Guess::NoName(purpose) => write!(
                f,
                "this line is ignored, since it has no field name: to {purpose}, write `data: ` \
                 before it"
            ),
        }
    }
}

fn is_word(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        && name.len() <= 40
}

/// Whether it is a known name with one slip of the pen, or torn: a chunk's start or end was lost.
fn is_nearly(name: &[u8], known: &[u8]) -> bool {
    if known.len() <= 2 {
        return matches!(name, b"ids" | b"_id" | b"iid" | b"idd");
    }
    let is_torn = name.len() >= 2 && (known.ends_with(name) || known.starts_with(name));
    is_torn || is_one_slip_apart(&name.to_ascii_lowercase(), known)
}

/// Whether one letter is missing, too many or another, or two are swapped.
fn is_one_slip_apart(a: &[u8], b: &[u8]) -> bool {
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    match (&a[..a.len() - end], &b[..b.len() - end]) {
        ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn guesses() {
        for (line, expected) in [
            ("type: message", "its name is `event`"),
            ("message: hi", "its name is `data`"),
            ("error: {\"code\": 1}", "if that is an event type"),
            ("error: no", "clients know"),
            ("ping", "send a comment"),
            ("heartbeat:", "send a comment"),
            ("keep-alive: 12", "send a comment"),
            ("pings: 1", "clients know"),
            (
                "vent: a",
                "did you mean `event`? without it the event's type is `message`",
            ),
            ("evnt: a", "did you mean `event`?"),
            ("evetn: a", "did you mean `event`?"),
            ("events: a", "did you mean `event`?"),
            (
                "dat: a",
                "did you mean `data`? without it this text is lost",
            ),
            ("datas: a", "did you mean `data`?"),
            ("ta: a", "did you mean `data`?"),
            ("Dtaa: a", "did you mean `data`?"),
            ("ids: 1", "did you mean `id`?"),
            ("retyr: 1", "did you mean `retry`?"),
            ("date: 1", "did you mean `data`?"),
            ("database: 1", "clients know"),
            ("is: 1", "clients know"),
            ("a: 1", "clients know"),
            ("dat", "no field name"),
            ("vent", "no field name"),
            ("\"b\": 2}", "rest of a JSON text"),
            ("}]}", "rest of a JSON text"),
            ("  ]", "rest of a JSON text"),
            ("hello", "no field name"),
            ("\"hello\"", "no field name"),
            ("foo: b", "clients know"),
            ("topics: [\"a\"]", "if that is an event type"),
            ("12:30 {\"a\"}", "clients know"),
        ] {
            let (name, guess) = (
                field::name(line.as_bytes()),
                Guess::of(line.as_bytes(), false),
            );
            let advice = Advice { name, guess }.to_string();
            assert!(advice.contains(expected), "{line}: {advice}");
        }
    }

    #[test]
    fn names_meant() {
        for (name, expected) in [
            ("DATA", Some("data")),
            (" id\t", Some("id")),
            ("data\u{200b}", Some("data")),
            ("\u{a0}retry", Some("retry")),
            ("\u{2060}Event\u{ad}", Some("event")),
            ("dat\u{200b}a", None),
            ("datas", None),
            ("", None),
        ] {
            assert_eq!(meant(name.as_bytes()), expected, "{name:?}");
        }
    }
}
