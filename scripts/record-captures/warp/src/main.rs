//! Anthropic-style messages: an event type for each step, text in deltas, then a tool call. No
//! space after the colon.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::time::sleep;
use warp::Filter;
use warp::sse::Event;

const TEXT: &str = "I'll look that up.\n\nThe tide at Saint-Malo 🌊 turns twice a day; \
    let me ask for today's \"high water\" — one moment…";
const TOOL_INPUT: &str = r#"{"port": "Saint-Malo", "day": "2025-03-01", "unit": "m"}"#;

fn message() -> Vec<Event> {
    let start = json!({ "message": { "id": "msg_0001", "role": "assistant", "content": [] } });
    let tool = json!({ "type": "tool_use", "id": "toolu_0001", "name": "tides", "input": {} });
    let mut events = vec![event("message_start", start)];
    events.extend(block(
        0,
        json!({ "type": "text", "text": "" }),
        "text",
        TEXT,
    ));
    events.push(event("ping", json!({})));
    events.extend(block(1, tool, "partial_json", TOOL_INPUT));
    events.push(event(
        "message_delta",
        json!({ "delta": { "stop_reason": "tool_use" } }),
    ));
    events.push(event("message_stop", json!({})));
    events
}

/// A content block; a delta for every five characters of `text`, so that most are cut inside a word.
fn block(index: u32, block: Value, key: &str, text: &str) -> Vec<Event> {
    let start = json!({ "index": index, "content_block": block });
    let mut events = vec![event("content_block_start", start)];
    for piece in text.chars().collect::<Vec<_>>().chunks(5) {
        let delta = json!({ "index": index, "delta": { key: String::from_iter(piece) } });
        events.push(event("content_block_delta", delta));
    }
    events.push(event("content_block_stop", json!({ "index": index })));
    events
}

fn event(event_type: &str, mut payload: Value) -> Event {
    payload["type"] = event_type.into();
    Event::default()
        .event(event_type)
        .json_data(payload)
        .expect("valid JSON")
}

fn events() -> impl Stream<Item = Result<Event, Infallible>> {
    let idle = sleep(Duration::from_millis(1250)); // for two keep-alives
    stream::once(async {
        idle.await;
        Event::default().comment("the model is awake")
    })
    .chain(stream::iter(message()))
    .map(Ok)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let reply = warp::path::end().map(|| {
        let keep_alive = warp::sse::keep_alive().interval(Duration::from_millis(500));
        warp::sse::reply(keep_alive.text("thinking").stream(events()))
    });
    let port = std::env::var("PORT")?.parse()?;
    warp::serve(reply).run(([127, 0, 0, 1], port)).await;
    Ok(())
}
