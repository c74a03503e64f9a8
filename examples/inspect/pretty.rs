//! JSON, laid out: only the white space between its tokens changes.

use serde_json::Value;

/// The text in many lines, if it is a JSON object or array.
pub(crate) fn lay_out(text: &str) -> Option<String> {
    let is_json =
        text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<Value>(text).is_ok();
    is_json.then(|| Layout::default().of(text))
}

#[derive(Default)]
struct Layout {
    out: String,
    depth: usize,
}

impl Layout {
    fn of(mut self, text: &str) -> String {
        let (mut in_string, mut escaped) = (false, false);
        let mut rest = text.chars().peekable();
        while let Some(character) = rest.next() {
            if in_string {
                self.out.push(character);
                in_string = escaped || character != '"';
                escaped = character == '\\' && !escaped;
                continue;
            }
            match character {
                '{' | '[' => {
                    self.out.push(character);
                    while rest.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                    if !matches!(rest.peek(), Some('}' | ']')) {
                        self.depth += 1;
                        self.new_line();
                    }
                }
                '}' | ']' => {
                    if !self.out.ends_with(['{', '[']) {
                        self.depth -= 1;
                        self.new_line();
                    }
                    self.out.push(character);
                }
                ',' => {
                    self.out.push(',');
                    self.new_line();
                }
                ':' => self.out += ": ",
                _ if character.is_ascii_whitespace() => {}
                _ => {
                    in_string = character == '"';
                    self.out.push(character);
                }
            }
        }
        self.out
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }
}
