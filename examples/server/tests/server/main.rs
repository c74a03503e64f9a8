//! The real server on loopback keeps its promises.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod redis;
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};
use support::{Events, Server, get, post};

#[test]
fn a_stream_says_what_it_is_where_it_starts_and_when_to_come_back() {
    let server = Server::start(&["--retry", "1234"]);
    let mut events = server.events();
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(events.response.headers[name], value);
    }
    let hello = events.next().unwrap();
    assert_eq!(
        (hello.event_type(), hello.data()),
        ("hello", hello.id().unwrap())
    );
    assert_eq!(events.retry(), Some(Duration::from_millis(1234)));

    // It can resume from before its first event: it gets what is sent while it is away.
    let id = events.last_event_id().to_owned();
    drop(events);
    server.send("while away");
    assert_eq!(server.events_after(&id).next_data().unwrap(), "while away");
}

#[test]
fn every_client_gets_every_event_with_type_id_and_data() {
    let server = Server::start(&[]);
    let mut clients = [server.events(), server.events(), server.events()];
    let send = format!("{}/send", server.url);
    for (content_type, body) in [
        (
            "application/json",
            r#"{"type": "note", "data": "a\r\nb\rc\nd"}"#,
        ),
        (
            "application/x-www-form-urlencoded; charset=utf-8",
            "type=note&data=%ED%95%9C+1",
        ),
        ("text/plain", "type=note"),
        ("application/json", r#"{"data": ""}"#),
    ] {
        assert_eq!(
            post(&send)
                .content_type(content_type)
                .send(body)
                .unwrap()
                .status(),
            200
        );
    }
    for events in &mut clients {
        let events: Vec<_> = events.skip(1).take(4).collect();
        let contents: Vec<_> = events.iter().map(|e| (e.event_type(), e.data())).collect();
        let expected = [
            ("note", "a\nb\nc\nd"),
            ("note", "\u{d55c} 1"),
            ("message", "type=note"),
            ("message", ""),
        ];
        assert_eq!(contents, expected);
        assert!(events.is_sorted_by(|a, b| order(a.id().unwrap()) < order(b.id().unwrap())));
    }
    for (status, content_type, body) in [
        (
            400,
            "application/json",
            r#"{"type": "two\nlines", "data": ""}"#.to_owned(),
        ),
        (400, "application/json", "{".to_owned()),
        (422, "application/json", r#"{"type": "no data"}"#.to_owned()),
        (413, "text/plain", "x".repeat(64 * 1024 + 1)),
    ] {
        assert_eq!(
            post(&send)
                .content_type(content_type)
                .send(&body)
                .unwrap()
                .status(),
            status
        );
    }
    let stats = server.wait_for(|stats| stats["connections"] == 3 && stats["lag_max"] == 0);
    assert_eq!(stats["events"], 4);
    assert_eq!(stats["last_id"], clients[0].last_event_id());
    drop(clients);
    server.send("so that it sees that they have gone");
    server.wait_for(|stats| stats["connections"] == 0);
}

/// Clients leave and resume at every moment while events are sent. Between missed and live events
/// nothing may be lost or doubled.
#[test]
fn who_resumes_gets_each_event_once_and_in_order() {
    const EVENTS: usize = 1000;
    let server = Server::start(&[]);
    let client = |by_header: bool, at_once: usize| {
        let mut seen = 0;
        let mut id = "0".to_owned();
        let mut connections = 0;
        while seen < EVENTS {
            let mut events = if by_header {
                server.events_after(&id)
            } else {
                // As a polyfill resumes.
                Events::of(get(&format!("{}/events?lastEventId={id}", server.url)))
            };
            for _ in 0..at_once.min(EVENTS - seen) {
                let event = events
                    .find(|e| !["hello", "gap"].contains(&e.event_type()))
                    .unwrap();
                assert_eq!(event.data(), seen.to_string(), "connection {connections}");
                seen += 1;
            }
            events.last_event_id().clone_into(&mut id);
            connections += 1;
        }
    };
    std::thread::scope(|scope| {
        for at_once in [7, 31, 150, EVENTS] {
            scope.spawn(move || client(true, at_once));
            scope.spawn(move || client(false, at_once));
        }
        for count in 0..EVENTS {
            server.send(&count.to_string());
        }
    });
}

/// A 4xx would end a browser's `EventSource` for good, and starting with live events would lose
/// others silently.
#[test]
fn an_id_that_is_forgotten_or_unknown_gives_a_gap_and_all_that_is_kept() {
    let server = Server::start(&["--history", "3"]);
    let ids: Vec<_> = (0..5)
        .map(|count| server.send(&count.to_string()))
        .collect();
    let far_off = "9".repeat(15);
    for (id, gap, first) in [
        (&*ids[0], true, "2"),
        (&*ids[1], false, "2"), // the last that is forgotten: nothing after it is
        (&*ids[2], false, "3"),
        ("0", true, "2"),
        (&*far_off, true, "2"),
        ("no id of ours", true, "2"),
        ("\u{e9}", true, "2"),
    ] {
        let mut events = server.events_after(id);
        assert_eq!(
            events.next().unwrap().event_type(),
            if gap { "gap" } else { "hello" },
            "{id}"
        );
        assert_eq!(events.next().unwrap().data(), first, "{id}");
    }
    let stats = server.stats();
    assert_eq!((&stats["gaps"], &stats["kept"]), (&5.into(), &3.into()));

    // A client can resume from the id of `gap` without another gap.
    let mut events = server.events_after("0");
    events.next();
    let mut again = server.events_after(events.last_event_id());
    assert_eq!(again.next().unwrap().event_type(), "hello");
    assert_eq!(again.next().unwrap().data(), "2");

    // The last parameter wins; and the header wins over it, since a browser repeats the page's
    // parameter.
    let url = format!(
        "{}/events?lastEventId={}&lastEventId={}",
        server.url, ids[1], ids[2]
    );
    assert_eq!(Events::of(get(&url)).next_data().unwrap(), "3");
    let mut events = Events::of(get(&url).header("last-event-id", &*ids[3]));
    assert_eq!(events.next_data().unwrap(), "4");
}

#[test]
fn comments_fill_the_silence_and_only_that() {
    let server = Server::start(&["--keep-alive", "2"]);
    let mut events = server.events();
    assert!(events.bytes().starts_with(b"event: hello\n"));
    for _ in 0..15 {
        std::thread::sleep(Duration::from_millis(100));
        server.send("busy");
        assert!(events.bytes().ends_with(b"data: busy\n\n"));
    }
    let start = Instant::now();
    assert_eq!(events.bytes(), b":\n");
    assert!(
        (900..4000).contains(&start.elapsed().as_millis()),
        "{:?}",
        start.elapsed()
    );
}

/// A client that does not read is reset before the log forgets what it needs. It resumes and has
/// lost nothing, and the other clients notice nothing.
#[test]
fn a_slow_client_is_reset_and_resumes() {
    let server = Server::start(&["--queue", "100", "--history", "2000"]);
    let mut slow = TcpStream::connect(server.address()).unwrap();
    slow.write_all(b"GET /events HTTP/1.0\r\n\r\n").unwrap();
    let mut fast = server.events();
    server.wait_for(|stats| stats["connections"] == 2);

    // More than the kernel keeps for a connection.
    let padding = "x".repeat(60_000);
    let mut sent = 0;
    while server.stats()["dropped"] == 0 {
        server.send(&format!("{sent} {padding}"));
        assert!(fast.next_data().unwrap().starts_with(&format!("{sent} ")));
        sent += 1;
        assert!(sent < 1000, "{}", server.stats());
    }
    assert_eq!(server.stats()["connections"], 1);

    let mut read = Vec::new();
    let error = slow.read_to_end(&mut read).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let body = read
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    let mut decoder = sse_wire::Decoder::new();
    let mut seen = 0;
    let mut feed = decoder.feed(&read[body..]);
    while let Some(event) = feed.next_event() {
        seen += usize::from(event.unwrap().event_type() != "hello");
    }
    assert!(seen < sent - 100, "{seen} of {sent}");

    // It is further behind than a live client may be, and another event comes: it still may catch
    // up.
    let mut events = server.events_after(decoder.last_event_id());
    server.send(&format!("{sent} "));
    for number in seen..=sent {
        assert!(
            events
                .next_data()
                .unwrap()
                .starts_with(&format!("{number} "))
        );
    }
}

#[test]
fn who_has_no_token_sees_only_the_page() {
    let server = Server::start(&["--token", "secret"]);
    let status = |path: &str, authorization: &str| {
        let request = get(&format!("{}{path}", server.url));
        request
            .header("authorization", authorization)
            .call()
            .unwrap()
            .status()
            .as_u16()
    };
    for path in ["/events", "/stats", "/events?access_token=wrong"] {
        assert_eq!(
            get(&format!("{}{path}", server.url))
                .call()
                .unwrap()
                .status(),
            401,
            "{path}"
        );
        for wrong in [
            "",
            "secret",
            "Bearer",
            "Bearer ",
            "Bearer secre",
            "Bearer secrets",
        ] {
            assert_eq!(status(path, wrong), 401, "{path} {wrong:?}");
        }
        assert_eq!(status(path, "Bearer secret"), 200, "{path}");
    }
    let send = format!("{}/send", server.url);
    assert_eq!(post(&send).send("unheard").unwrap().status(), 401);
    assert_eq!(
        post(&send)
            .header("authorization", "Bearer secret")
            .send("x")
            .unwrap()
            .status(),
        200
    );
    // As `EventSource` sends it.
    assert_eq!(status("/events?access_token=secret", "Bearer secret"), 200);
    let mut events = Events::of(get(&format!("{}/events?access_token=secret", server.url)));
    assert_eq!(events.next().unwrap().event_type(), "hello");

    let page = get(&server.url)
        .call()
        .unwrap()
        .into_body()
        .read_to_string()
        .unwrap();
    assert!(page.contains("new EventSource("));
}

/// What a polyfill sends from a page of another origin needs the server's consent first.
#[test]
fn other_origins_may_send_authorization_and_last_event_id() {
    let server = Server::start(&["--token", "secret"]);
    let response = support::agent()
        .options(&format!("{}/events", server.url))
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "GET")
        .header(
            "access-control-request-headers",
            "authorization,last-event-id",
        )
        .call()
        .unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let allowed = &response.headers()["access-control-allow-headers"];
    assert_eq!(allowed, "authorization,last-event-id");
}

#[test]
fn at_shutdown_streams_end_as_a_whole() {
    let mut server = Server::start(&[]);
    let mut events = server.events();
    events.next();
    let mut idle = TcpStream::connect(server.address()).unwrap();
    idle.write_all(b"GET /stats HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    assert!(idle.read(&mut [0; 1024]).unwrap() > 0);
    server.send("last words");
    let kill = Command::new("kill")
        .arg(server.process.id().to_string())
        .status()
        .unwrap();
    assert!(kill.success());
    assert_eq!(events.next().unwrap().data(), "last words");
    assert!(events.next().is_none());
    assert!(!events.lost);
    let start = Instant::now();
    assert!(server.process.wait().unwrap().success());
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
}

fn order(id: &str) -> (u64, u64) {
    let (milliseconds, number) = id.split_once('-').unwrap();
    (milliseconds.parse().unwrap(), number.parse().unwrap())
}
