//! What can be wrong with a stream: one row for each kind.

use core::fmt;

/// How bad a [`Diagnostic`](super::Diagnostic) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Legal, but surprising: probably not what was meant, or not what every client can do.
    Warning,
    /// A client that follows the specification loses or alters something that was sent.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Declares the kinds: documentation; name in Rust, severity, name for people, rule.
macro_rules! kinds {
    ($($(#[$documentation:meta])* $kind:ident = $severity:ident $name:literal $rule:literal;)*) => {
        /// What is wrong.
        ///
        /// Kinds documented as a matter of style are reported only
        /// [`with_style`](super::Checker::with_style).
        ///
        /// ```
        /// use sse_wire::check::{Kind, Severity};
        ///
        /// assert_eq!(Kind::FieldNameCase.to_string(), "field-name-case");
        /// assert_eq!(Kind::FieldNameCase.severity(), Severity::Error);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$documentation])* $kind,)*
        }

        impl Kind {
            /// All kinds, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// How serious it is.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$kind => Severity::$severity,)*
                }
            }

            /// Its name in lower case, with hyphens: stable, for scripts and for looking things up.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// The [rules](crate#rules) behind it, and their section in the HTML standard.
            #[must_use]
            pub const fn rule(self) -> &'static str {
                match self {
                    $(Self::$kind => $rule,)*
                }
            }
        }
    };
}

kinds! {
    /// Bytes that are not UTF-8: U+FFFD replaces each maximal subpart.
    InvalidUtf8 = Error "invalid-utf8" "R5, 9.2.6";
    /// A byte order mark at the start of a line, or a second one at the start of the stream: the
    /// line becomes an unknown field; a blank line is no longer blank.
    BomBeforeField = Error "bom-before-field" "R5, 9.2.6";
    /// A byte order mark in a value: it stays in the value.
    BomInValue = Warning "bom-in-value" "R5, 9.2.6";

    /// The first line with a different line end than the lines before it.
    MixedLineEnds = Warning "mixed-line-ends" "R2, 9.2.5";
    /// The first line that ends with a CR alone: legal, but many parsers know only LF.
    BareCr = Warning "bare-cr" "R2, 9.2.5";
    /// The first CR CR LF, which is two line ends: probably a CRLF whose LF became a CRLF again.
    CrCrLf = Warning "cr-cr-lf" "R6, 9.2.6";
    /// A character in a value that is not a line end, but is one to some clients: U+2028, U+2029,
    /// U+0085, U+000B, U+000C, U+001C to U+001E.
    UnicodeLineEnd = Warning "unicode-line-end" "R2, 9.2.5";

    /// A field that clients ignore, since its name is none of the four. Each name is reported once;
    /// names that are [known](super::Checker::with_known_field) are not.
    UnknownField = Error "unknown-field" "R17, 9.2.6";
    /// A field that clients ignore because its name has an upper-case letter.
    FieldNameCase = Error "field-name-case" "R12, 9.2.6";
    /// A field that clients ignore because of white space, or something invisible, before its
    /// colon.
    SpaceBeforeColon = Error "space-before-colon" "R12, 9.2.6";
    /// A field that clients ignore because of white space, or something invisible, before its name.
    LeadingSpace = Error "leading-space" "R12, 9.2.6";
    /// A line of only white space or invisible characters, which does not end the block.
    WhiteSpaceLine = Error "white-space-line" "R8, 9.2.6";
    /// A value that is itself a line of an event stream.
    DoubledField = Warning "doubled-field" "R10, 9.2.6";
    /// A space that clients drop from text, while other lines of the stream have no space after the
    /// colon: it was probably part of the text.
    LostSpace = Warning "lost-space" "R10, 9.2.6";
    /// A value right after the colon. A matter of style.
    NoSpaceAfterColon = Warning "no-space-after-colon" "R10, 9.2.6";
    /// A value that begins with a space. A matter of style.
    TwoSpacesAfterColon = Warning "two-spaces-after-colon" "R10, 9.2.6";

    /// A NUL in data: legal, but Firefox drops it.
    NulInData = Warning "nul-in-data" "R14, 9.2.6";
    /// White space after a word that ends streams, such as `[DONE]`: clients compare it. A matter
    /// of style.
    SentinelSpace = Warning "sentinel-space" "R14, 9.2.6";

    /// An event type that is set again before its event is dispatched.
    EventTypeOverwritten = Error "event-type-overwritten" "R13, 9.2.6";
    /// An event type with white space at its start or end.
    EventTypeSpace = Warning "event-type-space" "R13, 9.2.6";
    /// An event of type `error` or `open`: the handlers of the connection's own events receive it,
    /// too.
    ReservedEventType = Warning "reserved-event-type" "R18, 9.2.6 and 9.2.2";
    /// An id that is ignored because of a NUL.
    IdWithNul = Error "id-with-nul" "R15, 9.2.6";
    /// An id that some clients cannot send back in a header: it is long, or has characters other
    /// than visible ASCII.
    IdNotPortable = Warning "id-not-portable" "R23, 9.2.4";
    /// An id that is set again before its block ends.
    IdOverwritten = Error "id-overwritten" "R15, 9.2.6";
    /// A reconnection time without digits, which some clients ignore and some do not.
    EmptyRetry = Error "empty-retry" "R16, 9.2.6";
    /// A reconnection time that is ignored because it has other characters than ASCII digits.
    InvalidRetry = Error "invalid-retry" "R16, 9.2.6";
    /// A reconnection time of more than 2^31-1 milliseconds.
    HugeRetry = Warning "huge-retry" "R16, 9.2.6";

    /// A block with an event type and more, but without data: nothing is dispatched.
    BlockWithoutData = Error "block-without-data" "R18, 9.2.6";
    /// A block with an event type and nothing else: nothing is dispatched.
    EventTypeWithoutData = Warning "event-type-without-data" "R18, 9.2.6";
    /// A block with an id, but without data and event type: nothing is dispatched, but the id takes
    /// effect. A matter of style.
    IdWithoutData = Warning "id-without-data" "R18, 9.2.6";
    /// A block over the limit of [`with_max_event_size`](super::Checker::with_max_event_size).
    EventTooLarge = Error "event-too-large" "R7, 9.2.6";
    /// A line so long that its end was not looked at.
    LineTooLong = Warning "line-too-long" "R9, R17, 9.2.6";
    /// The stream ends before the line does.
    EndInsideLine = Error "end-inside-line" "R20, 9.2.6";
    /// The stream ends before the blank line of a block.
    EndInsideBlock = Error "end-inside-block" "R20, 9.2.6";

    /// A JSON text where a field should be. Its other lines are not reported.
    RawJson = Error "raw-json" "R17, 9.2.6";
    /// An HTML or XML page where a field should be. Its other lines are not reported.
    RawHtml = Error "raw-html" "R17, 9.2.6";
    /// The head of an HTTP response, which is not part of its body. Its other lines are not
    /// reported.
    RawHttpHead = Error "raw-http-head" "R22, 9.2.3";
    /// The size of an HTTP chunk at the start of the stream: the chunked transfer coding was not
    /// undone. Unknown fields are not reported after it.
    RawHttpChunk = Error "raw-http-chunk" "R26, 9.2.7";
    /// A stream compressed with gzip, zlib or Zstandard: none of it can be read.
    RawCompressed = Error "raw-compressed" "R1, 9.2.5";
    /// A stream in UTF-16 or UTF-32: none of it can be read.
    RawUtf16 = Error "raw-utf16" "R1, 9.2.5";
    /// Bytes that are not text, such as those of Brotli or of AWS event-stream frames.
    RawBinary = Error "raw-binary" "R1, 9.2.5";
    /// What a recording tool has added: curl's progress meter or `-v`, or a shell's prompt.
    RecordingTool = Error "recording-tool" "R17, 9.2.6";
    /// Ten lines without a field or comment: a log, or another protocol.
    NoEventStream = Error "no-event-stream" "R17, 9.2.6";

    /// A line that continues the JSON of the data before it: a line end has cut the JSON.
    JsonCutByLineEnd = Error "json-cut-by-line-end" "R17, 9.2.6";
    /// Two lines of data that meet inside a JSON string, which may not contain a line end.
    LineEndInJsonString = Warning "line-end-in-json-string" "R14, 9.2.6";
    /// More than one JSON text in the data of one event.
    JsonTextsInOneEvent = Warning "json-texts-in-one-event" "R14, 9.2.6";
    /// Data that looks like JSON but is invalid, while other events have valid JSON; or a Python
    /// value.
    InvalidJson = Warning "invalid-json" "R14, 9.2.6";
    /// A backslash and a letter instead of a line end.
    LiteralLineEnd = Warning "literal-line-end" "R2, 9.2.5";
}

impl Kind {
    /// Whether it is a matter of style: it is reported only
    /// [`with_style`](super::Checker::with_style).
    #[must_use]
    pub const fn is_style(self) -> bool {
        matches!(
            self,
            Self::NoSpaceAfterColon
                | Self::TwoSpacesAfterColon
                | Self::SentinelSpace
                | Self::IdWithoutData
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn names_are_those_of_the_variants() {
        for kind in Kind::ALL {
            let mut name = String::new();
            for letter in format!("{kind:?}").chars() {
                if letter.is_uppercase() && !name.is_empty() {
                    name.push('-');
                }
                name.push(letter.to_ascii_lowercase());
            }
            assert_eq!(kind.name(), name);
        }
    }
}
