//! Every contender on every workload, on small input: its answers are right, or known to be wrong.

use std::time::Duration;

use sse_wire_benches::{
    decode,
    encode::{self, Source},
    measure::{Flaw, Role},
    workload::{self, Chunking, Event, Workload},
};

/// What a peer cannot decode, in any chunks. When a peer is repaired, the test fails.
const UNDECODABLE: [(&str, &str); 6] = [
    ("sse-stream", "invalid"),
    ("sseer", "invalid"),
    ("eventsource-stream", "invalid"),
    ("russe", "invalid"),
    ("eventsource-client", "invalid"),
    ("allama-http", "invalid"),
];

#[test]
fn peers_decode_what_they_are_known_to_decode() {
    for_every_cut(|workload, chunking| {
        let input = workload.cut(chunking);
        for peer in decode::CONTENDERS
            .iter()
            .filter(|contender| contender.role == Role::Peer)
        {
            let undecodable = UNDECODABLE.contains(&(peer.name, workload.name));
            let expected = if undecodable {
                Err(Flaw::Wrong)
            } else {
                Ok(())
            };
            let checked = peer.check(workload, &input, Duration::from_secs(60));
            assert_eq!(
                checked, expected,
                "{} on {} {chunking}",
                peer.name, workload.name
            );
        }
    });
}

#[test]
fn ours_decodes_everything() {
    for_every_cut(|workload, chunking| {
        let input = workload.cut(chunking);
        for ours in decode::CONTENDERS
            .iter()
            .filter(|contender| contender.role == Role::Ours)
        {
            let kept = (ours.keep)(&input);
            let retries: Vec<u64> = workload.events.iter().filter_map(|e| e.retry).collect();
            let events = workload.events.iter().map(|event| Event {
                retry: None,
                ..event.clone()
            });
            assert_eq!(
                kept.retries, retries,
                "{} on {} {chunking}",
                ours.name, workload.name
            );
            for (number, (event, expected)) in kept.events.iter().zip(events).enumerate() {
                let place = format!("{} on {} {chunking}, {number}", ours.name, workload.name);
                assert_eq!(*event, expected, "{place}");
            }
            assert_eq!(kept.events.len(), workload.events.len());
        }
    });
}

#[test]
fn everyone_encodes_what_means_the_same() {
    for name in encode::NAMES {
        let source = Source::new(&Workload::new(name, 8 * 1024).events);
        for contender in &encode::CONTENDERS {
            assert_eq!(
                contender.check(&source),
                Ok(()),
                "{} on {name}",
                contender.name
            );
        }
    }
}

#[test]
fn a_wrong_answer_is_found() {
    let workload = Workload::new("full", 1024);
    let other = Workload::new("full", 2048);
    let input = workload.cut(Chunking::Whole);
    for contender in &decode::CONTENDERS {
        let checked = contender.check(&other, &input, Duration::from_secs(60));
        assert_eq!(checked, Err(Flaw::Wrong), "{}", contender.name);
    }
}

#[test]
fn chunks_are_the_stream() {
    for_every_cut(|workload, chunking| {
        let chunks: Vec<Vec<u8>> = workload.cut(chunking).slices().map(Into::into).collect();
        assert_eq!(
            chunks.concat(),
            workload.bytes,
            "{} {chunking}",
            workload.name
        );
        if let Chunking::Bytes(size) = chunking {
            assert!(chunks.iter().all(|chunk| chunk.len() <= size));
        }
    });
}

fn for_every_cut(check: impl Fn(&Workload, Chunking)) {
    for name in workload::NAMES {
        let workload = Workload::new(name, 8 * 1024);
        for chunking in Chunking::ALL {
            check(&workload, chunking);
        }
    }
}
