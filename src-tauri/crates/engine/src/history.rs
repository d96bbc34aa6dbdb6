//! Ended calls: a database of this user alone, joined with what the PBX's own list says.
//!
//! Everything here blocks, so it runs on the thread of the disk. The first column of a call is its place in time, by which
//! pages, the search and the retention go; it is the cursor of a page too.

mod export;
mod find;
mod import;
mod merge;
mod row;
mod schema;
mod store;

#[cfg(test)]
pub(crate) use find::Page;
pub(crate) use find::{Wanted, latest_first};
pub(crate) use schema::{is_broken, is_broken_index};
pub(crate) use store::{Keep, Look, Picture, Store, Trouble, is_there, put_aside};

/// Most calls of one page, and of one part of an export.
pub(crate) const LARGEST_PAGE: usize = 500;
/// Most ended calls that wait to be written, and most that are held when nothing is kept.
pub(crate) const MOST: usize = 1000;
/// Ended calls that are always at hand, for the tray.
const RECENT: usize = 10;

/// Where a call stands in time, as a number that no other call has: milliseconds, and a count within each.
fn place(started: jiff::Timestamp) -> i64 {
    started.as_millisecond() << PLACE_BITS
}

/// Calls that can begin in the same millisecond before they stand in the next one.
const PLACE_BITS: u32 = 10;

#[cfg(test)]
mod tests;
