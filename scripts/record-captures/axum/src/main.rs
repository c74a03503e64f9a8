//! A build's terminal output, its progress bar redrawn by CR; ids, retry, comments, keep-alives.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::{Router, routing::get};
use futures_util::{Stream, StreamExt, stream};
use tokio::time::sleep;

/// The pieces as a terminal gets them. axum ends each `data` line with the piece's own CR or LF, and
/// takes CRLF for two; of the last piece it sends only type and id.
const OUTPUT: [&str; 8] = [
    "   Compiling demo v0.1.0\n",
    "    Building [>       ] 0/3\r    Building [==>     ] 1/3\r    Building [=======>] 3/3\r",
    "\r\n",
    "warning: unused variable: `größe`\r\n --> src/main.rs:2:9\r\n",
    "\n\n",
    "    Finished `dev` profile\n     Running `target/debug/demo`\n",
    "héllo wörld 🦀",
    "",
];

fn events() -> impl Stream<Item = Event> {
    let start = Event::default()
        .comment("build 42")
        .comment("terminal output follows");
    let start = start
        .event("start")
        .id("start")
        .retry(Duration::from_millis(2050));
    let output = OUTPUT.into_iter().zip(1..).map(|(piece, n): (_, u32)| {
        Event::default()
            .event("output")
            .id(n.to_string())
            .data(piece)
    });
    let idle = sleep(Duration::from_millis(1250)); // for two keep-alives
    let exit = serde_json::json!({ "code": 0, "seconds": 1.25 });
    let exit = Event::default().json_data(exit).expect("valid JSON");
    stream::iter([start.data("build 42")])
        .chain(stream::iter(output))
        .chain(stream::once(async {
            idle.await;
            exit
        }))
}

async fn build() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let keep_alive = KeepAlive::new().interval(Duration::from_millis(500));
    Sse::new(events().map(Ok)).keep_alive(keep_alive)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = format!("127.0.0.1:{}", std::env::var("PORT")?);
    let listener = tokio::net::TcpListener::bind(address).await?;
    Ok(axum::serve(listener, Router::new().route("/", get(build))).await?)
}
