//! What every path answers (sections 3 and 4). What a generation lacks answers 404.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::call::Stage;
use super::company::Kind;
use super::frames;
use super::http::{Answer, Asked, decode};
use super::mischief::{Disguise, Refusal, Slip, What};
use super::options::{Generation, Options};
use super::records::{CallId, Dial, DialPath};
use super::sign_in::Identity;
use super::state::{State, Who};

/// An answer, or the user whose socket opens.
pub(super) enum Routed {
    Answer(Answer),
    Socket(String),
}

impl State {
    /// Finds the answer to a request.
    pub(super) fn route(&mut self, asked: &Asked, options: &Options) -> Routed {
        self.answers += 1;
        match self.mischief.disguise {
            Disguise::CaptivePortal => {
                return Routed::Answer(Answer::html(
                    200,
                    "<html><title>Guest WiFi</title><form action=/login>Room number</form></html>",
                ));
            }
            Disguise::NotAPbx if asked.path() == "/" => {
                return Routed::Answer(Answer::html(200, "<html>It works!</html>").header("Server", "nginx"));
            }
            Disguise::NotAPbx => {
                return Routed::Answer(Answer::html(404, "<html>404 Not Found</html>").header("Server", "nginx"));
            }
            Disguise::None => {}
        }
        if let Some(status) = self.slip(asked) {
            return Routed::Answer(Answer::html(status, "<html><title>One moment</title></html>"));
        }
        if let Some(refusal) = self.refusal(asked) {
            self.note_refused_dial(asked);
            let mut answer = Answer::status(refusal.status);
            if let Some(after) = refusal.retry_after {
                answer = answer.header("Retry-After", after.as_secs().to_string());
            }
            return Routed::Answer(self.signed(answer, asked, options));
        }
        if asked.is_upgrade() {
            return match self.handshake(asked, options) {
                Ok(user) => Routed::Socket(user),
                Err(answer) => Routed::Answer(self.signed(answer, asked, options)),
            };
        }
        let answer = self.answer_to(asked, options);
        Routed::Answer(self.signed(answer, asked, options))
    }

    /// Adds the `Server` header; some answers lack it, `GET /` never (section 1.2, notes).
    fn signed(&self, answer: Answer, asked: &Asked, options: &Options) -> Answer {
        let answer = match self.mischief.clock_ahead {
            Some(ahead) => answer.header("Date", http_date(ahead)),
            None => answer,
        };
        if asked.path() == "/" || (options.manners.tells_version && self.answers.is_multiple_of(2)) {
            answer.header("Server", format!("PBX/{}", options.version))
        } else {
            answer
        }
    }

    fn slip(&mut self, asked: &Asked) -> Option<u16> {
        let fits = |slip: &&mut Slip| slip.times > 0 && asked.method == slip.method && asked.path().ends_with(slip.path_end);
        let slip = self.mischief.slips.iter_mut().find(fits)?;
        slip.times -= 1;
        Some(slip.status)
    }

    fn refusal(&self, asked: &Asked) -> Option<Refusal> {
        let path = asked.path();
        let session = path == "/rest/system/session";
        let what = if asked.is_upgrade() {
            Some(What::Handshake)
        } else if session && asked.method != "GET" {
            Some(What::SignIn)
        } else if (path.starts_with("/rest/") && !session) || path == "/remote_call.htm" {
            Some(What::Rest)
        } else {
            None
        };
        what.and_then(|what| self.mischief.refusals.get(&what)).or_else(|| self.mischief.refusals.get(&What::Everything)).copied()
    }

    /// Lists a dial that is about to be refused, so that "exactly one dial" counts it.
    fn note_refused_dial(&mut self, asked: &Asked) {
        let (path, number) = if asked.path() == "/remote_call.htm" {
            (DialPath::RemoteCall, asked.query("dest"))
        } else if asked.method == "POST" && asked.path().ends_with("/calls") {
            let number = asked.json().and_then(|body| Some(body.get("remote-dial")?.as_str()?.to_owned()));
            (DialPath::Rest, number)
        } else {
            return;
        };
        if let Some(number) = number {
            self.dial_received(Dial { by: String::new(), path, number, name: None, call: None, at: Instant::now() });
        }
    }

    /// Checks a WebSocket handshake (section 2.1).
    fn handshake(&mut self, asked: &Asked, options: &Options) -> Result<String, Answer> {
        if asked.method != "GET" || asked.header("sec-websocket-version") != "13" || asked.header("sec-websocket-key").is_empty()
        {
            self.violation("handshake: not a RFC 6455 one");
            return Err(Answer::status(400));
        }
        if !asked.header("sec-websocket-protocol").is_empty() {
            self.violation("handshake: a sub-protocol is asked for");
        }
        if options.generation == Generation::G1 {
            if asked.path() != "/" {
                return Err(Answer::status(404));
            }
            return match self.identify(asked, options.basic_on_socket, options) {
                Identity::Is(Who::User(user)) => Ok(user),
                Identity::Is(_) => Err(Answer::status(403)),
                Identity::Nobody | Identity::Refused => Err(Answer::status(401)),
            };
        }
        if asked.path() != "/websocket" {
            return Err(Answer::status(404));
        }
        let (Some(tenant), Some(user)) = (asked.query("domain"), asked.query("user")) else {
            self.violation("handshake: domain or user is missing");
            return Err(Answer::status(400));
        };
        let person = self.company.accounts.get(&user).is_some_and(|account| account.kind == Kind::Extension);
        if !tenant.eq_ignore_ascii_case(&self.company.tenant) || !person {
            return Err(Answer::status(404));
        }
        let by_address = asked.query("session").and_then(|session| self.sessions.get(&session).cloned());
        let identity = match by_address {
            Some(who) => Identity::Is(who),
            None => self.identify(asked, options.basic_on_socket, options),
        };
        match identity {
            Identity::Is(Who::User(who)) if who == user => Ok(user),
            Identity::Is(_) => Err(Answer::status(403)),
            Identity::Nobody | Identity::Refused => Err(Answer::status(401)),
        }
    }

    fn answer_to(&mut self, asked: &Asked, options: &Options) -> Answer {
        if asked.method == "OPTIONS" {
            // A preflight is refused live (section 1.3).
            return Answer::status(403);
        }
        match asked.path() {
            "/" if asked.method == "GET" => Answer::html(200, "<html><head><title>PBX</title></head><body>Sign in</body></html>"),
            "/token-page" => self.token_page(asked, options),
            "/rest/system/session" => self.session_resource(asked, options),
            "/remote_call.htm" => self.remote_call(asked, options),
            "/json" if options.generation == Generation::G1 => self.old_history(asked, options),
            path if path.starts_with("/rest/") => self.rest(asked, options),
            _ => Answer::html(404, "<html>Not found</html>"),
        }
    }

    fn rest(&mut self, asked: &Asked, options: &Options) -> Answer {
        let who = match self.identify(asked, options.basic_on_rest, options) {
            Identity::Is(who) => who,
            Identity::Nobody | Identity::Refused => return Answer::status(401),
        };
        if !options.api_access {
            return Answer::status(403);
        }
        let path = asked.path().to_owned();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match segments.as_slice() {
            ["rest", "user", account, rest @ ..] => match self.account_of(account, &who) {
                Ok(user) => self.user_resource(asked, &user, rest, options),
                Err(status) => Answer::status(status),
            },
            ["rest", "domain", tenant, rest @ ..] => self.tenant_resource(asked, &who, tenant, rest, options),
            ["rest", "system", ..] if who == Who::SystemAdmin => Answer::status(404),
            ["rest", "system", ..] => Answer::status(403),
            _ => Answer::status(404),
        }
    }

    /// Reads `{account}`: one encoded segment `ext%40tenant` (section 1.1).
    fn account_of(&mut self, segment: &str, who: &Who) -> Result<String, u16> {
        if segment.contains('@') {
            self.violation("REST: {account} is not URL-encoded");
            return Err(404);
        }
        let text = decode(segment).ok_or(400_u16)?;
        let (user, tenant) = text.rsplit_once('@').ok_or(404_u16)?;
        if !tenant.eq_ignore_ascii_case(&self.company.tenant) || !self.company.accounts.contains_key(user) {
            return Err(404);
        }
        match who {
            Who::User(own) if own != user => Err(403),
            Who::User(_) | Who::TenantAdmin | Who::SystemAdmin => Ok(user.to_owned()),
        }
    }

    fn user_resource(&mut self, asked: &Asked, user: &str, rest: &[&str], options: &Options) -> Answer {
        let third = options.generation == Generation::G3;
        let turn = self.answers;
        match (asked.method.as_str(), rest) {
            ("GET", ["calls"]) if options.rest_control => {
                let calls = self.calls.values().filter(|call| call.is_shown_to(user));
                Answer::json(&Value::Array(calls.map(|call| frames::rest_call(call, user, turn, options)).collect()))
            }
            ("POST", ["calls"]) if options.rest_control => match asked.json() {
                Some(Value::Object(body)) => self.control(user, &body, options),
                Some(_) | None => {
                    self.violation("REST calls: body is not a JSON object");
                    Answer::status(400)
                }
            },
            ("GET", ["history"]) if third => self.history_page(asked, user, options),
            ("GET", ["accounts"]) if options.generation >= Generation::G2 => {
                let only = asked.query("type");
                let wanted = self
                    .company
                    .accounts
                    .values()
                    .filter(|account| only.as_deref().is_none_or(|only| account.kind.word() == only));
                Answer::json(&Value::Array(wanted.map(frames::directory_entry).collect()))
            }
            ("GET", ["adrbook"]) if third => {
                let contacts = self.company.contacts.iter().enumerate().map(|(index, (number, name))| {
                    json!({"id": (index + 1).to_string(), "name": name, "number": number, "email": "", "category": "", "company": "", "mobile": "", "notes": ""})
                });
                Answer::json(&Value::Array(contacts.collect()))
            }
            ("GET" | "POST", ["dnd"]) if third => self.do_not_disturb(asked, user),
            ("GET", ["messages"]) if third => Answer::json(&json!(0)),
            ("GET", ["orbits"]) if third => Answer::json(&json!([])),
            (_, ["calls" | "history" | "accounts" | "adrbook" | "dnd"]) if third => Answer::status(405),
            _ => Answer::status(404),
        }
    }

    /// Obeys one POST of section 4.1. The results are not public; `true` and `false` are ours.
    fn control(&mut self, user: &str, body: &Map<String, Value>, options: &Options) -> Answer {
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        let number_as_id = ["hangup", "reject", "transfer", "id", "remote-answer", "remote-hold", "remote-resume"]
            .iter()
            .any(|key| body.get(*key).is_some_and(|value| !value.is_string()));
        if number_as_id {
            self.violation("REST calls: a call id is not a string");
            return Answer::status(400);
        }
        let find = |state: &Self, key: &str| -> Option<CallId> {
            let id = text(key)?;
            state.calls.values().find(|call| frames::rest_id(call, options) == id && call.is_shown_to(user)).map(|call| call.id)
        };
        if let Some(number) = text("remote-dial") {
            let number = number.to_owned();
            self.dial(user, &number, text("name"), DialPath::Rest, false, options);
            return Answer::json(&json!(true));
        }
        if body.contains_key("remote-dial") {
            self.violation("REST calls: remote-dial is not a string");
            return Answer::status(400);
        }
        let done = if body.contains_key("hangup") {
            find(self, "hangup").map(|call| self.clear(call, user))
        } else if body.contains_key("reject") {
            let rings = |call: &CallId| self.calls.get(call).is_some_and(|call| call.stage != Stage::Connected);
            find(self, "reject").filter(rings).map(|call| self.clear(call, user))
        } else if body.contains_key("transfer") {
            match (find(self, "transfer"), text("number"), body.contains_key("id")) {
                (Some(call), Some(number), false) => Some(self.transfer_blind(call, user, number, options)),
                (Some(call), None, true) => find(self, "id").map(|other| self.transfer_attended(call, other, user)),
                (None, ..) => None,
                (Some(_), ..) => return Answer::status(400),
            }
        } else if body.contains_key("remote-answer") {
            let obeys = self.company.accounts.get(user).is_some_and(|account| account.remote_answer && account.registered);
            // A phone without remote answer simply goes on ringing.
            find(self, "remote-answer").map(|call| !obeys || self.answer(call, user, options))
        } else if body.contains_key("remote-hold") {
            find(self, "remote-hold").map(|call| self.hold(call, user, true))
        } else if body.contains_key("remote-resume") {
            find(self, "remote-resume").map(|call| self.hold(call, user, false))
        } else if body.contains_key("id") && (body.contains_key("comment") || body.contains_key("category")) {
            find(self, "id").map(|_| true)
        } else {
            self.violation("REST calls: no known key");
            return Answer::status(400);
        };
        match done {
            Some(done) => Answer::json(&json!(done)),
            None => Answer::status(404),
        }
    }

    fn history_page(&self, asked: &Asked, user: &str, options: &Options) -> Answer {
        let own: Vec<_> = self.history.iter().rev().filter(|record| record.owner == user).collect();
        let missed = own.iter().filter(|record| record.inbound && record.connect.is_none()).count();
        let number = |name: &str, otherwise: usize| asked.query(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
        let (page, size) = if options.paging { (number("page", 1), number("size", 50)) } else { (1, 50) };
        let shown = own.iter().skip(page.saturating_sub(1).saturating_mul(size)).take(size);
        let data: Vec<Value> =
            shown.enumerate().map(|(index, record)| frames::history_entry(record, index as u64, options)).collect();
        Answer::json(
            &json!({"total": own.len(), "missed": missed.to_string(), "missedspan": 0, "categories": "{}", "data": data}),
        )
    }

    /// Answers the first generation's `POST /json` (section 4.2).
    fn old_history(&mut self, asked: &Asked, options: &Options) -> Answer {
        let user = match self.identify(asked, false, options) {
            Identity::Is(Who::User(user)) => user,
            Identity::Is(_) => return Answer::status(403),
            Identity::Nobody | Identity::Refused => return Answer::status(401),
        };
        let Some(Value::Object(body)) = asked.json().filter(|_| asked.method == "POST") else { return Answer::status(400) };
        let missed_only = body.get("missed") == Some(&json!(true));
        let own = self.history.iter().rev().filter(|record| record.owner == user);
        let own: Vec<_> = own.filter(|record| !missed_only || (record.inbound && record.connect.is_none())).collect();
        let number = |key: &str, otherwise: u64| body.get(key).and_then(Value::as_u64).unwrap_or(otherwise) as usize;
        match body.get("action").and_then(Value::as_str) {
            Some("count-cdr-summary") => Answer::json(&json!(own.len())),
            Some("load-cdr-summary") => {
                let shown = own.iter().skip(number("start", 0)).take(number("length", 50));
                Answer::json(&Value::Array(shown.map(|record| frames::cdr(record, options)).collect()))
            }
            _ => Answer::status(400),
        }
    }

    fn do_not_disturb(&mut self, asked: &Asked, user: &str) -> Answer {
        let turn = self.answers;
        let Some(account) = self.company.accounts.get_mut(user) else { return Answer::status(404) };
        if asked.method == "GET" {
            // Section 4: many booleans are text.
            let state = if turn % 2 == 1 { json!(account.dnd.to_string()) } else { json!(account.dnd) };
            return Answer::json(
                &json!({"state": state, "reason": account.dnd_reason, "expires": "", "forward": "", "hint": ""}),
            );
        }
        let body = asked.json().unwrap_or_default();
        let expires_fits = body.get("expires").is_none_or(Value::is_string);
        let Some(on) = body.get("state").and_then(Value::as_bool).filter(|_| expires_fits) else {
            self.violation("REST dnd: state must be a bool and expires a string");
            return Answer::status(400);
        };
        account.dnd = on;
        account.dnd_reason = body.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.account_changed(user);
        Answer::json(&json!(true))
    }

    fn tenant_resource(&mut self, asked: &Asked, who: &Who, tenant: &str, rest: &[&str], options: &Options) -> Answer {
        let self_form = options.generation == Generation::G1 && tenant == "self";
        if !self_form && decode(tenant).is_none_or(|tenant| !tenant.eq_ignore_ascii_case(&self.company.tenant)) {
            return Answer::status(404);
        }
        match (rest, who) {
            (["cdrs"], Who::User(_)) => Answer::status(403),
            (["cdrs"], _) if options.generation >= Generation::G2 => {
                Answer::json(&Value::Array(self.history.iter().rev().map(|record| frames::cdr(record, options)).collect()))
            }
            (["account", account, "user_settings"], _) => {
                let target = match (decode(account), who) {
                    (Some(name), Who::User(own)) if name == *own || (self_form && name == "self") => own.clone(),
                    (_, Who::User(_)) => return Answer::status(403),
                    (Some(name), _) => name,
                    (None, _) => return Answer::status(400),
                };
                self.settings(asked, &target, options)
            }
            _ => Answer::status(404),
        }
    }

    /// Reads and writes `user_settings`: `PUT` in the first generation, `POST` later (section 4.4).
    fn settings(&mut self, asked: &Asked, user: &str, options: &Options) -> Answer {
        let write = if options.generation == Generation::G1 { "PUT" } else { "POST" };
        let Some(account) = self.company.accounts.get_mut(user) else { return Answer::status(404) };
        let dnd = |on: bool| if on { "true" } else { "false" };
        if asked.method == "GET" {
            let mut settings = Map::new();
            settings.insert("dnd".to_owned(), json!({"name": "dnd", "value": dnd(account.dnd)}));
            for name in ["cfa", "cfb", "cfn", "cfn_timeout"] {
                let value = account.settings.get(name).cloned().unwrap_or_default();
                settings.insert(name.to_owned(), json!({"name": name, "value": value}));
            }
            if let Some(only) = asked.query("name") {
                settings.retain(|name, _| *name == only);
            }
            return Answer::json(&json!({"settings": settings}));
        }
        if asked.method != write {
            return Answer::status(405);
        }
        let body = asked.json().unwrap_or_default();
        let entries = body.get("settings").and_then(Value::as_array).filter(|_| body.get("table") == Some(&json!("users")));
        let Some(entries) = entries else { return Answer::status(400) };
        for entry in entries {
            let (Some(name), Some(value)) =
                (entry.get("name").and_then(Value::as_str), entry.get("value").and_then(Value::as_str))
            else {
                return Answer::status(400);
            };
            if name == "dnd" {
                account.dnd = value == "true";
            } else {
                account.settings.insert(name.to_owned(), value.to_owned());
            }
        }
        self.account_changed(user);
        Answer::json(&json!(true))
    }
}

/// Writes the time of a clock that is so many seconds ahead (RFC 9110, section 5.6.7).
fn http_date(ahead: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ahead);
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
