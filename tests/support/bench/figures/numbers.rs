//! How soon a selected number rings, how soon numbers are found, and what both leave in memory.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use phone_core::Source;
use phone_core::number::{Numbers, Plan as DialPlan};
use serde_json::json;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, KEY_PRESS_EVENT, KEY_RELEASE_EVENT};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

use super::super::stage::{Scene, Stage};
use super::super::table::Row;
use super::super::{Moment, Plan, nap, proc};
use super::usual;

/// Key symbols of the usual hotkey, Ctrl+Alt+P. Source: keysymdef.h.
const HOTKEY: [u32; 3] = [0xffe3, 0xffe9, 0x70];
/// Two numbers are not dialled sooner without a hand on a keyboard.
const PAUSE: Duration = Duration::from_millis(2_300);
/// The agent drops its tables of numbers after twenty seconds without one.
const REST: Duration = Duration::from_secs(25);
/// Most characters of a selection.
const LONGEST: usize = 10_000;

/// From the key event to the last byte of the dial at the PBX.
pub async fn key(plan: &Plan) -> Result<Vec<Row>> {
    let stage = Stage::build(&plan.programs, Scene { tls: false, ..usual(plan) }).await?;
    let mut stage = stage;
    let (mut agent, _) = stage.start();
    let (mut control, _) = stage.online()?;
    control.ask("set_settings", &json!({"desktop": {"dial_hotkey": "ctrl+alt+p"}}))?;
    tokio::time::sleep(plan.settle).await;
    let (connection, _) = RustConnection::connect(Some(&stage.session.env()["DISPLAY"]))?;
    let codes = key_codes(&connection)?;
    let mut times = Vec::new();
    for round in 0..plan.links {
        // The first of all and one in the middle find everything at rest.
        if round == plan.links / 2 {
            tokio::time::sleep(REST).await;
        }
        let number = format!("+493023126{round:03}");
        let mut owner = stage.session.command("xclip");
        owner.args(["-selection", "primary", "-quiet", "-loops", "1"]).stdin(std::process::Stdio::piped());
        let mut owner = owner.spawn()?;
        if let Some(mut input) = owner.stdin.take() {
            std::io::Write::write_all(&mut input, number.as_bytes())?;
        }
        nap(Duration::from_millis(150));
        stage.pbx.forget();
        let pressed = Moment::now();
        strike(&connection, &codes)?;
        let (dialled, at) = stage.pbx.dialled()?;
        ensure!(dialled == number, "dialled {dialled} instead of {number}");
        times.push(at.ms_after(pressed));
        stage.pbx.ask("hangup-far")?;
        // Its one reader may have come already.
        let _ = owner.kill();
        let _ = owner.wait();
        nap(PAUSE);
    }
    agent.terminate().await;
    let row = Row::events("X11 key event to the dial at the PBX", "ms", (8.0, 30.0), times);
    Ok(vec![row.remark("two of them after everything was at rest")])
}

fn key_codes(connection: &RustConnection) -> Result<Vec<u8>> {
    let setup = connection.setup();
    let count = setup.max_keycode - setup.min_keycode + 1;
    let map = connection.get_keyboard_mapping(setup.min_keycode, count)?.reply()?;
    let width = usize::from(map.keysyms_per_keycode);
    let code = |symbol: u32| map.keysyms.chunks(width).position(|chunk| chunk.first() == Some(&symbol));
    let codes: Option<Vec<u8>> =
        HOTKEY.iter().map(|symbol| Some(setup.min_keycode + u8::try_from(code(*symbol)?).ok()?)).collect();
    codes.ok_or_else(|| anyhow::anyhow!("the keyboard lacks a key of the hotkey"))
}

fn strike(connection: &RustConnection, codes: &[u8]) -> Result<()> {
    let presses = codes.iter().map(|code| (KEY_PRESS_EVENT, *code));
    let releases = codes.iter().rev().map(|code| (KEY_RELEASE_EVENT, *code));
    for (kind, code) in presses.chain(releases) {
        connection.xtest_fake_input(kind, code, 0, x11rb::NONE, 0, 0, 0)?;
    }
    Ok(connection.flush()?)
}

/// Finding numbers in texts as long as a selection may be, inside this process, with the tables in memory.
pub fn finding(plan: &Plan) -> Result<Vec<Row>> {
    let mut keys = DialPlan::default();
    ensure!(keys.set("country", "DE").is_ok(), "the plan takes no country");
    let mut numbers = Numbers::default();
    let began = Instant::now();
    numbers.candidates("030 23125001", Source::Text, &keys);
    let first = ms(began);
    let mut time = |text: &str, runs: usize| -> Vec<f64> {
        let mut times = Vec::new();
        for _ in 0..runs {
            let began = Instant::now();
            let found = numbers.candidates(text, Source::Text, &keys);
            times.push(ms(began));
            drop(found);
        }
        times
    };
    let runs = plan.runs.max(3) * 5;
    let (prose, only) = (time(&prose(), runs), time(&only(), runs));
    let mut worst = (0.0_f64, String::new());
    let rounds = if plan.links < 20 { 300 } else { 3_000 };
    for text in hostile(rounds) {
        let took = time(&text, 1).into_iter().fold(0.0, f64::max);
        if took > worst.0 {
            worst = (took, text.chars().take(24).collect());
        }
    }
    let example = worst.1.escape_debug().to_string();
    Ok(vec![
        Row::told("building the tables of numbers, and the first number", "ms", vec![first]),
        Row::events("numbers in 10,000 characters of prose", "ms", (3.0, 6.0), prose),
        Row::events("numbers in 10,000 characters of nothing else", "ms", (20.0, 30.0), only),
        Row::below("the worst of the made-up texts of 10,000 characters", "ms", 500.0, vec![worst.0])
            .remark(format!("{rounds} texts; the worst repeats “{example}”")),
    ])
}

fn ms(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1e3
}

fn prose() -> String {
    let words = "Sehr geehrte Frau Beispiel, vielen Dank für Ihre Nachricht vom 21.11.2026; wir haben die Lieferung mit 12 Kartons um \
        10:30 Uhr erhalten. Der Betrag von 1.234,56 EUR wurde heute überwiesen. Mit freundlichen Grüßen. ";
    let end = "Tel. +49 30 23125001, mobil 0171 3920012";
    words.chars().cycle().take(LONGEST - end.len()).chain(end.chars()).collect()
}

fn only() -> String {
    let number = |n: u64| format!("+49 30 {:07} ", 1_000_000 + n * 7919 % 8_999_999);
    (0..).map(number).flat_map(|text| text.chars().collect::<Vec<_>>()).take(LONGEST).collect()
}

/// Short pieces repeated, and noise, of the signs that numbers are made of.
fn hostile(rounds: usize) -> impl Iterator<Item = String> {
    let signs: Vec<char> = "01234567890123456789++  --..//()[]*#,;:xXeT\n\tA€%~".chars().collect();
    let mut random = fastrand::Rng::with_seed(20_261_121);
    (0..rounds).map(move |round| {
        let length = if round % 2 == 0 { random.usize(1..40) } else { LONGEST };
        let piece: Vec<char> = (0..length).filter_map(|_| signs.get(random.usize(..signs.len())).copied()).collect();
        piece.iter().cycle().take(LONGEST).collect()
    })
}

/// The agent's memory before and after a thousand numbers from thirty countries.
pub async fn memory(plan: &Plan) -> Result<Vec<Row>> {
    let stage = Stage::build(&plan.programs, usual(plan)).await?;
    let mut grown = Vec::new();
    let (mut agent, _) = stage.start();
    let (mut control, _) = stage.online()?;
    tokio::time::sleep(plan.settle).await;
    let before = proc::memory(agent.pid())?.pss;
    let countries = [
        "+4930231250",
        "+431580580",
        "+41446681800",
        "+33142685300",
        "+390669812",
        "+34912345",
        "+442079460",
        "+1212555",
        "+31201234",
        "+48221234",
        "+4685551",
        "+81312345",
        "+911123456",
        "+551123456",
        "+35312345",
        "+4533123",
        "+4722123",
        "+35891234",
        "+42021234",
        "+42121234",
        "+3611234",
        "+35121234",
        "+30210123",
        "+902121234",
        "+38044123",
        "+7495123",
        "+861012345",
        "+82212345",
        "+541112345",
        "+61212345",
    ];
    for round in 0..1_000_usize {
        let front = countries[round % countries.len()];
        let text = format!("{front}{:04}", round);
        let answer = control.ask("numbers", &json!({"text": text}))?;
        ensure!(answer["candidates"].is_array(), "no candidates: {answer}");
    }
    let during = proc::memory(agent.pid())?.pss;
    tokio::time::sleep(REST).await;
    let after = proc::memory(agent.pid())?.pss;
    grown.push(after - before);
    agent.terminate().await;
    Ok(vec![
        Row::below("memory left by 1,000 numbers from 30 countries (PSS)", "MB", 2.0, grown)
            .remark(format!("{before:.1} MB before, {during:.1} MB while the tables are in use, {after:.1} MB at rest again")),
    ])
}
