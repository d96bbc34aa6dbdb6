//! Proves that the bed is real: its Asterisk and its phones do what the scenario tests rely on.
//!
//! What needs root and the folder of `.make/asterisk.sh` has `real_pbx` in its name, which says so to the test run.

#[path = "asterisk_bed/calls.rs"]
mod real_pbx_calls;
#[path = "asterisk_bed/life.rs"]
mod real_pbx_life;
#[path = "asterisk_bed/record.rs"]
mod real_pbx_record;
#[path = "asterisk_bed/scripted.rs"]
mod real_pbx_scripted;

use phone_tests::asterisk_bed::{Bed, Options, Phone, PhoneCall};
use std::time::Instant;

/// Prints a time for the figures of a report.
fn figure(what: &str, since: Instant) {
    eprintln!("figure: {what}: {:.0} ms", since.elapsed().as_secs_f64() * 1000.0);
}

/// A bed with a phone for 100 and one for 101.
async fn two_phones() -> (Bed, Phone, Phone) {
    let bed = Bed::start(Options::default()).await;
    let (alice, bob) = (bed.phone("100").await, bed.phone("101").await);
    (bed, alice, bob)
}

/// Lets one phone call another, which answers; gives the call as the caller and as the called one know it.
async fn talk(from: &Phone, to: &Phone) -> (PhoneCall, PhoneCall) {
    let out = from.dial(to.number()).await;
    let call = to.wait_incoming().await;
    to.accept(&call).await;
    from.wait_established(&out).await;
    to.wait_established(&call).await;
    (out, call)
}

#[test]
fn a_program_that_finds_no_asterisk_gives_the_reason() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let program = elsewhere.path().join("asterisk-bed");
    std::fs::copy(env!("CARGO_BIN_EXE_asterisk-bed"), &program).expect("a copy");
    let ended = std::process::Command::new(&program).env_remove("ASTERISK_ROOT").env("RUST_BACKTRACE", "0").output();
    let ended = ended.expect("it runs");
    let told = String::from_utf8_lossy(&ended.stderr);
    let reason = ["needs root", "lies outside of the build"].iter().any(|reason| told.contains(reason));
    assert!(!ended.status.success() && reason && !told.contains("panicked"), "{told}");
}
