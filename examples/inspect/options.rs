//! What the command line asks for.

use crate::Failure;
use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt;
use std::ffi::OsString;
use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
Usage: inspect [OPTIONS] [PATH | -]

Shows an event stream as it arrives: of a file, of standard input (-), or else
of a recording. To watch a live one: curl -sN URL | inspect -
The id of an earlier event is in brackets; `-` is a block without data.

  --check        report what is wrong with the stream; exit with 1 for errors
  --style        with --check: matters of style, too
  --field NAME   with --check: a field with this name is meant
  --quiet        nothing but the diagnostics of --check
  --type TYPE    only events of this type; may be given several times
  --first N      only the first N of them
  --last N       only the last N of them, at the end
  --pretty       lay out data that is JSON
  --time         when events arrived (UTC), and how long after the one before
  --width N      fit lines to N columns instead of the terminal's; 0: no limit
  --json         one object a line: event, block, comment, retry, field, error,
                 diagnostic, note, end
  -h, --help     this text
";

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) help: bool,
    pub(crate) check: bool,
    pub(crate) style: bool,
    pub(crate) fields: Vec<String>,
    pub(crate) quiet: bool,
    pub(crate) json: bool,
    pub(crate) pretty: bool,
    pub(crate) time: bool,
    pub(crate) width: Option<usize>,
    pub(crate) chosen: Chosen,
    pub(crate) source: Source,
}

/// Which events are shown.
#[derive(Default)]
pub(crate) struct Chosen {
    pub(crate) types: Vec<String>,
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<usize>,
}

#[derive(Default, PartialEq)]
pub(crate) enum Source {
    #[default]
    Recorded,
    Stdin,
    Path(PathBuf),
}

impl Options {
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, Failure> {
        let mut options = Self::default();
        options
            .read(lexopt::Parser::from_args(args))
            .map_err(|error| Failure::Usage(error.to_string()))?;
        options.check |= options.quiet;
        if !options.check && (options.style || !options.fields.is_empty()) {
            let problem = "--style and --field do nothing without --check";
            return Err(Failure::Usage(problem.to_owned()));
        }
        Ok(options)
    }

    fn read(&mut self, mut args: lexopt::Parser) -> Result<(), lexopt::Error> {
        while let Some(arg) = args.next()? {
            match arg {
                Short('h') | Long("help") => self.help = true,
                Long("check") => self.check = true,
                Long("style") => self.style = true,
                Long("field") => self.fields.push(args.value()?.string()?),
                Long("quiet") => self.quiet = true,
                Long("json") => self.json = true,
                Long("pretty") => self.pretty = true,
                Long("time") => self.time = true,
                Long("width") => self.width = Some(args.value()?.parse()?),
                Long("type") => self.chosen.types.push(args.value()?.string()?),
                Long("first") => self.chosen.first = Some(args.value()?.parse()?),
                Long("last") => self.chosen.last = Some(args.value()?.parse()?),
                Value(path) if self.source == Source::Recorded => {
                    self.source = if path == "-" {
                        Source::Stdin
                    } else {
                        Source::Path(path.into())
                    };
                }
                arg => return Err(arg.unexpected()),
            }
        }
        Ok(())
    }
}

impl Chosen {
    /// Whether some are left out; then everything that is not an event is left out, too.
    pub(crate) fn is_choosy(&self) -> bool {
        !self.types.is_empty() || self.first.is_some() || self.last.is_some()
    }

    pub(crate) fn has_type(&self, event_type: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|chosen| chosen == event_type)
    }
}
