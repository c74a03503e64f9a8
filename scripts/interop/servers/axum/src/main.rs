use std::convert::Infallible;
use std::env;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;

struct Wanted {
    texts: Vec<String>,
    /// Events in a connection.
    count: usize,
}

async fn events(State(wanted): State<Arc<Wanted>>, headers: HeaderMap) -> Response {
    let id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let seen: usize = id.and_then(|id| id.parse().ok()).unwrap_or(0);
    if seen >= wanted.texts.len() {
        return StatusCode::NO_CONTENT.into_response();
    }
    let end = wanted.texts.len().min(seen + wanted.count);
    let events = (seen..end).map(move |index| {
        let event = Event::default()
            .event("text")
            .id((index + 1).to_string())
            .retry(Duration::from_millis(100))
            .data(&wanted.texts[index]);
        Ok::<_, Infallible>(event)
    });
    Sse::new(stream::iter(events)).into_response()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let texts = std::fs::read(env::var("TEXTS")?)?;
    let wanted = Wanted {
        texts: serde_json::from_slice(&texts)?,
        count: env::var("COUNT")?.parse()?,
    };
    let address = format!("127.0.0.1:{}", env::var("PORT")?);
    let listener = tokio::net::TcpListener::bind(address).await?;
    let app = Router::new().route("/", get(events));
    Ok(axum::serve(listener, app.with_state(Arc::new(wanted))).await?)
}
