//! The few constants and checks that HTTP code around the codec needs. No HTTP crate is involved.
//!
//! A server answers with [`RESPONSE_HEADERS`], and finds where to go on in the request's
//! [`LAST_EVENT_ID`]:
//!
//! ```
//! use sse_wire::http;
//!
//! let request_header: &[u8] = b"41";
//! let seen: u64 = http::last_event_id(request_header)?.parse().unwrap_or(0);
//!
//! let mut head = String::from("HTTP/1.1 200 OK\r\n");
//! for (name, value) in http::RESPONSE_HEADERS {
//!     head += &format!("{name}: {value}\r\n");
//! }
//! # assert_eq!(seen, 41);
//! # assert!(head.contains("content-type: text/event-stream\r\n"));
//! # Ok::<(), sse_wire::EncodeError>(())
//! ```
//!
//! A client checks the answer before it decodes: status 200, and a content type that
//! [`is_event_stream`] (R22). What else a server may answer, such as JSON or HTML with an error in
//! it, would decode to nothing, silently.

use crate::EncodeError;
use crate::event::check_last_event_id;

/// The MIME type of an event stream. It needs no `charset`: the encoding is always UTF-8 (R1).
pub const MIME_TYPE: &str = "text/event-stream";

/// The request header in which a client that reconnects says what it has seen (R23).
///
/// Header names match in any case. This one is in lower case, as HTTP/2 and HTTP/3 send it and as
/// `http::HeaderName::from_static` demands it.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// The headers, in lower case, that a response with an event stream should have.
///
/// - `content-type`: without [`MIME_TYPE`] clients refuse the stream (R22).
/// - `cache-control: no-cache`: keeps caches from answering a reconnect with an old stream.
/// - `x-accel-buffering: no`: keeps nginx, and proxies that follow it, from holding events back
///   until a buffer is full (R26).
pub const RESPONSE_HEADERS: [(&str, &str); 3] = [
    ("content-type", MIME_TYPE),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),
];

/// Whether a `Content-Type` is that of an event stream (R22).
///
/// Type and subtype are compared in any case, as the MIME Sniffing standard parses them; parameters
/// do not matter, even malformed ones.
///
/// ```
/// # use sse_wire::http::is_event_stream;
/// assert!(is_event_stream("text/event-stream"));
/// assert!(is_event_stream(b" Text/Event-Stream ; charset=utf-8"));
/// assert!(!is_event_stream("text/event-stream x"));
/// assert!(!is_event_stream("application/json"));
/// ```
#[must_use]
pub fn is_event_stream(content_type: impl AsRef<[u8]>) -> bool {
    let content_type = content_type.as_ref();
    let parameters = content_type.iter().position(|&byte| byte == b';');
    let essence = &content_type[..parameters.unwrap_or(content_type.len())];
    trim_http_whitespace(essence).eq_ignore_ascii_case(MIME_TYPE.as_bytes())
}

/// The value of a request's [`LAST_EVENT_ID`] header as text. It comes from a client, which is not
/// to be trusted.
///
/// Empty means none. The text may go into [`Event::with_id`](crate::Event::with_id) and
/// [`Decoder::with_last_event_id`](crate::Decoder::with_last_event_id) again, but it need not be an
/// id that this server ever sent, nor be short.
///
/// # Errors
///
/// [`EncodeError::NotUtf8`] for bytes that are not UTF-8 (R23), [`EncodeError::LineEnd`] for a CR
/// or LF, [`EncodeError::Nul`] for a NUL (R24), with its position.
///
/// ```
/// # use sse_wire::{EncodeError, http::last_event_id};
/// assert_eq!(last_event_id("caf\u{e9}-7".as_bytes()), Ok("caf\u{e9}-7"));
/// assert_eq!(last_event_id(b"caf\xe9"), Err(EncodeError::NotUtf8 { position: 3 }));
/// assert_eq!(last_event_id(b"1\02"), Err(EncodeError::Nul { position: 1 }));
/// ```
pub fn last_event_id(header_value: &[u8]) -> Result<&str, EncodeError> {
    let id = core::str::from_utf8(header_value).map_err(|error| EncodeError::NotUtf8 {
        position: error.valid_up_to(),
    })?;
    check_last_event_id(id)?;
    Ok(id)
}

/// Without the white space of the Fetch standard at both ends: unlike ASCII's, it has no form feed.
fn trim_http_whitespace(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..]
    | [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = bytes
    {
        bytes = rest;
    }
    bytes
}
