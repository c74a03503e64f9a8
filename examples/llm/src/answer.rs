//! What the events of an answer say. Every provider's JSON has its own shape, so the shape says
//! which provider it is; the event type is not needed.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    /// The answer is complete.
    End,
    /// The provider has failed in the middle of the answer.
    Error(String),
}

/// What an event's data says: nothing, if it is about something else, such as a ping.
pub fn parts(data: &str) -> serde_json::Result<Vec<Part>> {
    // Only the end of OpenAI's answers is not JSON.
    if data == "[DONE]" {
        return Ok(vec![Part::End]);
    }
    Ok(match serde_json::from_str(data)? {
        Message::Error { error } => vec![Part::Error(error.message)],
        Message::OpenAi { choices } => {
            texts(choices.into_iter().map(|choice| choice.delta.content))
        }
        Message::Anthropic { delta } => texts([delta.text]),
        Message::AnthropicEnd { .. } => vec![Part::End],
        Message::Gemini { candidates } => {
            candidates.into_iter().flat_map(Candidate::parts).collect()
        }
        Message::Other(_) => vec![],
    })
}

fn texts(texts: impl IntoIterator<Item = Option<String>>) -> Vec<Part> {
    texts.into_iter().flatten().map(Part::Text).collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Error {
        error: ErrorMessage,
    },
    OpenAi {
        choices: Vec<Choice>,
    },
    Anthropic {
        delta: Delta,
    },
    AnthropicEnd {
        #[serde(rename = "type")]
        _type: MessageStop,
    },
    Gemini {
        candidates: Vec<Candidate>,
    },
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct ErrorMessage {
    message: String,
}

#[derive(Deserialize)]
struct Choice {
    delta: Delta,
}

/// OpenAI calls the text `content`, Anthropic `text`. Both leave it out if there is none.
#[derive(Deserialize)]
struct Delta {
    content: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize)]
enum MessageStop {
    #[serde(rename = "message_stop")]
    MessageStop,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate {
    #[serde(default)]
    content: Content,
    finish_reason: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<Delta>,
}

impl Candidate {
    fn parts(self) -> Vec<Part> {
        let mut parts = texts(self.content.parts.into_iter().map(|part| part.text));
        parts.extend(self.finish_reason.map(|_| Part::End));
        parts
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_shape_says_what_it_is() {
        let text = |text: &str| Part::Text(text.to_owned());
        for (data, expected) in [
            ("[DONE]", vec![Part::End]),
            (
                r#"{"choices": [{"delta": {"content": "a"}}]}"#,
                vec![text("a")],
            ),
            (r#"{"choices": [{"delta": {"content": null}}]}"#, vec![]),
            (r#"{"choices": [{"delta": {}}]}"#, vec![]),
            (r#"{"choices": [], "usage": {}}"#, vec![]),
            (
                r#"{"choices": [], "error": {"message": "b"}}"#,
                vec![Part::Error("b".into())],
            ),
            (
                r#"{"type": "x", "delta": {"text": "\u00e9\n"}}"#,
                vec![text("\u{e9}\n")],
            ),
            (r#"{"type": "x", "delta": {"stop_reason": "y"}}"#, vec![]),
            (
                r#"{"type": "error", "error": {"message": "b"}}"#,
                vec![Part::Error("b".into())],
            ),
            (r#"{"type": "message_stop"}"#, vec![Part::End]),
            (r#"{"type": "ping"}"#, vec![]),
            (
                r#"{"candidates": [{"content": {"parts": [{"text": "a"}, {"x": 1}, {"text": "b"}]}}]}"#,
                vec![text("a"), text("b")],
            ),
            (
                r#"{"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}"#,
                vec![text("a"), Part::End],
            ),
            (
                r#"{"candidates": [{"finishReason": "SAFETY"}]}"#,
                vec![Part::End],
            ),
        ] {
            assert_eq!(parts(data).unwrap(), expected, "{data}");
        }
        assert!(parts("{\"choices\": [").is_err());
    }
}
