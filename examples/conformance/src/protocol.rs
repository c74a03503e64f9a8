//! The lines that the runner and the program under test exchange; see `docs/protocol.md`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The program's first line, sent without a request.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The decoder's name.
    pub name: String,
    /// The decoder's version.
    pub version: String,
    /// What the decoder shows in addition to data. It is measured only by this.
    pub shows: Vec<Shown>,
    /// The longest reconnection time that the decoder can hold, in milliseconds, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retry: Option<u64>,
}

/// Something that a decoder may or may not show to its caller.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The type of each event.
    Type,
    /// The last event ID after each event.
    LastEventId,
    /// The id of each event's own block.
    Id,
    /// The last event ID at the end of the stream, even if its block had no data.
    FinalLastEventId,
    /// Reconnection times.
    Retries,
    /// Comments.
    Comments,
    /// On request, the event that the end of the stream cuts off.
    CutOff,
    /// The decoder can be given a last event ID to begin with.
    Resume,
}

/// A request of the runner. The program answers each with one [`Answer`].
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Begin a new stream, even if the one before has not ended.
    Open {
        /// The last event ID to begin with; sent only to programs that show [`Shown::Resume`].
        #[serde(default, skip_serializing_if = "String::is_empty")]
        last_event_id: String,
    },
    /// The next bytes; there may be none.
    Feed(Chunk),
    /// The stream has ended.
    End {},
}

/// Bytes, as base64 (RFC 4648, with padding).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk(pub Vec<u8>);

/// What the decoder has returned since the last answer.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// The events, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// The comments, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<String>,
    /// The reconnection times in milliseconds, in order. Floats, since some languages have no other
    /// numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retries: Vec<f64>,
    /// At the end: the last event ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event_id: Option<String>,
    /// At the end: the event that it cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<Event>,
    /// The error, if the decoder returned one instead of decoding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// An event as the decoder returns it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Event {
    /// Its type. Absent or empty means `message`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Its data.
    pub data: String,
    /// The last event ID after this event. Absent means empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_event_id: Option<String>,
    /// The id of its own block, if that has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl Hello {
    /// Whether the decoder shows it.
    #[must_use]
    pub fn shows(&self, shown: Shown) -> bool {
        self.shows.contains(&shown)
    }
}

impl Serialize for Chunk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD
            .decode(text)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_look_as_documented() {
        let open = |last_event_id: &str| Request::Open {
            last_event_id: last_event_id.to_owned(),
        };
        for (request, line) in [
            (open(""), r#"{"open":{}}"#),
            (open("7"), r#"{"open":{"last_event_id":"7"}}"#),
            (
                Request::Feed(Chunk(b"data".to_vec())),
                r#"{"feed":"ZGF0YQ=="}"#,
            ),
            (Request::Feed(Chunk(Vec::new())), r#"{"feed":""}"#),
            (Request::End {}, r#"{"end":{}}"#),
        ] {
            assert_eq!(serde_json::to_string(&request).expect("JSON"), line);
            let read: Request = serde_json::from_str(line).expect("a request");
            assert_eq!(serde_json::to_string(&read).expect("JSON"), line);
        }
    }

    #[test]
    fn answers_may_leave_out_everything_but_may_not_invent_anything() {
        let read = serde_json::from_str::<Answer>;
        assert_eq!(read("{}").expect("an answer"), Answer::default());
        let answer = read(r#"{"events": [{"data": "x"}], "retries": [1e400]}"#);
        assert!(answer.is_err(), "no number");
        assert!(read(r#"{"event": []}"#).is_err(), "misspelt");
    }
}
