//! Is this still the program that lies on the disk?

use std::path::{Path, PathBuf};

/// What the kernel writes behind the path of a program whose file was replaced or removed.
const GONE: &str = " (deleted)";

/// Where our own program lies, or where its successor should lie.
pub fn own_path() -> Option<PathBuf> {
    std::fs::read_link("/proc/self/exe").ok().map(|path| without_mark(&path))
}

/// Tells whether another program lies where we were started from.
pub fn is_replaced() -> bool {
    // The file is gone while it is being replaced; only a successor is worth a restart.
    std::fs::read_link("/proc/self/exe").is_ok_and(|path| is_marked(&path) && without_mark(&path).exists())
}

fn is_marked(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(GONE))
}

fn without_mark(path: &Path) -> PathBuf {
    match path.to_str().and_then(|path| path.strip_suffix(GONE)) {
        Some(path) => path.into(),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_program_is_known_by_the_mark_of_the_kernel() {
        let gone = Path::new("/usr/bin/trayphone (deleted)");
        assert!(is_marked(gone));
        assert_eq!(without_mark(gone), Path::new("/usr/bin/trayphone"));
        assert!(!is_marked(Path::new("/usr/bin/trayphone")));
        assert!(!is_replaced());
        assert!(own_path().is_some_and(|path| path.exists()));
    }
}
