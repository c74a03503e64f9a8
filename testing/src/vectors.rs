//! The conformance vectors of `vectors/`, as Rust values. The README there says what each field
//! means.

use serde::{Deserialize, Deserializer, de::Error};
use std::sync::LazyLock;
use std::time::Duration;

/// All decoder vectors: streams, and everything that must come out of them.
///
/// Names and inputs are unique. Parsed once, at the first call.
///
/// ```
/// use sse_wire_testing::vectors;
///
/// let vector = vectors().iter().find(|vector| vector.name == "wpt-format-bom").unwrap();
/// assert_eq!(vector.events[0].data, "1");
/// assert_eq!(&vector.input[..3], b"\xEF\xBB\xBF");
/// ```
#[must_use]
pub fn vectors() -> &'static [Vector] {
    static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
        DECODER_FILES
            .iter()
            .flat_map(|&(name, text)| {
                let theme = name.trim_end_matches(".json");
                parse(name, text)
                    .into_iter()
                    .map(move |vector| Vector { theme, ..vector })
            })
            .collect()
    });
    &VECTORS
}

/// All encoder vectors: what an application asks for, and the bytes or the refusal that must come
/// out.
///
/// ```
/// use sse_wire_testing::{Outcome, encoder_vectors};
///
/// let refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused(_));
/// assert!(encoder_vectors().iter().any(|vector| refused(&vector.outcome)));
/// ```
#[must_use]
pub fn encoder_vectors() -> &'static [EncoderVector] {
    static VECTORS: LazyLock<Vec<EncoderVector>> =
        LazyLock::new(|| parse("encoder.json", include_str!("../vectors/encoder.json")));
    &VECTORS
}

macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../vectors/", $name)))),*]
    };
}

const DECODER_FILES: &[(&str, &str)] = files! {
    "lines.json" "bom.json" "fields.json" "data.json" "id.json" "event-type.json" "retry.json"
    "dispatch.json" "comments.json" "utf8.json" "end-of-stream.json" "resume.json" "chunks.json"
    "wpt.json" "defects.json" "diagnostics.json"
};

/// A stream, and everything that must come out of it.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Says the point; unique.
    pub name: String,
    /// What it is about: the name of its file, `lines` or `bom` or another.
    #[serde(skip)]
    pub theme: &'static str,
    /// The [rules](sse_wire#rules) that decide: `R1` to `R27`.
    pub rules: Vec<String>,
    /// The traps that it guards: 1 to 20 of the README.
    #[serde(default)]
    pub traps: Vec<u8>,
    /// Where to find the rules: a section of the HTML standard, or `Encoding` and a section of that
    /// standard.
    pub section: String,
    /// Why the vector is there.
    pub why: String,
    /// The input, readable: printable ASCII as it is, the rest as `\t`, `\r`, `\n`, `\'`, `\"`,
    /// `\\` or `\x` and two digits, as [`escape_ascii`](slice::escape_ascii) writes it.
    pub text: String,
    /// The bytes of the stream, from its first to its last.
    #[serde(deserialize_with = "base64")]
    pub input: Vec<u8>,
    /// The last event ID that the decoder starts with, as after a reconnect. Empty for a new
    /// stream.
    #[serde(default)]
    pub initial_last_event_id: String,
    /// Offsets where to cut the input into chunks, if the vector is about chunks; two equal ones
    /// make an empty chunk. What must come out is the same for all other cuts.
    #[serde(default)]
    pub cuts: Vec<usize>,
    /// The events, in order.
    pub events: Vec<ExpectedEvent>,
    /// All that follows the colon of each comment, in order.
    pub comments: Vec<String>,
    /// The reconnection times, in order.
    #[serde(deserialize_with = "milliseconds_each")]
    pub retries: Vec<Duration>,
    /// The last event ID when the stream ends.
    pub last_event_id: String,
    /// The event that the end of the stream cuts off. The specification discards it (R20); a
    /// decoder that can return it returns this.
    pub cut_off: Option<CutOffEvent>,
    /// If the vector has them, the [names](sse_wire::check::Kind::name) of all diagnostics to
    /// report, in order, with matters of style.
    #[serde(default)]
    pub diagnostics: Option<Vec<String>>,
}

/// An event that must be dispatched.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
#[serde(deny_unknown_fields)]
pub struct ExpectedEvent {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID as of this event.
    pub last_event_id: String,
    /// It must be returned once this many bytes of the input were fed, in any chunks; else the
    /// decoder is late (R3).
    pub at: usize,
}

/// An event that the end of the stream cuts off.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
#[serde(deny_unknown_fields)]
pub struct CutOffEvent {
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID as of this event. It is not committed, so a client that reconnects does
    /// not send it.
    pub last_event_id: String,
}

/// What an application asks of an encoder, and what must come out.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
#[serde(deny_unknown_fields)]
pub struct EncoderVector {
    /// Says the point; unique.
    pub name: String,
    /// The [rules](sse_wire#rules) that decide: `R1` to `R27`.
    pub rules: Vec<String>,
    /// Where to find the rules: a section of the HTML standard.
    pub section: String,
    /// Why the vector is there.
    pub why: String,
    /// The calls to one encoder, in order.
    pub calls: Vec<Call>,
    /// What must come out.
    pub outcome: Outcome,
}

/// A call to an encoder.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A whole event.
    Event(Fields),
    /// A comment, possibly of several lines.
    Comment(String),
    /// The shortest line that keeps a connection busy.
    KeepAlive,
    /// A reconnection time by itself.
    Retry(#[serde(deserialize_with = "milliseconds")] Duration),
    /// An event that is left open, for data in pieces.
    Begin(Fields),
    /// A piece of data.
    Data(String),
    /// The end of the open event.
    End,
}

/// The fields of an event to be sent; none is required.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// The id.
    pub id: Option<String>,
    /// The reconnection time.
    #[serde(deserialize_with = "optional_milliseconds")]
    pub retry: Option<Duration>,
    /// The data.
    pub data: Option<String>,
}

/// What must come out of an [`EncoderVector`].
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// These bytes.
    #[non_exhaustive]
    Output {
        /// The bytes, readable: escaped like [`Vector::text`].
        text: String,
        /// The bytes.
        #[serde(deserialize_with = "base64")]
        bytes: Vec<u8>,
    },
    /// No bytes at all, since a value cannot be sent.
    Refused(Refusal),
}

/// Why a value cannot be sent.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Which value it is: `type` or `id`.
    pub field: String,
    /// The position of the invalid byte in its UTF-8 form.
    pub position: usize,
    /// What is at that position.
    pub because: Problem,
}

/// What a value must not have.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// A CR or LF, which would begin another line.
    LineEnd,
    /// A NUL, for which every client would ignore the id (R15).
    Nul,
}

fn parse<T: for<'de> Deserialize<'de>>(name: &str, text: &str) -> Vec<T> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("vectors/{name}: {error}"))
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

fn optional_milliseconds<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
}

fn milliseconds_each<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Duration>, D::Error> {
    Ok(Vec::<u64>::deserialize(deserializer)?
        .into_iter()
        .map(Duration::from_millis)
        .collect())
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    base64_decode(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("not base64"))
}

/// The standard alphabet with padding, RFC 4648.
fn base64_decode(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in text.as_bytes().chunks(4) {
        let digits = group
            .iter()
            .position(|&digit| digit == b'=')
            .unwrap_or(group.len());
        let (digits, padding) = group.split_at(digits);
        if group.len() != 4 || digits.len() < 2 || padding.iter().any(|&byte| byte != b'=') {
            return None;
        }
        let mut bits = 0;
        for digit in digits {
            bits = bits << 6 | ALPHABET.iter().position(|letter| letter == digit)?;
        }
        let [.., first, second, third] = (bits << (6 * padding.len())).to_be_bytes();
        bytes.extend_from_slice(&[first, second, third][..digits.len() - 1]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_every_length() {
        for (text, expected) in [
            ("", Some(&b""[..])),
            ("Zg==", Some(b"f")),
            ("Zm8=", Some(b"fo")),
            ("Zm9v", Some(b"foo")),
            ("Zm9vYg==", Some(b"foob")),
            ("/+8A", Some(b"\xFF\xEF\0")),
            ("Zg", None),
            ("Z===", None),
            ("Zg=*", None),
            ("Zm*v", None),
        ] {
            assert_eq!(base64_decode(text).as_deref(), expected, "{text}");
        }
    }
}
