//! Several servers on one real Redis: it needs `redis-server`.

use crate::support::{self, PATIENCE, Server};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

struct Redis {
    process: Child,
    address: String,
    url: String,
}

impl Redis {
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let process = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--port",
                &free.port().to_string(),
            ])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is not installed");
        let start = Instant::now();
        while TcpStream::connect(free).is_err() {
            assert!(start.elapsed() < PATIENCE, "redis-server does not answer");
            thread::sleep(Duration::from_millis(10));
        }
        Self {
            process,
            address: free.to_string(),
            url: format!("redis://{free}"),
        }
    }

    fn command(&self, command: &str) {
        let mut tcp = TcpStream::connect(&self.address).unwrap();
        write!(tcp, "{command}\r\n").unwrap();
        assert_ne!(tcp.read(&mut [0; 64]).unwrap(), 0);
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[test]
fn who_moves_between_servers_that_are_killed_misses_nothing() {
    const EVENTS: usize = 1000;
    let redis = Redis::start();
    let options = ["--redis", &redis.url];
    let servers = [(); 2].map(|()| RwLock::new(Server::start(&options)));
    let urls = [0, 1].map(|index| servers[index].read().unwrap().url.clone());
    let sent = AtomicUsize::new(0);

    let client = |mut at: usize, at_once: usize| {
        let mut id = "0".to_owned();
        let mut seen = 0;
        while seen < EVENTS {
            at = 1 - at;
            let request = support::get(&format!("{}/events", urls[at]));
            // The server may be dead just now, or die while it answers.
            let Ok(response) = request.header("last-event-id", &id).call() else {
                continue;
            };
            let mut events = support::Events::new(response);
            let hello = events.next();
            assert!(hello.is_none_or(|event| event.event_type() == "hello"));
            for event in events.by_ref().take(at_once.min(EVENTS - seen)) {
                assert_eq!(event.data(), seen.to_string());
                seen += 1;
            }
            if !events.last_event_id().is_empty() {
                events.last_event_id().clone_into(&mut id);
            }
        }
    };
    thread::scope(|scope| {
        for at_once in [11, 60, 400, EVENTS] {
            scope.spawn(move || client(0, at_once));
            scope.spawn(move || client(1, at_once));
        }
        // Each is killed once, and starts again where it was.
        scope.spawn(|| {
            for (index, server) in servers.iter().enumerate() {
                while sent.load(Ordering::Relaxed) < EVENTS / 3 * (index + 1) {
                    thread::sleep(Duration::from_millis(1));
                }
                let mut server = server.write().unwrap();
                server.process.kill().unwrap();
                server.process.wait().unwrap();
                let address = server.address().to_owned();
                *server = Server::listen(&address, &options);
            }
        });
        for count in 0..EVENTS {
            servers[count % 2].read().unwrap().send(&count.to_string());
            sent.store(count, Ordering::Relaxed);
        }
    });
}

#[test]
fn any_program_may_add_entries() {
    let redis = Redis::start();
    let add = |entry: &str| redis.command(&format!("XADD events {entry}"));
    add("1-1 data early");
    let server = Server::start(&["--redis", &redis.url, "--history", "3"]);
    let mut events = server.events_after("0");
    assert_eq!(events.next().unwrap().event_type(), "hello");
    assert_eq!(events.next().unwrap().data(), "early");
    add("2-1 other field");
    add(r#"3-1 type "two\nlines" data x"#);
    add("4-1 type note data late");
    let late = events.next().unwrap();
    assert_eq!(
        (late.event_type(), late.id(), late.data()),
        ("note", Some("4-1"), "late")
    );

    // A server that starts with more entries than it keeps knows that it does not have them all.
    let another = Server::start(&["--redis", &redis.url, "--history", "1"]);
    assert_eq!(
        another.events_after("1-1").next().unwrap().event_type(),
        "gap"
    );
    assert_eq!(
        another.events_after("3-1").next().unwrap().event_type(),
        "hello"
    );
}

#[test]
fn a_server_that_starts_late_has_what_the_others_sent() {
    let redis = Redis::start();
    let server = Server::start(&["--redis", &redis.url]);
    let first = server.send("first");
    for count in 0..500 {
        server.send(&count.to_string());
    }
    let late = Server::start(&["--redis", &redis.url]);
    let mut events = late.events_after(&first);
    assert_eq!(events.next().unwrap().event_type(), "hello");
    for count in 0..500 {
        assert_eq!(events.next_data().unwrap(), count.to_string());
    }
}

#[test]
fn a_lost_connection_to_redis_loses_and_doubles_nothing() {
    let redis = Redis::start();
    let server = Server::start(&["--redis", &redis.url]);
    let mut events = server.events();
    for count in 0..6 {
        if count % 2 == 1 {
            redis.command("CLIENT KILL TYPE normal SKIPME yes");
        }
        redis.command(&format!("XADD events * data {count}"));
        assert_eq!(events.next_data().unwrap(), count.to_string());
    }
    assert_eq!(server.stats()["kept"], 6);
}
