//! Crates that are there in several versions: each has a reason, so that a new one is looked at.

use super::{Graph, Kind};
use crate::{Breach, hold};
use std::collections::{BTreeMap, BTreeSet};

/// Crates in more than one version, as far as the agent and the command line have them, by why.
const IN_THE_AGENT: Reasons = &[
    ("the HTTP client has a newer one than we and our test tools", &["base64"]),
    ("the system's proxies are read with an older one than its trust store (macOS)", &["core-foundation"]),
    ("ring keeps the old interface", &["getrandom", "windows-sys"]),
    ("png unpacks by flate2 and looks at rows with its own", &["miniz_oxide"]),
    (
        "the library of numbers keeps and reads its tables with older ones",
        &["foldhash", "hashbrown", "logos", "logos-codegen", "logos-derive", "thiserror", "thiserror-impl"],
    ),
    ("the library of notices has a newer one than the tray and the keyring", &["zbus", "zbus_macros"]),
    ("used while building only; macros move to new versions at their own pace", &["syn"]),
];

/// The same for everything else: the window, builds and tests.
const ELSEWHERE: Reasons = &[
    (
        "GTK 3 and its bindings are no longer developed",
        &["bitflags", "heck", "proc-macro-crate", "serde_spanned", "toml", "toml_datetime", "toml_edit", "winnow"],
    ),
    (
        "the window's toolkit hashes and reads pages with older ones",
        &["bit-set", "bit-vec", "block-buffer", "cpufeatures", "crypto-common", "digest", "sha2"],
    ),
    ("schemas of the window's build tools", &["indexmap", "schemars"]),
    ("certificates of the tests", &["synstructure"]),
    ("the protocols of Wayland and the window's icons are read by different ones while building", &["quick-xml"]),
    (
        "the window's toolkit on Android and Windows",
        &[
            "jni",
            "jni-sys",
            "windows-targets",
            "windows_aarch64_gnullvm",
            "windows_aarch64_msvc",
            "windows_i686_gnu",
            "windows_i686_msvc",
            "windows_x86_64_gnu",
            "windows_x86_64_gnullvm",
            "windows_x86_64_msvc",
        ],
    ),
    ("getrandom's own for a system nobody here has", &["r-efi"]),
];

/// What the agent and the command line are made of.
const SMALL: &[&str] = &["trayphone", "trayphonectl"];

/// Why, and which crates.
type Reasons = &'static [(&'static str, &'static [&'static str])];

fn several_versions_have_a_reason(graph: &Graph, in_the_agent: Reasons, elsewhere: Reasons) -> Vec<Breach> {
    let names = |list: Reasons| list.iter().flat_map(|(_, names)| names.iter().copied()).collect::<BTreeSet<_>>();
    let (in_the_agent, elsewhere) = (names(in_the_agent), names(elsewhere));
    let ours: Vec<_> = graph.ours().map(|package| package.name.as_str()).collect();
    let small = doubled(graph, SMALL, &[Kind::Normal, Kind::Build]);
    let all = doubled(graph, &ours, &[Kind::Normal, Kind::Build, Kind::Dev]);
    let mut breaches = Vec::new();
    for (name, versions) in &all {
        let expected = in_the_agent.contains(name) || (elsewhere.contains(name) && !small.contains_key(name));
        if !expected {
            let place = if small.contains_key(name) { "in the agent" } else { "outside the agent" };
            breaches
                .push(Breach::new(format!("Cargo.lock: {name}"), format!("is there {place} as {versions:?}, without a reason")));
        }
    }
    for name in in_the_agent.iter().filter(|name| !small.contains_key(*name)) {
        breaches.push(Breach::new(format!("Cargo.lock: {name}"), "is there once in the agent; its reason can go"));
    }
    for name in elsewhere.iter().filter(|name| !all.contains_key(*name)) {
        breaches.push(Breach::new(format!("Cargo.lock: {name}"), "is there once; its reason can go"));
    }
    breaches
}

/// The crates of a tree that are there in several versions, with these.
fn doubled<'a>(graph: &'a Graph, from: &[&str], kinds: &[Kind]) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in graph.tree(from, kinds) {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions
}

#[test]
fn crates_in_several_versions_have_a_reason() {
    let found = several_versions_have_a_reason(Graph::of_this_project(), IN_THE_AGENT, ELSEWHERE);
    hold("a crate in several versions has a reason, see tests/rules/duplicates.rs", &found);
}

#[test]
fn sees_a_second_version_without_a_reason_and_a_reason_without_one() {
    let mut graph = super::example(
        &["trayphone", "trayphone-window"],
        &[
            ("trayphone", "a"),
            ("trayphone", "a-again"),
            ("trayphone", "b"),
            ("trayphone-window", "b-again"),
            ("trayphone-window", "c"),
        ],
    );
    for package in &mut graph.packages {
        if let Some(name) = package.name.strip_suffix("-again") {
            (package.name, package.version) = (name.to_owned(), "2.0.0".to_owned());
        }
    }
    let none: Reasons = &[];
    let places = |breaches: Vec<Breach>| breaches.into_iter().map(|breach| breach.place).collect::<Vec<_>>();
    assert_eq!(places(several_versions_have_a_reason(&graph, none, none)), ["Cargo.lock: a", "Cargo.lock: b"]);
    let all: Reasons = &[("why", &["a", "b"])];
    assert_eq!(places(several_versions_have_a_reason(&graph, none, all)), ["Cargo.lock: a"], "the agent's are looked at apart");
    let (a, b): (Reasons, Reasons) = (&[("why", &["a"])], &[("why", &["b"])]);
    assert_eq!(places(several_versions_have_a_reason(&graph, a, b)), Vec::<String>::new());
    let gone: Reasons = &[("why", &["b", "c"])];
    assert_eq!(places(several_versions_have_a_reason(&graph, a, gone)), ["Cargo.lock: c"]);
}
