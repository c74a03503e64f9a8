//! Compares what a program returned with what the vector requires.

use std::{fmt, time::Duration};

use serde::Serialize;
use sse_wire_testing::{CutOffEvent, ExpectedEvent, Vector, reference};

use crate::{
    program::{Handed, Transcript},
    protocol::{Event, Hello, Shown},
};

/// The outcome of a vector, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All is right.
    Passed,
    /// All that the decoder shows is right, but it does not show everything in the vector.
    NotShown,
    /// All is right, but an event was not returned with the byte that completes it.
    Late,
    /// Something was never returned; the rest is right.
    Lost,
    /// Something is wrong.
    Failed,
    /// The program died, hung or broke the protocol.
    Crashed,
}

/// The outcome of one stream, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// The first of the worst things found; empty if nothing is wrong.
    pub reason: String,
}

/// Whether the vector can be tried on this decoder.
#[must_use]
pub fn applies(vector: &Vector, hello: &Hello) -> bool {
    vector.initial_last_event_id.is_empty() || hello.shows(Shown::Resume)
}

/// Judges one stream of a vector.
#[must_use]
pub fn judge(vector: &Vector, hello: &Hello, transcript: &Transcript) -> Verdict {
    let findings = [
        not_shown(vector, hello),
        events(vector, hello, &transcript.events),
        comments(vector, hello, &transcript.comments),
        retries(vector, hello, &transcript.retries),
        last_event_id(vector, hello, &transcript.last_event_id),
        cut_off(vector, hello, transcript.cut_off.as_ref()),
        error(&transcript.errors),
    ];
    let passed = Verdict::of(Outcome::Passed, "");
    findings.into_iter().flatten().fold(passed, Verdict::worse)
}

fn not_shown(vector: &Vector, hello: &Hello) -> Option<Verdict> {
    let shown: Vec<_> = demanded(vector)
        .into_iter()
        .map(|event| as_shown(event, hello))
        .collect();
    let types = |event: &ExpectedEvent| event.event_type != "message";
    let ids = |(event, shown): (&ExpectedEvent, &Event)| {
        let shown = shown.last_event_id.as_ref().or(shown.id.as_ref());
        event.last_event_id != shown.map_or("", |id| id)
    };
    let last = vector.events.last().map(|event| &event.last_event_id);
    let last = last.unwrap_or(&vector.initial_last_event_id);
    let hidden = vector.events.iter().any(types) && !hello.shows(Shown::Type)
        || vector.events.iter().zip(&shown).any(ids)
        || vector.last_event_id != *last && !hello.shows(Shown::FinalLastEventId)
        || !vector.comments.is_empty() && !hello.shows(Shown::Comments)
        || !vector.retries.is_empty() && !hello.shows(Shown::Retries);
    hidden.then(|| Verdict::of(Outcome::NotShown, ""))
}

fn events(vector: &Vector, hello: &Hello, handed: &[Handed]) -> Option<Verdict> {
    let shown = |event| as_shown(event, hello);
    let expected: Vec<_> = demanded(vector).into_iter().map(shown).collect();
    let got = handed.iter().map(|handed| shown(handed.event.clone()));
    compare("event", &expected, &got.collect::<Vec<_>>(), json).or_else(|| times(vector, handed))
}

/// All events are right: did each come at its byte, and not before?
fn times(vector: &Vector, handed: &[Handed]) -> Option<Verdict> {
    let pairs = (1..).zip(vector.events.iter().zip(handed));
    let findings = pairs.filter_map(|(number, (&ExpectedEvent { at, .. }, handed))| {
        let Handed { not_with, with, .. } = *handed;
        if with < at {
            let reason = format_args!("event {number} came with byte {with}, is due with {at}");
            Some(Verdict::of(Outcome::Failed, reason))
        } else if not_with == with && not_with >= at {
            let reason = format_args!("event {number} came at the end, was due with byte {at}");
            Some(Verdict::of(Outcome::Late, reason))
        } else if not_with >= at {
            let reason = format_args!("event {number} came with byte {with}, was due with {at}");
            Some(Verdict::of(Outcome::Late, reason))
        } else {
            None
        }
    });
    findings.reduce(Verdict::worse)
}

/// The standard ignores comments, so the space after the colon may be part of them or not.
fn comments(vector: &Vector, hello: &Hello, got: &[String]) -> Option<Verdict> {
    hello.shows(Shown::Comments).then_some(())?;
    let without_space = |comment: &String| comment.strip_prefix(' ').unwrap_or(comment).to_owned();
    let expected: Vec<_> = vector.comments.iter().map(without_space).collect();
    compare("comment", &vector.comments, got, json).and(compare("comment", &expected, got, json))
}

/// None may be made up, and the last one must be in force at the end. The decoder may skip one that
/// another one follows: many show only the last one of a block.
fn retries(vector: &Vector, hello: &Hello, got: &[f64]) -> Option<Verdict> {
    hello.shows(Shown::Retries).then_some(())?;
    let max_retry = hello.max_retry.map_or(Duration::MAX, Duration::from_millis);
    let clamped = |time: &Duration| (*time).min(max_retry).as_millis() as f64;
    let expected: Vec<_> = vector.retries.iter().map(clamped).collect();
    // The vectors hold at most 2^64-1, which also stands for all larger values.
    let max_retry = hello.max_retry.unwrap_or(u64::MAX) as f64;
    let got: Vec<_> = got.iter().map(|time| time.min(max_retry)).collect();
    if is_subsequence(&got, &expected) && got.last() == expected.last() {
        return None;
    }
    compare("reconnection time", &expected, &got, f64::to_string)
}

fn last_event_id(vector: &Vector, hello: &Hello, got: &str) -> Option<Verdict> {
    let expected = &vector.last_event_id;
    let wrong = hello.shows(Shown::FinalLastEventId) && got != expected;
    let reason = format_args!("the last event ID at the end is {got:?} instead of {expected:?}");
    wrong.then(|| Verdict::of(Outcome::Failed, reason))
}

fn cut_off(vector: &Vector, hello: &Hello, got: Option<&Event>) -> Option<Verdict> {
    hello.shows(Shown::CutOff).then_some(())?;
    let shown = |event: Event| as_shown(Event { id: None, ..event }, hello);
    let expected = vector.cut_off.as_ref().map(|event: &CutOffEvent| Event {
        event_type: Some(event.event_type.clone()),
        data: event.data.clone(),
        last_event_id: Some(event.last_event_id.clone()),
        id: None,
    });
    let [expected, got] = [expected, got.cloned()].map(|event| event.map(shown));
    (expected != got).then(|| {
        let [expected, got] = [expected, got].map(|event| json(&event));
        let reason = format_args!("cut off at the end is {got} instead of {expected}");
        Verdict::of(Outcome::Failed, reason)
    })
}

/// Every sequence of bytes is an event stream, so there is no reason for an error.
fn error(errors: &[String]) -> Option<Verdict> {
    let error = errors.first()?;
    Some(Verdict::of(
        Outcome::Failed,
        format_args!("gave an error: {error}"),
    ))
}

/// The events of the vector, with the ids of their own blocks, which only the reference decoder
/// knows.
fn demanded(vector: &Vector) -> Vec<Event> {
    let decoded = reference::decode_from(&vector.initial_last_event_id, &vector.input);
    let pairs = vector.events.iter().zip(decoded.events());
    pairs
        .map(|(event, same)| Event {
            event_type: Some(event.event_type.clone()),
            data: event.data.clone(),
            last_event_id: Some(event.last_event_id.clone()),
            id: same.id.clone(),
        })
        .collect()
}

/// Leaves out what the decoder does not show. An absent type or last event ID becomes its default.
fn as_shown(event: Event, hello: &Hello) -> Event {
    let event_type = event.event_type.filter(|event_type| !event_type.is_empty());
    let event_type = event_type.unwrap_or_else(|| "message".to_owned());
    let last_event_id = event.last_event_id.unwrap_or_default();
    Event {
        event_type: hello.shows(Shown::Type).then_some(event_type),
        data: event.data,
        last_event_id: hello.shows(Shown::LastEventId).then_some(last_event_id),
        id: event.id.filter(|_| hello.shows(Shown::Id)),
    }
}

/// What is wrong with a list: the first item that differs, or is missing.
fn compare<T: PartialEq>(
    what: &str,
    expected: &[T],
    got: &[T],
    text: impl Fn(&T) -> String,
) -> Option<Verdict> {
    let same = |(expected, got): &(&T, &T)| expected == got;
    let index = expected.iter().zip(got).take_while(same).count();
    let number = index + 1;
    let (outcome, reason) = match (expected.get(index), got.get(index)) {
        (None, None) => return None,
        (Some(expected_item), _) if is_subsequence(got, expected) => {
            (Outcome::Lost, format!("lost: {}", text(expected_item)))
        }
        (Some(expected), None) => (Outcome::Failed, format!("missing: {}", text(expected))),
        (None, Some(got)) => (Outcome::Failed, format!("one too many: {}", text(got))),
        (Some(expected), Some(got)) => {
            let reason = format!("{} instead of {}", text(got), text(expected));
            (Outcome::Failed, reason)
        }
    };
    Some(Verdict::of(
        outcome,
        format_args!("{what} {number} is {reason}"),
    ))
}

fn is_subsequence<T: PartialEq>(part: &[T], whole: &[T]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|item| whole.any(|other| other == item))
}

/// A value as JSON in ASCII, cut if it is too long to read.
fn json(value: &impl Serialize) -> String {
    const LENGTH: usize = 120;
    let json = serde_json::to_string(value).unwrap_or_else(|error| error.to_string());
    let mut text = String::new();
    for character in json.chars() {
        if text.len() > LENGTH {
            return text + "...";
        }
        if character.is_ascii() {
            text.push(character);
        } else {
            text.extend(character.escape_unicode());
        }
    }
    text
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Passed,
        Self::NotShown,
        Self::Late,
        Self::Lost,
        Self::Failed,
        Self::Crashed,
    ];

    /// The outcomes that break a rule, the worst first.
    pub const FAILURES: [Self; 4] = [Self::Crashed, Self::Failed, Self::Lost, Self::Late];
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passed => "passed",
            Self::NotShown => "not shown",
            Self::Late => "late",
            Self::Lost => "lost",
            Self::Failed => "failed",
            Self::Crashed => "crashed",
        })
    }
}

impl Verdict {
    fn of(outcome: Outcome, reason: impl fmt::Display) -> Self {
        let reason = reason.to_string();
        Self { outcome, reason }
    }

    /// The worse of the two; if they are equal, the first.
    fn worse(self, other: Self) -> Self {
        if other.outcome > self.outcome {
            other
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sse_wire_testing::vectors;

    fn vector(name: &str) -> &'static Vector {
        let found = vectors().iter().find(|vector| vector.name == name);
        found.unwrap_or_else(|| panic!("no vector {name}"))
    }

    fn hello(shows: &[Shown]) -> Hello {
        Hello {
            shows: shows.to_vec(),
            ..Hello::default()
        }
    }

    /// An event that came with the byte at `at`, of a stream that was fed byte by byte.
    fn handed(data: &str, at: usize) -> Handed {
        Handed {
            event: Event {
                data: data.to_owned(),
                ..Event::default()
            },
            not_with: at - 1,
            with: at,
        }
    }

    #[test]
    fn events_are_judged_by_what_and_when() {
        // Four events, 1 to 4, which end in CR CR, CRLF CRLF, LF CR and LF LF.
        let vector = vector("split-at-two-lfs-only");
        let right = [("1", 9), ("2", 19), ("3", 29), ("4", 38)].map(|(data, at)| handed(data, at));
        let [one, two, three, four] = right.clone();
        let end = Handed {
            not_with: 38,
            with: 38,
            ..four.clone()
        };
        for (events, outcome, reason) in [
            (
                vec![one.clone(), two.clone(), three.clone(), four.clone()],
                Outcome::Passed,
                "",
            ),
            (
                vec![one.clone(), handed("2", 20), three.clone(), end.clone()],
                Outcome::Late,
                "event 2 came with byte 20, was due with 19",
            ),
            (
                vec![one.clone(), two.clone(), three.clone(), end],
                Outcome::Late,
                "event 4 came at the end, was due with byte 38",
            ),
            (
                vec![one.clone(), handed("2", 20), handed("3", 28), four.clone()],
                Outcome::Failed,
                "event 3 came with byte 28, is due with 29",
            ),
            (
                vec![one.clone(), three.clone(), four.clone()],
                Outcome::Lost,
                r#"event 2 is lost: {"data":"2"}"#,
            ),
            (
                vec![one.clone(), handed("x", 19)],
                Outcome::Failed,
                r#"event 2 is {"data":"x"} instead of {"data":"2"}"#,
            ),
            (
                vec![one, two, three, four.clone(), four],
                Outcome::Failed,
                r#"event 5 is one too many: {"data":"4"}"#,
            ),
        ] {
            let transcript = Transcript {
                events,
                ..Transcript::default()
            };
            let verdict = judge(vector, &hello(&[]), &transcript);
            assert_eq!((verdict.outcome, &*verdict.reason), (outcome, reason));
        }
    }

    #[test]
    fn what_is_not_shown_is_not_judged() {
        // One event with a type and an id.
        let vector = vector("panic-on-a-bom");
        let event = Event {
            event_type: Some("a".to_owned()),
            data: "x".to_owned(),
            last_event_id: Some("1".to_owned()),
            id: Some("1".to_owned()),
        };
        let right = Transcript {
            events: vec![Handed {
                event,
                not_with: 26,
                with: 27,
            }],
            ..Transcript::default()
        };
        let mut wrong = right.clone();
        wrong.events[0].event.event_type = None;
        wrong.events[0].event.last_event_id = None;
        wrong.events[0].event.id = None;
        use Shown::{FinalLastEventId, Id, LastEventId, Type};
        for (shows, right_is, wrong_is) in [
            (&[][..], Outcome::NotShown, Outcome::NotShown),
            (&[Type], Outcome::NotShown, Outcome::Failed),
            (&[LastEventId], Outcome::NotShown, Outcome::Failed),
            (&[Type, LastEventId], Outcome::Passed, Outcome::Failed),
            (&[Type, Id], Outcome::Passed, Outcome::Failed),
            (
                &[Type, Id, FinalLastEventId],
                Outcome::Failed,
                Outcome::Failed,
            ),
        ] {
            let hello = hello(shows);
            assert_eq!(judge(vector, &hello, &right).outcome, right_is, "{shows:?}");
            assert_eq!(judge(vector, &hello, &wrong).outcome, wrong_is, "{shows:?}");
        }
    }

    #[test]
    fn the_last_reconnection_time_counts_and_none_is_made_up() {
        let outcome_of = |name: &str, max_retry, got: &[f64]| {
            let hello = Hello {
                max_retry,
                ..hello(&[Shown::Retries])
            };
            retries(vector(name), &hello, got).map(|verdict| verdict.outcome)
        };
        let two = vectors()
            .iter()
            .find(|vector| vector.retries.len() == 2 && vector.retries[0] != vector.retries[1])
            .expect("a vector with two reconnection times");
        let [first, second] = [0, 1].map(|index| two.retries[index].as_millis() as f64);
        for (got, outcome) in [
            (&[first, second][..], None),
            (&[second], None),
            (&[first], Some(Outcome::Lost)),
            (&[], Some(Outcome::Lost)),
            (&[second, first], Some(Outcome::Failed)),
            (&[first, second, second], Some(Outcome::Failed)),
        ] {
            assert_eq!(outcome_of(&two.name, None, got), outcome, "{got:?}");
        }
        let past = "retry-past-u64";
        assert_eq!(outcome_of(past, None, &[1e30]), None);
        assert_eq!(outcome_of(past, Some(7), &[7.0]), None);
        assert_eq!(outcome_of(past, Some(7), &[8.0]), None);
        assert_eq!(outcome_of(past, Some(7), &[6.0]), Some(Outcome::Failed));
    }

    #[test]
    fn comments_with_or_without_their_space_are_the_same() {
        let vector = vector("bom-before-comment");
        for (got, outcome) in [
            (&[" c"][..], None),
            (&["c"], None),
            (&["  c"], Some(Outcome::Failed)),
            (&[], Some(Outcome::Lost)),
        ] {
            let got: Vec<_> = got.iter().map(ToString::to_string).collect();
            let verdict = comments(vector, &hello(&[Shown::Comments]), &got);
            assert_eq!(verdict.map(|verdict| verdict.outcome), outcome, "{got:?}");
            assert_eq!(comments(vector, &hello(&[]), &got), None);
        }
    }

    #[test]
    fn errors_and_what_is_cut_off() {
        let cut = vectors()
            .iter()
            .find(|vector| {
                vector
                    .cut_off
                    .as_ref()
                    .is_some_and(|event| event.data == "x")
            })
            .expect("a vector whose end cuts off x");
        let event = |data: &str| Event {
            data: data.to_owned(),
            ..Event::default()
        };
        let hello = hello(&[Shown::CutOff]);
        assert_eq!(cut_off(cut, &hello, Some(&event("x"))), None);
        let verdict = cut_off(cut, &hello, Some(&event("y"))).expect("wrong");
        assert_eq!(verdict.outcome, Outcome::Failed);
        assert!(cut_off(cut, &hello, None).is_some());
        assert_eq!(error(&[]), None);
        let verdict = error(&["bad".to_owned()]).expect("wrong");
        assert_eq!(verdict.reason, "gave an error: bad");
    }
}
