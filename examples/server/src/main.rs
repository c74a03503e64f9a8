//! A server of event streams, made to be copied from. Read `hub.rs` first: it has the main idea.

mod connection;
mod http;
mod hub;
mod id;
mod log;
mod redis;
mod stream;

use clap::Parser;
use http::App;
use hub::{Hub, Limits};
use id::Id;
use redis::Redis;
use sse_wire::{Event, EventType};
use std::error::Error;
use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A server of event streams: broadcast, replay, resume.
#[derive(Parser)]
struct Options {
    /// Where to listen; with port 0 the system chooses one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Send a comment before there is silence for this long
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds)]
    keep_alive: Duration,
    /// How long clients wait before they reconnect
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 2000)]
    retry: u64,
    /// How many events are kept for clients that resume
    #[arg(long, value_name = "N", default_value = "10000")]
    history: NonZeroUsize,
    /// How many events a client may fall behind before its connection is reset
    #[arg(long, value_name = "N", default_value = "1000")]
    queue: NonZeroUsize,
    /// Ask for `Authorization: Bearer TOKEN`
    #[arg(long)]
    token: Option<String>,
    /// Share events with other servers in a Redis Stream
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Send an event once a second
    #[arg(long)]
    demo: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number")?;
    let duration = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if duration.is_zero() {
        Err("too short".to_owned())
    } else {
        Ok(duration)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let shared = options.redis.is_some();
    let history = options.history.get();
    let limits = Limits {
        history,
        queue: options.queue.get(),
        shared,
    };
    // Redis has the events from before this process. Without it, nobody does.
    let beginning = if shared {
        Id::default()
    } else {
        Id::default().next()
    };
    let hub = Arc::new(Hub::new(limits, beginning));
    let redis = match options.redis {
        Some(url) => Some(Redis::start(&url, history, Arc::clone(&hub)).await?),
        None => None,
    };
    let app = App {
        hub,
        redis,
        token: options.token.map(Into::into),
        retry: Duration::from_millis(options.retry),
        keep_alive: options.keep_alive,
    };
    if options.demo {
        tokio::spawn(demo(app.clone()));
    }
    let listener = TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    serve(listener, app).await?;
    Ok(())
}

/// How long connections may take to end.
const GRACE: Duration = Duration::from_secs(5);

/// Serves until the process is asked to end.
async fn serve(listener: TcpListener, app: App) -> io::Result<()> {
    let hub = Arc::clone(&app.hub);
    let routes = http::routes(app);
    let (connections, closing) = (TaskTracker::new(), CancellationToken::new());
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    connections.spawn(connection::serve(tcp, routes.clone(), closing.clone()));
                }
                // Mostly too many open files. To accept again at once would fail again.
                Err(error) => {
                    eprintln!("accept: {error}");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    // First it accepts no more clients. Then every stream ends after a whole event, so that the
    // clients go elsewhere, or come back when a new process listens.
    drop(listener);
    hub.close();
    closing.cancel();
    connections.close();
    _ = timeout(GRACE, connections.wait()).await;
    Ok(())
}

async fn demo(app: App) {
    const TICK: EventType<'_> = EventType::from_static("tick");
    let mut seconds = interval(Duration::from_secs(1));
    for count in 1.. {
        seconds.tick().await;
        let event = Event::new(format!("{count}")).with_event_type(TICK);
        if let Err(error) = app.send(event).await {
            eprintln!("demo: {error}");
        }
    }
}
