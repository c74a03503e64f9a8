//! The fuzz targets as functions: the same that the crate's own tests run.

#[path = "../../tests/fuzz/adapters.rs"]
mod adapters;
#[path = "../../tests/fuzz/bodies.rs"]
mod bodies;
#[path = "../../tests/laws/mod.rs"]
mod laws;

pub use adapters::adapters;
pub use bodies::*;
