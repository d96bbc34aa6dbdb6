//! What the kernel tells of a process.
//!
//! Source: `proc(5)`.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

/// Memory of a process in millions of bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// Its proportional share.
    pub pss: f64,
    /// The part of it that is no file: heap and stacks.
    pub anonymous: f64,
    /// The part of it that is program and libraries.
    pub files: f64,
}

/// Reads the memory of a process.
pub fn memory(pid: u32) -> Result<Memory> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("the memory of the agent")?;
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        // The kernel's kB has 1024 bytes.
        value.and_then(|value| value.trim().split(' ').next()?.parse::<f64>().ok()).unwrap_or(0.0) * 1024.0 / 1e6
    };
    Ok(Memory { pss: field("Pss"), anonymous: field("Pss_Anon"), files: field("Pss_File") })
}

/// The most memory that a process has had resident, in millions of bytes, since the start or [`forget_peak`].
pub fn peak(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).context("the memory of the agent")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the kernel tells no peak")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().context("the kernel's peak")?;
    Ok(kilobytes * 1024.0 / 1e6)
}

/// Lets [`peak`] begin anew.
pub fn forget_peak(pid: u32) -> Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").context("the kernel's peak")
}

/// How often each thread of a process has gone to sleep by itself, by thread id.
pub fn sleeps(pid: u32) -> Result<BTreeMap<String, (String, u64)>> {
    let mut threads = BTreeMap::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).context("the threads of the agent")?.flatten() {
        // A thread may end meanwhile.
        let Ok(status) = fs::read_to_string(thread.path().join("status")) else { continue };
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default();
        let count = field("voluntary_ctxt_switches:").parse().unwrap_or(0);
        threads.insert(thread.file_name().to_string_lossy().into_owned(), (field("Name:").to_owned(), count));
    }
    Ok(threads)
}

/// Processor time a process has used so far, in milliseconds, with ticks of 10 ms.
pub fn busy_ms(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    (ticks(11) + ticks(12)) * 10
}
