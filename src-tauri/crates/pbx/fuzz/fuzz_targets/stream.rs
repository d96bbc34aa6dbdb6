//! Feeds the framing of a byte stream, and the dialect behind it, with noise.
#![no_main]

use phone_pbx as pbx;

#[path = "../stream.rs"]
mod stream;

libfuzzer_sys::fuzz_target!(|data: &[u8]| stream::look(data));
