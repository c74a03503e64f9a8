//! What HTTP code around an event stream needs: constants and checks. No HTTP crate is involved.
//!
//! A server sends [`RESPONSE`] and reads the request's [`LAST_EVENT_ID`]:
//!
//! ```
//! use sse_wire::headers;
//!
//! let request_header: &[u8] = b"41";
//! let seen: u64 = headers::last_event_id(request_header)?.as_str().parse().unwrap_or(0);
//!
//! let mut head = String::from("HTTP/1.1 200 OK\r\n");
//! for (name, value) in headers::RESPONSE {
//!     head += &format!("{name}: {value}\r\n");
//! }
//! # assert_eq!(seen, 41);
//! # assert!(head.contains("content-type: text/event-stream\r\n"));
//! # Ok::<(), sse_wire::InvalidText>(())
//! ```
//!
//! Several libraries take the constant as it is: `(headers::RESPONSE, body)` is an axum response.
//!
//! A client asks [`answer`] what to do with a response before it decodes the body (R22).
//!
//! # Proxies
//!
//! They close connections that are silent: h2o after 30 seconds, nginx, Apache and Varnish after
//! 60. A comment every 15 seconds, such as [`Encoder::keep_alive`](crate::Encoder::keep_alive)
//! writes, keeps them open (R26). [`RESPONSE`] keeps most proxies from holding events back;
//! `docs/proxies.md` in the repository has the settings that HAProxy, lighttpd, Varnish and two
//! nginx in a row need as well.
//!
//! # What ends a client for good
//!
//! A browser's `EventSource` reconnects when a connection is lost, but stops at every response that
//! is not an event stream (9.2.3): 204, any 4xx or 5xx, such as the 502 that a proxy sends while a
//! server restarts. So refuse a reconnect only if you mean it, and have proxies wait or try another
//! server.

use crate::{EventId, InvalidText};
use alloc::borrow::Cow;

/// The MIME type of an event stream. It needs no `charset`: the encoding is always UTF-8 (R1).
pub const MIME_TYPE: &str = "text/event-stream";

/// The request header in which a client that reconnects sends the last id that it has seen (R23).
///
/// Header names match in any case. This one is in lower case, as HTTP/2 and HTTP/3 send it and
/// `http::HeaderName::from_static` requires it.
///
/// As a server, read its bytes with [`last_event_id`]: an id may be UTF-8, and then
/// `http::HeaderValue::to_str` fails. As a client, do not send the header if the id is empty. HTTP
/// libraries refuse an id with control characters, and browsers that send it get a 400 and stop:
/// then reconnect without the header, and so without the id.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// The query parameter in which the package `event-source-polyfill` sends the last event ID: it
/// sends no header. After percent-decoding, [`last_event_id`] checks it.
pub const LAST_EVENT_ID_PARAMETER: &str = "lastEventId";

/// The headers, in lower case, that a response with an event stream should have.
///
/// - `content-type`: without [`MIME_TYPE`] clients refuse the stream (R22).
/// - `cache-control`: `no-cache` keeps caches from answering a reconnect with an old stream;
///   `no-transform` keeps compressing middleware and proxies from holding events back.
/// - `x-accel-buffering: no`: keeps nginx, and proxies that follow it, from holding events back
///   until a buffer is full (R26).
pub const RESPONSE: [(&str, &str); 3] = [
    ("content-type", MIME_TYPE),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
];

/// What a client does with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// It is an event stream: decode the body, and reconnect when the body ends.
    Decode,
    /// The server has nothing more to send: do not reconnect.
    Stop,
    /// It is an error: the specification requires the client to fail for good.
    ///
    /// Clients other than browsers often try again after a 429 or 5xx. That is their own policy.
    Fail,
}

/// What to do with a response of this status and `Content-Type`, after redirects were followed
/// (R22, 9.2.3).
///
/// Without this check, an error page in HTML or JSON would silently decode to no events.
///
/// ```
/// # use sse_wire::headers::{Answer, answer};
/// assert_eq!(answer(200, Some(b"text/event-stream")), Answer::Decode);
/// assert_eq!(answer(200, Some(b"text/html")), Answer::Fail);
/// assert_eq!(answer(204, None), Answer::Stop);
/// assert_eq!(answer(503, Some(b"text/event-stream")), Answer::Fail);
/// ```
#[must_use]
pub fn answer(status: u16, content_type: Option<&[u8]>) -> Answer {
    match status {
        200 if content_type.is_some_and(is_event_stream) => Answer::Decode,
        204 => Answer::Stop,
        _ => Answer::Fail,
    }
}

/// Whether a `Content-Type` is that of an event stream (R22).
///
/// Type and subtype are compared in any case, as the MIME Sniffing standard parses them; parameters
/// do not matter, even malformed ones.
///
/// ```
/// # use sse_wire::headers::is_event_stream;
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

/// The value of a request's [`LAST_EVENT_ID`] header as an id. It comes from a client, so do not
/// trust it.
///
/// Empty means none. The id is valid, but it need not be one that this server ever sent, nor be
/// short.
///
/// # Errors
///
/// [`InvalidText::NotUtf8`] for bytes that are not UTF-8 (R23), [`InvalidText::LineEnd`] for a CR
/// or LF, [`InvalidText::Nul`] for a NUL (R24), with its position.
///
/// ```
/// # use sse_wire::{InvalidText, headers::last_event_id};
/// assert_eq!(last_event_id("caf\u{e9}-7".as_bytes())?.as_str(), "caf\u{e9}-7");
/// let latin_1 = last_event_id(b"caf\xe9");
/// assert!(matches!(latin_1, Err(InvalidText::NotUtf8 { position: 3, .. })));
/// # Ok::<(), InvalidText>(())
/// ```
pub fn last_event_id(header_value: &[u8]) -> Result<EventId<'_>, InvalidText> {
    match core::str::from_utf8(header_value) {
        Ok(id) => EventId::new(Cow::Borrowed(id)),
        Err(error) => Err(InvalidText::NotUtf8 {
            position: error.valid_up_to(),
        }),
    }
}

/// Removes the white space of the Fetch standard at both ends: unlike ASCII's, it has no form feed.
fn trim_http_whitespace(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..]
    | [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = bytes
    {
        bytes = rest;
    }
    bytes
}
