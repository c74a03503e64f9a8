//! Where the bytes come from, up to their end or to Ctrl-C.

use crate::options::Source;
use crate::terminal::Harmless;
use crate::{Failure, RECORDED};
use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

const CHUNK: usize = 256 * 1024;
/// How many chunks are in memory: one is shown while another one is read.
const CHUNKS: usize = 3;

/// A stream that another thread reads, since Ctrl-C cannot end a read.
pub(crate) struct Stream {
    /// What stands before the line in `name:line:column`.
    pub(crate) name: String,
    full_name: String,
    arrivals: Receiver<Arrival>,
    used: Sender<Vec<u8>>,
    /// The recording is in UTF-16: the first half of a character that a chunk has cut.
    utf16: Option<Utf16>,
    is_started: bool,
}

enum Arrival {
    Chunk(Vec<u8>),
    Failed(io::Error),
    Interrupted,
    End,
}

/// What has come of the stream.
pub(crate) enum Piece {
    Chunk(Vec<u8>),
    /// The stream is in UTF-16, and is converted from here on.
    Utf16,
    End,
    Interrupted,
}

impl Stream {
    pub(crate) fn open(source: &Source) -> Result<Self, Failure> {
        let unnamed = "stream".to_owned();
        let (full_name, name, source): (_, _, Box<dyn Read + Send>) = match source {
            Source::Recorded => ("the recorded stream".into(), unnamed, Box::new(RECORDED)),
            Source::Stdin => ("standard input".into(), unnamed, Box::new(io::stdin())),
            Source::Path(path) => {
                let full_name = format!("{path:?}");
                let file =
                    File::open(path).map_err(|error| Failure::Read(full_name.clone(), error))?;
                let name = Harmless(&path.to_string_lossy()).to_string();
                (full_name, name, Box::new(file))
            }
        };
        let (sender, arrivals) = sync_channel(CHUNKS);
        let (used, free) = channel();
        for _ in 0..CHUNKS {
            // The receiver is there.
            let _ = used.send(Vec::new());
        }
        let interrupted = sender.clone();
        // Where there are no signals, Ctrl-C ends the program as it always did.
        let _ = ctrlc::set_handler(move || {
            let _ = interrupted.try_send(Arrival::Interrupted);
        });
        thread::spawn(move || read(source, &free, &sender));
        Ok(Self {
            name,
            full_name,
            arrivals,
            used,
            utf16: None,
            is_started: false,
        })
    }

    /// What has arrived, as soon as there is any.
    pub(crate) fn next(&mut self) -> Result<Piece, Failure> {
        let chunk = match self.arrivals.recv() {
            Ok(Arrival::Chunk(chunk)) => chunk,
            Ok(Arrival::Failed(error)) => {
                return Err(Failure::Read(self.full_name.clone(), error));
            }
            Ok(Arrival::Interrupted) => return Ok(Piece::Interrupted),
            Ok(Arrival::End) | Err(_) => return Ok(Piece::End),
        };
        if !std::mem::replace(&mut self.is_started, true) {
            self.utf16 = Utf16::begins(&chunk);
            if let Some(utf16) = &mut self.utf16 {
                utf16.rest = chunk;
                return Ok(Piece::Utf16);
            }
        }
        Ok(Piece::Chunk(match &mut self.utf16 {
            None => chunk,
            Some(utf16) => utf16.convert(&chunk),
        }))
    }

    /// The first part of a stream in UTF-16.
    pub(crate) fn converted(&mut self) -> Vec<u8> {
        self.utf16
            .as_mut()
            .map_or(Vec::new(), |utf16| utf16.convert(&[]))
    }

    /// Gives the memory of a chunk back, for another one.
    pub(crate) fn reuse(&self, chunk: Vec<u8>) {
        let _ = self.used.send(chunk);
    }
}

fn read(mut source: impl Read, free: &Receiver<Vec<u8>>, sender: &SyncSender<Arrival>) {
    while let Ok(mut chunk) = free.recv() {
        chunk.resize(CHUNK, 0);
        let arrival = match source.read(&mut chunk) {
            Ok(0) => Arrival::End,
            Ok(length) => {
                chunk.truncate(length);
                Arrival::Chunk(chunk)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Arrival::Failed(error),
        };
        let is_last = !matches!(arrival, Arrival::Chunk(_));
        if sender.send(arrival).is_err() || is_last {
            return;
        }
    }
}

/// Text in UTF-16, as PowerShell writes files.
struct Utf16 {
    is_big_endian: bool,
    /// Bytes that are not converted yet: the first chunk, later less than a character.
    rest: Vec<u8>,
}

impl Utf16 {
    /// Looks at the byte order mark. That of UTF-32 can start the same way.
    fn begins(chunk: &[u8]) -> Option<Self> {
        let is_big_endian = match chunk {
            [0xFF, 0xFE, 0, 0, ..] => return None,
            [0xFF, 0xFE, ..] => false,
            [0xFE, 0xFF, ..] => true,
            _ => return None,
        };
        Some(Self {
            is_big_endian,
            rest: Vec::new(),
        })
    }

    fn convert(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.rest.extend_from_slice(chunk);
        let units: Vec<u16> = self
            .rest
            .chunks_exact(2)
            .map(|unit| match self.is_big_endian {
                true => u16::from_be_bytes([unit[0], unit[1]]),
                false => u16::from_le_bytes([unit[0], unit[1]]),
            })
            .collect();
        let is_cut = units
            .last()
            .is_some_and(|last| (0xD800..0xDC00).contains(last));
        let whole = units.len() - usize::from(is_cut);
        self.rest.drain(..2 * whole);
        String::from_utf16_lossy(&units[..whole]).into_bytes()
    }
}
