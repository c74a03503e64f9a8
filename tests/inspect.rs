//! `examples/inspect/` as its users meet it: a program of its own, with files, pipes and exit codes.

use serde_json::{Value, json};
use std::env::{self, consts::EXE_SUFFIX};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Long enough for any machine, so that a failure ends.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn shows_a_recorded_stream_without_arguments() {
    let shown = text(&run(&[], b""));
    for part in [
        "   :  欢迎\n   :  welcome\n   = retry 1.5s\n",
        "   1 response.created  id resp_0001/1\n   │ {\"type\": \"response.created\", ",
        "\"response\": {\"id\": \"resp\n   ┊ _0001\", ",
        "  28 message  (id resp_0001/27)\n   │ 不是 JSON\n   │ 第二行\n   │ 第三行\n",
    ] {
        assert!(shown.contains(part), "{part}\nis not in\n{shown}");
    }
    let end = "\n29 events, 3 comments, 4856 bytes; last event ID resp_0001/28, retry 1.5s;\nnothing cut off\n";
    assert!(shown.ends_with(end), "{shown}");
}

#[test]
fn shows_the_same_from_a_file_and_from_a_pipe() {
    let path = capture("fastapi");
    let bytes = fs::read(&path).expect("the capture can be read");
    let path = path.to_str().expect("the path is UTF-8");
    for json in [&[][..], &["--json"]] {
        let recorded = text(&run(json, b""));
        assert_eq!(text(&run(&[json, &[path]].concat(), b"")), recorded);
        assert_eq!(text(&run(&[json, &["-"]].concat(), &bytes)), recorded);
    }
}

#[test]
fn shows_what_people_look_for() {
    for (stream, expected) in [
        ("", "\nthe stream is empty: no byte has come\n"),
        (
            ":\n: ping\nretry: 60000\n\n",
            "   : \n   :  ping\n   = retry 60s\n\n\
             0 events, 2 comments, 23 bytes; no last event ID, retry 60s; nothing cut off\n",
        ),
        (
            ": ping\n\n: ping\n\n: ping\n\n: pong\n: pong\ndata\n\n",
            "   :  ping\n   :  (the same 2 times more)\n   :  pong\n   :  (the same once more)\n\
             \u{20}  1 message\n   │ \n\n\
             1 event, 5 comments, 44 bytes; no last event ID, no retry; nothing cut off\n",
        ),
        (
            "id: 1\ntopics: a\n\nevent: b\n\nid: 2",
            "   ? topics: a\n   - (no type)  id 1  no data\n   - b  (id 1)  no data\n\n\
             0 events, 0 comments, 32 bytes; last event ID 1, no retry; the last line has no\nend\n",
        ),
        (
            "data: a\n\nid: 2\n",
            "   1 message\n   │ a\n\n\
             1 event, 0 comments, 15 bytes; no last event ID, no retry; the end cut a block\noff\n",
        ),
        (
            "event: tick\nid: 7\ndata: 1\ndata\n\ndata: 2\n\nid\ndata\n\n",
            "   1 tick  id 7\n   │ 1\n   │ \n   2 message  (id 7)\n   │ 2\n   3 message  id \"\"\n   │ \n\n\
             3 events, 0 comments, 50 bytes; no last event ID, no retry; nothing cut off\n",
        ),
        (
            "id: 1\n\nid: 2\ndata: un",
            "   - (no type)  id 1  no data\n cut message  id 2\n   │ un\n\n\
             0 events, 0 comments, 21 bytes; last event ID 1, no retry; the end cut an event\noff\n",
        ),
    ] {
        assert_eq!(
            text(&run(&["-"], stream.as_bytes())),
            expected,
            "{stream:?}"
        );
    }
}

#[test]
fn json_tells_everything() {
    let stream = "retry: 1500\n: \u{9b}\nid: 7\nevent: tick\ndata: \"a\"\ndata: \u{7f}\n\ndata: un";
    let shown = text(&run(&["--json", "-"], stream.as_bytes()));
    let lines: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    assert_eq!(
        lines,
        [
            json!({ "retry": 1500 }),
            json!({ "comment": " \u{9b}" }),
            json!({ "event": {
                "number": 1, "line": 1, "offset": 0,
                "type": "tick", "data": "\"a\"\n\u{7f}", "id": "7", "last_event_id": "7",
                "retry": 1500, "cut_off": false,
            }}),
            json!({ "event": {
                "number": null, "line": 8, "offset": 54,
                "type": "message", "data": "un", "id": null, "last_event_id": "7",
                "retry": null, "cut_off": true,
            }}),
            json!({ "end": {
                "events": 1, "comments": 1, "errors": 0, "bytes": stream.len(), "last_event_id": "7",
                "retry": 1500, "cut_off": true, "interrupted": false,
            }}),
        ]
    );
}

#[test]
fn json_gives_any_text_back() {
    let ascii = (0..=0x7F).map(char::from);
    let others = ('\u{80}'..='\u{ff}').chain("\u{61c}\u{2014}\u{202e}\u{2066}\u{1f600}".chars());
    let all: String = ascii.chain(others).filter(|c| *c != '\r').collect();
    for filler in 0..70 {
        let data = "x".repeat(filler) + &all.repeat(2);
        let stream = format!("data: {}\n\n", data.replace('\n', "\ndata: "));
        let shown = text(&run(&["--json", "-"], stream.as_bytes()));
        let line = shown.lines().next().expect("there is an event");
        let event: Value = serde_json::from_str(line).expect("each line is JSON");
        assert_eq!(event["event"]["data"], data);
    }
}

#[test]
fn rows_are_full_and_give_the_line_back() {
    const ESCAPES: [(char, &str); 2] = [('\u{1b}', "\\u{1b}"), ('\u{202e}', "\\u{202e}")];
    let line = "plain \u{1b}[m e\u{301}\u{2014}\t한국어 \u{1f600}\u{202e} plain".repeat(3);
    let stream = format!("data: {line}\n\n");
    let escape = |text: String, (character, escaped)| text.replace(character, escaped);
    let escaped = ESCAPES.into_iter().fold(line, escape);
    for (width, room) in [
        (0, 1000),
        (1, 1),
        (6, 1),
        (7, 2),
        (13, 8),
        (20, 15),
        (40, 35),
    ] {
        let args = ["--width", &width.to_string(), "-"];
        let shown = text(&run(&args, stream.as_bytes()));
        let rows: Vec<&str> = shown
            .lines()
            .filter_map(|line| line.strip_prefix("   │ ").or(line.strip_prefix("   ┊ ")))
            .collect();
        assert_eq!(rows.concat(), escaped, "{width}");
        for pair in rows.windows(2) {
            let [row, next] = [pair[0], pair[1]].map(|row| {
                let escape = ESCAPES.iter().find(|(_, escape)| row.starts_with(escape));
                let first = row.chars().next().map_or(0, char::len_utf8);
                (
                    columns(row),
                    columns(&row[..escape.map_or(first, |(_, escape)| escape.len())]),
                )
            });
            // A character may be wider than a row, as escapes and tabs are.
            assert!(row.0 <= room.max(row.1), "{width}: {pair:?}");
            assert!(row.0 + next.1 > room, "{width}: {pair:?}");
        }
    }
}

/// The columns of a row, in which a tab takes as many as it can.
fn columns(row: &str) -> usize {
    let tabs = row.matches('\t').count();
    unicode_width::UnicodeWidthStr::width(row.replace('\t', "").as_str()) + 8 * tabs
}

#[test]
fn no_stream_drives_the_terminal() {
    let controls: String = ('\0'..='\u{9f}')
        .filter(|character| character.is_control() && !"\r\n\t".contains(*character))
        .chain("\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}".chars())
        .collect();
    let id = &controls[1..]; // NUL would void it
    let stream = format!(": {controls}\nevent: {controls}\nid: {id}\ndata: {controls}\n\n");
    for args in [
        &["-"][..],
        &["--json", "-"],
        &["--check", "-"],
        &["--check", "--json", "-"],
    ] {
        let shown = text(&run(args, stream.as_bytes()));
        assert_eq!(
            shown.find(|character| controls.contains(character)),
            None,
            "{shown:?}"
        );
        assert!(shown.contains("1b") && shown.contains("202e"), "{shown}");
    }
}

#[test]
fn each_event_is_shown_at_its_last_byte() {
    let mut inspect = spawn(&["-"], Stdio::piped());
    let mut stdin = inspect.stdin.take().expect("stdin is piped");
    let stdout = BufReader::new(inspect.stdout.take().expect("stdout is piped"));
    let (sender, shown) = mpsc::channel();
    let reader = thread::spawn(move || {
        for line in stdout.lines() {
            sender
                .send(line.expect("the output is text"))
                .expect("the test listens");
        }
    });
    for (piece, expected) in [
        ("\u{feff}: pi", &[][..]),
        ("ng\r", &["   :  ping"]),
        ("\ndata: o", &[]),
        ("ne\ndata: two\r", &[]),
        ("\r", &["   1 message", "   │ one", "   │ two"]),
        ("retry: 5\n", &["   = retry 5ms"]),
    ] {
        stdin.write_all(piece.as_bytes()).expect("inspect reads");
        for line in expected {
            assert_eq!(
                shown.recv_timeout(PATIENCE).as_deref(),
                Ok(*line),
                "at {piece:?}"
            );
        }
        // Nothing else may follow, however long it is given; a short while shows most mistakes.
        assert!(
            shown.recv_timeout(Duration::from_millis(20)).is_err(),
            "at {piece:?}"
        );
    }
    drop(stdin);
    let rest: Vec<_> = shown.iter().collect();
    assert_eq!(rest.len(), 2, "{rest:?}");
    reader.join().expect("the output is text");
    assert!(inspect.wait().expect("inspect ends").success());
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let mut inspect = spawn(&["-"], Stdio::piped());
    let mut stdin = inspect.stdin.take().expect("stdin is piped");
    drop(inspect.stdout.take());
    while stdin.write_all(b"data: hello\n\n").is_ok() {}
    let output = inspect.wait_with_output().expect("inspect ends");
    assert_eq!(text(&output), "");
}

#[test]
fn what_is_too_large_is_reported_and_passed_over() {
    let limit = 16 * 1024 * 1024;
    let skipped = "id: 1\ndata: \n\n".len() + limit;
    let stream = format!("id: 1\ndata: {}\n\ndata: on\n\n", "x".repeat(limit));
    assert_eq!(
        text(&run(&["-"], stream.as_bytes())),
        format!(
            "   ! event larger than the limit of {limit} bytes: it began on line 1, at byte\n\
             \u{20}    0, and {skipped} bytes were skipped\n\
             \u{20}  - (no type)  id 1  no data\n\
             \u{20}  1 message  (id 1)\n   │ on\n\n\
             1 event, 0 comments, 1 error, {} bytes; last event ID 1, no retry; nothing\ncut off\n",
            stream.len()
        )
    );
}

#[test]
fn refuses_what_it_cannot_do() {
    for (args, complaint) in [
        (
            &["no/such.stream"][..],
            "inspect: cannot read \"no/such.stream\": ",
        ),
        (
            &["--json", env!("CARGO_MANIFEST_DIR")],
            "inspect: cannot read ",
        ),
        (
            &["--yaml"],
            "inspect: invalid option '--yaml'\n\nUsage: inspect ",
        ),
        (
            &["--style", "-"],
            "inspect: --style and --field do nothing without --check\n\nUsage: inspect ",
        ),
        (
            &["-", "-"],
            "inspect: unexpected argument \"-\"\n\nUsage: inspect ",
        ),
    ] {
        let output = run(args, b"");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.starts_with(complaint), "{args:?}: {stderr}");
        assert_eq!(output.stdout, b"", "{args:?}");
    }
}

#[test]
fn explains_itself() {
    for option in ["-h", "--help"] {
        let shown = text(&run(&[option], b""));
        assert!(
            shown.starts_with("Usage: inspect ") && shown.contains("--json"),
            "{shown}"
        );
        assert!(shown.lines().count() < 24, "it fits a screen");
        assert!(shown.lines().all(|line| line.len() <= 80), "{shown}");
    }
}

#[test]
fn a_check_tells_what_is_wrong_where_it_is() {
    for (stream, code, expected) in [
        (
            "data: a\n\n",
            0,
            "   1 message\n   │ a\n\n\
             1 event, 0 comments, 9 bytes; no last event ID, no retry; nothing cut off\n\
             0 errors, 0 warnings\n",
        ),
        (
            "id: 7\nData: a\ndata: b\n\n",
            1,
            "stream:2:1: error: field `Data` is ignored: names are case-sensitive, write\n\
             \u{20}   `data` [field-name-case]\n\
             \u{20}  2 | Data: a\n\
             \u{20}    | ^^^^\n\
             \u{20}  ? Data: a\n\
             \u{20}  1 message  id 7\n   │ b\n\n\
             1 event, 0 comments, 23 bytes; last event ID 7, no retry; nothing cut off\n\
             1 error, 0 warnings\n\
             \u{20}    1 field-name-case, line 2\n",
        ),
        (
            "data: a\n\ndata: b\r\n\r\n",
            0,
            "   1 message\n   │ a\n\
             stream:3:8: warning: this line ends with a CRLF, earlier ones with LF: use one\n\
             \u{20}   kind of line end, and none in a value [mixed-line-ends]\n\
             \u{20}  3 | data: b\n\
             \u{20}    |        ^\n\
             \u{20}  2 message\n   │ b\n\n\
             2 events, 0 comments, 20 bytes; no last event ID, no retry; nothing cut off\n\
             0 errors, 1 warning\n\
             \u{20}    1 mixed-line-ends, line 3\n",
        ),
        (
            "data: un",
            1,
            " cut message\n   │ un\n\
             stream:1:9: error: the stream ends within a line: an event of type `message`\n\
             \u{20}   with 2 bytes of data is lost; end each event with an empty line\n\
             \u{20}   [end-inside-line]\n\
             \u{20}  1 | data: un\n\
             \u{20}    |         ^\n\n\
             0 events, 0 comments, 8 bytes; no last event ID, no retry; the end cut an event\noff\n\
             1 error, 0 warnings\n\
             \u{20}    1 end-inside-line, line 1\n",
        ),
    ] {
        let output = run(&["--check", "-"], stream.as_bytes());
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
        assert_eq!(output.status.code(), Some(code), "{stream:?}");
        assert_eq!(output.stderr, b"");
    }
}

#[test]
fn carets_stand_under_what_they_mean() {
    for (line, expected) in [
        ("id: a\0b", "   1 | id: a\\u{0}b\n     |      ^^^^^\n"),
        (
            "id: \u{d55c}\u{ad6d}\0b",
            "   1 | id: 한국\\u{0}b\n     |         ^^^^^\n",
        ),
        (
            "id: \u{1f980}e\u{301}\0",
            "   1 | id: 🦀e\u{301}\\u{0}\n     |        ^^^^^\n",
        ),
        (
            "id: \t\u{1b}\0",
            "   1 | id:     \\u{1b}\\u{0}\n     |               ^^^^^\n",
        ),
        ("\tid: 1", "   1 |     id: 1\n     | ^^^^^^\n"),
        (
            "\u{feff}\u{feff}id: 1",
            "   1 | \\u{feff}id: 1\n     | ^^^^^^^^\n",
        ),
        ("\u{6570}\u{636e}: 1", "   1 | 数据: 1\n     | ^^^^\n"),
    ] {
        let output = run(&["--check", "-"], format!("{line}\n\n").as_bytes());
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains(expected), "{expected}\nis not in\n{shown}");
    }
    let long = format!("id: {}\0{}\n\n", "x".repeat(500), "y".repeat(500));
    for (width, x, y) in [("0", 50, 69), ("120", 37, 69), ("80", 24, 42)] {
        let output = run(&["--check", "--width", width, "-"], long.as_bytes());
        let shown = String::from_utf8_lossy(&output.stdout);
        let indent = " ".repeat(x + 1);
        let (x, y) = ("x".repeat(x), "y".repeat(y));
        let expected = format!("   1 | …{x}\\u{{0}}{y}…\n     | {indent}^^^^^\n");
        assert!(shown.contains(&expected), "{expected}\nis not in\n{shown}");
    }
}

#[test]
fn everything_fits_the_width() {
    let text = "한국어 text that is long, \u{1b} and 🦀 ".repeat(20);
    let stream = format!(
        "data: {text}\ndata: {}\nfoo: {text}\n: {text}\nid: {}\0{text}\n\n",
        "x".repeat(500),
        "y".repeat(100),
    );
    for width in [20, 80, 120] {
        let output = run(
            &["--check", "--width", &width.to_string(), "-"],
            stream.as_bytes(),
        );
        let shown = String::from_utf8_lossy(&output.stdout);
        let text = shown.split("\n\n").next().unwrap_or_default();
        for line in text.lines().filter(|line| line.starts_with("   ")) {
            let columns = unicode_width::UnicodeWidthStr::width(line);
            assert!(columns <= width, "{width}: {line}");
        }
    }
}

#[test]
fn a_check_says_no_more_than_one_can_read() {
    let stream = "foo: b\nData: a\n".repeat(1000) + "bar: b\n";
    let output = run(&["--check", "-"], stream.as_bytes());
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(shown.matches("error: ").count(), 3);
    let end = "\n2001 errors, 0 warnings\n  \
               1001 unknown-field, first on line 1: 1000 `foo`, 1 `bar`\n  \
               1000 field-name-case, first on line 2\n";
    assert!(shown.ends_with(end), "{shown}");
}

#[test]
fn names_that_are_meant_and_nothing_but_diagnostics() {
    let stream = b"topics: a\nfoo: b\ndata: c\n\n";
    let output = run(&["--quiet", "--field", "topics", "-"], stream);
    let shown = String::from_utf8_lossy(&output.stdout);
    let expected = "stream:2:1: error: field `foo` is ignored: clients know `data`, `event`, `id`\n\
                    \u{20}   and `retry` [unknown-field]\n   2 | foo: b\n     | ^^^\n";
    assert_eq!(shown, expected);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&run(&["--quiet", "-"], b"data: c\n\n")), "");
}

#[test]
fn events_are_chosen_by_type_and_number() {
    let stream =
        b": hi\nevent: a\ndata: 1\n\ndata: 2\n\nevent: a\ndata: 3\n\nevent: a\ndata: 4\n\n";
    for (args, expected) in [
        (&["--type", "a"][..], &[1, 3, 4][..]),
        (&["--type", "message", "--type", "b"], &[2]),
        (&["--first", "2"], &[1, 2]),
        (&["--first", "1", "--type", "a"], &[1]),
        (&["--last", "2"], &[3, 4]),
        (&["--last", "1", "--type", "message"], &[2]),
        (&["--first", "0"], &[]),
        (&["--last", "0"], &[]),
    ] {
        let shown = text(&run(&[args, &["--json", "-"]].concat(), stream));
        let numbers: Vec<_> = shown
            .lines()
            .filter_map(|line| {
                let value: Value = serde_json::from_str(line).expect("each line is JSON");
                assert!(value.get("comment").is_none(), "{line}");
                value.get("event")?["number"].as_u64()
            })
            .collect();
        assert_eq!(numbers, expected, "{args:?}");
    }
}

#[test]
fn json_is_laid_out() {
    let stream = "data: {\"a\":[1,{}],\"b\" : \"{,}\\\"\", \"c\":[ ]}\n\ndata: {a\n\n";
    let shown = text(&run(&["--pretty", "-"], stream.as_bytes()));
    let expected = "   1 message\n   │ {\n   │   \"a\": [\n   │     1,\n   │     {}\n   │   ],\n\
                    \u{20}  │   \"b\": \"{,}\\\"\",\n   │   \"c\": []\n   │ }\n   2 message\n   │ {a\n";
    assert!(shown.starts_with(expected), "{shown}");
}

#[test]
fn times_are_shown() {
    let shown = text(&run(&["--time", "-"], b"data: 1\n\ndata: 2\n\n"));
    let heads: Vec<_> = shown
        .lines()
        .filter(|line| line.contains("message  "))
        .collect();
    assert_eq!(heads.len(), 2, "{shown}");
    assert!(
        heads
            .iter()
            .all(|head| head.contains("Z +0.") && head.ends_with('s')),
        "{shown}"
    );
}

#[test]
fn places_of_events_are_those_of_diagnostics() {
    let stream =
        "\u{feff}: hi\r\n\r\nretry: 5\n: c\nData: a\ndata: b\n\n\rid: 7\n\n\n: x\ndata: c\n\n";
    let shown = text_of_any(&run(&["--json", "--check", "-"], stream.as_bytes()));
    let places: Vec<_> = shown
        .lines()
        .filter_map(|line| {
            let value: Value = serde_json::from_str(line).expect("each line is JSON");
            let found = value.get("event").or(value.get("block"))?;
            Some((found["line"].as_u64()?, found["offset"].as_u64()?))
        })
        .collect();
    let offset = |part: &str| stream.find(part).expect("it is there") as u64;
    let expected = [
        (3, offset("retry")),
        (9, offset("id: 7")),
        (13, offset("data: c")),
    ];
    assert_eq!(places, expected, "{shown}");
}

#[test]
fn a_recording_in_utf_16_is_converted() {
    let text_16: Vec<u8> = "\u{feff}data: \u{1f980} a\r\n\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let shown = text(&run(&["--check", "-"], &text_16));
    assert!(
        shown.starts_with("   ! this recording is in UTF-16"),
        "{shown}"
    );
    assert!(shown.contains("   1 message\n   │ 🦀 a\n"), "{shown}");
}

/// Ctrl-C, as a terminal sends it.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_with_its_summary() {
    let mut inspect = spawn(&["--check", "-"], Stdio::piped());
    let mut stdin = inspect.stdin.take().expect("stdin is piped");
    let mut stdout = BufReader::new(inspect.stdout.take().expect("stdout is piped"));
    stdin
        .write_all(b"foo: b\ndata: a\n\n")
        .expect("inspect reads");
    let mut shown = String::new();
    while !shown.ends_with("│ a\n") {
        stdout.read_line(&mut shown).expect("the output is text");
    }
    let kill = Command::new("kill")
        .args(["-INT", &inspect.id().to_string()])
        .status();
    assert!(kill.expect("there is `kill`").success());
    std::io::Read::read_to_string(&mut stdout, &mut shown).expect("the output is text");
    assert!(
        shown.contains("nothing cut off;\nstopped by Ctrl-C\n1 error, "),
        "{shown}"
    );
    assert_eq!(inspect.wait().expect("inspect ends").code(), Some(1));
    drop(stdin);
}

#[test]
fn a_check_tells_scripts_the_same() {
    let stream = "data:a\n\nID: \u{1b}\n";
    let output = run(&["--json", "--check", "--style", "-"], stream.as_bytes());
    let shown = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let [style, event, case, field, end] = &lines[..] else {
        panic!("{shown}")
    };
    assert_eq!(style["diagnostic"]["kind"], "no-space-after-colon");
    assert_eq!(event["event"]["data"], "a");
    assert_eq!(field["field"]["name"], "ID");
    assert_eq!(
        *case,
        json!({ "diagnostic": {
            "kind": "field-name-case", "severity": "error", "rule": "R12, 9.2.6",
            "line": 3, "column": 1, "offset": 8, "length": 2,
            "message": "field `ID` is ignored: names are case-sensitive, write `id`",
            "excerpt": "ID: \u{1b}", "excerpt_column": 1, "excerpt_is_cut": false,
        }})
    );
    assert_eq!(
        end["end"]["diagnostics"],
        json!({
            "errors": 1, "warnings": 1,
            "kinds": { "field-name-case": 1, "no-space-after-colon": 1 },
            "unknown_fields": {},
        })
    );
    assert_eq!(output.status.code(), Some(1));
}

/// What a run has shown, whatever it found.
fn text_of_any(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

/// What a run that succeeds has shown, and nothing beside it.
fn text(output: &Output) -> String {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout.clone()).expect("the output is UTF-8")
}

fn run(args: &[&str], stdin: &[u8]) -> Output {
    let mut inspect = spawn(args, Stdio::piped());
    let mut pipe = inspect.stdin.take().expect("stdin is piped");
    thread::scope(|scope| {
        // It need not read all, or any of it.
        scope.spawn(move || pipe.write_all(stdin));
        inspect.wait_with_output().expect("inspect ends")
    })
}

fn spawn(args: &[&str], stdin: Stdio) -> Child {
    let inspect = inspect();
    Command::new(&inspect)
        .args(args)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{inspect:?}: {error}; `cargo test` builds it, `cargo test --test` does not")
        })
}

/// Examples are built beside the folder that tests are built in.
fn inspect() -> PathBuf {
    let test = env::current_exe().expect("this test is a program");
    let built = test
        .ancestors()
        .nth(2)
        .expect("target/<profile>/deps/<test>");
    built.join("examples").join(format!("inspect{EXE_SUFFIX}"))
}

fn capture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/captures/{name}.stream"))
}
