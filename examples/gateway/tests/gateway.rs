//! Runs the gateway between an upstream and clients on loopback.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use sse_wire::{Decoder, Event, headers};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

const STREAM: &str = "\u{feff}:hello\r\nretry:500\rtopics: news\nid: 1\ndata: {\"user\": {\"name\": \"Kim\", \"age\": 7}}\r\n\r\n\
    id: 2\n\n: ping\n\nevent: note\ndata:no JSON\n\n";

#[test]
fn passes_bytes_headers_and_ids_as_they_are() {
    let (requests, seen) = mpsc::channel();
    let upstream = listen(move |mut tcp, request| {
        requests.send(request).unwrap();
        for piece in [HEAD, &STREAM[..40], &STREAM[40..]] {
            tcp.write_all(piece.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
    });
    let gateway = Gateway::start(&upstream, &[]);
    let response = agent()
        .get(format!("{}/a?b=c", gateway.url))
        .header(headers::LAST_EVENT_ID, "\u{e9}-7".as_bytes())
        .header("authorization", "Bearer x")
        .call()
        .unwrap();
    for (name, value) in headers::RESPONSE {
        assert_eq!(response.headers()[name], value);
    }
    assert_eq!(response.into_body().read_to_string().unwrap(), STREAM);
    let request = seen.recv().unwrap();
    assert!(request.starts_with("GET /a?b=c HTTP/1.1\r\n"));
    assert!(request.contains("last-event-id: \u{e9}-7\r\n"));
    assert!(request.contains("authorization: Bearer x\r\n"));
    assert!(!request.contains("accept-encoding"));

    let stats = gateway.stats();
    assert_eq!(stats["streams"], 1);
    let latency = &stats["latency_in_microseconds"];
    assert!(latency["count"].as_u64() >= Some(2));
    assert!(latency["p50"].as_u64() <= latency["p99"].as_u64());
}

#[test]
fn changes_one_field_and_keeps_what_stands_around_it() {
    let upstream = listen(|mut tcp, _| {
        for piece in [HEAD, &STREAM[..70], &STREAM[70..]] {
            tcp.write_all(piece.as_bytes()).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
    });
    let gateway = Gateway::start(&upstream, &["--set", "user.name=x"]);
    let response = agent().get(&gateway.url).call().unwrap();
    assert_eq!(
        response.into_body().read_to_string().unwrap(),
        ":hello\nretry: 500\ntopics: news\nid: 1\ndata: {\"user\":{\"name\":\"x\",\"age\":7}}\n\n\
         id: 2\n\n: ping\nevent: note\ndata: no JSON\n\n"
    );
}

#[test]
fn other_answers_pass_and_other_methods_do_not() {
    let upstream = listen(|mut tcp, _| {
        tcp.write_all(b"HTTP/1.1 404 Not Found\r\nx-a: b\r\ncontent-length: 2\r\n\r\nno")
            .unwrap();
    });
    let gateway = Gateway::start(&upstream, &["--set", "a=1", "--chaos"]);
    let response = agent().get(&gateway.url).call().unwrap();
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["x-a"], "b");
    assert!(!response.headers().contains_key("x-accel-buffering"));
    assert_eq!(response.into_body().read_to_string().unwrap(), "no");
    let response = agent().post(&gateway.url).send("").unwrap();
    assert_eq!(response.status(), 405);
}

#[test]
fn waits_for_an_upstream_that_restarts_and_shows_when_it_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = Gateway::start(&address.to_string(), &[]);
    let upstream = thread::spawn(move || {
        let (mut tcp, _) = listener.accept().unwrap();
        read_head(&mut tcp);
        // It is lost with the request, and for a while nobody listens.
        drop((tcp, listener));
        thread::sleep(Duration::from_millis(300));
        let (mut tcp, _) = TcpListener::bind(address).unwrap().accept().unwrap();
        read_head(&mut tcp);
        let chunked = HEAD.replace("\r\n\r\n", "\r\ntransfer-encoding: chunked\r\n\r\n");
        write!(tcp, "{chunked}9\r\ndata: a\n\n\r\n").unwrap();
    });
    let response = agent().get(&gateway.url).call().unwrap();
    assert_eq!(response.status(), 200);
    upstream.join().unwrap();
    let mut body = response.into_body();
    let mut read = Vec::new();
    assert!(body.as_reader().read_to_end(&mut read).is_err());
    assert_eq!(read, b"data: a\n\n");
}

#[test]
fn a_client_that_does_not_read_stops_its_upstream() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let upstream = listen(move |mut tcp, _| {
        let block = format!("data: {}\n\n", "x".repeat(100_000));
        _ = tcp.write_all(HEAD.as_bytes());
        while tcp.write_all(block.as_bytes()).is_ok() {
            counter.fetch_add(block.len(), Ordering::Relaxed);
        }
    });
    for set in [&[][..], &["--set", "a=1"]] {
        sent.store(0, Ordering::Relaxed);
        let gateway = Gateway::start(&upstream, set);
        let mut client = TcpStream::connect(gateway.url.strip_prefix("http://").unwrap()).unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .unwrap();
        let mut before = usize::MAX;
        while before != sent.load(Ordering::Relaxed) || before == 0 {
            before = sent.load(Ordering::Relaxed);
            thread::sleep(Duration::from_millis(500));
        }
        // The kernel's buffers of two connections, and some of hyper's.
        assert!(before < 32 << 20, "{before} bytes were sent to nobody");
    }
}

#[test]
fn chaos_loses_nothing_for_a_client_that_resumes() {
    const EVENTS: usize = 1000;
    let upstream = listen(|mut tcp, request| {
        let (_, id) = request
            .split_once("last-event-id: ")
            .unwrap_or(("", "0\r\n"));
        let seen: usize = id.split_once('\r').unwrap().0.parse().unwrap();
        let mut out = HEAD.as_bytes().to_vec();
        for number in seen + 1..=EVENTS {
            Event::new("x".repeat(number))
                .with_id(number as u64)
                .encode(&mut out);
        }
        _ = tcp.write_all(&out);
    });
    let gateway = Gateway::start(&upstream, &["--chaos", "--seed", "42"]);
    let (mut decoder, mut connections, mut cut_inside) = (Decoder::new(), 0, 0);
    let mut lengths = Vec::new();
    while lengths.len() < EVENTS {
        let request = agent().get(&gateway.url);
        let response = match decoder.last_event_id() {
            "" => request.call(),
            id => request.header(headers::LAST_EVENT_ID, id).call(),
        };
        connections += 1;
        // Even the head may be cut off.
        let Ok(response) = response else { continue };
        let (mut body, mut chunk) = (response.into_body(), [0; 4096]);
        while let Ok(len @ 1..) = body.as_reader().read(&mut chunk) {
            let mut feed = decoder.feed(&chunk[..len]);
            while let Some(event) = feed.next_event() {
                lengths.push(event.unwrap().data().len());
            }
        }
        cut_inside += usize::from(decoder.in_block());
        decoder.reconnect();
    }
    assert!(lengths.into_iter().eq(1..=EVENTS));
    assert!(
        connections > 5 && cut_inside > 3,
        "{connections}, {cut_inside}"
    );
}

/// Killed when it is dropped.
struct Gateway {
    process: Child,
    url: String,
}

impl Gateway {
    fn start(upstream: &str, options: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sse-wire-gateway"))
            .args([&format!("http://{upstream}"), "--listen", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let url = line
            .trim_end()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self { process, url }
    }

    fn stats(&self) -> Value {
        let response = agent().get(format!("{}/stats", self.url)).call().unwrap();
        serde_json::from_str(&response.into_body().read_to_string().unwrap()).unwrap()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// Starts an upstream that answers each connection like this. Returns its address.
fn listen(answer: impl Fn(TcpStream, String) + Clone + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let (answer, mut tcp) = (answer.clone(), tcp.unwrap());
            thread::spawn(move || {
                let head = read_head(&mut tcp);
                answer(tcp, head);
            });
        }
    });
    address
}

fn read_head(tcp: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tcp.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// A new one for each request: no connection is used twice.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}
