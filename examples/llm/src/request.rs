//! The request for each kind of provider.

use crate::Options;
use serde_json::json;
use std::time::Duration;
use ureq::http::{Response, header};
use ureq::{Agent, Body};

/// Models may think for long before the first event, and providers send comments or pings.
const LONGEST_SILENCE: Duration = Duration::from_secs(120);

pub fn send(url: &str, options: &Options) -> Result<Response<Body>, ureq::Error> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_per_read(Some(LONGEST_SILENCE))
        .build()
        .into();
    let messages = json!([{"role": "user", "content": options.prompt}]);
    let (mut url, key) = (url.to_owned(), options.key.as_deref().unwrap_or_default());
    let (key, body) = if url.contains(":streamGenerateContent") {
        if !url.contains("alt=sse") {
            // Otherwise the answer is one JSON array.
            url += if url.contains('?') {
                "&alt=sse"
            } else {
                "?alt=sse"
            };
        }
        let body = json!({"contents": [{"parts": [{"text": options.prompt}]}]});
        (("x-goog-api-key", key.to_owned()), body)
    } else if url.ends_with("/messages") {
        let body = json!({
            "model": options.model,
            "max_tokens": 1024,
            "stream": true,
            "messages": messages,
        });
        (("x-api-key", key.to_owned()), body)
    } else {
        let body = json!({"model": options.model, "stream": true, "messages": messages});
        (("authorization", format!("Bearer {key}")), body)
    };
    agent
        .post(url)
        .header(key.0, key.1)
        .header("anthropic-version", "2023-06-01")
        .content_type("application/json")
        .header(header::ACCEPT, sse_wire::headers::MIME_TYPE)
        .send(body.to_string())
}
