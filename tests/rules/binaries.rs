//! What the built programs load when they start.

use super::{Breach, hold};
use std::path::PathBuf;
use std::process::Command;

/// Beginnings of names of libraries that only the window may load.
const WINDOW_ONLY: &[&str] =
    &["libgtk", "libgdk", "libwebkit", "libjavascriptcore", "libsoup", "libglib", "libgobject", "libgio"];

/// A program built beside this test.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own place");
    let folder = test.ancestors().nth(2).expect("tests lie in a folder beside the programs");
    let program = folder.join(name);
    assert!(program.exists(), "{name} is not built: run `cargo build -p trayphone -p trayphonectl` first");
    program
}

fn loads_no_window_library(program: &str, ldd: &str) -> Vec<Breach> {
    ldd.lines()
        .map(str::trim)
        .filter(|line| WINDOW_ONLY.iter().any(|library| line.starts_with(library)))
        .map(|line| Breach::new(program, format!("loads {}", line.split(' ').next().unwrap_or_default())))
        .collect()
}

#[test]
fn agent_and_command_line_load_neither_gtk_nor_webkit() {
    for name in ["trayphone", "trayphonectl"] {
        let answer = Command::new("ldd").arg(program(name)).output().expect("ldd, of the package libc-bin");
        let list = String::from_utf8_lossy(&answer.stdout);
        assert!(list.contains("libc.so"), "ldd does not understand {name}: {list}");
        hold("only the window loads GTK and WebKit", &loads_no_window_library(name, &list));
    }
}

#[test]
fn sees_a_program_that_loads_gtk() {
    let list = "\tlinux-vdso.so.1 (0x1)\n\tlibgtk-3.so.0 => /lib/libgtk-3.so.0 (0x2)\n\tlibc.so.6 => /lib/libc.so.6 (0x3)\n";
    assert_eq!(loads_no_window_library("trayphone", list), [Breach::new("trayphone", "loads libgtk-3.so.0")]);
}
