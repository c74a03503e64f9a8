//! A client that reconnects as section 9.2.3 of the specification says: async, on reqwest.
//! `bin/blocking.rs` is the same on ureq.

use clap::Parser;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response};
use sse_wire::Decoder;
use sse_wire::headers::{self, Answer};
use sse_wire_client::{Backoff, Options, Output, chain, last_event_id};
use std::error::Error;
use std::io;
use std::process::ExitCode;
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Reads one connection after the other. Returns when the server has nothing more to send, and
/// fails when trying again would be useless.
async fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let client = Client::builder()
        .connect_timeout(options.idle)
        .read_timeout(options.idle)
        .build()?;
    // Lives as long as the program: the next connection needs its last event ID.
    let mut decoder = Decoder::new();
    let mut backoff = Backoff::new(options.longest_wait);
    let mut output = Output::new(options.json);
    loop {
        let shown_before = output.events;
        let why = match connect(&client, &options.url, decoder.last_event_id()).await {
            Ok(response) => {
                let content_type = response.headers().get(CONTENT_TYPE);
                let status = response.status().as_u16();
                match headers::answer(status, content_type.map(|value| value.as_bytes())) {
                    Answer::Decode => read(response, &mut decoder, &mut output).await?,
                    Answer::Stop => return Ok(()),
                    _ if options.tries_again(status) => format!("the server answers {status}"),
                    _ => return Err(format!("no event stream: {status}, {content_type:?}").into()),
                }
            }
            Err(error) if error.is_builder() || error.is_redirect() => return Err(error.into()),
            Err(error) => chain(&error),
        };
        if output.events > shown_before {
            backoff.reset();
        }
        // Without this, the block that the old connection cut off would continue in the new one.
        decoder.reconnect();
        let wait = backoff.next(decoder.retry());
        eprintln!("client: {why}; reconnecting in {wait:.1?}");
        sleep(wait).await;
    }
}

async fn connect(client: &Client, url: &str, id: &str) -> reqwest::Result<Response> {
    let mut request = client.get(url).header(ACCEPT, headers::MIME_TYPE);
    if let Some(id) = last_event_id(id) {
        request = request.header(headers::LAST_EVENT_ID, id);
    }
    request.send().await
}

/// Shows the events of one connection as they come. Returns why it ended.
async fn read(
    mut response: Response,
    decoder: &mut Decoder,
    output: &mut Output,
) -> io::Result<String> {
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => output.show(decoder.feed(&chunk))?,
            Ok(None) => return Ok("the stream has ended".to_owned()),
            // Also if nothing has come for a while, not even a comment.
            Err(error) => return Ok(chain(&error)),
        }
    }
}
