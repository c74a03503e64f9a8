//! A server of event streams, made to be copied from. See README.md for what it does.
//!
//! | room | what is in it |
//! | --- | --- |
//! | `hub` | broadcast, replay and slow clients: the one to read first |
//! | `id` | the order of events |
//! | `stream` | the body of a response: events, and comments in the silence between them |
//! | `http` | the four paths |
//! | `redis` | events that several instances share |
//! | `connection` | one connection, from accept to close |

mod connection;
mod http;
mod hub;
mod id;
mod redis;
mod stream;
mod wire;

use clap::Parser;
use http::App;
use hub::{Hub, Limits};
use id::Id;
use redis::Redis;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A server of event streams: broadcast, replay, resume.
#[derive(Parser)]
struct Options {
    /// Where to listen; with port 0 the system chooses one.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR:PORT")]
    listen: String,
    /// A comment is sent after this much silence.
    #[arg(long, default_value = "15", value_name = "SECONDS", value_parser = seconds)]
    keep_alive: Duration,
    /// How long clients wait before they reconnect.
    #[arg(long, default_value = "2000", value_name = "MILLISECONDS")]
    retry: u64,
    /// How many events are kept for clients that resume.
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    history: usize,
    /// How many events a client may fall behind before its connection is reset.
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    queue: usize,
    /// Ask for `Authorization: Bearer TOKEN`.
    #[arg(long)]
    token: Option<String>,
    /// Share events with other instances in a Redis Stream.
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// Send an event once a second.
    #[arg(long)]
    demo: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "more than 0, please".to_owned())
}

/// How long connections have to end at shutdown, before they are cut off.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let shared = options.redis.is_some();
    let limits = Limits {
        history: options.history,
        queue: options.queue,
        shared,
    };
    // What this process sends begins now; what Redis has begins with its first entry.
    let beginning = if shared {
        Id::default()
    } else {
        Id::default().next()
    };
    let hub = Arc::new(Hub::new(limits, beginning));
    let redis = match &options.redis {
        Some(url) => Some(Redis::connect(url, options.history).await?),
        None => None,
    };
    if let Some(redis) = redis.clone() {
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let hub = Arc::clone(&hub);
        tokio::spawn(async move {
            _ = redis.follow(&hub, || _ = ready.send(())).await;
            redis::keep_following(redis, hub).await;
        });
        is_ready.await?;
    }
    let app = App {
        hub: Arc::clone(&hub),
        redis,
        token: options.token.map(Into::into),
        retry: Duration::from_millis(options.retry),
        keep_alive: options.keep_alive,
    };
    if options.demo {
        tokio::spawn(demo(app.clone()));
    }

    let listener = TcpListener::bind(&options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let router = http::routes(app);
    let (closing, connections) = (CancellationToken::new(), TaskTracker::new());
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    let (router, closing) = (router.clone(), closing.clone());
                    connections.spawn(connection::serve(tcp, router, closing));
                }
                // Out of file descriptors, most likely: accepting again at once would fail again.
                Err(error) => {
                    eprintln!("accept: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
        }
    }

    // First nobody new, then every stream ends as a whole: clients reconnect, elsewhere.
    drop(listener);
    hub.close();
    closing.cancel();
    connections.close();
    _ = tokio::time::timeout(GRACE, connections.wait()).await;
    Ok(())
}

/// Sends an event once a second.
async fn demo(app: App) {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    for count in 1_u64.. {
        seconds.tick().await;
        _ = app.send(Some("tick".to_owned()), count.to_string()).await;
    }
}
