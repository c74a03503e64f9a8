//! How Firefox's known faults change a stream: it drops NUL, it loses the field after an
//! id with NUL, and it forgets ids in blocks without data.

use sse_wire::Event;

/// The bytes that a decoder without faults would have to read, to see what Firefox sees.
pub fn as_if_read(bytes: &[u8]) -> Vec<u8> {
    let mut read: Vec<u8> = Vec::new();
    let (mut loses_field, mut was_cr) = (false, false);
    for line in bytes.split_inclusive(|byte| b"\r\n".contains(byte)) {
        let colon = line.iter().position(|&byte| byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let name = without_nul(name);
        // After a colon, NUL takes the place of the optional space.
        let value = match value {
            [b':', 0, rest @ ..] => [b": ", rest].concat(),
            _ => value.to_vec(),
        };
        let ends_crlf = name == b"\n" && was_cr;
        let is_blank = matches!(name[..], [b'\r' | b'\n']) && !ends_crlf;
        let is_comment = name.is_empty();
        was_cr = line.ends_with(b"\r");

        if name == b"id" && value.contains(&0) {
            loses_field = true;
        } else if loses_field && !(is_blank || is_comment || ends_crlf) {
            loses_field = false;
        } else {
            loses_field &= !is_blank;
            read.extend(name);
            read.extend(without_nul(&value));
        }
    }
    read
}

/// The last event ID with each event, if those in blocks without data never were.
pub fn last_event_ids(events: &[Event<'_>]) -> Vec<String> {
    let ids = events.iter().scan("", |last, event| {
        *last = event.id().unwrap_or(*last);
        Some((*last).to_owned())
    });
    ids.collect()
}

fn without_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|&byte| byte != 0).collect()
}
