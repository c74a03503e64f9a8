//! The whole runner: on our decoder, on the README's, and on ours with faults. Needs `python3`.

use std::{
    collections::BTreeMap,
    process::{Command, Output},
};

use serde::Deserialize;
use sse_wire_testing::vectors;

const RUNNER: &str = env!("CARGO_BIN_EXE_conformance");
const OURS: &str = env!("CARGO_BIN_EXE_sse-wire");

/// Our decoder with a fault added, which acts on every answer that has events.
const FAULTY: &str = r#"
import json, subprocess, sys, time
fault, program = sys.argv[1:]
inner = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(inner.stdout.readline(), end="", flush=True)
held = []
for line in sys.stdin:
    inner.stdin.write(line)
    inner.stdin.flush()
    answer = json.loads(inner.stdout.readline())
    events = answer.setdefault("events", [])
    if "open" in line:
        held = []
    if fault == "late":
        answer["events"], held = held, events
    elif events and fault == "die":
        sys.exit("with a last word")
    elif events and fault == "hang":
        time.sleep(60)
    elif events and fault == "babble":
        answer = "nonsense"
    elif events and fault == "lose":
        answer["events"] = [event for event in events if event["data"] != "x"]
    elif events and fault == "change":
        events[0]["data"] += "!"
    elif events and fault == "repeat":
        events.append(events[0])
    elif events and fault == "refuse":
        answer["error"] = "no"
    print(json.dumps(answer), flush=True)
"#;

#[derive(Deserialize)]
struct Report {
    vectors: Vec<Tried>,
}

#[derive(Deserialize)]
struct Tried {
    name: String,
    outcome: String,
    #[serde(default)]
    reason: String,
}

fn run(arguments: &[&str]) -> Output {
    let output = Command::new(RUNNER).args(arguments).output();
    output.expect("the runner was built for this test")
}

/// The outcome of each vector, and the exit code.
fn outcomes(arguments: &[&str]) -> (BTreeMap<String, Tried>, Option<i32>) {
    let output = run(&[&["--json"], arguments].concat());
    let report: Report = serde_json::from_slice(&output.stdout).expect("a report");
    let tried = report.vectors.into_iter();
    let tried = tried.map(|tried| (tried.name.clone(), tried)).collect();
    (tried, output.status.code())
}

#[test]
fn ours_passes_every_vector() {
    let (tried, code) = outcomes(&[OURS]);
    assert_eq!(tried.len(), vectors().len());
    for (
        name,
        Tried {
            outcome, reason, ..
        },
    ) in tried
    {
        assert_eq!(outcome, "passed", "{name}: {reason}");
    }
    assert_eq!(code, Some(0));
}

#[test]
fn the_example_of_the_readme_runs() {
    let readme = include_str!("../README.md");
    let (_, code) = readme.split_once("```python\n").expect("a Python example");
    let (code, _) = code.split_once("```").expect("its end");
    let (tried, status) = outcomes(&["python3", "-c", code]);
    for (name, outcome) in [
        ("one-empty-value", "passed"),
        ("id-without-data-at-the-end", "not_shown"),
        ("two-events-crlf", "lost"),
        ("bom-before-data", "lost"),
        ("cut-character-that-never-comes", "failed"),
        ("line-lf-blank-line-crlf", "lost"),
    ] {
        assert_eq!(
            tried[name].outcome, outcome,
            "{name}: {}",
            tried[name].reason
        );
    }
    assert_eq!(status, Some(1));
}

#[test]
fn every_fault_is_noticed_and_the_next_vector_is_tried() {
    for (fault, outcome, reason) in [
        ("none", "passed", ""),
        ("die", "crashed", "with a last word"),
        ("hang", "crashed", "did not answer in time"),
        ("babble", "crashed", "nonsense"),
        ("late", "late", "event 1 came with byte 16, was due with 15"),
        (
            "lose",
            "lost",
            r#"event 1 is lost: {"type":"message","data":"x","last_event_id":"1"}"#,
        ),
        ("change", "failed", r#""data":"x!""#),
        ("repeat", "failed", r#""data":"x""#),
        ("refuse", "failed", "gave an error: no"),
    ] {
        let filters = ["--filter", "late-on-cr", "--filter", "retry-plus-accepted"];
        let options = ["--timeout", "2", "--chunking", "bytes"];
        let program = ["python3", "-c", FAULTY, fault, OURS];
        let (tried, code) = outcomes(&[&filters[..], &options, &program].concat());
        assert_eq!(tried["late-on-cr"].outcome, outcome, "{fault}");
        let found = &tried["late-on-cr"].reason;
        assert!(found.contains(reason), "{fault}: {found}");
        assert_eq!(tried["retry-plus-accepted"].outcome, "passed", "{fault}");
        assert_eq!(code, Some(i32::from(fault != "none")), "{fault}");
    }
}

#[test]
fn people_get_a_table_with_names_and_rules() {
    let program = ["python3", "-c", FAULTY, "change", OURS];
    let output = run(&[&["--filter", "late-on-cr"][..], &program].concat());
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.starts_with("sse-wire "), "{text}");
    assert!(
        text.contains("\nfailed (2)\n  late-on-cr [R3] whole: event 1 is "),
        "{text}"
    );
}

#[test]
fn what_cannot_be_tried_has_an_exit_code_of_its_own() {
    for arguments in [
        &[][..],
        &["--unknown", OURS],
        &["--timeout", "soon", OURS],
        &["--chunking", "none", OURS],
        &["--filter", "no vector has this", OURS],
        &["no-such-program"],
        &["true"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
