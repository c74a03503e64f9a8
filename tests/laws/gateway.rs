//! Gateways: a stream that is read and written again, frame by frame or byte for byte, stays the
//! same.

use super::{expected, frames, lines, outcome, with_line_feeds};
use sse_wire::{Decoder, Encoder, Event};
use sse_wire_testing::reference::{self, Decoded, Frame};
use sse_wire_testing::strategies::Chunking;

/// The frames of any stream that has no error, written by [`Encoder::frame`], decode to the same
/// frames, for any chunks on either side; with `data`, to the same frames with that data in each
/// event.
pub fn frames_written_back_are_the_same(
    stream: &[u8],
    data: Option<&str>,
    chunking: &Chunking,
    chunking_after: &Chunking,
) {
    let mut decoder = Decoder::new();
    let (mut encoder, mut written) = (Encoder::new(), Vec::new());
    for chunk in chunking.split(stream) {
        let mut feed = decoder.feed(chunk);
        while let Some(frame) = feed.next_frame() {
            let frame = match (frame.expect("no limit is near"), data) {
                (sse_wire::Frame::Event(event), Some(data)) => {
                    sse_wire::Frame::Event(event.with_data(data))
                }
                (frame, _) => frame,
            };
            let mut buf = Vec::new();
            encoder.frame(&frame, &mut buf);
            written.extend(buf);
        }
    }
    encoder.end(&mut written);

    let mut due = with_end_of_block(reference::decode(stream));
    for frame in &mut due.frames {
        if let (Frame::Event(event), Some(data)) = (&mut frame.1, data) {
            event.data = with_line_feeds(data);
        }
    }
    let mut decoder = Decoder::new();
    let chunks = chunking_after.split(&written);
    let seen = Vec::from_iter(chunks.flat_map(|chunk| frames(&mut decoder.feed(chunk))));
    assert_eq!(seen, expected(&due), "{}", written.escape_ascii());
    assert_eq!(expected(&reference::decode(&written)), seen);
    assert_eq!(decoder.last_event_id(), due.last_event_id);
    assert!(!decoder.in_block());
}

/// A stream may end in a block of which only reconnection times and other fields have come as
/// frames. The gateway has written those, and has to end that block.
fn with_end_of_block(mut decoded: Decoded) -> Decoded {
    let is_end =
        |(_, frame): &(usize, Frame)| matches!(frame, Frame::Event(_) | Frame::Undispatched(_));
    let start = decoded
        .frames
        .iter()
        .rposition(is_end)
        .map_or(0, |end| end + 1);
    let (mut block, mut is_open) = (Event::without_data(), false);
    for (_, frame) in &decoded.frames[start..] {
        match frame {
            Frame::Retry(time) => (block, is_open) = (block.with_retry(*time), true),
            Frame::Field { .. } => is_open = true,
            _ => {}
        }
    }
    if is_open {
        let mut block = reference::Event::from(block);
        block.last_event_id.clone_from(&decoded.last_event_id);
        decoded
            .frames
            .push((usize::MAX, Frame::Undispatched(block)));
    }
    decoded
}

/// [`remaining`](sse_wire::Feed::remaining) starts right after the line that completed a frame,
/// except for an LF that the end of a chunk separates from its CR: that is consumed by the next
/// `feed`. So a stream can be cut after each block, and each part decodes by itself.
pub fn remaining_marks_the_end_of_each_line_and_block(stream: &[u8], chunking: &Chunking) {
    let lines = lines(stream);
    let mut due = reference::decode(stream).frames.into_iter();
    let mut decoder = Decoder::new();
    let mut fed = 0;
    for chunk in chunking.split(stream) {
        let end = fed + chunk.len();
        let mut feed = decoder.feed(chunk);
        let is_rest_of_pair = stream[..fed].ends_with(b"\r") && chunk.starts_with(b"\n");
        let before = chunk.len() - feed.remaining().len();
        assert_eq!(before, usize::from(is_rest_of_pair));
        while let Some(frame) = feed.next_frame() {
            let (at, due) = due.next().expect("a frame of the stream");
            assert_eq!(outcome(frame), Ok(due));
            let line = lines.iter().find(|line| line.at == at).expect("a line");
            assert_eq!(end - feed.remaining().len(), line.next.min(end));
        }
        assert_eq!(feed.remaining(), b"");
        fed = end;
    }
    each_block_decodes_by_itself(stream);
}

fn each_block_decodes_by_itself(stream: &[u8]) {
    let mut due = reference::decode(stream).frames.into_iter().peekable();
    let (mut start, mut last_event_id) = (0, String::new());
    for blank in lines(stream).iter().filter(|line| line.text.is_empty()) {
        // A byte order mark inside a stream is a part of its field's name: hence the blank line.
        let before = if start > 0 { "\n" } else { "" };
        let block = [before.as_bytes(), &stream[start..blank.next]].concat();
        let decoded = reference::decode_from(&last_event_id, &block);
        let of_stream = std::iter::from_fn(|| due.next_if(|(at, _)| *at <= blank.at));
        assert!(of_stream.map(|(_, frame)| Ok(frame)).eq(expected(&decoded)));
        (start, last_event_id) = (blank.next, decoded.last_event_id);
    }
}
