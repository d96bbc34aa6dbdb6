//! Feeds the readers of frames and bodies with noise.
#![no_main]

use phone_pbx as pbx;

#[path = "../look.rs"]
mod look;

libfuzzer_sys::fuzz_target!(|data: &[u8]| look::look(data));
