//! Texts are lent from the caller's chunk, if it has them whole.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use sse_wire::{Decoder, Event, EventType, Frame};
use std::borrow::Cow;

fn lies_in(text: &str, chunk: &[u8]) -> bool {
    chunk.as_ptr_range().contains(&text.as_ptr())
}

#[test]
fn what_lies_whole_in_the_chunk_is_lent_from_there() {
    let chunk = b": ping\nretry: 5\nevent: a\nevent: greeting\nid: 1\ndata: hello\n\n";
    let mut decoder = Decoder::new();
    let mut feed = decoder.feed(chunk);
    let Some(Ok(Frame::Comment(Cow::Borrowed(comment)))) = feed.next_frame() else {
        panic!("a comment, lent")
    };
    assert!(lies_in(comment, chunk));
    assert!(matches!(feed.next_frame(), Some(Ok(Frame::Retry(_)))));
    let Some(Ok(Frame::Event(event))) = feed.next_frame() else {
        panic!("an event")
    };
    assert_eq!(event.event_type(), "greeting");
    assert!(lies_in(event.event_type(), chunk) && lies_in(event.data(), chunk));

    // Exactly the limit is allowed.
    let size = "greeting".len() + "1".len() + "hello".len();
    let mut decoder = Decoder::new().with_max_event_size(size);
    let mut feed = decoder.feed(chunk);
    let event = feed.next_event().unwrap().unwrap();
    assert!(lies_in(event.event_type(), chunk) && lies_in(event.data(), chunk));
}

#[test]
fn what_is_cut_or_joined_or_replaced_is_lent_by_the_decoder() {
    for chunk in [
        &b"lo\n\n"[..],
        b"\ndata: next\n\n",
        b"\ndata\n\n",
        b"\xFF\n\n",
    ] {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.feed(b"data: hel").next_event(), None);
        let mut feed = decoder.feed(chunk);
        let event = feed.next_event().unwrap().unwrap();
        assert!(event.data().starts_with("hel") && !lies_in(event.data(), chunk));
    }
}

#[test]
fn a_new_decoder_holds_16_mib() {
    assert_eq!(Decoder::new().max_event_size(), 16 << 20);
    assert_eq!(Decoder::default().max_event_size(), 16 << 20);
}

#[test]
fn owned_events_are_the_same() {
    let event = Event::new("a").with_event_type(EventType::from_static("b"));
    assert_eq!(event.clone().into_owned(), event);
    assert_eq!(event.into_data(), "a");
    assert!(!Event::without_data().into_owned().has_data());
}

#[test]
fn what_is_not_consumed_is_shown() {
    let mut decoder = Decoder::new();
    let shown = format!("{:?}", decoder.feed(b"data: a\n\n"));
    assert!(
        shown.starts_with("Feed {") && shown.contains("remaining: 9"),
        "{shown}"
    );
}
