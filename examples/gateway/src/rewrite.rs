//! Changes one field of the JSON in a stream's events.

use bytes::{Bytes, BytesMut};
use serde_json::Value;
use sse_wire::{Decoder, Encoder, Frame};
use std::str::FromStr;

/// Rewrites a stream chunk by chunk.
///
/// Frame by frame, so that comments, reconnection times, other fields and blocks without data stay
/// as they are, in their places.
#[derive(Debug)]
pub struct Rewriter {
    set: Set,
    decoder: Decoder,
    encoder: Encoder,
}

impl Rewriter {
    pub const fn new(set: Set) -> Self {
        Self {
            set,
            decoder: Decoder::new(),
            encoder: Encoder::new(),
        }
    }

    /// Returns what a chunk completes. The rest of the chunk comes out with the next one.
    pub fn rewrite(&mut self, chunk: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(chunk.len());
        let mut feed = self.decoder.feed(chunk);
        while let Some(frame) = feed.next_frame() {
            match frame {
                Ok(Frame::Event(event)) => match self.set.apply(event.data()) {
                    Some(data) => self.encoder.event(&event.with_data(data), &mut out),
                    None => self.encoder.event(&event, &mut out),
                },
                Ok(frame) => self.encoder.frame(&frame, &mut out),
                Err(error) => eprintln!("left out: {error}"),
            }
        }
        out.freeze()
    }
}

/// A field, and the value that it gets.
#[derive(Clone, Debug)]
pub struct Set {
    /// A JSON pointer.
    pointer: String,
    value: Value,
}

impl Set {
    /// The data with the field changed, if it is JSON that has the field.
    fn apply(&self, data: &str) -> Option<String> {
        let mut json: Value = serde_json::from_str(data).ok()?;
        *json.pointer_mut(&self.pointer)? = self.value.clone();
        Some(json.to_string())
    }
}

/// `PATH=VALUE`: the path's names are separated by dots, and a value that is not JSON is a string.
impl FromStr for Set {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (path, value) = text.split_once('=').ok_or("it has no `=`")?;
        Ok(Self {
            pointer: format!("/{}", path.replace('.', "/")),
            value: serde_json::from_str(value).unwrap_or_else(|_| value.into()),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const STREAM: &str = ":hello\nretry: 500\ntopics: news\nid: 1\nevent: e\n\
        data: {\"z\": 1, \"user\": {\"name\": \"Kim\"}}\n\nid: 2\n\n: ping\n\n\
        data: {\"z\": 2}\n\ndata: no\ndata: JSON\n\n";

    #[test]
    fn changes_the_field_where_it_is_and_nothing_else_whatever_the_chunks() {
        let expected = STREAM.replace(
            "{\"z\": 1, \"user\": {\"name\": \"Kim\"}}",
            "{\"z\":1,\"user\":{\"name\":\"x\"}}",
        );
        for size in [1, 2, 7, STREAM.len()] {
            let mut rewriter = Rewriter::new("user.name=x".parse().unwrap());
            let chunks = STREAM.as_bytes().chunks(size);
            let out: Vec<_> = chunks.flat_map(|chunk| rewriter.rewrite(chunk)).collect();
            assert_eq!(frames(&out), frames(expected.as_bytes()));
        }
    }

    #[test]
    fn values_are_json_or_else_strings() {
        for (set, expected) in [
            ("a.1=null", r#"{"a":[0,null]}"#),
            ("a.1=[true]", r#"{"a":[0,[true]]}"#),
            ("a.0=b=c", r#"{"a":["b=c",1]}"#),
        ] {
            let set: Set = set.parse().unwrap();
            assert_eq!(set.apply("{\"a\": [0, 1]}").unwrap(), expected);
        }
        assert!("a".parse::<Set>().is_err());
    }

    fn frames(stream: &[u8]) -> Vec<Frame<'static>> {
        let mut decoder = Decoder::new();
        let mut feed = decoder.feed(stream);
        let mut frames = Vec::new();
        while let Some(frame) = feed.next_frame() {
            frames.push(frame.unwrap().into_owned());
        }
        frames
    }
}
