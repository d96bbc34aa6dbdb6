//! Replays what the fuzzer of the numbers keeps, so that an ordinary test run sees all of it.

use std::path::Path;

use phone_core as phone;

#[path = "../fuzz/look.rs"]
mod look;

#[test]
fn the_fuzzers_corpus_of_numbers_is_read_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/number");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus") {
        let data = std::fs::read(entry.expect("an entry").path()).expect("an input");
        look::look(&data);
        seen += 1;
    }
    assert!(seen > 600, "only {seen} inputs");
}
