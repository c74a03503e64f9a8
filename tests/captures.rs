//! What real servers send, decoded. `tests/data/captures/README.md` says how it was recorded.
//!
//! Every expected value comes from the server's program in `scripts/record-captures/` and from its
//! library's documented output, never from the decoder. Counts of deltas are those of `grep -c` on
//! the capture.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use sse_wire::{Decoder, Event, Frame};

const CAPTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/captures");

/// What a capture decodes to.
struct Capture {
    name: &'static str,
    /// The frames in order, with a count for each run of the same frame. An event is written as its
    /// type, a comment as its line, a reconnection time as `retry` and the milliseconds.
    frames: &'static [(&'static str, usize)],
    /// Some events in full: number, last event ID, data.
    events: &'static [(usize, &'static str, &'static str)],
    /// Texts that came in pieces: the type of their events, the place in the JSON ("" if the data
    /// is the bare text), and the whole text.
    texts: &'static [(&'static str, &'static str, &'static str)],
}

const EXPECTED: [Capture; 9] = [
    Capture {
        name: "aiohttp-sse",
        frames: &[
            ("retry 5000", 1),
            ("message", 1),
            ("info", 12),
            (": ping", 2),
            ("error", 1),
            ("info", 1),
            ("retry 60000", 1),
            ("end", 1),
        ],
        events: &[
            (0, "", "log of service orders"),
            (1, "1", "request 1 served in 7 ms"),
            (12, "12", "request 12 served in 4 ms"),
            (13, "13", STACK_TRACE),
            (14, "14", "windows\nline\nends\n\n"),
            (15, "15", ""),
        ],
        texts: &[],
    },
    // CRLF in the output became two line ends. The eighth output was empty and became a block
    // without data: no event, but the last event has its id.
    Capture {
        name: "axum",
        frames: &[
            (": build 42", 1),
            (": terminal output follows", 1),
            ("retry 2050", 1),
            ("start", 1),
            ("output", 7),
            ("no data", 1),
            (":", 2),
            ("message", 1),
        ],
        events: &[
            (0, "start", "build 42"),
            (1, "1", "   Compiling demo v0.1.0\n"),
            (2, "2", PROGRESS_BAR),
            (3, "3", "\n\n"),
            (
                4,
                "4",
                "warning: unused variable: `größe`\n\n --> src/main.rs:2:9\n\n",
            ),
            (5, "5", "\n\n"),
            (
                6,
                "6",
                "    Finished `dev` profile\n     Running `target/debug/demo`\n",
            ),
            (7, "7", "héllo wörld 🦀"),
            (8, "8", r#"{"code":0,"seconds":1.25}"#),
        ],
        texts: &[],
    },
    // Without a space after the colon, data loses its own first space.
    Capture {
        name: "better-sse",
        frames: &[
            ("retry 2000", 1),
            ("no data", 1),
            ("progress", 21),
            (":", 2),
            ("note", 3),
            (":a batch", 1),
            ("retry 10000", 1),
            ("no data", 1),
            ("state", 1),
            ("message", 1),
        ],
        events: &[
            (0, "7-0", r#"{"job":7,"done":0,"total":100}"#),
            (20, "7-100", r#"{"job":7,"done":100,"total":100}"#),
            (21, "7-note", "almost done"),
            (22, "7-indented", " indented by two"),
            (23, "7-empty", ""),
            (
                24,
                "7-finished",
                r#"{"job":7,"state":"finished","emoji":"🎉"}"#,
            ),
            (25, "", r#"{"bye":true}"#),
        ],
        texts: &[],
    },
    Capture {
        name: "fastapi",
        frames: &[
            (": 欢迎", 1),
            (": welcome", 1),
            ("retry 1500", 1),
            ("no data", 1),
            ("response.created", 1),
            ("response.output_text.delta", 25),
            ("response.output_text.done", 1),
            (": three lines", 1),
            ("message", 1),
            ("response.completed", 1),
        ],
        events: &[
            (27, "resp_0001/27", "不是 JSON\n第二行\n第三行"),
            (28, "resp_0001/28", COMPLETED),
        ],
        texts: &[
            ("response.output_text.delta", "/delta", CHINESE),
            ("response.output_text.done", "/text", CHINESE),
        ],
    },
    Capture {
        name: "h3",
        frames: &[
            (": three lines,", 1),
            (": ", 1),
            (": the second is empty", 1),
            ("message", 1),
            ("retry 10000", 1),
            ("document", 1),
            ("message", 100),
            ("document", 1),
            (": ", 1),
            ("reset", 1),
            ("message", 1),
        ],
        events: &[
            (0, "", "a bare string"),
            (1, "doc-1", DOCUMENT),
            (2, "doc-1", "row 0"),
            (101, "doc-1", "row 99"),
            (102, "doc-2", DOCUMENT),
            (103, "", ""),
            (104, "", "after the reset"),
        ],
        texts: &[],
    },
    Capture {
        name: "hono",
        frames: &[
            ("retry 3000", 1),
            ("start", 1),
            ("token", 53),
            (": raw comment", 1),
            ("message", 1),
        ],
        events: &[
            (0, "0", ""),
            (1, "1", "안녕"),
            (5, "5", " 서버"),
            (53, "53", "\n"),
            (54, "53", "[DONE]"),
        ],
        texts: &[("token", "", KOREAN_AND_JAPANESE)],
    },
    Capture {
        name: "mcp",
        frames: &[
            ("retry 2500", 1),
            ("message", 10),
            (": keepalive", 2),
            ("message", 2),
        ],
        events: &[(0, "event-1", ""), (11, "event-12", COUNTED_TO_10)],
        texts: &[("message", "/params/message", COUNTING)],
    },
    Capture {
        name: "sse-starlette",
        frames: &[
            (": ping", 2),
            ("message", 102),
            ("retry 4000", 1),
            ("transcript", 1),
            ("message", 1),
        ],
        events: &[
            (102, "chatcmpl-0001", ENGLISH),
            (103, "chatcmpl-0001", "[DONE]"),
        ],
        texts: &[
            ("message", "/choices/0/delta/role", "assistant"),
            ("message", "/choices/0/delta/content", ENGLISH),
            ("message", "/choices/0/finish_reason", "stop"),
        ],
    },
    Capture {
        name: "warp",
        frames: &[
            (":thinking", 2),
            (":the model is awake", 1),
            ("message_start", 1),
            ("content_block_start", 1),
            ("content_block_delta", 23),
            ("content_block_stop", 1),
            ("ping", 1),
            ("content_block_start", 1),
            ("content_block_delta", 12),
            ("content_block_stop", 1),
            ("message_delta", 1),
            ("message_stop", 1),
        ],
        events: &[
            (26, "", r#"{"type":"ping"}"#),
            (42, "", r#"{"type":"message_stop"}"#),
        ],
        texts: &[
            ("content_block_delta", "/delta/text", TIDES),
            ("content_block_delta", "/delta/partial_json", TOOL_INPUT),
            ("message_delta", "/delta/stop_reason", "tool_use"),
        ],
    },
];

const STACK_TRACE: &str = r#"Traceback (most recent call last):
  File "app/orders.py", line 41, in place
    stock.reserve(order)
  File "app/stock.py", line 17, in reserve
    raise OutOfStock(order.article)
OutOfStock: article 4711
"#;

const PROGRESS_BAR: &str = "    Building [>       ] 0/3
    Building [==>     ] 1/3
    Building [=======>] 3/3
";

const CHINESE: &str = "事件流是一种简单的文本格式：每个事件由若干行组成，空行表示结束。
它总是使用 UTF-8 编码，所以汉字、标点和表情符号 😀👍🏽 都可以直接传输。";

const COMPLETED: &str = concat!(
    r#"{"type": "response.completed", "sequence_number": 28, "#,
    r#""response": {"id": "resp_0001", "status": "completed"}}"#
);

const DOCUMENT: &str = "# Release notes

## Fixed

- a list
    - with an indented item
\t- and a tab

    code block
: not a comment
data: not a field

";

const KOREAN_AND_JAPANESE: &str = "안녕하세요! 서버가 보내는 이벤트는 한 줄씩 도착합니다.
こんにちは。 文字は途中で切れても 大丈夫です。

가족 👨‍👩‍👧‍👦 깃발 🇰🇷 손 👋🏽 조합 각 끝.
";

const COUNTING: &str = "1 of 102 of 103 of 104 of 105 of 106 of 107 of 108 of 109 of 1010 of 10";

const COUNTED_TO_10: &str =
    r#"{"result":{"content":[{"type":"text","text":"counted to 10"}]},"jsonrpc":"2.0","id":1}"#;

const ENGLISH: &str = r#"Server-Sent Events are a **one-way** stream over plain HTTP:

1. the server keeps the response open,
2. each event is a few `field: value` lines,
3. a blank line dispatches it.

```js
const source = new EventSource("/stream");
source.onmessage = (event) => console.log(event.data);
```

That's all; reconnecting comes for free.
"#;

const TIDES: &str = "I'll look that up.

The tide at Saint-Malo 🌊 turns twice a day; let me ask for today's \"high water\" — one moment…";

const TOOL_INPUT: &str = r#"{"port": "Saint-Malo", "day": "2025-03-01", "unit": "m"}"#;

#[test]
fn decode_to_what_the_servers_were_asked_to_send() {
    for Capture {
        name,
        frames,
        events,
        texts,
    } in EXPECTED
    {
        let seen = Seen::of(&capture(name), usize::MAX);
        let runs = seen.runs();
        let runs: Vec<_> = runs
            .iter()
            .map(|(frame, count)| (frame.as_str(), *count))
            .collect();
        assert_eq!(runs, frames, "{name}");
        for (at, last_event_id, data) in events {
            let event = seen.events().nth(*at).expect("this many events");
            assert_eq!(
                (&*event.last_event_id, &*event.data),
                (*last_event_id, *data),
                "{name} {at}"
            );
        }
        for (event_type, pointer, text) in texts {
            assert_eq!(
                &seen.text(event_type, pointer),
                text,
                "{name} {event_type} {pointer}"
            );
        }
    }
}

#[test]
fn decode_to_the_same_in_pieces() {
    for Capture { name, .. } in EXPECTED {
        let stream = capture(name);
        let whole = Seen::of(&stream, usize::MAX);
        assert_eq!(Seen::of(&stream, 1), whole, "{name} byte by byte");
        assert_eq!(
            Seen::of(&stream, 1460),
            whole,
            "{name} in the pieces of a TCP connection"
        );
    }
}

#[test]
fn are_all_expected_and_all_described() {
    let files = fs::read_dir(CAPTURES).expect("the captures");
    let recorded: BTreeSet<_> = files
        .filter_map(|file| {
            file.ok()?
                .file_name()
                .to_str()?
                .strip_suffix(".stream")
                .map(String::from)
        })
        .collect();
    let expected = EXPECTED
        .iter()
        .map(|capture| capture.name.to_owned())
        .collect();
    assert_eq!(recorded, expected);

    let readme = fs::read_to_string(format!("{CAPTURES}/README.md")).expect("its README");
    for name in recorded {
        assert!(
            readme.contains(&format!("| `{name}` |")),
            "{name} has no row in the README"
        );
    }
}

fn capture(name: &str) -> Vec<u8> {
    fs::read(format!("{CAPTURES}/{name}.stream")).expect("the capture")
}

/// All that a decoder reports of a stream.
#[derive(Debug, PartialEq)]
struct Seen(Vec<SeenFrame>);

#[derive(Debug, PartialEq)]
enum SeenFrame {
    Event(SeenEvent),
    Comment(String),
    Retry(u128),
    /// A block without data.
    Undispatched,
}

#[derive(Debug, PartialEq)]
struct SeenEvent {
    event_type: String,
    data: String,
    last_event_id: String,
}

impl Seen {
    /// `stream` in chunks of `size` bytes. The decoder's state must agree with the frames.
    fn of(stream: &[u8], size: usize) -> Self {
        let mut frames = Vec::new();
        let mut decoder = Decoder::new();
        for chunk in stream.chunks(size) {
            let mut feed = decoder.feed(chunk);
            while let Some(frame) = feed.next_frame() {
                frames.push(frame.expect("no limit is met").into());
            }
        }
        let seen = Self(frames);
        assert!(seen.events().eq(&events_alone(stream, size)));
        let last_event_id = seen.events().last().map(|event| &*event.last_event_id);
        assert_eq!(Some(decoder.last_event_id()), last_event_id);
        assert_eq!(
            decoder.retry().map(|time| time.as_millis()),
            seen.retries().last()
        );
        assert_eq!(decoder.finish(), None, "every server ended its last event");
        seen
    }

    fn events(&self) -> impl Iterator<Item = &SeenEvent> {
        self.0.iter().filter_map(|frame| match frame {
            SeenFrame::Event(event) => Some(event),
            _ => None,
        })
    }

    fn retries(&self) -> impl Iterator<Item = u128> {
        self.0.iter().filter_map(|frame| match frame {
            SeenFrame::Retry(milliseconds) => Some(*milliseconds),
            _ => None,
        })
    }

    /// The frames as [`Capture::frames`] writes them.
    fn runs(&self) -> Vec<(String, usize)> {
        let mut runs: Vec<(String, usize)> = Vec::new();
        for frame in &self.0 {
            let name = match frame {
                SeenFrame::Event(event) => event.event_type.clone(),
                SeenFrame::Comment(text) => format!(":{text}"),
                SeenFrame::Retry(milliseconds) => format!("retry {milliseconds}"),
                SeenFrame::Undispatched => "no data".to_owned(),
            };
            match runs.last_mut() {
                Some((last, count)) if *last == name => *count += 1,
                _ => runs.push((name, 1)),
            }
        }
        runs
    }

    /// The texts at `pointer` in the JSON of the events of `event_type`, joined.
    fn text(&self, event_type: &str, pointer: &str) -> String {
        self.events()
            .filter(|event| event.event_type == event_type)
            .filter_map(|event| match pointer {
                "" => Some(event.data.clone()),
                _ => {
                    let json: Value = serde_json::from_str(&event.data).ok()?;
                    Some(json.pointer(pointer)?.as_str()?.to_owned())
                }
            })
            .collect()
    }
}

fn events_alone(stream: &[u8], size: usize) -> Vec<SeenEvent> {
    let mut events = Vec::new();
    let mut decoder = Decoder::new();
    for chunk in stream.chunks(size) {
        let mut feed = decoder.feed(chunk);
        while let Some(event) = feed.next_event() {
            events.push(event.expect("no limit is met").into());
        }
    }
    events
}

impl From<Frame<'_>> for SeenFrame {
    fn from(frame: Frame<'_>) -> Self {
        match frame {
            Frame::Event(event) => Self::Event(event.into()),
            Frame::Comment(text) => Self::Comment(text.into_owned()),
            Frame::Retry(time) => Self::Retry(time.as_millis()),
            Frame::Undispatched(_) => Self::Undispatched,
            frame => unreachable!("no server sends {frame:?}"),
        }
    }
}

impl From<Event<'_>> for SeenEvent {
    fn from(event: Event<'_>) -> Self {
        Self {
            event_type: event.event_type().to_owned(),
            data: event.data().to_owned(),
            last_event_id: event.last_event_id().to_owned(),
        }
    }
}
