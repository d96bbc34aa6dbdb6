//! The engine against fake PBXs on loopback: what a user would notice, with the real clock.

#[path = "scenarios/support.rs"]
mod support;

#[path = "scenarios/authority.rs"]
mod authority;

#[path = "scenarios/everyday.rs"]
mod everyday;

#[path = "scenarios/accounts.rs"]
mod accounts;

#[path = "scenarios/bad_input.rs"]
mod bad_input;

#[path = "scenarios/certificates.rs"]
mod certificates;

#[path = "scenarios/commands.rs"]
mod commands;

#[path = "scenarios/disk.rs"]
mod disk;

#[path = "scenarios/elsewhere.rs"]
mod elsewhere;

#[path = "scenarios/faults.rs"]
mod faults;

#[path = "scenarios/history.rs"]
mod history;

#[path = "scenarios/late.rs"]
mod late;

#[path = "scenarios/marks.rs"]
mod marks;

#[path = "scenarios/paths.rs"]
mod paths;

#[path = "scenarios/proxy.rs"]
mod proxy;

#[path = "scenarios/sign_in.rs"]
mod sign_in;

#[path = "scenarios/socks.rs"]
mod socks;

#[path = "scenarios/storm.rs"]
mod storm;
