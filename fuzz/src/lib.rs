//! The bodies of the fuzz targets: the same that the crate's own tests run.

#[path = "../../tests/fuzz/bodies.rs"]
mod bodies;

pub use bodies::*;
