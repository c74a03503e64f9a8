//! What a terminal can show: text that is escaped, measured, wrapped and coloured.

use std::fmt::{self, Write as _};
use unicode_width::UnicodeWidthChar;

/// Text of a stranger's, with what could drive the terminal escaped.
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

/// Whether no character needs to be escaped. Most text is told by its bytes, many at once.
pub(crate) fn is_harmless(text: &str) -> bool {
    is_plain(text) || !text.chars().any(drives_terminal)
}

/// Whether all is ASCII with a shape: as many columns as bytes.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_plain = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
    };
    text.as_bytes().chunks(64).all(is_plain)
}

/// Control characters, and those that reorder the text around them.
pub(crate) fn drives_terminal(character: char) -> bool {
    let reorders = matches!(
        character,
        '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    reorders || (character.is_control() && character != '\t')
}

/// A character as it can be shown and measured: what has no shape is escaped.
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

/// Cuts a line into rows of at most `width` columns, with what could drive the terminal escaped.
/// 0 does not cut.
pub(crate) fn rows(line: &str, width: usize, mut row: impl FnMut(&str)) {
    if width == 0 && is_harmless(line) {
        return row(line);
    }
    if is_plain(line) {
        let mut rest = line;
        while rest.len() > width {
            let (start, end) = rest.split_at(width);
            row(start);
            rest = end;
        }
        return row(rest);
    }
    let (mut text, mut used) = (String::new(), 0);
    for character in line.chars() {
        let start = text.len();
        if drives_terminal(character) {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
        // Tabs stop at each eighth column; nobody knows where the margin puts them.
        let columns = if character == '\t' {
            8
        } else {
            width_of(&text[start..])
        };
        if width > 0 && used + columns > width && start > 0 {
            row(&text[..start]);
            text.drain(..start);
            used = 0;
        }
        used += columns;
    }
    row(&text);
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
