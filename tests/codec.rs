#![cfg(feature = "codec")]
