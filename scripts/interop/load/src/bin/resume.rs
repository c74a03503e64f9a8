//! Clients that reconnect as the specification says, each at the next of several servers. They expect
//! the numbers from 0 on, each once and in order. Prints the outcome, as JSON.

use std::net::SocketAddr;
use std::time::Duration;

use argh::FromArgs;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use load::AnyError;
use serde_json::json;
use sse_wire::headers::Answer;
use sse_wire::{Decoder, Event};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Clients that expect numbered events, over any number of connections.
#[derive(FromArgs)]
struct Options {
    #[argh(positional)]
    servers: Vec<SocketAddr>,

    /// how many clients there are
    #[argh(option)]
    clients: usize,

    /// how many events each expects
    #[argh(option)]
    events: usize,

    /// end after this many seconds
    #[argh(option)]
    seconds: u64,
}

/// The outcome for one client.
#[derive(Default)]
struct Course {
    /// How many events came, each of them the next one.
    seen: usize,
    /// An event that was not the next one.
    wrong: Option<String>,
    connections: usize,
    /// The status of the answer that ended it.
    failed: Option<u16>,
}

#[tokio::main]
async fn main() {
    let options: Options = argh::from_env();
    let limit = Duration::from_secs(options.seconds);
    let mut clients = JoinSet::new();
    for first in 0..options.clients {
        let servers = options.servers.clone();
        clients.spawn(async move {
            let mut course = Course::default();
            // When time is up, it is a client that has not seen everything.
            _ = timeout(limit, run(&mut course, &servers, first, options.events)).await;
            course
        });
    }
    let courses = clients.join_all().await;
    let complete = |course: &&Course| course.seen == options.events && course.wrong.is_none();
    let report = json!({
        "complete": courses.iter().filter(complete).count(),
        "wrong": courses.iter().filter_map(|course| course.wrong.as_ref()).collect::<Vec<_>>(),
        "connections": courses.iter().map(|course| course.connections).sum::<usize>(),
        "failed": courses.iter().filter_map(|course| course.failed).collect::<Vec<_>>(),
    });
    println!("{report}");
}

/// The loop of 9.2.3. It starts before the first event that the servers have.
async fn run(course: &mut Course, servers: &[SocketAddr], first: usize, events: usize) {
    let mut decoder = Decoder::new().with_last_event_id(0);
    for server in servers.iter().cycle().skip(first % servers.len()) {
        if let Ok(response) = load::get(*server, decoder.last_event_id()).await {
            if load::answer(&response) != Answer::Decode {
                course.failed = Some(response.status().as_u16());
                return;
            }
            course.connections += 1;
            // An error is the end of this connection, and no more.
            _ = read(course, response.into_body(), &mut decoder, events).await;
        }
        if course.seen == events || course.wrong.is_some() {
            return;
        }
        decoder.reconnect();
        sleep(decoder.retry().unwrap_or(Duration::from_millis(100))).await;
    }
}

async fn read(
    course: &mut Course,
    mut body: Incoming,
    decoder: &mut Decoder,
    events: usize,
) -> Result<(), AnyError> {
    while let Some(frame) = body.frame().await {
        let chunk = frame?.into_data().unwrap_or_default();
        let mut feed = decoder.feed(&chunk);
        while let Some(event) = feed.next_event() {
            take(course, &event?);
        }
        if course.seen >= events || course.wrong.is_some() {
            break;
        }
    }
    Ok(())
}

fn take(course: &mut Course, event: &Event<'_>) {
    if event.event_type() == "hello" {
        return;
    }
    if event.data() == course.seen.to_string() && event.event_type() == "message" {
        course.seen += 1;
    } else {
        let wrong = format!(
            "{} {:?} after {}",
            event.event_type(),
            event.data(),
            course.seen
        );
        course.wrong.get_or_insert(wrong);
    }
}
