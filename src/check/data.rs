//! What data is probably meant to be: JSON, plain text, or another event stream.

use super::findings::Findings;
use super::json::Json;
use super::looks;
use super::place::{Kept, Line, Place};
use super::{Kind, unknown};
use crate::field;
use core::mem;

/// What is known of the data of the block, and of that before it.
#[derive(Clone, Debug)]
pub(super) struct Data {
    /// The data of the block, or of the last one that had any, read as JSON.
    json: Json,
    class: Class,
    /// The fault in its JSON was reported.
    reported: bool,
    /// Its first line that is a field or comment itself.
    layer: Option<Place>,
    /// Another line of it is neither a field nor a comment.
    has_plain_line: bool,
    /// Where the JSON stopped being valid, or is still open.
    broken: Option<Place>,

    /// The previous event ended inside its JSON; here it is still open.
    open: Option<(Json, Place)>,
    /// The first event with broken JSON, until the next event shows whether JSON is usual here.
    doubtful: Option<Place>,
    json_events: u64,
    text_events: u64,
    spaces: Spaces,
}

/// What the first line of data looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// It begins as JSON objects and arrays do.
    Json,
    /// It begins as Python writes its dictionaries and bytes.
    Python,
    Text,
    /// Nothing, a number, a well-known word, a JSON string, an event stream.
    Other,
}

/// How lines of text begin: if only some have a space, it was meant as text.
#[derive(Clone, Debug)]
struct Spaces {
    /// A value stood right after its colon.
    without: bool,
    /// The first line that loses a space.
    with: Option<Kept>,
    told: bool,
}

impl Data {
    pub(super) const fn new() -> Self {
        Self {
            json: Json::START,
            class: Class::Other,
            reported: false,
            layer: None,
            has_plain_line: false,
            broken: None,
            open: None,
            doubtful: None,
            json_events: 0,
            text_events: 0,
            spaces: Spaces {
                without: false,
                with: None,
                told: false,
            },
        }
    }

    /// Whether an escaped line end means something in this data.
    pub(super) fn is_json(&self) -> bool {
        self.json.is_possible()
    }

    /// A `data` line whose value starts at `value`.
    pub(super) fn line(
        &mut self,
        line: &Line<'_>,
        value: usize,
        is_first: bool,
        findings: &mut Findings,
    ) {
        let data = &line.bytes[value..];
        if is_first {
            self.begin(line, value, findings);
        } else {
            self.join(line, value, findings);
        }
        self.layers(line, value);
        self.spaces.line(line, value, self.class, findings);
        let may_break = matches!(self.class, Class::Json | Class::Python);
        if may_break && !line.is_cut() && !self.json.is_complete() && self.broken.is_none() {
            self.broken = Some(line.place(value..line.bytes.len()));
        } else if self.json.is_complete() {
            self.broken = None;
        }
        if is_first && self.class == Class::Other && looks::is_sentinel(data.trim_ascii_end()) {
            sentinel_space(line, value, findings);
        }
    }

    fn begin(&mut self, line: &Line<'_>, value: usize, findings: &mut Findings) {
        let data = &line.bytes[value..];
        self.settle_open(data, findings);
        self.json = Json::START;
        self.json.push(data);
        self.class = Class::of(data, &self.json);
    }

    /// The event before is half a JSON text: is the other half in this one?
    fn settle_open(&mut self, data: &[u8], findings: &mut Findings) {
        let Some((mut json, place)) = self.open.take() else {
            return;
        };
        json.push(b"\n");
        json.push(data);
        if !json.is_complete() {
            return self.broken_event(place, findings);
        }
        self.reported = true;
        findings.report(
            Kind::InvalidJson,
            || place,
            format_args!(
                "a blank line cuts this JSON text, and clients get its halves as two events: \
                 send it on one line, or without blank lines"
            ),
        );
    }

    /// How a line of data joins the one before it.
    fn join(&mut self, line: &Line<'_>, value: usize, findings: &mut Findings) {
        let data = &line.bytes[value..];
        let before = self.json;
        self.json.push(b"\n");
        self.json.push(data);
        let is_text_itself = || {
            let mut json = Json::START;
            json.push(data);
            matches!(data.trim_ascii_start(), [b'{' | b'[', ..]) && json.is_possible()
        };
        let (kind, message) = if before.is_in_string() && self.json.is_possible() {
            let message = "a line end within a JSON string, where clients put an LF, which JSON \
                           does not allow: escape it as `\\n`";
            (Kind::LineEndInJsonString, message)
        } else if before.is_open() && !self.json.is_possible() && is_text_itself() {
            let message = "the JSON text before this one is cut off, and both are one event: is \
                           the end of the first lost, and the empty line after it?";
            (Kind::InvalidJson, message)
        } else if before.is_complete() && is_text_itself() {
            let message = "a second JSON text in one event, joined to the first with an LF: is \
                           the empty line between two events missing?";
            (Kind::JsonTextsInOneEvent, message)
        } else {
            return;
        };
        if !mem::replace(&mut self.reported, true) {
            let place = || line.place(value..line.bytes.len());
            findings.report(kind, place, format_args!("{message}"));
        }
    }

    fn layers(&mut self, line: &Line<'_>, value: usize) {
        let data = &line.bytes[value..];
        match looks::layer(data) {
            Some(layer) if self.layer.is_none() => {
                self.layer = Some(line.place(value + layer.start..value + layer.end));
            }
            Some(_) => {}
            None => self.has_plain_line |= !data.is_empty(),
        }
    }

    /// Whether a line that is no field continues data that is half a JSON text.
    pub(super) fn is_continued_by(&self, line: &[u8]) -> bool {
        let mut json = self.json;
        let is_text = !line.trim_ascii().is_empty() && unknown::meant(field::name(line)).is_none();
        json.is_open() && is_text && {
            json.push(b"\n");
            json.push(line);
            json.is_possible()
        }
    }

    /// That was reported: half a JSON text has one cause.
    pub(super) fn continuation_is_reported(&mut self) {
        self.reported = true;
        self.doubtful = None;
        self.open = None;
    }

    /// The block has ended.
    pub(super) fn end(&mut self, findings: &mut Findings) {
        self.report_layer(findings);
        let broken = self.broken.take();
        let reported = mem::take(&mut self.reported);
        match mem::replace(&mut self.class, Class::Other) {
            Class::Other if self.json.is_complete() => self.json_event(findings),
            Class::Other => {}
            Class::Text => {
                self.text_events += 1;
                self.doubtful = None;
            }
            Class::Json | Class::Python if self.json.is_complete() => self.json_event(findings),
            _ if reported => {}
            Class::Python => {
                let Some(place) = broken else { return };
                findings.report(
                    Kind::InvalidJson,
                    || place,
                    format_args!(
                        "this is how Python shows a value, and JSON parsers refuse it: send \
                         `json.dumps(value)`, and bytes decoded"
                    ),
                );
            }
            Class::Json => match broken {
                Some(place) if self.json.is_open() => self.open = Some((self.json, place)),
                Some(place) => self.broken_event(place, findings),
                None => {}
            },
        }
    }

    /// The stream has ended, perhaps inside the block. JSON that the end has cut is not judged.
    pub(super) fn finish(&mut self, findings: &mut Findings) {
        self.report_layer(findings);
        self.settle_open(b"", findings);
    }

    fn report_layer(&mut self, findings: &mut Findings) {
        let is_layered = !mem::take(&mut self.has_plain_line);
        if let Some(place) = self.layer.take().filter(|_| is_layered) {
            findings.report_once(
                Kind::DoubledField,
                b"data",
                || place,
                format_args!(
                    "the data is itself a line of an event stream and stays that: was it encoded \
                     twice?"
                ),
            );
        }
    }

    fn json_event(&mut self, findings: &mut Findings) {
        self.json_events += 1;
        if let Some(place) = self.doubtful.take() {
            broken_json(place, findings);
        }
    }

    fn broken_event(&mut self, place: Place, findings: &mut Findings) {
        if self.json_events == 0 {
            self.doubtful.get_or_insert(place);
        } else if self.text_events <= self.json_events / 4 {
            broken_json(place, findings);
        }
    }
}

fn broken_json(place: Place, findings: &mut Findings) {
    findings.report(
        Kind::InvalidJson,
        || place,
        format_args!(
            "this looks like JSON but does not parse, while other events do: is it cut off, or \
             not escaped?"
        ),
    );
}

fn sentinel_space(line: &Line<'_>, value: usize, findings: &mut Findings) {
    let end = value + line.bytes[value..].trim_ascii_end().len();
    if end < line.bytes.len() {
        findings.report(
            Kind::SentinelSpace,
            || line.place(end..line.bytes.len()),
            format_args!(
                "the white space is part of the data: clients that compare it wait for ever; send \
                 it without"
            ),
        );
    }
}

impl Class {
    fn of(data: &[u8], json: &Json) -> Self {
        let data = data.trim_ascii();
        if looks::is_python(data) {
            Self::Python
        } else if looks::begins_json(data) {
            Self::Json
        } else if json.is_possible() || looks::is_sentinel(data) || looks::layer(data).is_some() {
            Self::Other
        } else {
            Self::Text
        }
    }
}

impl Spaces {
    fn line(&mut self, line: &Line<'_>, value: usize, class: Class, findings: &mut Findings) {
        let text = &line.bytes[value..];
        let begins_a_word = text.first().is_some_and(|byte| !byte.is_ascii_whitespace());
        if self.told || class != Class::Text || !begins_a_word || looks::is_sentinel(text) {
            return;
        }
        if line.bytes[value - 1] == b' ' {
            if self.with.is_none() {
                self.with.insert(Kept::NONE).set(line);
            }
        } else {
            self.without = true;
        }
        if let Some(first) = self.with.as_ref().filter(|_| self.without) {
            self.told = true;
            let (line, space) = (first.line(), "data:".len());
            findings.report(
                Kind::LostSpace,
                || line.place(space..space + 1),
                format_args!(
                    "clients drop this space, and other lines have none: if it is part of the \
                     text, write `data: ` before each line's text"
                ),
            );
        }
    }
}
