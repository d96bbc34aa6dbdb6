//! From a method and its parameters to what is wanted, and from a reply to its JSON.

use phone_core::call::{tidy, tones};
use phone_core::history::{CallsWanted, HistoryPage, WhichCalls};
use phone_core::number::Yes;
use phone_core::request::TransferTarget;
use phone_core::{AccountConfig, AccountName, Code, Reason, Reply, Request, Source, Trouble};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::pump::Out;
use super::session::Guest;
use super::{DesktopReply, DesktopRequest, Phone};
use crate::keys;
use crate::message::{INVALID_PARAMS, METHOD_NOT_FOUND, Refusal, result};
use crate::protocol::{
    AcceptCertificateParams, AccountParams, AccountReply, AddAccountParams, CallParams, CallReply, DeleteCallsParams,
    DeleteCallsReply, DiagnosisReply, DialParams, DismissParkedParams, DoctorReply, DtmfParams, ExportHistoryReply,
    FetchParkedParams, HandleLinkParams, Hello, HistoryParams, HistoryReply, LINE_LIMIT, NoteCallParams, Nothing, NumbersParams,
    NumbersReply, OpenWindowParams, PAGE, PROTOCOL, ParkParams, ParkReply, PeopleParams, PeopleReply, PickUpParams,
    RetryNowParams, SetForwardingParams, SetPasswordParams, SetPresenceParams, SetSettingsParams, Stream, SubscribeParams,
    TestHotkeyParams, TransferParams, Welcome, method,
};

/// Most ended calls in one answer; a page ends earlier where they need too much room.
const MOST_CALLS: usize = 500;
/// Room that an envelope and a few numbers need beside a list.
const ENVELOPE: usize = 1024;

/// What a client wants.
pub(super) enum Wanted {
    Hello(Hello),
    Follow(Vec<Stream>, Option<String>),
    Engine(Request, Shape),
    Desktop(DesktopRequest),
}

/// What an answer looks like.
pub(super) enum Shape {
    Nothing,
    View,
    People,
    Calls,
    Table,
    Deleted,
    Call,
    Parked,
    Account(AccountName),
    Numbers,
    Text,
    Checks,
}

/// Reads what is wanted. Whatever is refused here was never asked of the engine.
pub(super) fn understand(name: &str, params: Option<&RawValue>, guest: &mut Guest) -> Result<Wanted, Refusal> {
    use Wanted::{Desktop, Engine, Follow};
    let display = || guest.display.clone();
    Ok(match name {
        method::HELLO => {
            let hello: Hello = read(params)?;
            tracing::debug!(client = tidy(&hello.client), version = tidy(&hello.version), "a client says hello");
            guest.display.clone_from(&hello.display);
            if let Err(refusal) = same_generation(&hello) {
                guest.foreign = true;
                return Err(refusal);
            }
            Wanted::Hello(hello)
        }
        method::SUBSCRIBE => Follow(read::<SubscribeParams>(params)?.streams, display()),
        method::GET_VIEW => Engine(Request::GetView, Shape::View),
        method::PEOPLE => {
            let PeopleParams { offset, limit, all, filter } = read(params)?;
            Engine(Request::People { offset, limit: limit.min(PAGE), all, filter }, Shape::People)
        }
        method::HISTORY => Engine(Request::History(calls_wanted(params)?), Shape::Calls),
        method::EXPORT_HISTORY => Engine(Request::ExportHistory(calls_wanted(params)?), Shape::Table),
        method::DELETE_CALLS => {
            let DeleteCallsParams { calls, all } = read(params)?;
            let which = match (calls.is_empty(), all) {
                (true, true) => WhichCalls::All,
                (false, false) => WhichCalls::These(calls),
                (true, false) | (false, true) => return Err(wrong("either calls or all of them are removed")),
            };
            Engine(Request::DeleteCalls(which), Shape::Deleted)
        }
        method::NOTE_CALL => {
            let NoteCallParams { call, note } = read(params)?;
            Engine(Request::NoteCall(call, note.filter(|note| !note.trim().is_empty())), Shape::Nothing)
        }
        method::MISSED_SEEN => Engine(Request::MissedSeen, Shape::Nothing),
        method::DIAL => {
            let DialParams { text, account, yes, to } = read(params)?;
            let yes = to.map_or(yes.into(), Yes::To);
            // Whoever writes to the socket counts as somebody who types, whatever they say.
            Engine(Request::Dial { text, account, source: Source::Typed, yes }, Shape::Call)
        }
        method::NUMBERS => {
            let NumbersParams { text, account } = read(params)?;
            Engine(Request::Numbers { text, account, source: Source::Typed }, Shape::Numbers)
        }
        method::ANSWER => Engine(Request::Answer(read::<CallParams>(params)?.call), Shape::Call),
        method::HANG_UP => Engine(Request::HangUp(read::<CallParams>(params)?.call), Shape::Call),
        method::HOLD => Engine(Request::Hold(read::<CallParams>(params)?.call), Shape::Call),
        method::RESUME => Engine(Request::Resume(read::<CallParams>(params)?.call), Shape::Call),
        method::DTMF => {
            let DtmfParams { call, digits } = read(params)?;
            Engine(Request::Dtmf(call, tones(&digits).map_err(|bad| wrong(bad.to_string()))?), Shape::Call)
        }
        method::TRANSFER => {
            let TransferParams { call, to_number, to_call, ask } = read(params)?;
            let target = match (to_number, to_call) {
                (Some(number), None) if ask => TransferTarget::Ask(number),
                (Some(number), None) => TransferTarget::Number(number),
                (None, Some(_)) if ask => return Err(wrong("only a number can be asked first")),
                (None, Some(other)) if other != call => TransferTarget::Call(other),
                (None, Some(_)) => return Err(wrong("a call cannot be transferred to itself")),
                (Some(_), Some(_)) | (None, None) => return Err(wrong("a transfer needs a number or another call")),
            };
            Engine(Request::Transfer(call, target), Shape::Call)
        }
        method::PARK => Engine(Request::Park(read::<ParkParams>(params)?.call), Shape::Parked),
        method::FETCH_PARKED => Engine(Request::FetchParked(read::<FetchParkedParams>(params)?.id), Shape::Call),
        method::DISMISS_PARKED => Engine(Request::DismissParked(read::<DismissParkedParams>(params)?.parked), Shape::Nothing),
        method::PICK_UP => {
            let PickUpParams { from, account } = read(params)?;
            Engine(Request::PickUp { from, account }, Shape::Call)
        }
        method::SET_PRESENCE => {
            let SetPresenceParams { account, presence, until, note } = read(params)?;
            Engine(Request::SetPresence { account, presence, until, note }, Shape::Nothing)
        }
        method::SET_FORWARDING => {
            let SetForwardingParams { account, when, to, yes, choice } = read(params)?;
            let yes = choice.map_or(yes.into(), Yes::To);
            Engine(Request::SetForwarding { account, when, to, yes }, Shape::Nothing)
        }
        method::ADD_ACCOUNT => add_account(read_secretly(params)?)?,
        method::SET_PASSWORD => {
            let SetPasswordParams { account, password } = read_secretly(params)?;
            Engine(Request::SetSecret { account: account.clone(), secret: password.0 }, Shape::Account(account))
        }
        method::REMOVE_ACCOUNT => Engine(Request::RemoveAccount(account(params)?), Shape::Nothing),
        method::TEST_ACCOUNT => {
            let account = account(params)?;
            Engine(Request::TestAccount(account.clone()), Shape::Account(account))
        }
        method::SIGN_OUT => Engine(Request::SignOut(account(params)?), Shape::Nothing),
        method::SIGN_IN => Engine(Request::SignIn(account(params)?), Shape::Nothing),
        method::ACCEPT_CERTIFICATE => {
            let AcceptCertificateParams { account, sha256 } = read(params)?;
            let sha256 = fingerprint(&sha256)?;
            Engine(Request::AcceptCertificate { account: account.clone(), sha256 }, Shape::Account(account))
        }
        method::RETRY_NOW => Engine(Request::RetryNow(read::<RetryNowParams>(params)?.account), Shape::Nothing),
        method::UNLOCK_KEYRING => Engine(Request::UnlockKeyring, Shape::Nothing),
        method::DIAGNOSIS => Engine(Request::Diagnosis(account(params)?), Shape::Text),
        method::DOCTOR => Engine(Request::Checks, Shape::Checks),
        method::OPEN_WINDOW => {
            Desktop(DesktopRequest::OpenWindow { view: read::<OpenWindowParams>(params)?.view, display: display() })
        }
        method::HANDLE_LINK => {
            let HandleLinkParams { uri, clicked_ms } = read(params)?;
            Desktop(DesktopRequest::HandleLink { uri, clicked_ms, display: display() })
        }
        method::TEST_LINK => Desktop(DesktopRequest::TestLink),
        method::DIAL_SELECTION => Desktop(DesktopRequest::DialSelection { display: display() }),
        method::PREPARE_EMERGENCY => Desktop(DesktopRequest::PrepareEmergency(read(params)?)),
        method::DIAL_EMERGENCY => Desktop(DesktopRequest::DialEmergency(read(params)?)),
        method::TAKE_TEXT => Desktop(DesktopRequest::TakeText),
        method::TAKE_PAIRING => Desktop(DesktopRequest::TakePairing),
        method::QUESTION => Desktop(DesktopRequest::Question),
        method::ANSWER_QUESTION => Desktop(DesktopRequest::AnswerQuestion(read(params)?)),
        method::GET_SETTINGS => Desktop(DesktopRequest::GetSettings),
        method::SET_SETTINGS => Desktop(DesktopRequest::SetSettings(Box::new(read::<SetSettingsParams>(params)?))),
        method::HOTKEYS => Desktop(DesktopRequest::Hotkeys),
        method::TEST_HOTKEY => Desktop(DesktopRequest::TestHotkey(read::<TestHotkeyParams>(params)?.hotkey)),
        method::RETRY_HOTKEYS => Desktop(DesktopRequest::RetryHotkeys),
        method::RESTART => Desktop(DesktopRequest::Restart),
        method::QUIT => Desktop(DesktopRequest::Quit),
        _ => return Err(Refusal::of(METHOD_NOT_FOUND, format!("there is no method {}", tidy(name)))),
    })
}

fn read<'a, T: Deserialize<'a>>(params: Option<&'a RawValue>) -> Result<T, Refusal> {
    serde_json::from_str(text_of(params)).map_err(|error| Refusal::of(INVALID_PARAMS, error.to_string()))
}

/// Like [`read`], for parameters with a password: what is wrong is told by place only.
fn read_secretly<'a, T: Deserialize<'a>>(params: Option<&'a RawValue>) -> Result<T, Refusal> {
    serde_json::from_str(text_of(params)).map_err(|error| {
        let place = format!("the parameters do not fit at line {}, column {}", error.line(), error.column());
        Refusal::of(INVALID_PARAMS, place)
    })
}

fn text_of(params: Option<&RawValue>) -> &str {
    params.map_or("{}", RawValue::get)
}

fn calls_wanted(params: Option<&RawValue>) -> Result<CallsWanted, Refusal> {
    let HistoryParams { missed, limit, filter, account, before } = read(params)?;
    Ok(CallsWanted { missed, account, text: filter, before, limit: limit.min(MOST_CALLS) })
}

fn account(params: Option<&RawValue>) -> Result<AccountName, Refusal> {
    Ok(read::<AccountParams>(params)?.account)
}

fn wrong(text: impl Into<String>) -> Refusal {
    Reason::WrongUsage(text.into()).into()
}

fn add_account(params: AddAccountParams) -> Result<Wanted, Refusal> {
    let AddAccountParams { name, kind, url, domain, user, password, pin, keys } = params;
    if !name.begins_plainly() {
        return Err(wrong("the name of an account begins with a letter or a digit"));
    }
    let present = |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
    let url = url::Url::parse(url.trim()).map_err(|error| wrong(format!("the address cannot be read: {error}")))?;
    if url.password().is_some() {
        return Err(wrong("the address holds a password; give it by itself"));
    }
    for (key, value) in &keys {
        keys::check(key, value).map_err(wrong)?;
    }
    let domain = present(domain);
    let (user, domain) = match present(user) {
        Some(user) => {
            let (user, domain) = AccountConfig::split_user(&user, domain);
            (Some(user), domain)
        }
        None => (None, domain),
    };
    let pin = present(pin).map(|pin| fingerprint(&pin)).transpose()?;
    let config = AccountConfig { name: name.clone(), kind, url, domain, user, pin, learnt: None, keys };
    let request = Request::AddAccount { config: Box::new(config), secret: password.map(|password| password.0) };
    Ok(Wanted::Engine(request, Shape::Account(name)))
}

/// Takes a SHA-256 in hex, with or without colons.
fn fingerprint(text: &str) -> Result<String, Refusal> {
    phone_core::plain_fingerprint(text).ok_or_else(|| wrong("a fingerprint has 64 hex digits"))
}

/// Has it done, and turns what comes back into JSON.
pub(super) async fn perform<P: Phone>(phone: &P, wanted: Wanted, out: &mut Out) -> Result<Box<RawValue>, Refusal> {
    match wanted {
        Wanted::Hello(hello) => welcome(phone, &hello),
        Wanted::Follow(streams, display) => {
            out.follow.extend(streams);
            out.display = display;
            result(&Nothing {})
        }
        Wanted::Engine(request, shape) => shaped(phone, phone.ask(request).await?, &shape),
        Wanted::Desktop(request) => match phone.desktop(request).await? {
            DesktopReply::Done => result(&Nothing {}),
            DesktopReply::Call(call) => result(&call),
            DesktopReply::Emergency(ready) => result(&ready),
            DesktopReply::Text(text) => result(&text),
            DesktopReply::Pairing(pairing) => result(&pairing),
            DesktopReply::Question(question) => result(&question),
            DesktopReply::Settings(settings) => result(&settings),
            DesktopReply::Hotkeys(hotkeys) => result(&hotkeys),
            DesktopReply::HotkeyTested(tested) => result(&tested),
            DesktopReply::LinkTested(tested) => result(&tested),
        },
    }
}

fn welcome<P: Phone>(phone: &P, hello: &Hello) -> Result<Box<RawValue>, Refusal> {
    let other = hello.program_version.as_deref().is_some_and(|version| version != phone.version());
    result(&Welcome {
        protocol: PROTOCOL.to_owned(),
        agent_version: phone.version().to_owned(),
        restart_needed: other || phone.restart_needed(),
    })
}

/// Within a major version everything fits together.
fn same_generation(hello: &Hello) -> Result<(), Refusal> {
    let major = |version: &str| version.split('.').next().and_then(|major| major.trim().parse::<u32>().ok());
    let (Some(theirs), Some(ours)) = (major(&hello.version), major(PROTOCOL)) else {
        return Err(Refusal::of(INVALID_PARAMS, "version is the one of the protocol, such as 1.0"));
    };
    if theirs == ours {
        return Ok(());
    }
    let remedy = if theirs < ours { "Restart this program." } else { "Restart the Trayphone agent." };
    let trouble = Trouble {
        code: Code::Protocol,
        text: "This program and the running Trayphone agent are of different generations.".to_owned(),
        remedy: Some(remedy.to_owned()),
        detail: Some(format!("protocol {} here, {PROTOCOL} at the agent", tidy(&hello.version))),
        certificate_sha256: None,
        offers: Box::default(),
    };
    Err(trouble.into())
}

fn shaped<P: Phone>(phone: &P, reply: Reply, shape: &Shape) -> Result<Box<RawValue>, Refusal> {
    match (shape, reply) {
        (Shape::View, Reply::View(view)) => result(&*view),
        (Shape::People, Reply::People { revision, people, total }) => {
            result(&PeopleReply { revision, people: fitting(people), total })
        }
        (Shape::Calls, Reply::History(HistoryPage { calls, next })) => result(&HistoryReply { calls, next }),
        (Shape::Table, Reply::Table { text, next }) => result(&ExportHistoryReply { text, next }),
        (Shape::Deleted, Reply::Deleted(deleted)) => result(&DeleteCallsReply { deleted }),
        (Shape::Call, Reply::Call(call)) => result(&CallReply { call: Some(call) }),
        (Shape::Call, Reply::Done) => result(&CallReply { call: None }),
        (Shape::Parked, Reply::Parked(place)) => result(&ParkReply { place }),
        (Shape::Parked, Reply::Done) => result(&ParkReply { place: None }),
        (Shape::Account(_), Reply::Account(account)) => result(&AccountReply { account: Some(*account) }),
        (Shape::Account(name), Reply::Done) => {
            let view = phone.view();
            let account = view.borrow().accounts.iter().find(|account| &account.name == name).cloned();
            result(&AccountReply { account })
        }
        (Shape::Numbers, Reply::Numbers(candidates)) => result(&NumbersReply { candidates }),
        (Shape::Text, Reply::Text(text)) => result(&DiagnosisReply { text }),
        (Shape::Checks, Reply::Checks(checks)) => result(&DoctorReply { checks }),
        (Shape::Nothing, _) => result(&Nothing {}),
        (
            Shape::View
            | Shape::People
            | Shape::Calls
            | Shape::Table
            | Shape::Deleted
            | Shape::Call
            | Shape::Parked
            | Shape::Account(_)
            | Shape::Numbers
            | Shape::Text
            | Shape::Checks,
            Reply::Done
            | Reply::Call(_)
            | Reply::Parked(_)
            | Reply::View(_)
            | Reply::People { .. }
            | Reply::PeopleChanged { .. }
            | Reply::Numbers(_)
            | Reply::History(_)
            | Reply::Table { .. }
            | Reply::Deleted(_)
            | Reply::Account(_)
            | Reply::Checks(_)
            | Reply::Text(_),
        ) => {
            tracing::error!("the engine's reply is of another shape than its request");
            Err(Reason::NotAvailable.into())
        }
    }
}

/// Leaves out the end of a list that does not fit into a line.
fn fitting<T: serde::Serialize>(mut list: Vec<T>) -> Vec<T> {
    let mut room = LINE_LIMIT - ENVELOPE;
    let fits = list.iter().take_while(|item| {
        let needed = serde_json::to_vec(item).map_or(usize::MAX, |text| text.len() + 1);
        let fits = needed <= room;
        room = room.saturating_sub(needed);
        fits
    });
    let count = fits.count();
    list.truncate(count);
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, params: &str) -> Result<Wanted, Refusal> {
        let params = RawValue::from_string(params.to_owned()).expect("JSON");
        understand(name, Some(&params), &mut Guest::default())
    }

    #[test]
    fn a_client_cannot_choose_the_source_of_a_dial() {
        let Ok(Wanted::Engine(Request::Dial { source, .. }, _)) = wanted("dial", r#"{"text":"207","source":"link"}"#) else {
            panic!("a dial")
        };
        assert_eq!(source, Source::Typed);
    }

    #[test]
    fn no_page_is_larger_than_its_limit() {
        let Ok(Wanted::Engine(Request::History(CallsWanted { limit, .. }), _)) = wanted("history", r#"{"limit":4000000000}"#)
        else {
            panic!("a history")
        };
        assert_eq!(limit, MOST_CALLS);
        let Ok(Wanted::Engine(Request::People { limit, .. }, _)) = wanted("people", r#"{"limit":4000000000}"#) else {
            panic!("people")
        };
        assert_eq!(limit, PAGE);
        assert!(wanted("people", r#"{"limit":-1}"#).is_err());
    }

    #[test]
    fn an_account_is_read_with_tenant_and_fingerprint() {
        let params = format!(
            r#"{{"name":"office","kind":"k","url":"https://pbx.example/","user":"204@tenant.example","password":"Sample-Pw9","pin":"{}"}}"#,
            vec!["AB"; 32].join(":")
        );
        let Ok(Wanted::Engine(Request::AddAccount { config, secret }, _)) = wanted("add_account", &params) else {
            panic!("an account")
        };
        assert_eq!(config.user.as_deref(), Some("204"));
        assert_eq!(config.domain.as_deref(), Some("tenant.example"));
        assert_eq!(config.pin, Some("ab".repeat(32)));
        assert!(secret.is_some_and(|secret| secret.expose() == "Sample-Pw9"));
    }

    #[test]
    fn what_is_wrong_with_a_password_is_told_without_it() {
        for params in [r#"{"account":"office","password":271828}"#, r#"{"account":"271828/","password":"x"}"#] {
            let Err(refusal) = wanted("set_password", params) else { panic!("refused") };
            assert_eq!(refusal.code, INVALID_PARAMS);
            assert!(!format!("{refusal:?}").contains("271828"));
        }
    }

    #[test]
    fn wrong_parameters_are_refused_before_anything_is_asked() {
        for (name, params) in [
            ("dtmf", r#"{"call":"office/c1","digits":"12x"}"#),
            ("dtmf", r#"{"call":"office/c1","digits":""}"#),
            ("transfer", r#"{"call":"office/c1"}"#),
            ("transfer", r#"{"call":"office/c1","to_number":"207","to_call":"office/c2"}"#),
            ("transfer", r#"{"call":"office/c1","to_call":"office/c1"}"#),
            ("accept_certificate", r#"{"account":"office","sha256":"12"}"#),
            ("add_account", r#"{"name":"office","kind":"k","url":"pbx"}"#),
            ("add_account", r#"{"name":"office","kind":"k","url":"https://a:b@pbx.example/"}"#),
            ("add_account", r#"{"name":"office","kind":"k","url":"https://pbx.example/","keys":{"plan.contry":"DE"}}"#),
            ("add_account", r#"{"name":"office","kind":"k","url":"https://pbx.example/","keys":{"plan.country":"Germany"}}"#),
            ("dial", "{}"),
            ("delete_calls", "{}"),
            ("delete_calls", r#"{"calls":["office/c1"],"all":true}"#),
            ("note_call", r#"{"note":"x"}"#),
            ("subscribe", r#"{"streams":["weather"]}"#),
        ] {
            let Err(refusal) = wanted(name, params) else { panic!("{name} {params} is refused") };
            assert_eq!(refusal.trouble.code, Code::WrongUsage, "{name} {params}");
        }
        assert!(wanted("dtmf", r#"{"call":"office/c1","digits":"12*#a,7"}"#).is_ok());
        assert!(matches!(wanted("sing", "{}"), Err(refusal) if refusal.code == METHOD_NOT_FOUND));
    }
}
