//! The engine against fake PBXs on loopback: what a user would notice, with the real clock.

#[path = "scenarios/support.rs"]
mod support;

#[path = "scenarios/everyday.rs"]
mod everyday;
