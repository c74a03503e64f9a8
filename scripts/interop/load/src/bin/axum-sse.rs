//! A broadcast as axum's users write it: axum's own `Sse` on a tokio channel. Prints its address.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

#[derive(Clone)]
struct App {
    messages: broadcast::Sender<Arc<Message>>,
    next_id: Arc<AtomicU64>,
}

struct Message {
    id: String,
    data: String,
}

async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let hello = Event::default()
        .event("hello")
        .retry(Duration::from_secs(2))
        // axum leaves out empty data, and then nothing would be dispatched.
        .data("hello");
    let messages = BroadcastStream::new(app.messages.subscribe());
    let events = messages.filter_map(async |message| {
        let message = message.ok()?;
        Some(Event::default().data(&message.data).id(&message.id))
    });
    let events = stream::once(async { hello }).chain(events);
    Sse::new(events.map(Ok)).keep_alive(KeepAlive::default())
}

async fn send(State(app): State<App>, data: String) {
    let id = app.next_id.fetch_add(1, Ordering::Relaxed);
    // As long as the ids of the other server.
    let id = format!("{id:013}-0");
    // With no client there is nobody to send it to.
    _ = app.messages.send(Arc::new(Message { id, data }));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App {
        messages: broadcast::Sender::new(1000),
        next_id: Arc::default(),
    };
    let routes = Router::new()
        .route("/events", get(events))
        .route("/send", post(send));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|tcp| _ = tcp.set_nodelay(true));
    Ok(axum::serve(listener, routes.with_state(app)).await?)
}
