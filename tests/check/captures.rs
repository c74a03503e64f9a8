//! What a checker finds in the streams of real servers: `tests/data/captures/README.md` says how
//! they were recorded.

use super::{check, in_short};
use sse_wire::check::{Checker, Kind};
use std::collections::BTreeSet;
use std::fs;

/// Name, and all findings except for style.
const EXPECTED: [(&str, &[&str]); 9] = [
    // Ends its lines with CR, and sends log entries of level `error` as events of this type.
    ("aiohttp-sse", &["1:28 bare-cr", "57:1 reserved-event-type"]),
    // A progress bar's own CRs end lines, and empty output is sent without data.
    (
        "axum",
        &["15:34 mixed-line-ends", "50:1 block-without-data"],
    ),
    ("better-sse", &[]),
    ("fastapi", &[]),
    // Was given text of many lines, one of which looks like a field.
    ("h3", &[]),
    ("hono", &[]),
    ("mcp", &[]),
    ("sse-starlette", &[]),
    ("warp", &[]),
];

/// The servers that write no space after the colon: the README's table names them.
const WITHOUT_SPACE: [&str; 2] = ["better-sse", "warp"];

#[test]
fn captures() {
    for (name, expected) in EXPECTED {
        let stream = read(name);
        let (found, _) = check(Checker::new(), [&stream[..]]);
        assert_eq!(in_short(&found), expected, "{name}");
        assert_eq!(check(Checker::new(), stream.chunks(1)).0, found, "{name}");

        let (_, summary) = check(Checker::new().with_style(true), [&stream[..]]);
        let without_space = summary.count(Kind::NoSpaceAfterColon) > 0;
        assert_eq!(without_space, WITHOUT_SPACE.contains(&name), "{name}");
    }
}

#[test]
fn no_capture_is_left_out() {
    let names: BTreeSet<_> = fs::read_dir(DIRECTORY)
        .expect("the captures can be listed")
        .filter_map(|entry| {
            let file = entry.expect("each has a name").file_name();
            file.to_str()?.strip_suffix(".stream").map(str::to_owned)
        })
        .collect();
    assert!(names.iter().eq(EXPECTED.iter().map(|(name, _)| name)));
}

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/captures");

fn read(name: &str) -> Vec<u8> {
    fs::read(format!("{DIRECTORY}/{name}.stream")).expect("the capture can be read")
}
