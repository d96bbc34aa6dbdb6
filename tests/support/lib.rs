//! Fake PBXs that the scenario tests and the demonstration run against.
//!
//! Everything here is written from the protocol notes alone and shares no type with the product, so that a misreading on one side shows.

pub mod asterisk;
pub mod asterisk_bed;
pub mod console;
pub mod desktop;
pub mod loopback;
pub mod office;
pub mod vodia;
