//! One function for each method that programs use.

use std::collections::BTreeMap;

use phone_core::request::Check;
use phone_core::{AccountName, CallId, Secret, Trouble, View, event::CallBrief};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Client, unreadable};
use crate::protocol::{
    AccountParams, AccountReply, CallParams, CallReply, DeleteCallsParams, DeleteCallsReply, DiagnosisReply, DialParams,
    DismissParkedParams, DoctorReply, DtmfParams, ExportHistoryReply, FetchParkedParams, HistoryParams, HistoryReply,
    NoteCallParams, Nothing, ParkParams, ParkReply, PeopleParams, PeopleReply, PickUpParams, SetForwardingParams,
    SetPresenceParams, Stream, SubscribeParams, TransferParams, method,
};

/// An account to add; its password goes along by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewAccount {
    /// The user's name for it.
    pub name: AccountName,
    /// The PBX kind.
    pub kind: String,
    /// Base address, path included.
    pub url: String,
    /// Tenant, unless the user is written `user@tenant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// User or extension that signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// SHA-256 of the accepted certificate, hex, colons allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin: Option<String>,
    /// Further keys, all as text.
    pub keys: BTreeMap<String, String>,
}

/// Each fails as [`Client::call`] does.
#[expect(clippy::missing_errors_doc, reason = "all fail alike, as the line above says")]
impl Client {
    /// The whole view.
    pub async fn view(&self) -> Result<View, Trouble> {
        self.call(method::GET_VIEW, &Nothing {}).await
    }

    /// Follows streams; what they tell comes as notices.
    pub async fn subscribe(&self, streams: &[Stream]) -> Result<(), Trouble> {
        self.done(method::SUBSCRIBE, &SubscribeParams { streams: streams.to_vec() }).await
    }

    /// One page of people.
    pub async fn people(&self, params: &PeopleParams) -> Result<PeopleReply, Trouble> {
        self.call(method::PEOPLE, params).await
    }

    /// A page of ended calls, newest first.
    pub async fn history(&self, params: &HistoryParams) -> Result<HistoryReply, Trouble> {
        self.call(method::HISTORY, params).await
    }

    /// A part of the table of ended calls.
    pub async fn export_history(&self, params: &HistoryParams) -> Result<ExportHistoryReply, Trouble> {
        self.call(method::EXPORT_HISTORY, params).await
    }

    /// Removes ended calls, and tells how many there were.
    pub async fn delete_calls(&self, params: &DeleteCallsParams) -> Result<usize, Trouble> {
        Ok(self.call::<DeleteCallsReply>(method::DELETE_CALLS, params).await?.deleted)
    }

    /// Writes a note on an ended call, or removes it.
    pub async fn note_call(&self, params: &NoteCallParams) -> Result<(), Trouble> {
        self.call::<Nothing>(method::NOTE_CALL, params).await.map(|Nothing {}| ())
    }

    /// Dials what a person typed, and waits for the PBX.
    pub async fn dial(&self, params: &DialParams) -> Result<Option<CallBrief>, Trouble> {
        self.about_call(method::DIAL, params).await
    }

    /// Answers, hangs up, holds or resumes, as the method's name says.
    pub async fn act(&self, method: &str, call: Option<CallId>) -> Result<Option<CallBrief>, Trouble> {
        self.about_call(method, &CallParams { call }).await
    }

    /// Sends tones.
    pub async fn dtmf(&self, call: CallId, digits: String) -> Result<Option<CallBrief>, Trouble> {
        self.about_call(method::DTMF, &DtmfParams { call, digits }).await
    }

    /// Hands a call on.
    pub async fn transfer(&self, params: &TransferParams) -> Result<Option<CallBrief>, Trouble> {
        self.about_call(method::TRANSFER, params).await
    }

    /// Puts a call where anybody can fetch it, and says where that is.
    pub async fn park(&self, call: CallId) -> Result<Option<String>, Trouble> {
        Ok(self.call::<ParkReply>(method::PARK, &ParkParams { call }).await?.place)
    }

    /// Fetches a parked call: the user's phone rings, and then the place is dialled.
    pub async fn fetch_parked(&self, id: CallId) -> Result<Option<CallBrief>, Trouble> {
        self.about_call(method::FETCH_PARKED, &FetchParkedParams { id }).await
    }

    /// Shows a parked call no more.
    pub async fn dismiss_parked(&self, parked: CallId) -> Result<(), Trouble> {
        self.done(method::DISMISS_PARKED, &DismissParkedParams { parked }).await
    }

    /// Takes the call that rings at an extension.
    pub async fn pick_up(&self, params: &PickUpParams) -> Result<Option<CallBrief>, Trouble> {
        self.about_call(method::PICK_UP, params).await
    }

    /// Chooses the own state.
    pub async fn set_presence(&self, params: &SetPresenceParams) -> Result<(), Trouble> {
        self.done(method::SET_PRESENCE, params).await
    }

    /// Sends own calls to another number, or ends that.
    pub async fn set_forwarding(&self, params: &SetForwardingParams) -> Result<(), Trouble> {
        self.done(method::SET_FORWARDING, params).await
    }

    /// Adds an account and waits for its sign-in.
    pub async fn add_account(&self, account: &NewAccount, password: Option<&Secret>) -> Result<AccountReply, Trouble> {
        match password {
            Some(password) => read(&self.call_with_password(method::ADD_ACCOUNT, account, password).await?),
            None => self.call(method::ADD_ACCOUNT, account).await,
        }
    }

    /// Replaces the password of an account and signs in.
    pub async fn set_password(&self, account: AccountName, password: &Secret) -> Result<AccountReply, Trouble> {
        read(&self.call_with_password(method::SET_PASSWORD, &AccountParams { account }, password).await?)
    }

    /// Says whether an account works; one that is not online signs in for it.
    pub async fn test_account(&self, account: AccountName) -> Result<AccountReply, Trouble> {
        self.call(method::TEST_ACCOUNT, &AccountParams { account }).await
    }

    /// Forgets an account and its password.
    pub async fn remove_account(&self, account: AccountName) -> Result<(), Trouble> {
        self.done(method::REMOVE_ACCOUNT, &AccountParams { account }).await
    }

    /// What was seen on the wire last.
    pub async fn diagnosis(&self, account: AccountName) -> Result<String, Trouble> {
        Ok(self.call::<DiagnosisReply>(method::DIAGNOSIS, &AccountParams { account }).await?.text)
    }

    /// The agent's self-examination.
    pub async fn doctor(&self) -> Result<Vec<Check>, Trouble> {
        Ok(self.call::<DoctorReply>(method::DOCTOR, &Nothing {}).await?.checks)
    }

    async fn done(&self, method: &str, params: &impl Serialize) -> Result<(), Trouble> {
        self.call_raw(method, params).await.map(drop)
    }

    async fn about_call(&self, method: &str, params: &impl Serialize) -> Result<Option<CallBrief>, Trouble> {
        Ok(self.call::<CallReply>(method, params).await?.call)
    }
}

fn read<R: DeserializeOwned>(result: &RawValue) -> Result<R, Trouble> {
    serde_json::from_str(result.get()).map_err(|_| unreadable())
}
