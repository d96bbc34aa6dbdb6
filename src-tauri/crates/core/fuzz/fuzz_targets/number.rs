//! Feeds the reader of numbers with noise.
#![no_main]

use phone_core as phone;

#[path = "../look.rs"]
mod look;

libfuzzer_sys::fuzz_target!(|data: &[u8]| look::look(data));
