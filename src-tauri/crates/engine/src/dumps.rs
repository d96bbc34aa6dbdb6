//! What a crash must not leave behind.

/// Keeps the memory of this program, which holds passwords, out of core dumps, for itself and what it starts.
///
/// The limit is one byte, not none: programs that collect dumps get them whatever the limit is, except at exactly this one,
/// at which the system makes no dump at all; and no dump that is written to a file is as small.
///
/// Source: core(5), and `do_coredump` of Linux, where a limit of 1 ends the dump to a program.
#[cfg(target_os = "linux")]
pub fn none() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = Rlimit { current: Some(1), maximum: Some(1) };
    // Where less than that is allowed already, it stays at none.
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, limit).or_else(|_| setrlimit(Resource::Core, none)).ok();
}

/// Other systems: written with their other modules.
#[cfg(not(target_os = "linux"))]
pub fn none() {}
