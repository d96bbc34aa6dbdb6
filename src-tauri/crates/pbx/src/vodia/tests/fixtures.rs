//! Every spelling and type variation that the PBX may send, as files under `fixtures/`.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::calls::{OwnNumbers, party};
use super::super::rest::{self, Said};
use super::talk::Talk;
use super::words;

#[derive(Deserialize)]
struct FrameFile {
    source: String,
    #[serde(default)]
    frames: Vec<Box<RawValue>>,
    #[serde(default)]
    text: Option<String>,
    expect: Vec<String>,
}

#[derive(Deserialize)]
struct BodyFile {
    source: String,
    parser: String,
    text: String,
    expect: Vec<String>,
}

#[test]
fn every_frame_leads_to_what_its_file_says() {
    let mut wrong = vec![];
    let all = files::<FrameFile>("frames");
    let samples =
        all.iter().filter(|(_, file)| file.source.starts_with("own sample") && file.source.contains("; 2.5 of")).count();
    assert_eq!(samples, 5, "each of the five samples of the frames");
    for (name, file) in all {
        assert!(!file.source.is_empty(), "{name} has no source");
        let mut talk = Talk::online("PBX/67.0.5 (Debian64)", &[]);
        let mut last = vec![];
        for frame in &file.frames {
            last = talk.text(frame.get());
        }
        if let Some(text) = &file.text {
            last = talk.text(text);
        }
        assert!(talk.is_live(), "{name}: a frame never ends the link");
        if last != file.expect {
            wrong.push(format!("{name}\n  expected {:#?}\n  was      {last:#?}", file.expect));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_body_is_read_as_its_file_says() {
    let mut wrong = vec![];
    let all = files::<BodyFile>("bodies");
    assert!(all.len() > 20, "fixtures are missing");
    for (name, file) in all {
        assert!(!file.source.is_empty(), "{name} has no source");
        let read = read(&file.parser, &file.text).unwrap_or_else(|| vec!["unreadable".to_owned()]);
        if read != file.expect {
            wrong.push(format!("{name}\n  expected {:#?}\n  was      {read:#?}", file.expect));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn read(parser: &str, body: &str) -> Option<Vec<String>> {
    let own = OwnNumbers(vec!["204".to_owned()]);
    match parser {
        "history" => rest::history(body, &own).map(|past| past.iter().map(words::past_call).collect()),
        "directory" => rest::directory(body).map(|people| people.iter().map(words::person).collect()),
        "contacts" => {
            rest::contacts(body).map(|all| all.iter().map(|one| format!("{}: {}", one.name, one.numbers.join(","))).collect())
        }
        "dnd" => rest::dnd(body).map(|on| vec![if on { "on" } else { "off" }.to_owned()]),
        "legs" => rest::legs(body).map(|legs| {
            let leg = |leg: &super::super::frame::RawCall<'_>| {
                let word = leg.state.text().or_else(|| leg.callstate.text());
                let from = party(&leg.from, &leg.from_number, &leg.from_name).number;
                let to = party(&leg.to, &leg.to_number, &leg.to_name).number;
                [leg.id.text(), word, from, to].map(Option::unwrap_or_default).join(" ")
            };
            legs.iter().map(leg).collect()
        }),
        "said" => Some(vec![
            match rest::said(body) {
                Said::No => "No",
                Said::Yes => "Yes",
                Said::Text(_) => "Text",
                Said::Page => "Page",
                Said::Other => "Other",
            }
            .to_owned(),
        ]),
        other => panic!("nothing reads {other}"),
    }
}

/// All files of a folder by name.
pub fn files<T: for<'a> Deserialize<'a>>(folder: &str) -> Vec<(String, T)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vodia").join(folder);
    let mut all: Vec<(String, T)> = fs::read_dir(&folder)
        .expect("the folder of fixtures")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let text = fs::read_to_string(&path).expect("a fixture");
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let file = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, file)
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
