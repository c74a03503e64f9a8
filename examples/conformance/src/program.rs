//! A program under test: starts it, asks it, and notices when it dies.

use std::{
    ffi::OsString,
    fmt,
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;

use crate::{
    adapter::write_line,
    protocol::{Answer, Chunk, Event, Hello, Request},
};

/// Interpreters take their time to start, and a busy machine takes longer.
const TIME_TO_START: Duration = Duration::from_secs(30);
/// The standard error of a dead program ends at once, unless a child of it still lives.
const TIME_FOR_LAST_WORDS: Duration = Duration::from_secs(1);

/// A program that speaks the protocol. It is started again if it has died or was ended.
#[derive(Debug)]
pub struct Program {
    command: Vec<OsString>,
    timeout: Duration,
    hello: Hello,
    process: Option<Process>,
}

/// What a program returned while it decoded one stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    /// The events, each with its place in the stream.
    pub events: Vec<Handed>,
    /// The comments.
    pub comments: Vec<String>,
    /// The reconnection times.
    pub retries: Vec<f64>,
    /// The last event ID, at the end.
    pub last_event_id: String,
    /// The event that the end cut off.
    pub cut_off: Option<Event>,
    /// The errors.
    pub errors: Vec<String>,
}

/// An event, and when it was returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The event.
    pub event: Event,
    /// After this many bytes it had not been returned yet.
    pub not_with: usize,
    /// After this many bytes it had. At the end of the stream both are the same.
    pub with: usize,
}

/// How a program failed its runner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash(String);

impl Program {
    /// Starts a program and reads its hello. A stream that takes it longer than `timeout` will
    /// count as a crash.
    ///
    /// # Errors
    ///
    /// It does not start, or its first line is missing or wrong.
    pub fn start(command: &[OsString], timeout: Duration) -> Result<Self, Crash> {
        let (process, hello) = Process::start(command)?;
        Ok(Self {
            command: command.to_vec(),
            timeout,
            hello,
            process: Some(process),
        })
    }

    /// The program's hello.
    #[must_use]
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Lets the program decode one stream.
    ///
    /// # Errors
    ///
    /// It died, hung or broke the protocol. The next call starts it again.
    pub fn decode(&mut self, last_event_id: &str, chunks: &[&[u8]]) -> Result<Transcript, Crash> {
        let mut process = match self.process.take() {
            Some(process) => process,
            None => Process::start(&self.command)?.0,
        };
        let transcript = process.decode(last_event_id, chunks, Instant::now() + self.timeout)?;
        self.process = Some(process);
        Ok(transcript)
    }
}

/// One run of the program. It ends when this is dropped.
#[derive(Debug)]
struct Process {
    child: Child,
    requests: ChildStdin,
    answers: Receiver<String>,
    last_words: Receiver<String>,
}

impl Process {
    fn start(command: &[OsString]) -> Result<(Self, Hello), Crash> {
        let (program, arguments) = command.split_first().ok_or_else(|| crash("no program"))?;
        let mut child = Command::new(program)
            .args(arguments)
            // Enough for a panic message.
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| crash(format_args!("{}: {error}", program.display())))?;
        let requests = child.stdin.take().expect("standard input is a pipe");
        let output = child.stdout.take().expect("standard output is a pipe");
        let errors = child.stderr.take().expect("standard error is a pipe");
        let mut process = Self {
            child,
            requests,
            answers: in_background(|sender| send_lines(output, &sender)),
            last_words: in_background(|sender| send_all(errors, &sender)),
        };
        let hello = process.read(Instant::now() + TIME_TO_START)?;
        Ok((process, hello))
    }

    fn decode(
        &mut self,
        last_event_id: &str,
        chunks: &[&[u8]],
        deadline: Instant,
    ) -> Result<Transcript, Crash> {
        let mut transcript = Transcript::default();
        let mut fed = 0;
        let open = Request::Open {
            last_event_id: last_event_id.to_owned(),
        };
        let answer = self.ask(&open, deadline)?;
        transcript.add(answer, 0, 0);
        for chunk in chunks {
            let answer = self.ask(&Request::Feed(Chunk(chunk.to_vec())), deadline)?;
            transcript.add(answer, fed, fed + chunk.len());
            fed += chunk.len();
        }
        let answer = self.ask(&Request::End {}, deadline)?;
        transcript.add(answer, fed, fed);
        Ok(transcript)
    }

    fn ask(&mut self, request: &Request, deadline: Instant) -> Result<Answer, Crash> {
        // A dead program does not read; reading its answer gives the better error.
        let _ = write_line(&mut self.requests, request);
        self.read(deadline)
    }

    fn read<T: DeserializeOwned>(&mut self, deadline: Instant) -> Result<T, Crash> {
        let patience = deadline.saturating_duration_since(Instant::now());
        match self.answers.recv_timeout(patience) {
            Ok(line) => serde_json::from_str(&line).map_err(|error| {
                crash(format_args!(
                    "answered with something else: {error}: {line}"
                ))
            }),
            Err(RecvTimeoutError::Timeout) => Err(crash("did not answer in time")),
            Err(RecvTimeoutError::Disconnected) => Err(self.obituary()),
        }
    }

    fn obituary(&mut self) -> Crash {
        let status = match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let words = self.last_words.recv_timeout(TIME_FOR_LAST_WORDS);
        crash(format_args!(
            "died, {status}: {}",
            gist(&words.unwrap_or_default())
        ))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Transcript {
    fn add(&mut self, answer: Answer, not_with: usize, with: usize) {
        self.events
            .extend(answer.events.into_iter().map(|event| Handed {
                event,
                not_with,
                with,
            }));
        self.comments.extend(answer.comments);
        self.retries.extend(answer.retries);
        self.errors.extend(answer.error);
        self.last_event_id = answer.last_event_id.unwrap_or_default();
        self.cut_off = answer.cut_off;
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Crash {}

fn crash(what: impl fmt::Display) -> Crash {
    Crash(what.to_string())
}

/// The part to quote of a dying program's output: a Rust panic, else its last two lines.
fn gist(words: &str) -> String {
    const LENGTH: usize = 200;
    let lines: Vec<_> = words
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let panic = lines.iter().rposition(|line| line.contains("panicked at"));
    let start = panic.unwrap_or(lines.len().saturating_sub(2));
    lines[start..].join(" ").chars().take(LENGTH).collect()
}

fn in_background(work: impl FnOnce(Sender<String>) + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || work(sender));
    receiver
}

fn send_lines(output: impl Read, sender: &Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        if sender.send(line).is_err() {
            return;
        }
    }
}

fn send_all(mut output: impl Read, sender: &Sender<String>) {
    let mut words = Vec::new();
    let _ = output.read_to_end(&mut words);
    // Nobody listens once the program was ended.
    let _ = sender.send(String::from_utf8_lossy(&words).into_owned());
}
