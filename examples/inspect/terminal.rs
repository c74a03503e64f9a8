//! What a terminal can show: text that is escaped, measured, wrapped and coloured.

use std::fmt::{self, Write as _};
use std::{io, iter};
use unicode_width::UnicodeWidthChar;

/// Untrusted text: characters that could drive the terminal are escaped.
pub(crate) struct Harmless<'a>(pub(crate) &'a str);

impl fmt::Display for Harmless<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_harmless(self.0) {
            return f.write_str(self.0);
        }
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

/// Whether no character needs to be escaped.
fn is_harmless(text: &str) -> bool {
    let is_odd = |byte: u8| byte.is_ascii_control() & (byte != b'\t');
    find(text.as_bytes(), is_odd).is_none() && find_beyond_ascii(text).is_none()
}

/// Whether all is printable ASCII: as many columns as bytes.
pub(crate) fn is_plain(text: &str) -> bool {
    plain_len(text) == text.len()
}

/// How many plain bytes are at the start of the text.
fn plain_len(text: &str) -> usize {
    find(text.as_bytes(), |byte| !matches!(byte, b' '..=b'~')).unwrap_or(text.len())
}

/// The first byte that is odd.
fn find(text: &[u8], is_odd: impl Fn(u8) -> bool) -> Option<usize> {
    // Blocks, so that the search is vectorized and yet ends early.
    const BLOCK: usize = 64;
    let has_odd = |block: &[u8]| block.iter().fold(false, |odd, &byte| odd | is_odd(byte));
    let start = BLOCK * text.chunks(BLOCK).position(has_odd)?;
    let found = text[start..].iter().position(|&byte| is_odd(byte))?;
    Some(start + found)
}

/// The first character beyond ASCII that drives the terminal, and where it is.
pub(crate) fn find_beyond_ascii(text: &str) -> Option<(usize, char)> {
    // The first bytes of such characters.
    memchr::memchr3_iter(0xC2, 0xD8, 0xE2, text.as_bytes()).find_map(|at| {
        let character = text[at..].chars().next()?;
        drives_terminal(character).then_some((at, character))
    })
}

/// Control characters, and those that reorder the text around them.
pub(crate) fn drives_terminal(character: char) -> bool {
    let reorders = matches!(
        character,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    reorders || (character.is_control() && character != '\t')
}

/// A character as it can be shown and measured: an invisible one is escaped.
pub(crate) fn visible(character: char) -> String {
    match character {
        '\t' => "    ".to_owned(),
        '\u{feff}' | '\u{200b}' | '\u{2028}'..='\u{2029}' => character.escape_unicode().to_string(),
        _ if drives_terminal(character) => character.escape_unicode().to_string(),
        _ => character.to_string(),
    }
}

/// The columns that text takes.
pub(crate) fn width_of(text: &str) -> usize {
    text.chars()
        .map(|character| character.width().unwrap_or(0))
        .sum()
}

/// A part of a line that fits the terminal.
pub(crate) struct Row<'a> {
    text: &'a str,
    is_harmless: bool,
}

impl Row<'_> {
    /// Most text can be copied; formatting it would cost more.
    pub(crate) fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        if self.is_harmless {
            out.write_all(self.text.as_bytes())
        } else {
            write!(out, "{}", Harmless(self.text))
        }
    }
}

/// Cuts a line into rows of at most `width` columns; 0 does not cut. There is at least one.
pub(crate) fn rows(line: &str, width: usize) -> impl Iterator<Item = Row<'_>> {
    let mut rest = Some(line);
    let mut plain = plain_len(line);
    iter::from_fn(move || {
        let line = rest?;
        let (end, is_harmless) = match width {
            0 => (line.len(), is_harmless(line)),
            _ if plain > width => (width, true),
            _ => end_of_row(line, plain, width),
        };
        let (text, after) = line.split_at(end);
        plain = plain.checked_sub(end).unwrap_or_else(|| plain_len(after));
        rest = Some(after).filter(|after| !after.is_empty());
        Some(Row { text, is_harmless })
    })
}

/// Where the first row of a line ends, and whether it is harmless. The line begins with `plain`
/// plain bytes, and they fit.
fn end_of_row(line: &str, plain: usize, width: usize) -> (usize, bool) {
    let (mut end, mut used, mut is_harmless) = (plain, plain, true);
    for character in line[plain..].chars() {
        let drives = drives_terminal(character);
        used += match character {
            _ if drives => character.escape_unicode().len(),
            // At most eight: the next stop depends on the margin, which is not known here.
            '\t' => 8,
            _ => character.width().unwrap_or(0),
        };
        if used > width && end > 0 {
            break;
        }
        end += character.len_utf8();
        is_harmless &= !drives;
    }
    (end, is_harmless)
}

/// Breaks a sentence between words where it is longer than `width` columns.
pub(crate) fn wrap(sentence: &str, width: usize, indent: &str) -> String {
    let (mut text, mut used) = (String::new(), 0);
    for word in sentence.split(' ') {
        let columns = width_of(word);
        if used > 0 && width > 0 && used + 1 + columns > width {
            text.push('\n');
            text += indent;
            used = indent.len();
        } else if used > 0 {
            text.push(' ');
            used += 1;
        }
        text += word;
        used += columns;
    }
    text
}

/// The digits of a number: each event has some.
pub(crate) fn digits(mut number: u64, digits: &mut [u8; 20]) -> &str {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&digits[start..]).unwrap_or_default()
}

pub(crate) type Style = &'static str;
pub(crate) const PLAIN: Style = "";
pub(crate) const DIM: Style = "2";
pub(crate) const RED: Style = "31";
pub(crate) const CYAN: Style = "36";
pub(crate) const ERROR: Style = "1;31";
pub(crate) const WARNING: Style = "1;33";

/// Text between the escape sequences that switch its style on and off.
pub(crate) struct Styled<T>(pub(crate) Style, pub(crate) T);

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
