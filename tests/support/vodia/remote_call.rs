//! `/remote_call.htm`, click to dial by address (section 3).

use super::http::{Answer, Asked};
use super::options::{HashEdition, Options};
use super::records::{DialPath, SignInMethod};
use super::sign_in::{Identity, basic, md5_hex};
use super::state::{State, Who, unix_seconds};

/// How far a client's clock may run ahead. A guess; the notes only say that the time is checked.
const AHEAD_SECONDS: f64 = 60.0;
const OLD_EDITION_SECONDS: f64 = 7200.0;

impl State {
    /// Checks all four forms and the portal's, then dials.
    pub(super) fn remote_call(&mut self, asked: &Asked, options: &Options) -> Answer {
        if !options.remote_call {
            return Answer::status(404);
        }
        if asked.method != "GET" {
            return Answer::status(405);
        }
        let Some(dest) = asked.query("dest").filter(|dest| !dest.is_empty()) else { return Answer::status(400) };
        let by = match asked.query("user") {
            None => match self.identify(asked, false, options) {
                Identity::Is(Who::User(user)) => Ok(user),
                Identity::Is(_) | Identity::Nobody | Identity::Refused => Err(Answer::status(401)),
            },
            Some(user) => self.caller(asked, &user, &dest, options),
        };
        match by {
            Err(answer) => {
                self.dial_received(super::records::Dial {
                    by: String::new(),
                    path: DialPath::RemoteCall,
                    number: dest,
                    name: None,
                    call: None,
                    at: std::time::Instant::now(),
                });
                answer
            }
            Ok(by) => {
                let prompt = asked.query("connect").as_deref() != Some("true");
                self.dial(&by, &dest, None, DialPath::RemoteCall, prompt, options);
                Answer::html(200, "<html><body>Your call is being set up.</body></html>")
            }
        }
    }

    /// Finds the extension that the address proves itself for.
    fn caller(&mut self, asked: &Asked, user: &str, dest: &str, options: &Options) -> Result<String, Answer> {
        let refused = || Answer::status(401).header("WWW-Authenticate", "Basic realm=\"PBX\"");
        let Some(account) = self.company.sign_in_name(user, options.several_tenants) else { return Err(Answer::status(404)) };
        let (number, password) = (account.number.clone(), account.password.clone());
        match asked.query("auth") {
            Some(auth) if asked.query("extension").as_deref() == Some("true") => {
                let fits = self.hash_fits(asked, user, &password, dest, &auth, options);
                self.sign_in(SignInMethod::Basic, user, fits);
                if fits { Ok(number) } else { Err(refused()) }
            }
            Some(auth) => {
                let Some((name, given)) = auth.split_once(':') else { return Err(refused()) };
                let given = given.to_owned();
                let who = self.check_password(SignInMethod::Basic, name, options, |wanted| wanted == given);
                if who == Some(Who::User(number.clone())) { Ok(number) } else { Err(refused()) }
            }
            None => {
                let Some((name, given)) = basic(asked) else { return Err(refused()) };
                let who = self.check_password(SignInMethod::Basic, &name, options, |wanted| wanted == given);
                if who == Some(Who::User(number.clone())) { Ok(number) } else { Err(refused()) }
            }
        }
    }

    /// Checks edition, hash over the raw values, and time window.
    fn hash_fits(&self, asked: &Asked, user: &str, password: &str, dest: &str, auth: &str, options: &Options) -> bool {
        let Some(time) = asked.query("time") else { return false };
        let Ok(at) = time.parse::<u64>() else { return false };
        let duration = asked.query("duration");
        let (text, valid) = match (options.hash_edition, duration) {
            (HashEdition::Old, _) => (format!("{user}{password}{dest}{time}"), OLD_EDITION_SECONDS),
            (HashEdition::New, Some(duration)) => {
                let Ok(seconds) = duration.parse::<u32>() else { return false };
                (format!("{user}{password}{dest}{time}{duration}"), f64::from(seconds))
            }
            (HashEdition::New, None) => return false,
        };
        let age = unix_seconds() - at as f64;
        auth == md5_hex(&text) && age <= valid && age >= -AHEAD_SECONDS
    }
}
