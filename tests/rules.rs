//! The rules of the workspace that no compiler checks: who may depend on whom, what pure code may not touch,
//! where a kind of PBX may be named, and what a package may bring along.
//!
//! Each rule is a function over plain text or the answer of `cargo metadata`, a test that applies it to this
//! project, and a test that shows it a bad example.

#[path = "rules/binaries.rs"]
mod binaries;
#[path = "rules/licences.rs"]
mod licences;
#[path = "rules/map.rs"]
mod map;
#[path = "rules/packages.rs"]
mod packages;
#[path = "rules/pictures.rs"]
mod pictures;
#[path = "rules/sources.rs"]
mod sources;
#[path = "rules/text.rs"]
mod text;

use std::fmt;
use std::path::{Path, PathBuf};

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Breach {
    /// Path below the project's root, with the line where there is one: `file:line`.
    place: String,
    what: String,
}

impl Breach {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Fails with all breaches, each on a line of its own, under the rule they break.
#[track_caller]
fn hold(rule: &str, breaches: &[Breach]) {
    let list: Vec<_> = breaches.iter().map(|breach| format!("  {breach}")).collect();
    assert!(breaches.is_empty(), "rule: {rule}\n{}", list.join("\n"));
}

/// The project's root.
fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests lie in a folder of the project").to_owned()
}
