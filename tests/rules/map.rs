//! The map of the code: what it names has to be there, or it leads astray.

use std::path::{Path, PathBuf};

use super::text::numbered;
use super::{Breach, hold, root};

const MAP: &str = "src-tauri/ARCHITECTURE.md";
/// Stands for the name of any kind of PBX.
const ANY: &str = "<kind>";

/// Everything between backticks that looks like a path must be there, as seen from the map or from its line's package.
fn paths_exist(map: &str, is_there: impl Fn(&Path) -> bool) -> Vec<Breach> {
    let mut breaches = vec![];
    for (number, line) in numbered(map) {
        let names: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        for name in names.iter().filter(|name| is_path(name)) {
            let found = places(name, names.first().copied()).iter().any(|place| is_there(place));
            if !found {
                breaches.push(Breach::new(format!("{MAP}:{number}"), format!("there is no `{name}`")));
            }
        }
    }
    breaches
}

fn is_path(name: &str) -> bool {
    !name.contains(' ') && (name.contains('/') || [".rs", ".svelte", ".ts"].iter().any(|ending| name.ends_with(ending)))
}

/// Where a name of the map may lead, below the project's root.
fn places(name: &str, package: Option<&str>) -> Vec<PathBuf> {
    let home = Path::new("src-tauri");
    let mut places = vec![PathBuf::from(name), home.join(name)];
    if let Some((owner, rest)) = name.split_once('/') {
        places.push(home.join("crates").join(owner).join("src").join(rest));
    }
    // In the table of packages, files are named as seen from the package that the line begins with.
    if let Some(package) = package.filter(|package| *package != name) {
        places.extend([home.join(package).join(name), home.join(package).join("src").join(name)]);
    }
    places
}

fn is_there(place: &Path) -> bool {
    let full = root().join(place);
    let text = full.to_string_lossy();
    let Some((before, after)) = text.split_once(ANY) else { return full.exists() };
    let kinds = std::fs::read_dir(before).into_iter().flatten().flatten();
    kinds.into_iter().any(|kind| kind.path().join(after.trim_start_matches('/')).exists())
}

#[test]
fn the_map_names_only_what_is_there() {
    let map = std::fs::read_to_string(root().join(MAP)).expect("the map");
    assert!(map.lines().filter(|line| line.contains('`')).count() > 30, "the map is read");
    hold("every path in the map of the code exists", &paths_exist(&map, is_there));
}

#[test]
fn sees_a_path_that_leads_nowhere() {
    let there = ["src-tauri/crates/core/src/link.rs", "src-tauri/../ui/src/App.svelte"];
    let map = "`core/link.rs` and `not a/path`\n| `../ui` | `src/App.svelte` |\n`core/lnik.rs`, `gone.rs`\n";
    let found = paths_exist(map, |place| there.iter().any(|path| Path::new(path) == place));
    let expected = [(2, "../ui"), (3, "core/lnik.rs"), (3, "gone.rs")];
    let breach = |(line, name): (u32, &str)| Breach::new(format!("{MAP}:{line}"), format!("there is no `{name}`"));
    assert_eq!(found, expected.map(breach));
}
