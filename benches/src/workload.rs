//! The event streams that are measured, made only from their names, and how they are cut.

use std::{fmt, iter, sync::Arc, time::Instant};

use bytes::Bytes;

/// About how many bytes a workload has when it is measured.
pub const SIZE: usize = 256 * 1024;

/// Every workload's name.
pub const NAMES: [&str; 10] = [
    "llm",
    "anthropic",
    "tiny",
    "full",
    "multiline",
    "big",
    "cjk",
    "emoji",
    "comments",
    "invalid",
];

/// The workloads for adapters alone.
pub const OTHER_NAMES: [&str; 1] = ["resumable"];

/// One event as its sender means it, and as every correct decoder must return it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The event type; empty if the block has none.
    pub event_type: &'static str,
    pub data: String,
    /// The event's id; empty if the block has none.
    pub id: String,
    /// The reconnection time in milliseconds.
    pub retry: Option<u64>,
}

/// An event stream and what it means.
#[derive(Clone, Debug)]
pub struct Workload {
    pub name: &'static str,
    pub bytes: Bytes,
    pub events: Vec<Event>,
    /// Where each block ends, after its blank line.
    blocks: Vec<usize>,
}

impl Workload {
    /// The workload `name`, of about `size` bytes (`big` has two lines of four times that).
    ///
    /// # Panics
    ///
    /// If no workload has that name.
    pub fn new(name: &str, size: usize) -> Self {
        let name = NAMES
            .into_iter()
            .chain(OTHER_NAMES)
            .find(|known| *known == name)
            .expect("a workload's name");
        let mut writer = Writer {
            size,
            ..Writer::default()
        };
        match name {
            "llm" => writer.llm(),
            "anthropic" => writer.anthropic(),
            "tiny" => writer.tiny(),
            "full" => writer.full(),
            "multiline" => writer.multiline(),
            "big" => writer.big(),
            "cjk" => writer.cjk(),
            "emoji" => writer.emoji(),
            "comments" => writer.comments(),
            "resumable" => writer.resumable(),
            _ => writer.invalid(),
        }
        Self {
            name,
            bytes: writer.wire.into(),
            events: writer.events,
            blocks: writer.blocks,
        }
    }

    /// Its events twice.
    pub fn twice(&self) -> Vec<Event> {
        [&self.events[..], &self.events[..]].concat()
    }

    /// The stream as a transport would deliver it.
    pub fn cut(&self, chunking: Chunking) -> Input {
        let all = self.bytes.len();
        let ends: Vec<usize> = match chunking {
            Chunking::Whole => vec![all],
            Chunking::Bytes(size) => (size..all).step_by(size).chain(iter::once(all)).collect(),
            Chunking::Block => self.blocks.clone(),
        };
        let starts = iter::once(0).chain(ends.iter().copied());
        Input {
            chunks: starts
                .zip(&ends)
                .map(|(start, &end)| self.bytes.slice(start..end))
                .collect(),
            deadline: None,
        }
    }
}

/// How a stream is cut into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunking {
    Whole,
    Bytes(usize),
    /// One event a chunk; a keep-alive is a chunk of its own.
    Block,
}

impl Chunking {
    pub const ALL: [Self; 5] = [
        Self::Whole,
        Self::Bytes(16 * 1024),
        Self::Bytes(1460),
        Self::Bytes(64),
        Self::Block,
    ];
}

impl fmt::Display for Chunking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.pad("whole"),
            Self::Bytes(16_384) => f.pad("16K"),
            Self::Bytes(size) => f.pad(&size.to_string()),
            Self::Block => f.pad("event"),
        }
    }
}

/// A stream in chunks; cheap to clone.
#[derive(Clone, Debug)]
pub struct Input {
    chunks: Arc<[Bytes]>,
    deadline: Option<Instant>,
}

impl Input {
    /// The chunks in order, for decoders that take a slice.
    pub fn slices(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks
            .iter()
            .take_while(|_| !self.late())
            .map(|chunk| &chunk[..])
    }

    /// The chunks in order, for decoders that must own (a share of) their buffer.
    pub fn buffers(&self) -> impl Iterator<Item = Bytes> + use<> {
        let input = self.clone();
        (0..input.chunks.len())
            .take_while(move |_| !input.late())
            .map({
                let chunks = Arc::clone(&self.chunks);
                move |index| chunks[index].clone()
            })
    }

    /// The same stream twice.
    #[must_use]
    pub fn twice(&self) -> Self {
        let chunks = self.chunks.iter().chain(&*self.chunks).cloned().collect();
        Self {
            chunks,
            deadline: self.deadline,
        }
    }

    /// The same stream, which ends at `deadline` even if some of it is left.
    #[must_use]
    pub fn until(&self, deadline: Instant) -> Self {
        Self {
            deadline: Some(deadline),
            ..self.clone()
        }
    }

    /// Checked for each chunk, but only a check of answers sets a deadline.
    #[inline]
    fn late(&self) -> bool {
        self.deadline.is_some_and(is_over)
    }
}

#[cold]
fn is_over(deadline: Instant) -> bool {
    Instant::now() > deadline
}

/// Writes a workload's blocks and notes what they mean.
#[derive(Default)]
struct Writer {
    size: usize,
    wire: Vec<u8>,
    blocks: Vec<usize>,
    events: Vec<Event>,
    random: u64,
}

impl Writer {
    /// `data` lines of JSON as OpenAI and many others send them; the last is `[DONE]`.
    fn llm(&mut self) {
        while self.wire.len() < self.size {
            let data = self.completion();
            self.message(data);
        }
        self.message("[DONE]".into());
    }

    /// An event type and a small JSON delta, as Anthropic sends them.
    fn anthropic(&mut self) {
        while self.wire.len() < self.size {
            let word = self.word();
            self.event(Event {
                event_type: "content_block_delta",
                data: format!(
                    r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":" {word}"}}}}"#
                ),
                ..Event::default()
            });
        }
    }

    /// The smallest message.
    fn tiny(&mut self) {
        while self.wire.len() < self.size {
            self.message("1".into());
        }
    }

    /// Every field, CRLF line ends.
    fn full(&mut self) {
        while self.wire.len() < self.size {
            let number = self.events.len();
            let event = Event {
                event_type: "update",
                data: format!(
                    r#"{{"n":{number},"state":"open","word":"{}"}}"#,
                    self.word()
                ),
                id: format!("{:08}", 10_000_000 + number),
                retry: Some(3000),
            };
            let block = format!(
                "id: {}\r\nevent: {}\r\nretry: 3000\r\ndata: {}\r\n\r\n",
                event.id, event.event_type, event.data
            );
            self.block(block.as_bytes());
            self.events.push(event);
        }
    }

    /// Ten `data` lines of 60 bytes an event.
    fn multiline(&mut self) {
        while self.wire.len() < self.size {
            let lines: Vec<String> = (0..10).map(|_| self.text(60)).collect();
            self.message(lines.join("\n"));
        }
    }

    /// One enormous `data` line an event: images, tool results.
    fn big(&mut self) {
        for _ in 0..2 {
            let data = self.text(self.size * 4);
            self.message(data);
        }
    }

    /// Korean and Chinese in JSON: every third byte begins a character.
    fn cjk(&mut self) {
        const WORDS: [&str; 8] = [
            "안녕하세요",
            "서버가",
            "보낸",
            "이벤트",
            "服务器",
            "发送的",
            "事件流",
            "你好",
        ];
        while self.wire.len() < self.size {
            let mut text = String::new();
            while text.len() < 228 {
                text.push_str(self.pick(&WORDS));
                text.push(' ');
            }
            self.message(format!(
                r#"{{"id":"chatcmpl-7","choices":[{{"delta":{{"content":"{text}"}}}}]}}"#
            ));
        }
    }

    /// Mostly ASCII, now and then an accent or an emoji.
    fn emoji(&mut self) {
        const WORDS: [&str; 16] = [
            "the", "stream", "is", "café", "and", "fast", "says", "she", "who", "reads", "it",
            "🚀", "until", "its", "end", "naïve",
        ];
        while self.wire.len() < self.size {
            let mut text = String::new();
            while text.len() < 240 {
                text.push_str(self.pick(&WORDS));
                text.push(' ');
            }
            self.message(format!(r#"{{"type":"text_delta","text":"{text}"}}"#));
        }
    }

    /// A hundred keep-alives for every event.
    fn comments(&mut self) {
        while self.wire.len() < self.size {
            for _ in 0..100 {
                self.block(b": ping\n\n");
            }
            let data = self.text(60);
            self.message(data);
        }
    }

    /// An event type, an id and JSON as long as that of `llm`.
    fn resumable(&mut self) {
        while self.wire.len() < self.size {
            let number = 10_000_000 + self.events.len();
            let text = self.text(175);
            self.event(Event {
                event_type: "update",
                data: format!(r#"{{"n":{number},"state":"open","text":"{text}"}}"#),
                id: number.to_string(),
                retry: None,
            });
        }
    }

    /// As `llm`, with a byte that is not UTF-8 every 2 KiB.
    fn invalid(&mut self) {
        let mut next = 1024;
        while self.wire.len() < self.size {
            let mut data = self.completion();
            let start = self.wire.len();
            if start < next {
                self.message(data);
                continue;
            }
            next += 2048;
            let (head, tail) = data.split_at(100);
            self.block(
                &[
                    b"data: ",
                    head.as_bytes(),
                    b"\xFF",
                    tail.as_bytes(),
                    b"\n\n",
                ]
                .concat(),
            );
            data.insert(100, '\u{FFFD}');
            self.events.push(Event {
                data,
                ..Event::default()
            });
        }
    }

    /// The JSON of one token, about 220 bytes.
    fn completion(&mut self) -> String {
        let word = self.word();
        format!(
            r#"{{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"gpt-4o-2024-08-06","choices":[{{"index":0,"delta":{{"content":" {word}"}},"logprobs":null,"finish_reason":null}}]}}"#
        )
    }

    fn message(&mut self, data: String) {
        self.event(Event {
            data,
            ..Event::default()
        });
    }

    /// Writes an event with LF line ends; only `full` has reconnection times.
    fn event(&mut self, event: Event) {
        let mut block = String::new();
        if !event.event_type.is_empty() {
            block += &format!("event: {}\n", event.event_type);
        }
        if !event.id.is_empty() {
            block += &format!("id: {}\n", event.id);
        }
        for line in event.data.split('\n') {
            block += &format!("data: {line}\n");
        }
        block.push('\n');
        self.block(block.as_bytes());
        self.events.push(event);
    }

    fn block(&mut self, block: &[u8]) {
        self.wire.extend_from_slice(block);
        self.blocks.push(self.wire.len());
    }

    /// Words and spaces, `len` bytes of them.
    fn text(&mut self, len: usize) -> String {
        let mut text = String::with_capacity(len + 16);
        while text.len() < len {
            text.push_str(self.word());
            text.push(' ');
        }
        text.truncate(len);
        text
    }

    fn word(&mut self) -> &'static str {
        self.pick(&[
            "a",
            "of",
            "the",
            "event",
            "stream",
            "server",
            "sends",
            "one",
            "more",
            "token",
            "connection",
            "until",
            "closed",
        ])
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        // The generator of Knuth's MMIX: the same streams on every machine.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        words[(self.random >> 33) as usize % words.len()]
    }
}
