//! The window's TypeScript types are what this crate says; `UPDATE_TYPES=1` writes them anew.
#![cfg(feature = "ts")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use phone_control::protocol::*;
use phone_core::{Event, Trouble, View};
use ts_rs::{Config, TS};

/// Every method with its parameters and its answer.
fn methods(config: &Config) -> Vec<(&'static str, String, String)> {
    fn entry<P: TS, R: TS>(config: &Config, name: &'static str) -> (&'static str, String, String) {
        (name, P::name(config), R::name(config))
    }
    vec![
        entry::<Hello, Welcome>(config, method::HELLO),
        entry::<Nothing, View>(config, method::GET_VIEW),
        entry::<SubscribeParams, Nothing>(config, method::SUBSCRIBE),
        entry::<PeopleParams, PeopleReply>(config, method::PEOPLE),
        entry::<HistoryParams, HistoryReply>(config, method::HISTORY),
        entry::<HistoryParams, ExportHistoryReply>(config, method::EXPORT_HISTORY),
        entry::<DeleteCallsParams, DeleteCallsReply>(config, method::DELETE_CALLS),
        entry::<NoteCallParams, Nothing>(config, method::NOTE_CALL),
        entry::<Nothing, Nothing>(config, method::MISSED_SEEN),
        entry::<DialParams, CallReply>(config, method::DIAL),
        entry::<NumbersParams, NumbersReply>(config, method::NUMBERS),
        entry::<PrepareEmergencyParams, EmergencyReply>(config, method::PREPARE_EMERGENCY),
        entry::<DialEmergencyParams, CallReply>(config, method::DIAL_EMERGENCY),
        entry::<Nothing, TakeTextReply>(config, method::TAKE_TEXT),
        entry::<Nothing, TakePairingReply>(config, method::TAKE_PAIRING),
        entry::<Nothing, QuestionReply>(config, method::QUESTION),
        entry::<AnswerQuestionParams, Nothing>(config, method::ANSWER_QUESTION),
        entry::<CallParams, CallReply>(config, method::ANSWER),
        entry::<CallParams, CallReply>(config, method::HANG_UP),
        entry::<CallParams, CallReply>(config, method::HOLD),
        entry::<CallParams, CallReply>(config, method::RESUME),
        entry::<DtmfParams, CallReply>(config, method::DTMF),
        entry::<TransferParams, CallReply>(config, method::TRANSFER),
        entry::<ParkParams, ParkReply>(config, method::PARK),
        entry::<FetchParkedParams, CallReply>(config, method::FETCH_PARKED),
        entry::<DismissParkedParams, Nothing>(config, method::DISMISS_PARKED),
        entry::<PickUpParams, CallReply>(config, method::PICK_UP),
        entry::<SetPresenceParams, Nothing>(config, method::SET_PRESENCE),
        entry::<SetForwardingParams, Nothing>(config, method::SET_FORWARDING),
        entry::<AddAccountParams, AccountReply>(config, method::ADD_ACCOUNT),
        entry::<SetPasswordParams, AccountReply>(config, method::SET_PASSWORD),
        entry::<AccountParams, Nothing>(config, method::REMOVE_ACCOUNT),
        entry::<AccountParams, AccountReply>(config, method::TEST_ACCOUNT),
        entry::<AccountParams, Nothing>(config, method::SIGN_OUT),
        entry::<AccountParams, Nothing>(config, method::SIGN_IN),
        entry::<AcceptCertificateParams, AccountReply>(config, method::ACCEPT_CERTIFICATE),
        entry::<RetryNowParams, Nothing>(config, method::RETRY_NOW),
        entry::<Nothing, Nothing>(config, method::UNLOCK_KEYRING),
        entry::<AccountParams, DiagnosisReply>(config, method::DIAGNOSIS),
        entry::<Nothing, DoctorReply>(config, method::DOCTOR),
        entry::<OpenWindowParams, Nothing>(config, method::OPEN_WINDOW),
        entry::<HandleLinkParams, Nothing>(config, method::HANDLE_LINK),
        entry::<Nothing, TestLinkReply>(config, method::TEST_LINK),
        entry::<Nothing, Nothing>(config, method::DIAL_SELECTION),
        entry::<Nothing, SettingsReply>(config, method::GET_SETTINGS),
        entry::<SetSettingsParams, SettingsReply>(config, method::SET_SETTINGS),
        entry::<Nothing, HotkeysReply>(config, method::HOTKEYS),
        entry::<TestHotkeyParams, TestHotkeyReply>(config, method::TEST_HOTKEY),
        entry::<Nothing, HotkeysReply>(config, method::RETRY_HOTKEYS),
        entry::<Nothing, Nothing>(config, method::RESTART),
        entry::<Nothing, Nothing>(config, method::QUIT),
    ]
}

fn notifications(config: &Config) -> Vec<(&'static str, String)> {
    vec![
        (method::VIEW, View::name(config)),
        (method::PRESENCE, PresencePart::name(config)),
        (method::CALL_EVENT, Event::name(config)),
        (method::SHOW, OpenWindowParams::name(config)),
    ]
}

#[test]
fn the_windows_types_are_those_of_the_protocol() {
    let fresh = generate();
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/generated");
    if std::env::var_os("UPDATE_TYPES").is_some() {
        std::fs::create_dir_all(&home).expect("the folder can be made");
        for old in read(&home).into_keys().filter(|name| !fresh.contains_key(name)) {
            std::fs::remove_file(home.join(old)).expect("an old file can be removed");
        }
        for (name, text) in &fresh {
            std::fs::write(home.join(name), text).expect("a type can be written");
        }
    }
    let kept = read(&home);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&kept), names(&fresh), "run again with UPDATE_TYPES=1");
    for (name, text) in &fresh {
        assert_eq!(kept.get(name), Some(text), "{name} is not up to date; run again with UPDATE_TYPES=1");
    }
}

fn generate() -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a throw-away folder");
    let config = Config::new().with_out_dir(folder.path()).with_large_int("number");
    macro_rules! export {
        ($($kind:ty),* $(,)?) => { $(<$kind>::export_all(&config).expect("a type can be exported");)* };
    }
    export!(
        Nothing,
        Hello,
        Welcome,
        SubscribeParams,
        PresencePart,
        PeopleParams,
        PeopleReply,
        HistoryParams,
        HistoryReply,
        ExportHistoryReply,
        DeleteCallsParams,
        DeleteCallsReply,
        NoteCallParams,
        DialParams,
        NumbersParams,
        NumbersReply,
        PrepareEmergencyParams,
        EmergencyReply,
        DialEmergencyParams,
        TakeTextReply,
        TakePairingReply,
        QuestionReply,
        AnswerQuestionParams,
        CallParams,
        DtmfParams,
        TransferParams,
        ParkParams,
        ParkReply,
        FetchParkedParams,
        DismissParkedParams,
        PickUpParams,
        SetPresenceParams,
        SetForwardingParams,
        CallReply,
        AddAccountParams,
        SetPasswordParams,
        AccountReply,
        AccountParams,
        AcceptCertificateParams,
        RetryNowParams,
        DiagnosisReply,
        DoctorReply,
        OpenWindowParams,
        HandleLinkParams,
        SettingsReply,
        SetSettingsParams,
        HotkeysReply,
        TestHotkeyParams,
        TestHotkeyReply,
        TestLinkReply,
        View,
        Event,
        Trouble,
    );
    let mut files: BTreeMap<String, String> = read(folder.path())
        .into_iter()
        .map(|(name, text)| {
            let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("// This file was generated")).collect();
            (name, format!("{HEAD}{}\n", body.join("\n").trim()))
        })
        .collect();
    let names: Vec<String> = files.keys().map(|name| name.trim_end_matches(".ts").to_owned()).collect();

    let mut index = String::from(HEAD);
    for name in &names {
        writeln!(index, "export type {{ {name} }} from \"./{name}\";").expect("text grows");
    }
    index.push_str("export type { Methods, Notifications } from \"./protocol\";\n");
    index.push_str("export { PROTOCOL } from \"./protocol\";\n");

    let mut protocol = String::from(HEAD);
    let (methods, notifications) = (methods(&config), notifications(&config));
    let mut used: Vec<&String> =
        methods.iter().flat_map(|(_, p, r)| [p, r]).chain(notifications.iter().map(|(_, p)| p)).collect();
    used.sort_unstable();
    used.dedup();
    for name in used {
        writeln!(protocol, "import type {{ {name} }} from \"./{name}\";").expect("text grows");
    }
    writeln!(protocol, "\n/** Version of the control protocol. */\nexport const PROTOCOL = \"{PROTOCOL}\";").expect("text grows");
    protocol.push_str("\n/** Methods with their parameters and answers. */\nexport type Methods = {\n");
    for (name, params, result) in &methods {
        writeln!(protocol, "  {name}: {{ params: {params}; result: {result} }};").expect("text grows");
    }
    protocol.push_str("};\n\n/** Notifications with their parameters. */\nexport type Notifications = {\n");
    for (name, params) in &notifications {
        let quoted = if name.contains('-') { format!("\"{name}\"") } else { (*name).to_owned() };
        writeln!(protocol, "  {quoted}: {params};").expect("text grows");
    }
    protocol.push_str("};\n");

    files.insert("index.ts".to_owned(), index);
    files.insert("protocol.ts".to_owned(), protocol);
    files
}

/// First line of every generated file.
const HEAD: &str = "// Written by a test of phone-control; do not edit.\n";

fn read(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|entry| entry.expect("a file of this folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "ts"))
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).expect("a type can be read"))
        })
        .collect()
}
