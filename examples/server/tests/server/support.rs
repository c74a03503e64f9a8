//! A server that runs, and clients that read from it.

use serde_json::Value;
use sse_wire::{Decoder, Event, headers};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use ureq::Agent;

/// Killed when it is dropped.
pub struct Server {
    pub url: String,
    pub process: Child,
}

impl Server {
    pub fn start(options: &[&str]) -> Self {
        Self::listen("127.0.0.1:0", options)
    }

    pub fn listen(address: &str, options: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sse-wire-server"))
            .args(["--listen", address])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim_end()
            .strip_prefix("listening on ")
            .unwrap_or_else(|| {
                panic!("it said {line:?}");
            });
        Self {
            url: url.to_owned(),
            process,
        }
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub fn events(&self) -> Events {
        Events::of(get(&format!("{}/events", self.url)))
    }

    pub fn events_after(&self, id: &str) -> Events {
        Events::of(get(&format!("{}/events", self.url)).header(headers::LAST_EVENT_ID, id))
    }

    /// Returns the event's id.
    pub fn send(&self, data: &str) -> String {
        let response = post(&format!("{}/send", self.url))
            .content_type("text/plain")
            .send(data);
        let text = response.unwrap().into_body().read_to_string().unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub fn stats(&self) -> Value {
        let response = get(&format!("{}/stats", self.url)).call().unwrap();
        serde_json::from_str(&response.into_body().read_to_string().unwrap()).unwrap()
    }

    /// Waits until the statistics are as expected.
    pub fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let stats = self.stats();
            if wanted(&stats) {
                return stats;
            }
            assert!(start.elapsed() < PATIENCE, "still {stats}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// A test that waits longer than this has failed.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A client that reads from one connection. A lost connection looks like the end of the stream, but
/// sets `lost`.
pub struct Events {
    pub response: ureq::http::response::Parts,
    body: ureq::BodyReader<'static>,
    decoder: Decoder,
    ready: VecDeque<Event<'static>>,
    /// The id of the event last taken from `ready`: the decoder may be further.
    last_event_id: String,
    pub lost: bool,
}

impl Events {
    pub fn of(request: ureq::RequestBuilder<ureq::typestate::WithoutBody>) -> Self {
        Self::new(request.call().unwrap())
    }

    pub fn new(response: ureq::http::Response<ureq::Body>) -> Self {
        let (response, body) = response.into_parts();
        assert_eq!(response.status, 200);
        let body = body.into_reader();
        Self {
            response,
            body,
            decoder: Decoder::new(),
            ready: VecDeque::new(),
            last_event_id: String::new(),
            lost: false,
        }
    }

    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    pub fn retry(&self) -> Option<Duration> {
        self.decoder.retry()
    }

    /// The next event that is not the server's own.
    pub fn next_data(&mut self) -> Option<String> {
        self.find(|event| event.event_type() != "hello")
            .map(|event| event.data().to_owned())
    }

    /// The next chunk's bytes as they are.
    pub fn bytes(&mut self) -> Vec<u8> {
        let mut chunk = [0; 4096];
        let len = self.body.read(&mut chunk).unwrap();
        chunk[..len].to_vec()
    }
}

impl Iterator for Events {
    type Item = Event<'static>;

    fn next(&mut self) -> Option<Event<'static>> {
        let mut chunk = [0; 4096];
        while self.ready.is_empty() {
            let len = self.body.read(&mut chunk).unwrap_or_else(|error| {
                // A timeout comes as `Other`.
                assert_ne!(error.kind(), std::io::ErrorKind::Other, "{error}");
                self.lost = true;
                0
            });
            if len == 0 {
                return None;
            }
            let mut feed = self.decoder.feed(&chunk[..len]);
            while let Some(event) = feed.next_event() {
                self.ready.push_back(event.unwrap().into_owned());
            }
        }
        let event = self.ready.pop_front()?;
        event.last_event_id().clone_into(&mut self.last_event_id);
        Some(event)
    }
}

pub fn get(url: &str) -> ureq::RequestBuilder<ureq::typestate::WithoutBody> {
    agent().get(url)
}

pub fn post(url: &str) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
    agent().post(url)
}

/// A new one for each request: no connection is used twice.
pub fn agent() -> Agent {
    let config = Agent::config_builder();
    config
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .build()
        .into()
}
