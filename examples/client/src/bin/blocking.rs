//! A client that reconnects as section 9.2.3 of the specification says: blocking, on ureq.
//! `main.rs` is the same on reqwest.

use clap::Parser;
use sse_wire::Decoder;
use sse_wire::headers::{self, Answer};
use sse_wire_client::{Backoff, Options, Output, chain, last_event_id};
use std::error::Error;
use std::io::{self, Read};
use std::process::ExitCode;
use std::thread::sleep;
use ureq::http::{Response, header};
use ureq::{Agent, Body};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {}", chain(&*error));
            ExitCode::FAILURE
        }
    }
}

/// Reads one connection after the other. Returns when the server has nothing more to send, and
/// fails when trying again would be useless.
fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(options.idle))
        .timeout_recv_response(Some(options.idle))
        .timeout_per_read(Some(options.idle))
        .build()
        .into();
    // Lives as long as the program: the next connection needs its last event ID.
    let mut decoder = Decoder::new();
    let mut backoff = Backoff::new(options.longest_wait);
    let mut output = Output::new(options.json);
    loop {
        let shown_before = output.events;
        let why = match connect(&agent, &options.url, decoder.last_event_id()) {
            Ok(response) => {
                let content_type = response.headers().get(header::CONTENT_TYPE);
                let status = response.status().as_u16();
                match headers::answer(status, content_type.map(|value| value.as_bytes())) {
                    Answer::Decode => read(response, &mut decoder, &mut output)?,
                    Answer::Stop => return Ok(()),
                    _ if options.tries_again(status) => format!("the server answers {status}"),
                    _ => return Err(format!("no event stream: {status}, {content_type:?}").into()),
                }
            }
            Err(error) if is_final(&error) => return Err(error.into()),
            Err(error) => chain(&error),
        };
        if output.events > shown_before {
            backoff.reset();
        }
        // Without this, the block that the old connection cut off would continue in the new one.
        decoder.reconnect();
        let wait = backoff.next(decoder.retry());
        eprintln!("client: {why}; reconnecting in {wait:.1?}");
        sleep(wait);
    }
}

fn connect(agent: &Agent, url: &str, id: &str) -> Result<Response<Body>, ureq::Error> {
    let mut request = agent.get(url).header(header::ACCEPT, headers::MIME_TYPE);
    if let Some(id) = last_event_id(id) {
        request = request.header(headers::LAST_EVENT_ID, id);
    }
    request.call()
}

/// The same request would fail again, even if the server or the network changed.
fn is_final(error: &ureq::Error) -> bool {
    use ureq::Error::{BadUri, Http, RedirectFailed, TooManyRedirects};
    matches!(
        error,
        BadUri(_) | Http(_) | RedirectFailed | TooManyRedirects
    )
}

/// Shows the events of one connection as they come. Returns why it ended.
fn read(
    response: Response<Body>,
    decoder: &mut Decoder,
    output: &mut Output,
) -> io::Result<String> {
    let mut body = response.into_body().into_reader();
    let mut chunk = [0; 16 * 1024];
    loop {
        match body.read(&mut chunk) {
            Ok(0) => return Ok("the stream has ended".to_owned()),
            Ok(len) => output.show(decoder.feed(&chunk[..len]))?,
            // Also if nothing has come for a while, not even a comment.
            Err(error) => return Ok(chain(&error)),
        }
    }
}
