//! The committed pictures are what `icons/make.py` makes.

use super::root;
use std::process::Command;

#[test]
fn the_icons_are_as_their_program_draws_them() {
    let checked = Command::new("python3").arg("icons/make.py").arg("--check").current_dir(root()).output().expect("python3 runs");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
