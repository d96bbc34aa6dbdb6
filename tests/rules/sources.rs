//! Rules over the text of the project's files.

use super::text::{Blank, CODE, File, blanked, files, has_word, numbered};
use super::{Breach, hold, root};

/// Folders of the crates that get time, randomness and bytes as arguments.
const PURE: &[&str] = &["src-tauri/crates/core/src/", "src-tauri/crates/pbx/src/"];
/// What pure code may not touch.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "tokio::",
    "fastrand::",
    "getrandom",
];
/// Kinds of PBXs and desk phones, those to come included.
const KINDS: &[&str] = &[
    "vodia",
    "innovaphone",
    "asterisk",
    "freepbx",
    "3cx",
    "starface",
    "yealink",
    "snom",
    "grandstream",
    "fanvil",
    "polycom",
    "gigaset",
    "auerswald",
    "mitel",
];
/// Where any kind may be named: tests and fakes, the front end's wording, what people read, and how the demonstration is started.
const KIND_PLACES: &[&str] = &[
    "tests/",
    "ui/",
    "src-tauri/crates/pbx/fixtures/",
    "src-tauri/crates/pbx/fuzz/",
    "src-tauri/crates/core/fuzz/",
    ".make/",
    "Makefile",
];
/// Where one line registers a kind, beside the line that declares its module.
const REGISTRIES: &[&str] = &["src-tauri/crates/pbx/src/lib.rs", "src-tauri/crates/pbx/src/registry.rs"];
/// What is neither written here nor read by people.
const MADE_BY_TOOLS: &[&str] = &["Cargo.lock", "ui/package-lock.json", "ui/src/generated/"];

fn is_rust(file: &File) -> bool {
    file.ending() == "rs"
}

fn is_front_end(file: &File) -> bool {
    file.path.starts_with("ui/") && matches!(file.ending(), "ts" | "js" | "svelte")
}

/// Whether the whole file is test code.
fn is_test(file: &File) -> bool {
    file.path.starts_with("tests/")
        || file.path.contains("/tests/")
        || file.path.ends_with("/tests.rs")
        || file.path.ends_with(".test.ts")
        || file.path.contains("/fuzz/")
}

fn pure_code_stays_pure(files: &[File]) -> Vec<Breach> {
    let pure = files.iter().filter(|file| is_rust(file) && !is_test(file) && PURE.iter().any(|it| file.path.starts_with(it)));
    let mut breaches = Vec::new();
    for file in pure {
        for (number, line) in numbered(&blanked(&file.text, CODE)) {
            for word in IMPURE.iter().filter(|word| has_word(line, word)) {
                breaches.push(Breach::new(format!("{}:{number}", file.path), format!("`{word}` in a pure crate")));
            }
        }
    }
    breaches
}

#[test]
fn core_and_pbx_touch_no_clock_file_socket_or_thread() {
    hold("core and pbx are pure: time, randomness and bytes are arguments", &pure_code_stays_pure(&files(&root())));
}

#[test]
fn sees_impure_code_but_not_its_tests() {
    let bad = "fn now() -> Instant {\n    std::time::Instant::now()\n}\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
    let found = pure_code_stays_pure(&[
        File::new("src-tauri/crates/core/src/link.rs", bad),
        File::new("src-tauri/crates/core/src/link/tests.rs", bad),
        File::new("src-tauri/crates/engine/src/lib.rs", bad),
    ]);
    assert_eq!(found, [Breach::new("src-tauri/crates/core/src/link.rs:2", "`Instant::now` in a pure crate")]);
}

fn kinds_are_named_only_in_their_places(files: &[File]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let checked = files.iter().filter(|file| {
        let allowed = KIND_PLACES.iter().chain(MADE_BY_TOOLS).any(|place| file.path.starts_with(place));
        !allowed && file.ending() != "md"
    });
    for file in checked {
        for kind in KINDS {
            let module = format!("src-tauri/crates/pbx/src/{kind}");
            if file.path == format!("{module}.rs") || file.path.starts_with(&format!("{module}/")) {
                continue;
            }
            let mut registrations = usize::from(REGISTRIES.contains(&file.path.as_str()));
            for (number, line) in numbered(&file.text) {
                // An earlier product name of one kind holds the name of another.
                let line = line.trim().to_lowercase().replace("snom one", "");
                if !line.contains(kind) {
                    continue;
                }
                let declares = REGISTRIES.contains(&file.path.as_str())
                    && [format!("mod {kind};"), format!("pub mod {kind};")].contains(&line);
                if declares {
                    continue;
                }
                if registrations > 0 {
                    registrations -= 1;
                    continue;
                }
                breaches.push(Breach::new(format!("{}:{number}", file.path), format!("names the kind `{kind}`")));
            }
        }
    }
    breaches
}

#[test]
fn no_kind_of_pbx_is_named_outside_its_places() {
    let rule =
        "a kind is named in its module, its fixtures, tests, one registry line, and the wording in ui/; others ask `Abilities`";
    hold(rule, &kinds_are_named_only_in_their_places(&files(&root())));
}

#[test]
fn sees_a_kind_outside_its_places() {
    let found = kinds_are_named_only_in_their_places(&[
        File::new("src-tauri/crates/engine/src/actor.rs", "\nif kind == \"Vodia\" {}\n"),
        File::new("src-tauri/crates/pbx/src/vodia/frames.rs", "// Vodia\n"),
        File::new("src-tauri/crates/pbx/src/asterisk.rs", "// as with Vodia\n"),
        File::new("src-tauri/crates/pbx/src/lib.rs", "pub mod vodia;\n\"vodia\" => vodia::new(),\n// Vodia again\n"),
        File::new("ui/src/wording.ts", "Vodia"),
        File::new("README.md", "Vodia"),
    ]);
    let places: Vec<_> = found.iter().map(|breach| breach.place.as_str()).collect();
    assert_eq!(
        places,
        ["src-tauri/crates/engine/src/actor.rs:2", "src-tauri/crates/pbx/src/asterisk.rs:1", "src-tauri/crates/pbx/src/lib.rs:3"]
    );
}

/// What no source may hold, tests included: what is unfinished, switched off, or waits for the clock.
fn nothing_is_left_over(files: &[File]) -> Vec<Breach> {
    const IN_CODE: &[&str] = &["#[ignore", "thread::sleep", "todo!", "unimplemented!", "dbg!"];
    const IN_FRONT_END: &[&str] = &["it.skip", "it.only", "test.skip", "test.only", "describe.skip", "describe.only"];
    const ANYWHERE: &[&str] = &["TODO", "FIXME", "XXX"];
    let mut breaches = Vec::new();
    let mut look = |file: &File, text: &str, words: &[&str]| {
        for (number, line) in numbered(text) {
            for word in words.iter().filter(|word| has_word(line, word)) {
                breaches.push(Breach::new(format!("{}:{number}", file.path), format!("`{word}` is left over")));
            }
        }
    };
    for file in files {
        if is_rust(file) {
            look(file, &blanked(&file.text, Blank { tests: false, ..CODE }), IN_CODE);
            look(file, &blanked(&file.text, Blank { comments: false, texts: true, tests: false }), ANYWHERE);
        } else if is_front_end(file) && !file.path.starts_with("ui/src/generated/") {
            look(file, &file.text, IN_FRONT_END);
            look(file, &file.text, ANYWHERE);
        } else if matches!(file.ending(), "sh" | "py" | "toml" | "css" | "html") {
            look(file, &file.text, ANYWHERE);
        }
    }
    breaches
}

#[test]
fn nothing_is_unfinished_switched_off_or_asleep() {
    hold("no left-over marks, no switched-off tests, no `thread::sleep`", &nothing_is_left_over(&files(&root())));
}

#[test]
fn sees_what_is_left_over() {
    let found = nothing_is_left_over(&[
        File::new("tests/a.rs", "// TODO\n#[ignore]\nfn f() { std::thread::sleep(x); todo!() }\nlet fine = \"TODO todo!\";\n"),
        File::new("ui/src/a.test.ts", "it.skip('x', () => {})\n"),
    ]);
    let places: Vec<_> = found.iter().map(|breach| breach.place.as_str()).collect();
    assert_eq!(places, ["tests/a.rs:2", "tests/a.rs:3", "tests/a.rs:3", "tests/a.rs:1", "ui/src/a.test.ts:1"]);
}

fn channels_are_bounded(files: &[File]) -> Vec<Breach> {
    const UNBOUNDED: &[&str] =
        &["unbounded_channel", "UnboundedSender", "UnboundedReceiver", "mpsc::unbounded", "mpsc::channel()"];
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| is_rust(file) && !is_test(file)) {
        let code = blanked(&file.text, CODE);
        let mut imports = code.split(';').filter(|statement| statement.contains("use std::sync::mpsc"));
        let imported = imports.any(|statement| has_word(statement, "channel"));
        for (number, line) in numbered(&code) {
            let squeezed: String = line.chars().filter(|c| !c.is_whitespace()).collect();
            let bare = imported && !squeezed.contains("::channel") && has_word(&squeezed, "channel()");
            if bare || UNBOUNDED.iter().any(|word| squeezed.contains(word)) {
                breaches.push(Breach::new(format!("{}:{number}", file.path), "a channel without a bound"));
            }
        }
    }
    breaches
}

#[test]
fn every_channel_has_a_bound() {
    hold("channels have a bound, so that a storm costs bounded memory", &channels_are_bounded(&files(&root())));
}

#[test]
fn sees_a_channel_without_a_bound() {
    let bad = "let (a, b) = tokio::sync::mpsc::unbounded_channel();\nlet (c, d) = tokio::sync::mpsc::channel(8);\n\
               let (e, f) = std::sync::mpsc::channel();\nlet (g, h) = std::sync::mpsc::sync_channel(1);\n";
    let imported = "use std::sync::mpsc::{Sender, channel};\nlet (a, b) = channel();\nlet (c, d) = oneshot::channel();\n";
    let found = channels_are_bounded(&[
        File::new("src-tauri/crates/engine/src/a.rs", bad),
        File::new("src-tauri/crates/engine/src/b.rs", imported),
        File::new("tests/a.rs", bad),
    ]);
    let places: Vec<_> = found.iter().map(|breach| breach.place.as_str()).collect();
    assert_eq!(
        places,
        ["src-tauri/crates/engine/src/a.rs:1", "src-tauri/crates/engine/src/a.rs:3", "src-tauri/crates/engine/src/b.rs:2"]
    );
}

/// The project's text speaks about the project: no places of one machine, nothing about how a text came to be.
fn text_speaks_about_the_project_only(files: &[File]) -> Vec<Breach> {
    // In two parts each, as this file is checked too.
    const WORDS: &[(&str, &str)] = &[
        ("/wor", "k/"),
        ("/tmp/wor", "k"),
        ("/roo", "t/"),
        ("../sha", "red"),
        ("/home/", "ubuntu"),
        ("clau", "de"),
        ("anthro", "pic"),
        ("chat", "gpt"),
        ("open", "ai"),
        ("language ", "model"),
        ("ai ", "assistant"),
        ("sub", "agent"),
        ("working ", "session"),
        ("previous ", "session"),
    ];
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| !MADE_BY_TOOLS.iter().any(|place| file.path.starts_with(place))) {
        for (number, line) in numbered(&file.text) {
            let line = line.to_lowercase();
            for word in WORDS.iter().map(|(a, b)| format!("{a}{b}")).filter(|word| line.contains(word.as_str())) {
                breaches.push(Breach::new(format!("{}:{number}", file.path), format!("`{word}` is not about the project")));
            }
        }
    }
    breaches
}

#[test]
fn no_text_names_a_machine_or_how_it_came_to_be() {
    hold("text speaks about the project only", &text_speaks_about_the_project_only(&files(&root())));
}

#[test]
fn sees_text_that_is_not_about_the_project() {
    let bad = format!("fine\nsee /wor{}/main\n", "k");
    let found = text_speaks_about_the_project_only(&[File::new("README.md", &bad)]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place, "README.md:2");
}

/// The fake PBX is written from the protocol notes; a shared type would hide a misreading.
fn fakes_share_nothing_with_the_product(files: &[File]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    // The benchmark measures the product, so it may know it.
    let fake = |file: &&File| file.path.starts_with("tests/support/") && !file.path.starts_with("tests/support/bench/");
    for file in files.iter().filter(|file| is_rust(file)).filter(fake) {
        for (number, line) in numbered(&blanked(&file.text, CODE)) {
            for package in ["phone_pbx", "phone_engine", "phone_core", "phone_control", "phone_vault"] {
                if has_word(line, package) {
                    breaches.push(Breach::new(format!("{}:{number}", file.path), format!("uses `{package}`")));
                }
            }
        }
    }
    breaches
}

#[test]
fn the_fake_pbx_shares_no_type_with_the_product() {
    hold("fakes are written from the protocol, not from the dialect", &fakes_share_nothing_with_the_product(&files(&root())));
}

#[test]
fn sees_a_fake_that_leans_on_the_product() {
    let found = fakes_share_nothing_with_the_product(&[
        File::new("tests/support/vodia/call.rs", "use phone_pbx::Frame;\n"),
        File::new("tests/engine.rs", "use phone_engine::Engine;\n"),
    ]);
    assert_eq!(found, [Breach::new("tests/support/vodia/call.rs:1", "uses `phone_pbx`")]);
}
