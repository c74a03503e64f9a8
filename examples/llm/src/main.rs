//! Prints the answer of a language model as it streams it. Read `answer.rs` first: it knows the
//! providers' events.

mod answer;
mod recorded;
mod request;

use answer::Part;
use clap::Parser;
use sse_wire::check::Checker;
use sse_wire::headers::{self, Answer};
use sse_wire::{Decoder, Event};
use std::error::Error;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use ureq::Body;
use ureq::http::{Response, header};

/// Prints the answer of a language model as it streams it.
#[derive(Debug, Parser)]
struct Options {
    /// Where a provider streams; without it, recorded answers are served on loopback and printed
    ///
    /// Its path says what it expects: .../chat/completions, .../messages, or ...:streamGenerateContent.
    url: Option<String>,
    #[arg(long, default_value = "Say hello.")]
    prompt: String,
    /// Some providers have it in the URL
    #[arg(long)]
    model: Option<String>,
    #[arg(long, env = "API_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Also report what is wrong with the stream
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match &options.url {
        Some(url) => print(url, &options),
        None => print_recorded(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("llm: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One answer after the other, over HTTP, as from a real provider. One of them fails on purpose.
fn print_recorded(options: &Options) -> Result<(), Box<dyn Error>> {
    let origin = recorded::serve()?;
    for path in recorded::PATHS {
        println!("--- {path}");
        if let Err(error) = print(&format!("{origin}{path}"), options) {
            println!("failed: {error}");
        }
    }
    Ok(())
}

fn print(url: &str, options: &Options) -> Result<(), Box<dyn Error>> {
    let response = request::send(url, options)?;
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let status = response.status().as_u16();
    match headers::answer(status, content_type.map(|value| value.as_bytes())) {
        Answer::Decode => print_stream(response, options.check),
        _ => Err(format!("{status}: {}", response.into_body().read_to_string()?).into()),
    }
}

fn print_stream(response: Response<Body>, check: bool) -> Result<(), Box<dyn Error>> {
    let mut body = response.into_body().into_reader();
    let mut decoder = Decoder::new();
    let mut checker = check.then(Checker::new);
    let mut is_complete = false;
    let mut chunk = [0; 16 * 1024];
    loop {
        let len = body.read(&mut chunk)?;
        if len == 0 {
            break;
        }
        if let Some(checker) = &mut checker {
            checker
                .feed(&chunk[..len])
                .for_each(|wrong| eprintln!("{wrong}"));
        }
        let mut feed = decoder.feed(&chunk[..len]);
        while let Some(event) = feed.next_event() {
            is_complete |= print_event(&event?)?;
        }
    }
    // Some servers forget the last blank line. If the connection was lost instead, the JSON is most
    // likely not whole, and that is an error.
    if let Some(event) = decoder.finish() {
        is_complete |= print_event(&event?)?;
    }
    if let Some(checker) = &mut checker {
        checker.finish().for_each(|wrong| eprintln!("{wrong}"));
    }
    println!();
    if is_complete {
        Ok(())
    } else {
        Err("the end of the answer is missing".into())
    }
}

/// Returns whether the answer is complete with this event.
fn print_event(event: &Event<'_>) -> Result<bool, Box<dyn Error>> {
    let mut out = io::stdout().lock();
    for part in answer::parts(event.data())? {
        match part {
            // For people: a model's text may have characters that control their terminal.
            Part::Text(text) => write!(out, "{}", text.replace(is_unwanted, "\u{fffd}"))?,
            Part::End => return Ok(true),
            Part::Error(message) => {
                writeln!(out)?;
                return Err(message.into());
            }
        }
    }
    out.flush()?;
    Ok(false)
}

fn is_unwanted(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\t')
}
