//! Replays what the fuzzer keeps, so that an ordinary test run sees all of it.

use std::fs;
use std::path::Path;

use crate as pbx;

#[path = "../../../fuzz/stream.rs"]
mod stream;

#[test]
fn the_fuzzers_streams_are_read_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/stream");
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("the corpus") {
        stream::look(&fs::read(entry.expect("an entry").path()).expect("a file"));
        files += 1;
    }
    assert!(files > 20, "the corpus is missing");
}
