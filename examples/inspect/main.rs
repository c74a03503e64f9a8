//! Shows what is in an event stream, as it arrives: see `USAGE`.

mod check;

use serde_json::{Value, json};
use sse_wire::check::{Checker, Diagnostic};
use sse_wire::{DecodeError, Decoder, Event, Frame};
use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
Usage: inspect [--check [--style]] [--json] [PATH | -]

Shows the events, comments and reconnection times of an event stream as they
arrive: of a file, of standard input (-), or else of a stream that was recorded
from a server. To watch a live one:

    curl -sN URL | cargo run --example inspect -- -

An event's number, type and id stand above its data; an id in brackets is that
of an earlier event. Characters that could drive the terminal are escaped.

Options:
  --check     tell what is wrong with the stream as well; exit with 1 for errors
  --style     with --check: matters of style, too
  --json      one JSON object a line: event, comment, retry, error, diagnostic, end
  -h, --help  this text
";

/// The answer of a language model, as FastAPI streams it.
const RECORDED: &[u8] = include_bytes!("../../tests/data/captures/fastapi.stream");

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
    let colours = stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let mut out = BufWriter::new(stdout.lock());
    if options.help {
        out.write_all(USAGE.as_bytes())?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut stream = Stream::open(&options.source)?;
    let name = stream.name_in_diagnostics.clone();
    let checker = options.check.then(|| {
        Checker::new()
            .with_style(options.style)
            .with_max_per_kind(check::SHOWN_PER_KIND)
    });
    if options.json {
        inspect(&mut stream, checker, &mut Json { out })
    } else {
        inspect(&mut stream, checker, &mut Text { out, colours, name })
    }
}

/// Decodes the stream and shows what each read completes before it waits for the next one.
///
/// A checker is fed line by line, ahead of the decoder, so that what is wrong with an event stands
/// above it. How a stream is cut makes no difference to either of them.
fn inspect(
    stream: &mut Stream,
    mut checker: Option<Checker>,
    view: &mut impl View,
) -> Result<ExitCode, Failure> {
    let mut decoder = Decoder::new();
    let mut summary = Summary::default();
    let mut buf = vec![0; 64 * 1024];
    loop {
        let len = stream.read(&mut buf)?;
        if len == 0 {
            break;
        }
        summary.bytes += len as u64;
        let by_line = checker.is_some();
        let ends_piece = |byte: &u8| by_line && matches!(byte, b'\r' | b'\n');
        for piece in buf[..len].split_inclusive(ends_piece) {
            for diagnostic in checker.iter_mut().flat_map(|checker| checker.feed(piece)) {
                view.diagnostic(&diagnostic)?;
            }
            show_frames(&mut decoder, piece, &mut summary, view)?;
        }
        view.flush()?;
    }
    match decoder.finish() {
        None => {}
        Some(Ok(event)) => {
            summary.cut_off = true;
            view.event(None, &event)?;
        }
        Some(Err(error)) => {
            summary.errors += 1;
            view.error(error)?;
        }
    }
    for diagnostic in checker.iter_mut().flat_map(Checker::finish) {
        view.diagnostic(&diagnostic)?;
    }
    let checked = checker.as_ref().map(Checker::summary);
    view.end(&summary, &decoder, checked)?;
    view.flush()?;
    let has_errors = checked.is_some_and(|checked| checked.errors() > 0);
    Ok(ExitCode::from(u8::from(has_errors)))
}

fn show_frames(
    decoder: &mut Decoder,
    piece: &[u8],
    summary: &mut Summary,
    view: &mut impl View,
) -> io::Result<()> {
    let mut feed = decoder.feed(piece);
    while let Some(frame) = feed.next_frame() {
        match frame {
            Ok(Frame::Event(event)) => {
                summary.events += 1;
                view.event(Some(summary.events), &event)?;
            }
            Ok(Frame::Comment(text)) => {
                summary.comments += 1;
                view.comment(&text)?;
            }
            Ok(Frame::Retry(retry)) => view.retry(retry)?,
            Ok(_) => {}
            Err(error) => {
                summary.errors += 1;
                view.error(error)?;
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Summary {
    bytes: u64,
    events: u64,
    comments: u64,
    errors: u64,
    /// The end of the stream came before the blank line of an event.
    cut_off: bool,
}

/// What a checker has counted, if there is one.
type Checked<'a> = Option<&'a sse_wire::check::Summary>;

/// A way to show what a stream says.
trait View {
    /// An event and its number, or the one that the end of the stream has cut off.
    fn event(&mut self, number: Option<u64>, event: &Event<'_>) -> io::Result<()>;
    fn comment(&mut self, text: &str) -> io::Result<()>;
    fn retry(&mut self, retry: Duration) -> io::Result<()>;
    fn error(&mut self, error: DecodeError) -> io::Result<()>;
    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> io::Result<()>;
    fn end(&mut self, summary: &Summary, decoder: &Decoder, checked: Checked<'_>)
    -> io::Result<()>;
    fn flush(&mut self) -> io::Result<()>;
}

/// For people: what a line is stands as a mark in the margin.
struct Text<W> {
    out: W,
    colours: bool,
    /// The stream's name in diagnostics.
    name: String,
}

impl<W: Write> Text<W> {
    fn line(&mut self, mark: &str, style: Style, text: impl fmt::Display) -> io::Result<()> {
        let (mark, text) = (self.styled(DIM, mark), self.styled(style, text));
        writeln!(self.out, "{mark:>4} {text}")
    }

    fn styled<T>(&self, style: Style, text: T) -> Styled<T> {
        Styled(if self.colours { style } else { PLAIN }, text)
    }
}

impl<W: Write> View for Text<W> {
    fn event(&mut self, number: Option<u64>, event: &Event<'_>) -> io::Result<()> {
        let number = number.map_or("cut".to_owned(), |number| number.to_string());
        let event_type = self.styled(CYAN, Harmless(event.event_type()));
        write!(self.out, "{number:>4} {event_type}")?;
        match (event.id(), Harmless(event.last_event_id())) {
            (Some(""), _) => write!(self.out, "  id \"\"")?,
            (Some(_), id) => write!(self.out, "  id {id}")?,
            (None, Harmless("")) => {}
            (None, id) => write!(
                self.out,
                "  {}",
                self.styled(DIM, format_args!("(id {id})"))
            )?,
        }
        writeln!(self.out)?;
        for line in event.data().split('\n') {
            self.line("│", PLAIN, Harmless(line))?;
        }
        Ok(())
    }

    fn comment(&mut self, text: &str) -> io::Result<()> {
        self.line(":", DIM, Harmless(text))
    }

    fn retry(&mut self, retry: Duration) -> io::Result<()> {
        self.line("=", PLAIN, format_args!("retry {retry:?}"))
    }

    fn error(&mut self, error: DecodeError) -> io::Result<()> {
        self.line("!", RED, error)
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> io::Result<()> {
        let Self { name, colours, .. } = self;
        let shown = check::Shown {
            name,
            diagnostic,
            colours: *colours,
        };
        write!(self.out, "{shown}")
    }

    fn end(
        &mut self,
        summary: &Summary,
        decoder: &Decoder,
        checked: Checked<'_>,
    ) -> io::Result<()> {
        let Summary {
            bytes,
            events,
            comments,
            errors,
            cut_off,
        } = summary;
        write!(self.out, "\n{}, ", Count(*events, "event"))?;
        write!(self.out, "{}, ", Count(*comments, "comment"))?;
        if *errors > 0 {
            let errors = self.styled(RED, Count(*errors, "error"));
            write!(self.out, "{errors}, ")?;
        }
        write!(self.out, "{}; ", Count(*bytes, "byte"))?;
        match Harmless(decoder.last_event_id()) {
            Harmless("") => write!(self.out, "no last event ID")?,
            id => write!(self.out, "last event ID {id}")?,
        }
        match decoder.retry() {
            None => write!(self.out, ", no retry")?,
            Some(retry) => write!(self.out, ", retry {retry:?}")?,
        }
        if *cut_off {
            let cut_off = self.styled(RED, "the end cut an event off");
            writeln!(self.out, "; {cut_off}")?;
        } else {
            writeln!(self.out, "; nothing cut off")?;
        }
        let verdict = |summary| check::Verdict {
            summary,
            colours: self.colours,
        };
        checked.map_or(Ok(()), |summary| write!(self.out, "{}", verdict(summary)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// For scripts: objects with one key, which tells what it is.
struct Json<W> {
    out: W,
}

impl<W: Write> Json<W> {
    /// JSON leaves some characters as they are that terminals obey, but only within its strings.
    fn line(&mut self, value: &Value) -> io::Result<()> {
        let json = value.to_string();
        let mut safe = String::with_capacity(json.len());
        for character in json.chars() {
            if drives_terminal(character) {
                safe += &format!("\\u{:04x}", u32::from(character));
            } else {
                safe.push(character);
            }
        }
        writeln!(self.out, "{safe}")
    }
}

impl<W: Write> View for Json<W> {
    fn event(&mut self, number: Option<u64>, event: &Event<'_>) -> io::Result<()> {
        self.line(&json!({ "event": {
            "type": event.event_type(),
            "data": event.data(),
            "id": event.id(),
            "last_event_id": event.last_event_id(),
            "retry": event.retry().map(milliseconds),
            "cut_off": number.is_none(),
        }}))
    }

    fn comment(&mut self, text: &str) -> io::Result<()> {
        self.line(&json!({ "comment": text }))
    }

    fn retry(&mut self, retry: Duration) -> io::Result<()> {
        self.line(&json!({ "retry": milliseconds(retry) }))
    }

    fn error(&mut self, error: DecodeError) -> io::Result<()> {
        self.line(&json!({ "error": error.to_string() }))
    }

    fn diagnostic(&mut self, diagnostic: &Diagnostic) -> io::Result<()> {
        self.line(&json!({ "diagnostic": check::to_json(diagnostic) }))
    }

    fn end(
        &mut self,
        summary: &Summary,
        decoder: &Decoder,
        checked: Checked<'_>,
    ) -> io::Result<()> {
        let mut end = json!({
            "events": summary.events,
            "comments": summary.comments,
            "errors": summary.errors,
            "bytes": summary.bytes,
            "last_event_id": decoder.last_event_id(),
            "retry": decoder.retry().map(milliseconds),
            "cut_off": summary.cut_off,
        });
        if let Some(summary) = checked {
            end["diagnostics"] = check::counts_to_json(summary);
        }
        self.line(&json!({ "end": end }))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn milliseconds(retry: Duration) -> u64 {
    u64::try_from(retry.as_millis()).unwrap_or(u64::MAX)
}

/// A number of things.
struct Count(u64, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number, thing) = self;
        write!(f, "{number} {thing}{}", if *number == 1 { "" } else { "s" })
    }
}

/// Text of a stranger's, with what could drive the terminal escaped.
struct Harmless<'a>(&'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if drives_terminal(character) {
                write!(f, "{}", character.escape_unicode())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Control characters, and those that reorder the text around them.
fn drives_terminal(character: char) -> bool {
    let reorders = matches!(
        character,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    reorders || (character.is_control() && character != '\t')
}

type Style = &'static str;
const PLAIN: Style = "";
const DIM: Style = "2";
const RED: Style = "31";
const CYAN: Style = "36";

/// Text between the escape sequences that switch its style on and off.
struct Styled<T>(Style, T);

impl<T: fmt::Display> fmt::Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(style, text) = self;
        if style.is_empty() {
            return text.fmt(f);
        }
        write!(f, "\x1b[{style}m")?;
        text.fmt(f)?;
        f.write_str("\x1b[m")
    }
}

struct Options {
    check: bool,
    style: bool,
    json: bool,
    help: bool,
    source: Source,
}

enum Source {
    Recorded,
    Stdin,
    Path(PathBuf),
}

impl Options {
    fn parse(args: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let mut options = Self {
            check: false,
            style: false,
            json: false,
            help: false,
            source: Source::Recorded,
        };
        for arg in args {
            match arg.to_str() {
                Some("--check") => options.check = true,
                Some("--style") => options.style = true,
                Some("--json") => options.json = true,
                Some("-h" | "--help") => options.help = true,
                Some(option) if option.starts_with('-') && option != "-" => {
                    return Err(Failure::Usage(format!("unknown option {option:?}")));
                }
                _ if !matches!(options.source, Source::Recorded) => {
                    return Err(Failure::Usage(format!("one stream too many: {arg:?}")));
                }
                Some("-") => options.source = Source::Stdin,
                _ => options.source = Source::Path(arg.into()),
            }
        }
        if options.style && !options.check {
            return Err(Failure::Usage(
                "--style does nothing without --check".to_owned(),
            ));
        }
        Ok(options)
    }
}

/// Where the bytes come from.
struct Stream {
    name: String,
    /// What stands before the line in `name:line:column`.
    name_in_diagnostics: String,
    source: Box<dyn Read>,
}

impl Stream {
    fn open(source: &Source) -> Result<Self, Failure> {
        let unnamed = "stream".to_owned();
        let (name, name_in_diagnostics, source): (_, _, Box<dyn Read>) = match source {
            Source::Recorded => (
                "the recorded stream".to_owned(),
                unnamed,
                Box::new(RECORDED),
            ),
            Source::Stdin => (
                "standard input".to_owned(),
                unnamed,
                Box::new(io::stdin().lock()),
            ),
            Source::Path(path) => {
                let name = format!("{path:?}");
                match File::open(path) {
                    Ok(file) => (
                        name,
                        Harmless(&path.to_string_lossy()).to_string(),
                        Box::new(file),
                    ),
                    Err(error) => return Err(Failure::Read(name, error)),
                }
            }
        };
        Ok(Self {
            name,
            name_in_diagnostics,
            source,
        })
    }

    /// What has arrived, as soon as there is any. Nothing at the end.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Failure> {
        loop {
            match self.source.read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map_err(|error| Failure::Read(self.name.clone(), error)),
            }
        }
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
