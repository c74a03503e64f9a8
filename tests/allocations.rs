//! The codec's heap memory, by an allocator that counts: nothing for an event in the steady state,
//! and never more than a limit allows, for any stream.

use sse_wire::check::Checker;
#[cfg(feature = "stream")]
use sse_wire::stream::EventStream;
use sse_wire::{DecodeError, Decoder, Encoder, Event, EventType, Frame};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::env;
use std::time::Duration;
#[cfg(feature = "stream")]
use std::{hint::black_box, pin::pin};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

#[test]
fn a_fresh_decoder_owns_no_heap() {
    let heap = measure(|| {
        let mut decoder = Decoder::new().with_max_event_size(MIB);
        drain(&mut decoder, b"");
        drop((decoder.clone(), decoder));
    });
    assert_eq!(heap.allocations, 0);
    assert!(
        size_of::<Decoder>() <= 264,
        "{} bytes",
        size_of::<Decoder>()
    );
}

#[test]
fn no_event_allocates_in_the_steady_state() {
    let hundred_lines = "data: x\n".repeat(100) + "\n";
    let hundred_lines = ("a hundred lines", hundred_lines.as_bytes());
    for (name, block) in BLOCKS.into_iter().chain([hundred_lines]) {
        let stream = block.repeat(20 * KIB / block.len() + 1);
        for chunk in [stream.len(), 16 * KIB, 1460, 64, 7, 1, block.len()] {
            let mut decoder = Decoder::new();
            let mut pass = |frames| {
                measure(|| {
                    for chunk in stream.chunks(chunk) {
                        if frames {
                            drain_frames(&mut decoder, chunk);
                        } else {
                            drain(&mut decoder, chunk);
                        }
                    }
                })
            };
            let (_first, _swapped) = (pass(true), pass(false)); // buffers grow, and trade places
            for frames in [false, true] {
                let heap = pass(frames);
                assert_eq!(
                    heap.allocations, 0,
                    "{name}, chunks of {chunk}, frames: {frames}"
                );
            }
        }
    }
}

#[cfg(feature = "stream")]
#[test]
fn no_event_of_a_body_allocates_in_the_steady_state() {
    use std::task::{Context, Waker};
    for (name, block) in BLOCKS {
        let stream = block.repeat(2 * KIB / block.len() + 1);
        for chunk in [stream.len(), 64, 7, 1, block.len()] {
            let chunks = stream.chunks(chunk).cycle().map(Ok::<_, DecodeError>);
            let mut events = EventStream::new(futures::stream::iter(chunks));
            let mut pass = || {
                measure(|| {
                    for _ in 0..10 * stream.len() / chunk.min(block.len()) {
                        let event = pin!(events.next_event());
                        _ = black_box(event.poll(&mut Context::from_waker(Waker::noop())));
                    }
                })
            };
            let _first = pass(); // buffers grow
            assert_eq!(pass().allocations, 0, "{name}, chunks of {chunk}");
        }
    }
}

/// Blocks that reach every part of the decoder, some of which do not become events.
const BLOCKS: [(&str, &[u8]); 11] = [
    ("one line", b"data: {\"delta\":\"hello\"}\n\n"),
    ("CRLF", b"data: hello\r\n\r\n"),
    ("CR", b"data: hello\r\r"),
    ("joined lines", b"data: one\ndata: two\ndata: three\n\n"),
    ("empty data", b"data\n\n"),
    (
        "every field",
        b"event: tick\nid: 12345\nretry: 1500\ndata: hello\n\n",
    ),
    (
        "fields twice",
        b"event: a\nevent: bc\nid: 1\nid: 23\ndata: hello\n\n",
    ),
    (
        "other text",
        "data: 안녕하세요, 世界 \u{1f30d}\nid: \u{e9}\n\n".as_bytes(),
    ),
    ("invalid data", b"data: a\xffb\xe2\x82\n\n"),
    (
        "invalid everywhere",
        b"event: \xe2\x82\nid: \xf0\x9f\ndata: \xff\ndata: \xfe\n\n",
    ),
    (
        "no event",
        b": comment\nretry: 5\nother: field\nevent: gone\nid: 7\n\n",
    ),
];

#[test]
fn what_outlives_a_large_event_is_capped() {
    for (name, before, after) in [
        ("one line", "data: ", "\n\n"),
        ("joined lines", "data\ndata: ", "\n\n"),
        ("event type", "event: ", "\ndata\n\n"),
        ("event type, no event", "event: ", "\n\n"),
        ("id, and a small one", "id: ", "\ndata\n\nid: 1\n\n"),
        ("id with NUL", "id: \0", "\ndata\n\n"),
        ("comment", ": ", "\n\n"),
        ("comment, and a field", ": ", "\nretry: 1\n\n"),
    ] {
        for (last, limit) in [(b"x", 2 * MIB), (b"\xff", 2 * MIB), (b"x", MIB / 2)] {
            let most = [before.as_bytes(), &[b'x'; MIB]].concat();
            let end = [last, after.as_bytes()].concat();
            let whole = [&most[..], &end].concat();
            let pieces = most.chunks(1000).chain(end.chunks(1)).collect();
            for chunks in [vec![&whole[..]], pieces] {
                let mut decoder = Decoder::new().with_max_event_size(limit);
                let heap = measure(|| {
                    for chunk in &chunks {
                        drain_frames(&mut decoder, chunk);
                    }
                });
                let case = format!("{name}, limit {limit}, {} chunks", chunks.len());
                assert!(heap.kept <= 64 * KIB as isize, "{case}: {heap:?}");
                // Large blocks that shrink in place can cost a page fault for every 4 KiB later.
                assert_eq!(heap.shrinkings, 0, "{case}");
            }
        }
    }
}

#[test]
fn a_large_event_does_not_burden_the_small_ones_behind_it() {
    let large = format!("data: {}\ndata\n\n", "x".repeat(500_000));
    let small = b"data: tick\n\n".repeat(1000);
    let mut decoder = Decoder::new();
    drain(&mut decoder, large.as_bytes());
    let mut seen = 0;
    let heap = measure(|| {
        for _ in 0..1000 {
            seen += drain(&mut decoder, &small).events;
        }
    });
    assert_eq!((seen, heap.allocations), (1_000_000, 0));

    let mut kept = Vec::with_capacity(1000);
    let heap = measure(|| {
        let mut feed = decoder.feed(&small);
        while let Some(Ok(event)) = feed.next_event() {
            kept.push(event.into_owned());
        }
    });
    assert_eq!((kept.len(), heap.kept), (1000, 4 * 1000));
}

/// No chunk ends between two of these events.
#[test]
fn a_large_buffer_serves_large_events_until_a_small_one_comes() {
    let large = format!("data: {}\n\n", "x".repeat(200 * KIB));
    let (start, end) = large.split_at(100 * KIB);
    let next = [end, start].concat();
    let mut decoder = Decoder::new();
    let taken = measure(|| {
        drain(&mut decoder, start.as_bytes());
        drain(&mut decoder, next.as_bytes());
    });
    assert!(taken.kept >= 200 * KIB as isize, "{taken:?}");
    let heap = measure(|| {
        for _ in 0..3 {
            assert_eq!(drain(&mut decoder, next.as_bytes()).events, 1);
        }
    });
    assert_eq!(heap.allocations, 0, "{heap:?}");

    let heap = measure(|| {
        drain(&mut decoder, [end, "data: sm"].concat().as_bytes());
        drain(&mut decoder, b"all\n\ndata: next");
    });
    assert!(taken.kept + heap.kept <= 64 * KIB as isize, "{heap:?}");
}

/// If it doubled from 32 KiB on, 1 MiB would be copied once more, and the buffer would be twice the
/// limit.
#[test]
fn a_large_buffer_is_moved_little_and_is_no_larger_than_the_limit() {
    for (name, line) in [("one line", 2 * MIB), ("lines of 1 KiB", KIB)] {
        let data = "x".repeat(line - "data: \n".len());
        let stream = format!("data: {data}\n").repeat(MIB / line.min(MIB));
        for chunk in [16 * KIB, 1460, 64] {
            let mut decoder = Decoder::new().with_max_event_size(MIB);
            let heap = measure(|| {
                for chunk in stream.as_bytes()[..MIB].chunks(chunk) {
                    assert_eq!(drain(&mut decoder, chunk).errors, 0);
                }
            });
            let case = format!("{name}, chunks of {chunk}: {heap:?}");
            assert!(decoder.buffered() > MIB * 9 / 10, "{case}");
            assert!(heap.moved <= MIB * 3 / 4, "{case}");
            assert!(heap.kept <= (MIB + KIB) as isize, "{case}");
        }
    }
}

/// Lent text that has to be copied after all is copied the same way.
#[test]
fn data_that_the_chunks_end_settles_takes_no_more_than_the_limit() {
    let first = format!("data: {}", "x".repeat(600 * KIB));
    let second = format!("\n\ndata: {}\nda", "y".repeat(700 * KIB));
    let mut decoder = Decoder::new().with_max_event_size(MIB);
    let heap = measure(|| {
        drain(&mut decoder, first.as_bytes());
        assert_eq!(drain(&mut decoder, second.as_bytes()).events, 1);
    });
    assert_eq!(decoder.buffered(), 700 * KIB + "da".len());
    assert!(heap.kept <= MIB as isize, "{heap:?}");
}

/// The peer never ends its line, and sends it in small pieces.
#[test]
fn an_endless_line_costs_its_limit_and_one_error() {
    for (start, frames, too_large) in [
        ("data: ", false, "event"),
        ("event: ", false, "event"),
        ("id: ", false, "event"),
        (": ", false, ""),
        (": ", true, "comment"),
        ("retry: ", false, ""),
        ("other: ", false, ""),
        ("other: ", true, "field"),
        ("0", false, ""),
        ("0", true, "field"),
    ] {
        let mut decoder = Decoder::new().with_max_event_size(MIB);
        let mut seen = Seen::default();
        let heap = measure(|| {
            seen += drain_either(&mut decoder, start.as_bytes(), frames);
            for _ in 0..endless_mib() * MIB / 1460 {
                seen += drain_either(&mut decoder, &[b'0'; 1460], frames);
            }
        });
        let errors = usize::from(!too_large.is_empty());
        assert_eq!((seen.events, seen.errors), (0, errors), "{start:?}");
        let error = seen
            .error
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(error.starts_with(too_large), "{start:?}: {error}");
        assert!(heap.peak <= 3 * MIB as isize, "{start:?}: {heap:?}"); // a buffer that moves once
        assert!(
            decoder.buffered() <= MIB,
            "{start:?}: {}",
            decoder.buffered()
        );

        let after = drain(&mut decoder, b"\n\ndata: on\n\n");
        assert_eq!((after.events, after.errors), (1, 0), "{start:?}");
    }
}

/// The limit counts bytes as they come. A byte that is not UTF-8 is replaced with three bytes.
#[test]
fn invalid_bytes_up_to_the_limit_cost_it_five_times() {
    for start in ["data: ", "event: ", "id: "] {
        let mut decoder = Decoder::new().with_max_event_size(MIB);
        let mut seen = Seen::default();
        let heap = measure(|| {
            seen += drain(&mut decoder, start.as_bytes());
            for _ in 0..1024 {
                seen += drain(&mut decoder, &[0xFF; 1024]);
            }
            seen += drain(&mut decoder, b"\n\n");
        });
        assert_eq!(seen.errors, 0, "{start}");
        assert!(heap.peak <= 5 * MIB as isize, "{start:?}: {heap:?}"); // also in the buffer of the cut line
    }
}

#[test]
fn what_outlives_a_large_line_in_a_checker_is_capped() {
    let stream = format!("data: {}\n\n", "x".repeat(MIB));
    let mut checker = Checker::new();
    let heap = measure(|| {
        for chunk in stream.as_bytes().chunks(1000) {
            checker.feed(chunk);
        }
    });
    // In addition to its decoder's buffers: one short line, and its diagnostics.
    assert!(heap.kept <= 80 * KIB as isize, "{heap:?}");
    assert_eq!(heap.shrinkings, 0);
}

/// A checker keeps whole lines, in addition to its decoder.
#[test]
fn what_has_no_end_costs_a_checker_its_limit_twice() {
    const LIMIT: usize = MIB / 4;
    for (start, piece) in [
        ("data: ", "0"),
        (": ", "0"),
        ("retry: ", "0"),
        ("ignored: ", "0"),
        ("", "{"),
        ("", "Data: 0\n"),
        ("", "id: 1\nid: 2\n"),
        ("data: [\"", "0\n"),
        ("data: ", "\u{feff}"),
    ] {
        let mut checker = Checker::new().with_max_event_size(LIMIT);
        let chunk = piece.repeat(1460 / piece.len());
        let heap = measure(|| {
            checker.feed(start.as_bytes());
            for _ in 0..8 * LIMIT / 1460 {
                checker.feed(chunk.as_bytes());
            }
            checker.finish();
        });
        assert!(
            heap.peak <= 6 * LIMIT as isize,
            "{start:?}, {piece:?}: {heap:?}"
        );
    }
}

/// Each line except the first adds only a line feed.
#[test]
fn endless_empty_data_lines_cost_their_limit_and_one_error() {
    let mut decoder = Decoder::new().with_max_event_size(MIB);
    assert_eq!(drain(&mut decoder, &b"data\n".repeat(MIB + 1)).errors, 0);
    assert_eq!(drain(&mut decoder, b"\n").events, 1);

    let mut seen = Seen::default();
    let heap = measure(|| {
        for _ in 0..=MIB / 1000 {
            seen += drain(&mut decoder, &b"data\n".repeat(1000));
        }
        for _ in 0..endless_mib() * MIB / 64 {
            seen += drain(&mut decoder, b"data:\r\n");
        }
    });
    assert_eq!((seen.events, seen.errors), (0, 1));
    assert!(heap.peak <= 3 * MIB as isize, "{heap:?}");
    assert_eq!(drain(&mut decoder, b"\ndata: on\n\n").events, 1);
}

#[test]
fn encoding_allocates_only_what_is_asked_for() {
    let event = Event::new("one\r\ntwo")
        .with_event_type(EventType::from_static("tick"))
        .with_id(7)
        .with_retry(Duration::from_secs(3));
    let mut buf = Vec::with_capacity(4 * KIB);
    let mut encoder = Encoder::new();
    assert_eq!(measure(|| assert!(event.encoded_len() > 0)).allocations, 0);
    assert_eq!(measure(|| drop(event.to_bytes())).allocations, 1);
    assert_eq!(measure(|| event.encode(&mut buf)).allocations, 0);
    let heap = measure(|| {
        encoder.comment("hello\nworld", &mut buf);
        encoder.keep_alive(&mut buf);
        encoder.retry(Duration::MAX, &mut buf);
        encoder.event(&event, &mut buf);
        encoder.begin(&event, &mut buf);
        encoder.data("in\rpieces", &mut buf);
        encoder.end(&mut buf);
    });
    assert_eq!(heap.allocations, 0);
}

#[test]
fn an_event_is_kept_at_the_price_of_its_texts() {
    let mut decoder = Decoder::new();
    for (stream, allocations) in [
        ("data: hello\n\n", 1),
        ("event: tick\ndata: hello\n\n", 2),
        ("id: 1\ndata\n\n", 1),
        ("event: tick\ndata: hello\n\n", 3), // its last event ID as well
    ] {
        let mut feed = decoder.feed(stream.as_bytes());
        let event = feed.next_event().expect("it is whole").expect("it fits");
        let heap = measure(|| drop(event.into_owned()));
        assert_eq!(heap.allocations, allocations, "{stream:?}");
    }
}

/// The size of an endless line or block; `scripts/endless.sh` sets a larger one.
fn endless_mib() -> usize {
    let mib = env::var("SSE_WIRE_ENDLESS_MIB").map(|mib| mib.parse().expect("a number of MiB"));
    mib.unwrap_or(64)
}

/// What came out of a chunk.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    events: usize,
    errors: usize,
    error: Option<DecodeError>,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.events += other.events;
        self.errors += other.errors;
        self.error = other.error.or(self.error);
    }
}

fn drain(decoder: &mut Decoder, chunk: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let mut feed = decoder.feed(chunk);
    while let Some(event) = feed.next_event() {
        match event {
            Ok(_) => seen.events += 1,
            Err(error) => {
                seen.errors += 1;
                seen.error = Some(error);
            }
        }
    }
    seen
}

fn drain_frames(decoder: &mut Decoder, chunk: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let mut feed = decoder.feed(chunk);
    while let Some(frame) = feed.next_frame() {
        match frame {
            Ok(Frame::Event(_)) => seen.events += 1,
            Ok(_) => {}
            Err(error) => {
                seen.errors += 1;
                seen.error = Some(error);
            }
        }
    }
    seen
}

fn drain_either(decoder: &mut Decoder, chunk: &[u8], frames: bool) -> Seen {
    if frames {
        drain_frames(decoder, chunk)
    } else {
        drain(decoder, chunk)
    }
}

/// The heap memory of some work.
#[derive(Clone, Copy, Debug, Default)]
struct Heap {
    /// How often it allocated, or had memory made larger or smaller.
    allocations: usize,
    /// How often it had memory made smaller in place.
    shrinkings: usize,
    /// How many bytes were in memory that it had made larger: mostly an allocator has to copy them.
    moved: usize,
    /// How many more bytes are in use after it than before it.
    kept: isize,
    /// The largest value of `kept` during the work.
    peak: isize,
}

thread_local! {
    /// Each test has its own thread: other threads are not counted.
    static HEAP: Cell<Heap> = const {
        Cell::new(Heap { allocations: 0, shrinkings: 0, moved: 0, kept: 0, peak: 0 })
    };
}

fn measure(work: impl FnOnce()) -> Heap {
    HEAP.set(Heap::default());
    work();
    HEAP.get()
}

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

impl Counting {
    fn count(allocations: usize, bytes: isize) {
        let mut heap = HEAP.get();
        heap.allocations += allocations;
        heap.kept += bytes;
        heap.peak = heap.peak.max(heap.kept);
        HEAP.set(heap);
    }
}

// SAFETY: everything is left to the system's allocator, as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(1, layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        Self::count(0, -(layout.size() as isize));
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let mut heap = HEAP.get();
        if size < layout.size() {
            heap.shrinkings += 1;
        } else {
            heap.moved += layout.size();
        }
        HEAP.set(heap);
        // While it moves, both are in use.
        Self::count(1, size as isize);
        Self::count(0, -(layout.size() as isize));
        unsafe { System.realloc(place, layout, size) }
    }
}
