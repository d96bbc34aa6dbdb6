//! Everything the page may ask, one command for each intent. Each hands one request on and returns its answer.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use phone_control::client::NewAccount;
use phone_control::protocol::{AccountReply, AddAccountParams, Nothing, SetPasswordParams, method};
use phone_core::{Reason, Trouble};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tauri::{AppHandle, Emitter, State, WebviewWindow};

use crate::key::{self, WindowKey};
use crate::link::{Agent, not_started};
use crate::{ask, window};

/// What helps a window whose key the agent does not know.
const NOT_STARTED_BY_THE_AGENT: &str = "Dial it on the phone, or close this window and open it again from the icon in the panel.";

/// Makes a command that hands its parameters on to the method of the same name.
macro_rules! handed_on {
    ($($name:ident => $method:expr;)*) => {
        $(
            #[tauri::command]
            pub async fn $name(agent: State<'_, Agent>, params: Map<String, Value>) -> Result<Box<RawValue>, Trouble> {
                agent.ask($method, &params).await
            }
        )*
    };
}

handed_on! {
    get_view => method::GET_VIEW;
    history => method::HISTORY;
    export_history => method::EXPORT_HISTORY;
    delete_calls => method::DELETE_CALLS;
    note_call => method::NOTE_CALL;
    missed_seen => method::MISSED_SEEN;
    dial => method::DIAL;
    numbers => method::NUMBERS;
    dial_emergency => method::DIAL_EMERGENCY;
    take_text => method::TAKE_TEXT;
    take_pairing => method::TAKE_PAIRING;
    question => method::QUESTION;
    answer_question => method::ANSWER_QUESTION;
    answer => method::ANSWER;
    hang_up => method::HANG_UP;
    hold => method::HOLD;
    resume => method::RESUME;
    dtmf => method::DTMF;
    transfer => method::TRANSFER;
    park => method::PARK;
    fetch_parked => method::FETCH_PARKED;
    dismiss_parked => method::DISMISS_PARKED;
    pick_up => method::PICK_UP;
    set_presence => method::SET_PRESENCE;
    set_forwarding => method::SET_FORWARDING;
    remove_account => method::REMOVE_ACCOUNT;
    sign_out => method::SIGN_OUT;
    sign_in => method::SIGN_IN;
    accept_certificate => method::ACCEPT_CERTIFICATE;
    retry_now => method::RETRY_NOW;
    unlock_keyring => method::UNLOCK_KEYRING;
    diagnosis => method::DIAGNOSIS;
    doctor => method::DOCTOR;
    get_settings => method::GET_SETTINGS;
    set_settings => method::SET_SETTINGS;
    hotkeys => method::HOTKEYS;
    test_hotkey => method::TEST_HOTKEY;
    retry_hotkeys => method::RETRY_HOTKEYS;
    test_link => method::TEST_LINK;
    restart => method::RESTART;
}

/// Adds an account. Its password comes from the page once, goes to the agent once, and is wiped.
#[tauri::command]
pub async fn add_account(agent: State<'_, Agent>, params: AddAccountParams) -> Result<AccountReply, Trouble> {
    let AddAccountParams { name, kind, url, domain, user, password, pin, keys } = params;
    let account = NewAccount { name, kind, url, domain, user, pin, keys };
    agent.client()?.add_account(&account, password.as_ref().map(|password| &password.0)).await
}

/// Replaces the password of an account; see [`add_account`].
#[tauri::command]
pub async fn set_password(agent: State<'_, Agent>, params: SetPasswordParams) -> Result<AccountReply, Trouble> {
    agent.client()?.set_password(params.account, &params.password.0).await
}

/// The first press on an emergency number, which counts only in a window that the agent has started.
#[tauri::command]
pub async fn prepare_emergency(
    agent: State<'_, Agent>,
    key: State<'_, WindowKey>,
    mut params: Map<String, Value>,
) -> Result<Box<RawValue>, Trouble> {
    key.sign(&mut params);
    agent.ask(method::PREPARE_EMERGENCY, &params).await.map_err(|why| {
        if why.detail != Reason::EmergencyNumber.detail() {
            return why;
        }
        key.was_refused();
        Trouble { remedy: Some(NOT_STARTED_BY_THE_AGENT.to_owned()), ..why }
    })
}

/// The page listens and wants everything from the beginning.
#[tauri::command]
pub fn attach(app: AppHandle, page: WebviewWindow, agent: State<'_, Agent>, params: Nothing) -> Nothing {
    let running = agent.running().filter(|_| page.label() == ask::LABEL);
    match running {
        // The small window needs no picture, so what the large one gets goes on.
        Some(news) => drop(app.emit("agent", news)),
        None => agent.attach(),
    }
    if page.label() == window::LABEL {
        window::first_view(&app);
    }
    params
}

/// The page of the small window has drawn a question.
#[tauri::command]
pub fn question_drawn(app: AppHandle, params: ask::Drawn) -> Nothing {
    ask::drawn(&app, params);
    Nothing {}
}

/// Nothing is asked any more.
#[tauri::command]
pub fn close_question(app: AppHandle, params: Nothing) -> Nothing {
    ask::close(&app);
    params
}

/// Starts the agent and waits until it answers.
#[tauri::command]
pub async fn start_agent(agent: State<'_, Agent>, params: Nothing) -> Result<Nothing, Trouble> {
    start().map_err(|error| not_started(error.to_string()))?;
    agent.wait_for_start().await?;
    Ok(params)
}

/// Closes the window as its close button does.
#[tauri::command]
pub fn close_window(app: AppHandle, params: Nothing) -> Nothing {
    window::close(&app);
    params
}

fn start() -> std::io::Result<()> {
    let beside = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join("trayphone"))).filter(|path| path.is_file());
    let mut command = Command::new(beside.unwrap_or_else(|| PathBuf::from("trayphone")));
    command.env_remove(key::VARIABLE).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // It outlives this window, also when that is ended from a terminal.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    std::thread::spawn(move || child.wait());
    Ok(())
}

/// All commands, for the page.
pub fn all() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        attach,
        start_agent,
        close_window,
        question_drawn,
        close_question,
        get_view,
        history,
        export_history,
        delete_calls,
        note_call,
        missed_seen,
        dial,
        numbers,
        prepare_emergency,
        dial_emergency,
        take_text,
        take_pairing,
        question,
        answer_question,
        answer,
        hang_up,
        hold,
        resume,
        dtmf,
        transfer,
        park,
        fetch_parked,
        dismiss_parked,
        pick_up,
        set_presence,
        set_forwarding,
        add_account,
        set_password,
        remove_account,
        sign_out,
        sign_in,
        accept_certificate,
        retry_now,
        unlock_keyring,
        diagnosis,
        doctor,
        get_settings,
        set_settings,
        hotkeys,
        test_hotkey,
        retry_hotkeys,
        test_link,
        restart
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// Compiles only while a type lacks a trait: with it there would be two answers to what `_` is.
    macro_rules! lacks {
        ($type:ty: $bound:path) => {{
            trait Unclear<Which> {
                fn told() {}
            }
            impl<T> Unclear<()> for T {}
            struct Has;
            impl<T: $bound> Unclear<Has> for T {}
            <$type as Unclear<_>>::told();
        }};
    }

    #[test]
    fn what_carries_a_password_can_be_neither_printed_nor_written() {
        lacks!(AddAccountParams: std::fmt::Debug);
        lacks!(AddAccountParams: std::fmt::Display);
        lacks!(AddAccountParams: serde::Serialize);
        lacks!(AddAccountParams: Clone);
        lacks!(SetPasswordParams: std::fmt::Debug);
        lacks!(SetPasswordParams: std::fmt::Display);
        lacks!(SetPasswordParams: serde::Serialize);
        lacks!(SetPasswordParams: Clone);
    }

    #[test]
    fn the_page_may_do_what_is_listed_and_nothing_else() {
        let listed: &[&str] = include!("intents.list");
        let events = ["core:event:allow-listen".to_owned(), "core:event:allow-unlisten".to_owned()];
        let named = |names: &[&str]| -> BTreeSet<String> {
            names.iter().map(|name| format!("allow-{}", name.replace('_', "-"))).chain(events.clone()).collect()
        };
        let files = [
            (window::LABEL, include_str!("../capabilities/window.json")),
            (ask::LABEL, include_str!("../capabilities/question.json")),
        ];
        let [of_window, of_question] = files.map(|(label, text)| {
            let file: Value = serde_json::from_str(text).expect("JSON");
            assert_eq!(file["windows"], serde_json::json!([label]));
            assert!(file.get("remote").is_none());
            let allowed = file["permissions"].as_array().expect("a list").iter();
            allowed.map(|name| name.as_str().expect("a name").to_owned()).collect::<BTreeSet<_>>()
        });
        let asking = ["attach", "question", "answer_question", "question_drawn", "close_question"];
        assert_eq!(of_question, named(&asking));
        assert_eq!(&of_window | &of_question, named(listed));
        let both = &of_window & &of_question;
        assert_eq!(both, named(&["attach"]), "each page has its own");
    }

    #[test]
    fn the_policy_of_the_page_lets_nothing_in_from_outside() {
        let file: Value = serde_json::from_str(include_str!("../tauri.conf.json")).expect("JSON");
        assert_eq!(file["app"]["withGlobalTauri"], false);
        let policy: BTreeMap<String, String> =
            serde_json::from_value(file["app"]["security"]["csp"].clone()).expect("a policy of texts");
        assert_eq!(policy["default-src"], "'none'");
        for (directive, sources) in &policy {
            for source in sources.split(' ') {
                assert!(matches!(source, "'none'" | "'self'" | "ipc:" | "http://ipc.localhost"), "{directive}: {source}");
            }
        }
    }
}
