//! Shows what is in an event stream, as it arrives: see `README.md` and `options::USAGE`.

mod check;
mod json;
mod options;
mod position;
mod pretty;
mod source;
mod terminal;
mod text;
mod view;

use options::{Chosen, Options, USAGE};
use position::{Place, Position};
use source::{Piece, Stream};
use sse_wire::check::{Checker, Diagnostic, Kind};
use sse_wire::{DecodeError, Decoder, Event, Frame, OwnedFeed};
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::mem;
use std::process::ExitCode;
use std::time::{Instant, SystemTime};
use view::{About, Checked, CutOff, Summary, View};

/// The answer of a language model, as FastAPI streams it.
const RECORDED: &[u8] = include_bytes!("../../tests/data/captures/fastapi.stream");

/// The columns of a terminal that does not say how many it has.
const WIDTH: usize = 80;

fn main() -> ExitCode {
    let result = Options::parse(std::env::args_os().skip(1)).and_then(|options| run(&options));
    match result {
        Ok(code) => code,
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS // the reader has seen enough, as `head` has
        }
        Err(failure) => {
            eprintln!("inspect: {failure}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<ExitCode, Failure> {
    let stdout = io::stdout();
    let is_terminal = stdout.is_terminal();
    let colours = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let mut out = BufWriter::with_capacity(64 * 1024, stdout.lock());
    if options.help {
        out.write_all(USAGE.as_bytes())?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let terminal = terminal_size::terminal_size().map(|(width, _)| width.0.into());
    let stream = Stream::open(&options.source)?;
    let name = stream.name.clone();
    if options.json {
        return Inspector::new(options, json::Json::new(out)).inspect(stream);
    }
    let terminal = terminal.filter(|_| is_terminal);
    let width = options.width.or(terminal).unwrap_or(WIDTH);
    let view = text::Text::new(out, name, colours, width, options);
    Inspector::new(options, view).inspect(stream)
}

/// Decodes a stream and shows what each read completes before it waits for the next one.
struct Inspector<'o, V> {
    view: V,
    shows: Shows<'o>,
    decoder: Decoder,
    position: Position,
    summary: Summary,
    checker: Option<Checker>,
    /// What is wrong with the chunk. It waits until everything before it is shown.
    found: VecDeque<Diagnostic>,
    /// The first line of each kind of fault.
    first: Vec<(Kind, u64)>,
}

/// Which events to show, and what has come so far.
struct Shows<'o> {
    chosen: &'o Chosen,
    quiet: bool,
    time: bool,
    /// How many events of the chosen type have come.
    count: u64,
    last: VecDeque<(Event<'static>, About)>,
    last_time: Option<Instant>,
}

impl<'o, V: View> Inspector<'o, V> {
    fn new(options: &'o Options, view: V) -> Self {
        let checker = || {
            let checker = Checker::new().with_style(options.style);
            options
                .fields
                .iter()
                .fold(checker, Checker::with_known_field)
        };
        Self {
            view,
            shows: Shows {
                chosen: &options.chosen,
                quiet: options.quiet,
                time: options.time,
                count: 0,
                last: VecDeque::new(),
                last_time: None,
            },
            decoder: Decoder::new(),
            position: Position::new(),
            summary: Summary::default(),
            checker: options.check.then(checker),
            found: VecDeque::new(),
            first: Vec::new(),
        }
    }

    fn inspect(mut self, mut stream: Stream) -> Result<ExitCode, Failure> {
        loop {
            let chunk = match stream.next()? {
                Piece::Chunk(chunk) => chunk,
                Piece::Utf16 => {
                    self.view.note(UTF_16)?;
                    stream.converted()
                }
                Piece::End => break,
                Piece::Interrupted => {
                    self.summary.interrupted = true;
                    break;
                }
            };
            self.chunk(&chunk)?;
            stream.reuse(chunk);
        }
        self.end()?;
        let has_errors = self
            .checker
            .is_some_and(|checker| checker.summary().errors() > 0);
        Ok(ExitCode::from(u8::from(has_errors)))
    }

    /// The checker is fed first, so that a fault is shown above its event.
    fn chunk(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.summary.bytes += chunk.len() as u64;
        if let Some(checker) = &mut self.checker {
            self.found.extend(checker.feed(chunk));
        }
        let mut feed = OwnedFeed::with_decoder(mem::take(&mut self.decoder));
        feed.push(chunk);
        let mut shown = 0;
        loop {
            let found = feed.advance_frame();
            let frame = feed.frame();
            let end = chunk.len() - feed.remaining().len();
            let consumed = &chunk[shown..end];
            shown = end;
            let ends_block = matches!(frame, Some(Frame::Event(_) | Frame::Undispatched(_)));
            let (at, skipped) = pass(&mut self.position, consumed, ends_block);
            if !self.found.is_empty() {
                let before = self.position.at.offset;
                show_found(&mut self.found, before, &mut self.first, &mut self.view)?;
            }
            if let Some(skipped) = skipped {
                self.view.error(&skipped)?;
            }
            match found {
                None => break,
                Some(Ok(())) => {
                    let (summary, view) = (&mut self.summary, &mut self.view);
                    frame.map_or(Ok(()), |frame| {
                        show_frame(&frame, at, summary, &mut self.shows, view)
                    })?;
                }
                Some(Err(DecodeError::EventTooLarge { .. })) => {
                    self.summary.errors += 1;
                    self.position.skip(at);
                }
                Some(Err(error)) => {
                    self.summary.errors += 1;
                    self.view.error(&error.to_string())?;
                }
            }
        }
        self.decoder = feed.into_decoder();
        let before = u64::MAX;
        show_found(&mut self.found, before, &mut self.first, &mut self.view)?;
        self.view.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        for (event, about) in self.shows.last.drain(..) {
            self.view.event(&event, &about)?;
        }
        let in_line = self.decoder.in_line();
        // `retry` takes effect at the end of its line: only what is buffered can be lost.
        let in_block = self.decoder.in_block() && self.decoder.buffered() > 0;
        if let Some(skipped) = self.position.skipped.take() {
            let end = self.position.at.offset;
            self.view
                .error(&too_large(skipped, end, self.decoder.max_event_size()))?;
        }
        self.summary.cut_off = match self.decoder.finish() {
            Some(Ok(event)) => {
                if !self.shows.quiet && self.shows.chosen.has_type(event.event_type()) {
                    let about = self.shows.about(None, self.position.pass(b"", true));
                    self.view.event(&event, &about)?;
                }
                CutOff::Event
            }
            Some(Err(error)) => {
                self.summary.errors += 1;
                self.view.error(&error.to_string())?;
                CutOff::Event
            }
            None if in_line => CutOff::Line,
            None if in_block => CutOff::Block,
            None => CutOff::Nothing,
        };
        if let Some(checker) = &mut self.checker {
            self.found.extend(checker.finish());
        }
        show_found(&mut self.found, u64::MAX, &mut self.first, &mut self.view)?;
        let checked: Checked<'_> = self
            .checker
            .as_ref()
            .map(|c| (c.summary(), &self.first[..]));
        self.view.end(&self.summary, &self.decoder, checked)?;
        self.view.flush()
    }
}

const UTF_16: &str = "this recording is in UTF-16, as PowerShell writes files; it is shown as \
                      UTF-8, and places are those of the converted text: record with `curl.exe \
                      -sN -o FILE URL`";

/// Where the block of the consumed bytes began. If the block before it was over the limit, also the
/// message about that one.
fn pass(position: &mut Position, consumed: &[u8], ends_block: bool) -> (Place, Option<String>) {
    let Some(skipped) = position.skipped else {
        return (position.pass(consumed, ends_block), None);
    };
    let Some(rest) = position.pass_skipped(consumed) else {
        return (position.at, None);
    };
    position.skipped = None;
    let message = too_large(skipped, position.at.offset, Decoder::new().max_event_size());
    (position.pass(rest, ends_block), Some(message))
}

fn too_large(block: Place, end: u64, limit: usize) -> String {
    let Place { offset, line } = block;
    format!(
        "event larger than the limit of {limit} bytes: it began on line {line}, at byte {offset}, \
         and {} bytes were skipped",
        end - offset
    )
}

/// Shows what is wrong up to a place in the stream.
fn show_found(
    found: &mut VecDeque<Diagnostic>,
    before: u64,
    first: &mut Vec<(Kind, u64)>,
    view: &mut impl View,
) -> io::Result<()> {
    while let Some(diagnostic) = next_before(found, before) {
        if !first.iter().any(|(kind, _)| *kind == diagnostic.kind()) {
            first.push((diagnostic.kind(), diagnostic.line()));
        }
        view.diagnostic(&diagnostic)?;
    }
    Ok(())
}

fn next_before(found: &mut VecDeque<Diagnostic>, before: u64) -> Option<Diagnostic> {
    let is_before = found.front().is_some_and(|next| next.offset() < before);
    is_before.then(|| found.pop_front()).flatten()
}

fn show_frame(
    frame: &Frame<'_>,
    at: Place,
    summary: &mut Summary,
    shows: &mut Shows<'_>,
    view: &mut impl View,
) -> io::Result<()> {
    match frame {
        Frame::Event(event) => {
            summary.events += 1;
            return shows.event(event, summary.events, at, view);
        }
        Frame::Comment(_) => summary.comments += 1,
        _ => {}
    }
    if shows.quiet || shows.chosen.is_choosy() {
        return Ok(());
    }
    match frame {
        Frame::Undispatched(block) => view.block(block, at),
        Frame::Comment(text) => view.comment(text),
        Frame::Retry(retry) => view.retry(*retry),
        Frame::Field(field) => view.field(field),
        _ => Ok(()),
    }
}

impl Shows<'_> {
    fn event(
        &mut self,
        event: &Event<'_>,
        number: u64,
        at: Place,
        view: &mut impl View,
    ) -> io::Result<()> {
        if self.quiet || !self.chosen.has_type(event.event_type()) {
            return Ok(());
        }
        let about = self.about(Some(number), at);
        self.count += 1;
        if self.chosen.first.is_some_and(|first| self.count > first) {
            return Ok(());
        }
        let Some(last) = self.chosen.last else {
            return view.event(event, &about);
        };
        self.last.push_back((event.clone().into_owned(), about));
        if self.last.len() > last {
            self.last.pop_front();
        }
        Ok(())
    }

    fn about(&mut self, number: Option<u64>, at: Place) -> About {
        let time = self.time.then(|| {
            let now = Instant::now();
            let before = self.last_time.replace(now).unwrap_or(now);
            (SystemTime::now(), now - before)
        });
        About { number, at, time }
    }
}

enum Failure {
    Usage(String),
    Read(String, io::Error),
    Write(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(problem) => write!(f, "{problem}\n\n{}", USAGE.trim_end()),
            Self::Read(name, error) => write!(f, "cannot read {name}: {error}"),
            Self::Write(error) => write!(f, "cannot write: {error}"),
        }
    }
}
