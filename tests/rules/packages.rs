//! Rules over packages and what they depend on, by the answer of `cargo metadata` and the manifests.

mod duplicates;

use super::licences;
use super::text::{Blank, CODE, File, blanked, files, has_word, numbered};
use super::{Breach, hold, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Which of our packages each of our packages may depend on. Whoever is missing here may depend on none.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("trayphone", &["phone-engine", "phone-vault", "phone-control", "phone-core"]),
    ("trayphonectl", &["phone-engine", "phone-vault", "phone-control", "phone-core"]),
    ("trayphone-window", &["phone-control", "phone-core"]),
    ("phone-engine", &["phone-pbx", "phone-core"]),
    ("phone-vault", &["phone-engine", "phone-core"]),
    ("phone-control", &["phone-core"]),
    ("phone-pbx", &["phone-core"]),
    ("phone-core", &[]),
    // Scenarios may speak the control protocol; the fakes themselves share nothing, see the sources' rules.
    ("phone-tests", &["phone-control", "phone-core", "phone-engine", "phone-vault"]),
];
/// Packages that get time, randomness and bytes as arguments.
const PURE: &[&str] = &["phone-core", "phone-pbx"];
/// Beginnings of names of crates that wait, open, draw or ask a clock.
const IMPURE: &[&str] = &[
    "tokio",
    "mio",
    "async-",
    "futures",
    "polling",
    "socket2",
    "hyper",
    "reqwest",
    "rustls",
    "tungstenite",
    "zbus",
    "x11",
    "ksni",
    "notify",
    "keyring",
    "rustix",
    "fastrand",
    "getrandom",
    "rand",
    "tracing-appender",
    "tempfile",
];
/// Beginnings of names of crates that belong to GTK, WebKit or Tauri.
const WINDOW_ONLY: &[&str] =
    &["gtk", "gdk", "gio", "glib", "gobject", "webkit", "javascriptcore", "soup", "wry", "tao", "tauri", "libappindicator"];
/// Named after Tauri, but part of the notices' library on Windows.
const NO_WINDOW: &[&str] = &["tauri-winrt-notification"];
/// Crates that nobody here needs: a second TLS or cryptography beside rustls with ring, and a second runtime beside tokio.
/// (`async-io` comes with the keyring store, whose author switches on all of zbus; with tokio's feature on it stays idle.)
const BANNED: &[&str] = &[
    "openssl",
    "openssl-sys",
    "native-tls",
    "aws-lc-rs",
    "aws-lc-sys",
    "async-std",
    "smol",
    "async-global-executor",
    "actix-rt",
    "embassy-executor",
    "cmake",
];
/// The only registry.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Front of all addresses in the front end's lock file.
const FRONT_END_REGISTRY: &str = "https://registry.npmjs.org/";

/// How a dependency is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Normal,
    Build,
    Dev,
}

/// One package of the resolved graph.
#[derive(Debug, Clone, Default)]
struct Package {
    name: String,
    version: String,
    licence: String,
    /// The registry; none for a package by path.
    source: Option<String>,
    /// Folder below the root, for packages of ours.
    folder: Option<String>,
    /// Packages it uses: index, name in its code, and how.
    uses: Vec<(usize, String, Kind)>,
}

/// The resolved graph of all packages for all systems: what only Windows or macOS gets is held to the same rules.
#[derive(Debug, Clone, Default)]
struct Graph {
    packages: Vec<Package>,
}

impl Graph {
    fn of_this_project() -> &'static Self {
        static GRAPH: OnceLock<Graph> = OnceLock::new();
        GRAPH.get_or_init(|| {
            let answer = Command::new(env!("CARGO"))
                .args(["metadata", "--locked", "--format-version", "1"])
                .current_dir(root())
                .output()
                .expect("cargo runs");
            assert!(answer.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&answer.stderr));
            Self::read(&serde_json::from_slice(&answer.stdout).expect("cargo metadata answers JSON"))
        })
    }

    fn read(metadata: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let root = text(&metadata["workspace_root"]);
        let packages = list(&metadata["packages"]);
        let index: BTreeMap<_, _> = packages.iter().enumerate().map(|(at, package)| (text(&package["id"]), at)).collect();
        let mut graph = Self::default();
        for package in &packages {
            let manifest = text(&package["manifest_path"]);
            let folder = Path::new(&manifest).parent().and_then(|folder| folder.strip_prefix(&root).ok());
            let source = package["source"].as_str().map(str::to_owned);
            graph.packages.push(Package {
                name: text(&package["name"]),
                version: text(&package["version"]),
                licence: text(&package["license"]),
                folder: folder.filter(|_| source.is_none()).map(|folder| folder.to_string_lossy().into_owned()),
                source,
                uses: Vec::new(),
            });
        }
        for node in list(&metadata["resolve"]["nodes"]) {
            let Some(&from) = index.get(&text(&node["id"])) else { continue };
            for dependency in list(&node["deps"]) {
                let Some(&to) = index.get(&text(&dependency["pkg"])) else { continue };
                for how in list(&dependency["dep_kinds"]) {
                    let kind = match how["kind"].as_str() {
                        Some("dev") => Kind::Dev,
                        Some("build") => Kind::Build,
                        Some(_) | None => Kind::Normal,
                    };
                    graph.packages[from].uses.push((to, text(&dependency["name"]), kind));
                }
            }
        }
        graph
    }

    fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.folder.is_some())
    }

    /// All packages that those named in `from` bring along by dependencies of `kinds`, themselves included.
    fn tree(&self, from: &[&str], kinds: &[Kind]) -> Vec<&Package> {
        let mut found: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<_> = (0..self.packages.len()).filter(|at| from.contains(&self.packages[*at].name.as_str())).collect();
        while let Some(at) = open.pop() {
            if found.insert(at) {
                // Tests of a dependency are never built, so its dev-dependencies do not count.
                open.extend(self.packages[at].uses.iter().filter(|(_, _, kind)| kinds.contains(kind)).map(|(to, _, _)| *to));
            }
        }
        found.into_iter().map(|at| &self.packages[at]).collect()
    }
}

/// A graph in a few words, for bad examples: our packages, and who uses whom.
#[cfg(test)]
fn example(ours: &[&str], uses: &[(&str, &str)]) -> Graph {
    let mut graph = Graph::default();
    let at = |graph: &mut Graph, name: &str| {
        graph.packages.iter().position(|package| package.name == name).unwrap_or_else(|| {
            let folder = ours.contains(&name).then(|| format!("src/{name}"));
            let source = folder.is_none().then(|| REGISTRY.to_owned());
            let (name, version, licence) = (name.to_owned(), "1.0.0".to_owned(), "MIT".to_owned());
            graph.packages.push(Package { name, version, licence, source, folder, uses: Vec::new() });
            graph.packages.len() - 1
        })
    };
    for (from, to) in uses {
        let (from, to_index) = (at(&mut graph, from), at(&mut graph, to));
        graph.packages[from].uses.push((to_index, to.replace('-', "_"), Kind::Normal));
    }
    graph
}

fn dependencies_point_one_way(graph: &Graph) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for package in graph.ours() {
        let allowed = DIRECTIONS.iter().find(|(name, _)| *name == package.name).map_or(&[] as &[_], |(_, allowed)| *allowed);
        for (to, _, _) in &package.uses {
            let to = &graph.packages[*to];
            if to.folder.is_some() && !allowed.contains(&to.name.as_str()) {
                breaches.push(Breach::new(manifest(package), format!("{} may not depend on {}", package.name, to.name)));
            }
        }
    }
    breaches
}

#[test]
fn packages_depend_one_way() {
    hold("dependencies point one way, see ARCHITECTURE.md", &dependencies_point_one_way(Graph::of_this_project()));
}

#[test]
fn sees_a_dependency_that_points_back() {
    let graph = example(&["phone-core", "phone-engine"], &[("phone-core", "phone-engine"), ("phone-engine", "phone-core")]);
    let found = dependencies_point_one_way(&graph);
    assert_eq!(found, [Breach::new("src/phone-core/Cargo.toml", "phone-core may not depend on phone-engine")]);
}

fn pure_packages_bring_nothing_impure(graph: &Graph) -> Vec<Breach> {
    brings(graph, PURE, &[Kind::Normal], IMPURE, "which no pure package may")
}

/// Breaches for all packages of a tree whose names begin with one of `names`.
fn brings(graph: &Graph, from: &[&str], kinds: &[Kind], names: &[&str], why: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for from in from {
        let tree = graph.tree(&[from], kinds);
        // Under another name it would bring anything without a breach.
        if tree.is_empty() {
            breaches
                .push(Breach::new("tests/rules/packages.rs", format!("there is no package {from}, so its rule holds nothing")));
        }
        for brought in tree.iter().filter(|package| names.iter().any(|name| package.name.starts_with(name))) {
            if NO_WINDOW.contains(&brought.name.as_str()) {
                continue;
            }
            let place = tree.iter().find(|package| package.name == *from).map_or_else(String::new, |package| manifest(package));
            breaches.push(Breach::new(place, format!("{from} brings `{}`, {why}", brought.name)));
        }
    }
    breaches
}

#[test]
fn pure_packages_bring_no_runtime_socket_or_randomness() {
    hold("core and pbx are pure, their dependencies too", &pure_packages_bring_nothing_impure(Graph::of_this_project()));
}

#[test]
fn sees_an_impure_crate_far_down_in_a_pure_package() {
    let ours = ["phone-core", "phone-pbx"];
    let graph = example(&ours, &[("phone-pbx", "phone-core"), ("phone-pbx", "harmless"), ("harmless", "tokio-util")]);
    assert_eq!(pure_packages_bring_nothing_impure(&graph).len(), 1);
}

#[test]
fn sees_that_a_package_has_another_name_than_its_rule() {
    let graph = example(&["phone-core", "phone-dialects"], &[("phone-core", "serde"), ("phone-dialects", "tokio")]);
    let found = pure_packages_bring_nothing_impure(&graph);
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("phone-pbx"), "{found:?}");
}

fn pure_packages_ban_clocks(files: &[File]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for folder in ["src-tauri/crates/core", "src-tauri/crates/pbx"] {
        let path = format!("{folder}/.clippy.toml");
        let text = files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str());
        for clock in ["std::time::Instant::now", "std::time::SystemTime::now"] {
            if !text.contains(&format!("\"{clock}\"")) {
                breaches.push(Breach::new(&path, format!("does not ban `{clock}`")));
            }
        }
    }
    breaches
}

#[test]
fn pure_packages_have_clippy_ban_the_clocks() {
    hold("each pure package's .clippy.toml bans clocks", &pure_packages_ban_clocks(&files(&root())));
}

#[test]
fn sees_a_pure_package_without_a_ban() {
    let ban = "disallowed-methods = [\"std::time::Instant::now\", \"std::time::SystemTime::now\"]";
    let found = pure_packages_ban_clocks(&[File::new("src-tauri/crates/core/.clippy.toml", ban)]);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].place, "src-tauri/crates/pbx/.clippy.toml");
}

fn agent_brings_no_window(graph: &Graph) -> Vec<Breach> {
    brings(graph, &["trayphone", "trayphonectl"], &[Kind::Normal, Kind::Build], WINDOW_ONLY, "which belongs to the window")
}

#[test]
fn agent_and_command_line_bring_no_gtk_and_no_web_view() {
    hold("only the window knows GTK, WebKit and Tauri", &agent_brings_no_window(Graph::of_this_project()));
}

#[test]
fn sees_gtk_in_the_agent() {
    let uses = [("trayphone", "tray-icon"), ("tray-icon", "gtk-sys"), ("trayphone-window", "gtk"), ("trayphonectl", "clap")];
    let graph = example(&["trayphone", "trayphonectl"], &uses);
    assert_eq!(
        agent_brings_no_window(&graph),
        [Breach::new("src/trayphone/Cargo.toml", "trayphone brings `gtk-sys`, which belongs to the window")]
    );
}

fn licences_and_sources_are_allowed(graph: &Graph) -> Vec<Breach> {
    let ours: Vec<_> = graph.ours().map(|package| package.name.as_str()).collect();
    let mut breaches = Vec::new();
    for package in graph.tree(&ours, &[Kind::Normal, Kind::Build, Kind::Dev]) {
        let place = format!("Cargo.lock: {}", package.name);
        if !licences::is_allowed(&package.licence) {
            breaches.push(Breach::new(&place, format!("has the licence `{}`", package.licence)));
        }
        if package.folder.is_none() && package.source.as_deref() != Some(REGISTRY) {
            breaches
                .push(Breach::new(&place, format!("comes from {}", package.source.as_deref().unwrap_or("outside the project"))));
        }
        if BANNED.contains(&package.name.as_str()) {
            breaches.push(Breach::new(&place, "is banned"));
        }
    }
    breaches
}

#[test]
fn every_crate_has_an_allowed_licence_and_source() {
    hold("licences, sources and bans of crates", &licences_and_sources_are_allowed(Graph::of_this_project()));
}

#[test]
fn sees_a_bad_licence_a_strange_source_and_a_banned_crate() {
    let mut graph =
        example(&["phone-core"], &[("phone-core", "copyleft"), ("phone-core", "from-git"), ("phone-core", "openssl")]);
    for package in &mut graph.packages {
        match package.name.as_str() {
            "copyleft" => package.licence = "GPL-3.0-only".to_owned(),
            "from-git" => package.source = Some("git+https://example.org/x".to_owned()),
            _ => {}
        }
    }
    assert_eq!(licences_and_sources_are_allowed(&graph).len(), 3);
}

fn lock_files_name_public_registries_only(files: &[File]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in files {
        let (mark, registry) = match file.path.as_str() {
            "Cargo.lock" => ("source = \"", REGISTRY),
            "ui/package-lock.json" => ("\"resolved\": \"", FRONT_END_REGISTRY),
            _ => continue,
        };
        for (number, line) in numbered(&file.text) {
            let source = line.trim().strip_prefix(mark);
            if source.is_some_and(|source| !source.starts_with(registry)) {
                breaches.push(Breach::new(format!("{}:{number}", file.path), "does not come from the public registry"));
            }
        }
    }
    breaches
}

#[test]
fn lock_files_lead_to_public_registries_only() {
    let root = root();
    let mut locks = Vec::new();
    for path in ["Cargo.lock", "ui/package-lock.json"] {
        if let Ok(text) = std::fs::read_to_string(root.join(path)) {
            locks.push(File::new(path, &text));
        }
    }
    hold("lock files lead to the public registries", &lock_files_name_public_registries_only(&locks));
}

#[test]
fn sees_a_lock_file_that_leads_elsewhere() {
    let lock = "\"resolved\": \"https://registry.npmjs.org/a.tgz\",\n\"resolved\": \"https://mirror.example/b.tgz\",\n";
    let found = lock_files_name_public_registries_only(&[File::new("ui/package-lock.json", lock)]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place, "ui/package-lock.json:2");
}

/// Every dependency of the workspace has a comment right above that says what it is for;
/// one comment serves a family (`serde`, `serde_json`).
fn dependencies_say_why(manifest: &File) -> Vec<Breach> {
    let (mut inside, mut comment, mut family) = (false, false, "");
    let mut breaches = Vec::new();
    for (number, line) in numbered(&manifest.text) {
        let line = line.trim();
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if inside && line.contains(" = ") && !line.starts_with('#') {
            let name = line.split(' ').next().unwrap_or_default();
            if comment {
                family = name;
            } else if !line.contains("path = ") && (family.is_empty() || !name.starts_with(family)) {
                breaches.push(Breach::new(format!("{}:{number}", manifest.path), format!("`{name}` does not say why")));
            }
        }
        comment = line.starts_with('#') && line.len() > 10;
    }
    breaches
}

#[test]
fn every_dependency_of_the_workspace_says_why() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).expect("the workspace's manifest");
    hold("a comment above each dependency says what it is for", &dependencies_say_why(&File::new("Cargo.toml", &text)));
}

#[test]
fn sees_a_dependency_without_a_reason() {
    let text = "[workspace.dependencies]\nours = { path = \"x\" }\n# Errors of main functions.\nanyhow = \"1\"\nanyhow-more = \"1\"\nleftpad = \"1\"\n";
    let found = dependencies_say_why(&File::new("Cargo.toml", text));
    assert_eq!(found, [Breach::new("Cargo.toml:6", "`leftpad` does not say why")]);
}

/// A dependency that the code never names is not needed, unless the line above it in the manifest says `features only`.
fn dependencies_are_used(graph: &Graph, files: &[File]) -> Vec<Breach> {
    let folders: Vec<_> = graph.ours().filter_map(|package| package.folder.clone()).collect();
    let owner =
        |path: &str| folders.iter().filter(|folder| path.starts_with(&format!("{folder}/"))).max_by_key(|folder| folder.len());
    let mut breaches = Vec::new();
    for package in graph.ours() {
        let folder = package.folder.as_deref().unwrap_or_default();
        let own = |file: &&File| owner(&file.path).is_some_and(|owner| owner == folder);
        let code: String = files
            .iter()
            .filter(|file| file.ending() == "rs")
            .filter(own)
            .map(|file| blanked(&file.text, Blank { tests: false, ..CODE }))
            .collect();
        let manifest = manifest(package);
        let lines = files.iter().find(|file| file.path == manifest).map_or("", |file| file.text.as_str());
        let names: BTreeSet<_> =
            package.uses.iter().map(|(to, name, _)| (graph.packages[*to].name.as_str(), name.as_str())).collect();
        for (name, in_code) in names {
            if has_word(&code, in_code) || for_its_features(lines, name) {
                continue;
            }
            let line = numbered(lines).find(|(_, line)| declares(line, name)).map_or(1, |(number, _)| number);
            breaches.push(Breach::new(format!("{manifest}:{line}"), format!("`{name}` is never used")));
        }
    }
    breaches
}

fn declares(line: &str, name: &str) -> bool {
    line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '.', '=']))
}

fn for_its_features(manifest: &str, name: &str) -> bool {
    let mut above = "";
    for line in manifest.lines() {
        if declares(line, name) && above.contains("features only") {
            return true;
        }
        above = line;
    }
    false
}

#[test]
fn every_dependency_is_used() {
    hold("a dependency that is not used goes", &dependencies_are_used(Graph::of_this_project(), &files(&root())));
}

#[test]
fn sees_a_dependency_that_is_never_used() {
    let graph = example(&["a", "a-b"], &[("a", "used"), ("a", "un-used"), ("a", "switch"), ("a", "inner")]);
    let manifest = "[dependencies]\nused = \"1\"\nun-used = \"1\"\n# features only\nswitch = \"1\"\ninner = \"1\"\n";
    let found = dependencies_are_used(
        &graph,
        &[
            File::new("src/a/Cargo.toml", manifest),
            File::new("src/a/src/lib.rs", "use used::It; // un_used\n"),
            File::new("src/a/tests/x.rs", "inner::go();\n"),
            File::new("src/a-b/src/lib.rs", "un_used::go();\n"),
        ],
    );
    assert_eq!(found, [Breach::new("src/a/Cargo.toml:3", "`un-used` is never used")]);
}

fn manifest(package: &Package) -> String {
    format!("{}/Cargo.toml", package.folder.as_deref().unwrap_or_default())
}
