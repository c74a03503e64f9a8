//! Runs the fuzz targets' bodies on the conformance vectors and on the seeds.
#![allow(unreachable_pub, reason = "the fuzz targets use the bodies as well")]

mod bodies;
#[path = "../laws/mod.rs"]
mod laws;

use bodies::{TARGETS, Target};
use std::fs;
use std::path::Path;

#[test]
fn every_target_on_every_vector() {
    for target in TARGETS {
        target.inputs().for_each(|input| (target.body)(&input));
    }
}

/// `fuzz/` is in the repository, but not in the package.
#[test]
fn every_target_on_its_seeds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if !fuzz.exists() {
        return;
    }
    // Miri takes a thousand times as long, and most of it for the checker.
    let one_in = if cfg!(miri) { 8 } else { 1 };
    let too_slow = |target: &Target| cfg!(miri) && target.name == "check";
    for target in TARGETS.iter().filter(|target| !too_slow(target)) {
        let seeds = fuzz.join("seeds").join(target.name);
        let seeds = fs::read_dir(&seeds).unwrap_or_else(|error| panic!("{seeds:?}: {error}"));
        for seed in seeds.step_by(one_in) {
            let seed = seed.expect("a directory entry").path();
            eprintln!("{}", seed.display());
            (target.body)(&fs::read(seed).expect("a seed"));
        }
    }
}

#[test]
fn bytes_of_all_kinds_are_an_input() {
    for target in TARGETS {
        for byte in 0..=u8::MAX {
            for length in [0, 1, 2, 3, 9, 300] {
                (target.body)(&vec![byte; length]);
            }
        }
    }
}
