//! A client with reqwest that reconnects, as browsers do (9.2.3).

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response};
use sse_wire::Event;
use sse_wire::headers::{self, Answer};
use sse_wire::stream::EventStream;
use std::time::Duration;
use tokio::time::sleep;

const DEFAULT_WAIT: Duration = Duration::from_secs(3);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Shows all events of a resource, until it answers with status 204 or does not answer.
pub async fn client(url: &str, mut show: impl FnMut(&Event<'_>)) -> reqwest::Result<()> {
    let client = Client::new();
    let response = client.get(url).send().await?;
    if answer(&response) != Answer::Decode {
        return Ok(());
    }
    let mut events = EventStream::new(response.bytes_stream());
    loop {
        while let Some(event) = events.next_event().await {
            match event {
                Ok(event) => show(&event),
                Err(error) => eprintln!("{error}"),
            }
        }
        let decoder = events.decoder();
        sleep(decoder.retry().unwrap_or(DEFAULT_WAIT).min(LONGEST_WAIT)).await;
        let request = client.get(url);
        let request = match decoder.last_event_id() {
            "" => request,
            id => request.header(headers::LAST_EVENT_ID, id),
        };
        let response = request.send().await?;
        if answer(&response) != Answer::Decode {
            return Ok(());
        }
        events.reconnect(response.bytes_stream());
    }
}

fn answer(response: &Response) -> Answer {
    let content_type = response.headers().get(CONTENT_TYPE);
    headers::answer(
        response.status().as_u16(),
        content_type.map(|value| value.as_bytes()),
    )
}
