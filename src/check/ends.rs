//! How lines end, and which line ends some clients cannot read.

use super::Kind;
use super::findings::Findings;
use super::place::{Line, Place};
use core::mem;

/// A kind of line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Lf,
    CrLf,
    Cr,
}

impl End {
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [_, _] => Self::CrLf,
            [b'\r'] => Self::Cr,
            _ => Self::Lf,
        }
    }

    const fn length(self) -> u64 {
        match self {
            Self::CrLf => 2,
            Self::Lf | Self::Cr => 1,
        }
    }

    /// Its name alone, and its name in a sentence.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Lf => ("LF", "an LF"),
            Self::CrLf => ("CRLF", "a CRLF"),
            Self::Cr => ("CR", "a CR alone"),
        }
    }
}

/// The kinds of line end seen so far, except in what is not part of a stream.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    seen: [bool; 3],
    /// The first line that ended with a CR alone. A blank line with a CRLF may follow.
    cr: Option<Place>,
    /// A line at a chunk's end has ended with a CR: the next byte shows whether that was all.
    undecided: Option<Undecided>,
}

#[derive(Clone, Debug)]
struct Undecided {
    /// Where the CR is, if that matters.
    place: Option<Place>,
    is_blank: bool,
}

impl Ends {
    pub(super) const fn new() -> Self {
        Self {
            seen: [false; 3],
            cr: None,
            undecided: None,
        }
    }

    /// A line has ended, perhaps with a CR whose LF is still to come. It `is_silent` if its fault
    /// was reported already, or is nobody's.
    pub(super) fn note(
        &mut self,
        line: &Line<'_>,
        end: End,
        may_continue: bool,
        is_silent: bool,
        findings: &mut Findings,
    ) {
        let is_blank = line.length == 0;
        if may_continue && end == End::Cr {
            let matters = !is_silent && (self.is_new(End::Cr) || self.is_new(End::CrLf));
            self.undecided = Some(Undecided {
                place: matters.then(|| line.end(1)),
                is_blank,
            });
        } else if !is_silent {
            self.decided(end, is_blank, || line.end(end.length()), findings);
        }
    }

    /// The next byte, or the end of the stream, has shown what the CR before it was.
    pub(super) fn decide(&mut self, is_crlf: bool, findings: &mut Findings) -> Option<End> {
        let Undecided { place, is_blank } = self.undecided.take()?;
        let end = if is_crlf { End::CrLf } else { End::Cr };
        if let Some(place) = place {
            self.decided(end, is_blank, || place.with_length(end.length()), findings);
        }
        Some(end)
    }

    /// A line that is not blank follows, or nothing.
    pub(super) fn settle(&mut self, findings: &mut Findings) {
        if let Some(place) = self.cr.take() {
            findings.report(
                Kind::BareCr,
                || place,
                format_args!(
                    "this line ends with a CR alone, which is legal but not known to every \
                     client: use LF"
                ),
            );
            findings.end_line();
        }
    }

    fn is_new(&self, end: End) -> bool {
        !self.seen[end as usize]
    }

    fn decided(
        &mut self,
        end: End,
        is_blank: bool,
        place: impl FnOnce() -> Place,
        findings: &mut Findings,
    ) {
        if let Some(cr) = self.cr.take_if(|_| is_blank && end == End::CrLf) {
            self.seen[end as usize] = true;
            return findings.report(
                Kind::CrCrLf,
                || cr.with_length(3),
                format_args!(
                    "CR CR LF is two line ends, so a blank line follows each line: was a CRLF \
                     written in text mode?"
                ),
            );
        }
        self.settle(findings);
        let earlier = [End::Lf, End::CrLf, End::Cr]
            .into_iter()
            .find(|&other| other != end && !self.is_new(other));
        if !mem::replace(&mut self.seen[end as usize], true) {
            match earlier {
                Some(earlier) => mixed(end, earlier, place, findings),
                None if end == End::Cr => self.cr = Some(place()),
                None => {}
            }
        }
    }
}

fn mixed(end: End, earlier: End, place: impl FnOnce() -> Place, findings: &mut Findings) {
    let others = match end {
        End::Cr => ", and not every client knows a CR",
        End::Lf | End::CrLf => "",
    };
    findings.report(
        Kind::MixedLineEnds,
        place,
        format_args!(
            "this line ends with {}, earlier ones with {}{others}: use one kind of line end, and \
             none in a value",
            end.names().1,
            earlier.names().0,
        ),
    );
}
