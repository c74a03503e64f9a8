//! Runs both clients against a server on loopback that plays a script.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread::{self, sleep};
use std::time::Duration;

const PROGRAMS: [&str; 2] = [
    env!("CARGO_BIN_EXE_sse-wire-client"),
    env!("CARGO_BIN_EXE_blocking"),
];

const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 100\n";
const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
const PAGE: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n";

/// Part of a response: keep the connection open until the client closes it.
const SILENCE: &str = "";

/// Time between the parts of a response.
const PAUSE: Duration = Duration::from_millis(150);

#[test]
fn resumes_after_the_last_whole_event_until_the_server_has_no_more() {
    let script: &[&[&str]] = &[
        &[STREAM, "id: 1\ndata: a\n\nid: 2\nda", "ta: cut"],
        &[STREAM, "id: 2\nevent: note\ndata: b\ndata: c\n\n"],
        &[NO_CONTENT],
    ];
    for program in PROGRAMS {
        let played = play(program, &["--json"], script);
        assert!(played.output.status.success());
        assert_eq!(
            played.ids,
            [None, Some("1".to_owned()), Some("2".to_owned())]
        );
        assert_eq!(
            text(&played.output.stdout),
            "{\"data\":\"a\",\"id\":\"1\",\"last_event_id\":\"1\",\"type\":\"message\"}\n\
             {\"data\":\"b\\nc\",\"id\":\"2\",\"last_event_id\":\"2\",\"type\":\"note\"}\n"
        );
    }
}

#[test]
fn shows_events_to_people_without_driving_their_terminal() {
    let script: &[&[&str]] = &[
        &[
            STREAM,
            "id: 1\ndata: a\ndata: \x1b[31mb\n\nevent: e\ndata\n\n",
        ],
        &[NO_CONTENT],
    ];
    for program in PROGRAMS {
        assert_eq!(
            text(&play(program, &[], script).output.stdout),
            "   1 message  id 1\n   │ a\n   │ \\u{1b}[31mb\n   2 e\n   │ \n"
        );
    }
}

#[test]
fn an_id_that_no_header_carries_does_not_end_the_loop() {
    let script: &[&[&str]] = &[
        &[STREAM, "id: \u{1}\ndata: a\n\n"],
        &[STREAM, "id: \u{e9}\ndata: b\n\n"],
        &[NO_CONTENT],
    ];
    for program in PROGRAMS {
        let played = play(program, &[], script);
        assert_eq!(played.ids, [None, None, Some("\u{e9}".to_owned())]);
        assert!(text(&played.output.stderr).contains("\"\\u{1}\" cannot be sent"));
    }
}

#[test]
fn comments_keep_a_connection_and_silence_ends_it() {
    let script: &[&[&str]] = &[
        &[
            STREAM,
            ":\n",
            ":\n",
            ":\n",
            ":\n",
            "id: 1\ndata: a\n\n",
            SILENCE,
        ],
        &[NO_CONTENT],
    ];
    for program in PROGRAMS {
        let played = play(program, &["--idle", "0.5"], script);
        assert_eq!(played.ids, [None, Some("1".to_owned())]);
    }
}

#[test]
fn fails_for_good_at_what_is_no_event_stream() {
    for program in PROGRAMS {
        for response in [UNAVAILABLE, PAGE] {
            let played = play(program, &[], &[&[response]]);
            assert_eq!(played.output.status.code(), Some(1));
            assert!(text(&played.output.stderr).contains("no event stream"));
        }
        let played = play(program, &["--persistent"], &[&[PAGE]]);
        assert_eq!(played.output.status.code(), Some(1));
        let run = Command::new(program).arg("no address").output().unwrap();
        assert_eq!(run.status.code(), Some(1));
    }
}

#[test]
fn tries_again_after_a_503_if_told_to() {
    let script: &[&[&str]] = &[
        &[STREAM, "id: 1\ndata: a\n\n"],
        &[UNAVAILABLE],
        &[NO_CONTENT],
    ];
    for program in PROGRAMS {
        let played = play(program, &["--persistent"], script);
        assert!(played.output.status.success());
        assert_eq!(
            played.ids[1..],
            [Some("1".to_owned()), Some("1".to_owned())]
        );
    }
}

struct Played {
    /// The `Last-Event-ID` of each request.
    ids: Vec<Option<String>>,
    output: Output,
}

/// Runs a client to its end. Each connection gets the next response of the script.
fn play(program: &str, options: &[&str], script: &[&[&str]]) -> Played {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            let connections = script.iter().zip(listener.incoming());
            connections
                .map(|(response, tcp)| respond(tcp.unwrap(), response))
                .collect()
        });
        let client = Command::new(program).arg(&url).args(options).output();
        let ids = server.join().unwrap();
        Played {
            ids,
            output: client.unwrap(),
        }
    })
}

fn respond(mut tcp: TcpStream, response: &[&str]) -> Option<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tcp.read_exact(&mut byte).unwrap();
        request.extend(byte);
    }
    for &part in response {
        if part == SILENCE {
            _ = tcp.read(&mut [0]);
        }
        tcp.write_all(part.as_bytes()).unwrap();
        sleep(PAUSE);
    }
    let request = text(&request);
    let id = request
        .lines()
        .find_map(|line| line.strip_prefix("last-event-id: "));
    id.map(str::to_owned)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
