//! Serves answers on loopback, as slowly as a model writes them.
//!
//! They have the form that the providers document. Gemini's recording lacks its last blank line,
//! and the last recording fails in the middle.

use sse_wire::headers;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// The paths that are served.
pub const PATHS: [&str; 4] = [
    "/openai/chat/completions",
    "/anthropic/messages",
    "/gemini/small:streamGenerateContent",
    "/overloaded/messages",
];

const PAUSE: Duration = Duration::from_millis(20);

/// Starts a server, which ends with the program. Returns its address.
pub fn serve() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for tcp in listener.incoming() {
            // A client that has gone is not an error of the server.
            _ = tcp.and_then(answer);
        }
    });
    Ok(format!("http://{address}"))
}

fn answer(mut tcp: TcpStream) -> io::Result<()> {
    let path = read_request(&tcp)?;
    let recording: &[u8] = match path.split('/').nth(1) {
        Some("openai") => include_bytes!("../recordings/openai.stream"),
        Some("anthropic") => include_bytes!("../recordings/anthropic.stream"),
        Some("gemini") => include_bytes!("../recordings/gemini.stream"),
        _ => include_bytes!("../recordings/overloaded.stream"),
    };
    write!(tcp, "HTTP/1.1 200 OK\r\nconnection: close\r\n")?;
    for (name, value) in headers::RESPONSE {
        write!(tcp, "{name}: {value}\r\n")?;
    }
    write!(tcp, "\r\n")?;
    // Cut anywhere, as networks do.
    for piece in recording.chunks(150) {
        tcp.write_all(piece)?;
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Reads all of a request, and returns its path.
fn read_request(tcp: &TcpStream) -> io::Result<String> {
    let mut reader = BufReader::new(tcp);
    let (mut path, mut length) = (String::new(), 0);
    for (number, line) in reader.by_ref().lines().enumerate() {
        let line = line?.to_ascii_lowercase();
        if number == 0 {
            path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        } else if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        } else if line.is_empty() {
            break;
        }
    }
    io::copy(&mut reader.take(length), &mut io::sink())?;
    Ok(path)
}
