//! A gateway for event streams, made to be copied from. Read `forward.rs` first.

mod chaos;
mod connection;
mod forward;
mod rewrite;
mod stats;

use clap::Parser;
use forward::Gateway;
use rewrite::Set;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

/// Forwards event streams, and the answer to any other GET request.
#[derive(Debug, Parser)]
struct Options {
    /// Where requests go, such as http://127.0.0.1:8080
    upstream: String,
    /// Where to listen; with port 0 the system chooses one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8081")]
    listen: String,
    /// Change a field of events with JSON that have it, such as user.name=anonymous
    #[arg(long, value_name = "PATH=VALUE")]
    set: Option<Set>,
    /// Cut, delay, merge and split event streams at random
    #[arg(long)]
    chaos: bool,
    /// With --chaos: the seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let seed = options.chaos.then_some(options.seed);
    let gateway = Arc::new(Gateway::new(options.upstream, options.set, seed)?);
    let listener = TcpListener::bind(options.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    tokio::spawn(connection::serve(tcp, Arc::clone(&gateway)));
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
    println!("{}", gateway.stats.to_json());
    Ok(())
}
