//! The office at a real Asterisk, with real phones.

use std::collections::HashMap;

use tokio::sync::Mutex;

use super::{Account, MARA, MARA_NUMBER, Need, Office, Who};
use crate::asterisk_bed::{AmiUser, Bed, Manner, Options, OutsideCall, Packet, Phone, PhoneCall, ScriptedPhone};
use crate::desktop::wait_for;

/// Longest wait for phones that look after each other every other second.
const SOON: std::time::Duration = std::time::Duration::from_secs(20);
const OWN: &str = "100";
/// Extension of the phone that is only a script.
const SCRIPTED: &str = "103";

/// A bed with four phones: two of the user's, and one for each colleague.
pub struct AtRealAsterisk {
    bed: Mutex<Bed>,
    phones: HashMap<Who, Mutex<Phone>>,
    /// The user's phone, where it has to know more than the others.
    scripted: Option<ScriptedPhone>,
    outside: Mutex<Option<OutsideCall>>,
    account: Account,
}

impl AtRealAsterisk {
    /// Starts everything.
    pub async fn start() -> Self {
        let own = [(Who::Me, OWN), (Who::MeElsewhere, OWN)];
        Self::of(Bed::start(Options::default()).await, &own, None, vec![("extension", OWN.to_owned())]).await
    }

    /// Starts everything; the user has one phone, which answers by itself when a call wishes that.
    pub async fn that_answers() -> Self {
        let bed = Bed::start(Options::default()).await;
        let scripted = bed.scripted_phone(Manner { obeys_notify: false, ..Manner::default() }).await;
        let keys = [("extension", SCRIPTED), ("answer", "redirect"), ("answer_context", "tray-answer")];
        Self::of(bed, &[], Some(scripted), keys.map(|(key, value)| (key, value.to_owned())).to_vec()).await
    }

    async fn of(bed: Bed, own: &[(Who, &str)], scripted: Option<ScriptedPhone>, keys: Vec<(&'static str, String)>) -> Self {
        let mut phones = HashMap::new();
        for (who, number) in own.iter().copied().chain([(Who::Bob, "101"), (Who::Carol, "102")]) {
            phones.insert(who, Mutex::new(bed.phone(number).await));
        }
        let account = Account {
            kind: "asterisk",
            url: format!("amis://{}", bed.ami_tls()),
            user: AmiUser::Tray.name().to_owned(),
            password: AmiUser::Tray.secret(),
            certificate_sha256: Some(bed.certificate_sha256()),
            keys,
            ..Account::default()
        };
        Self { bed: Mutex::new(bed), phones, scripted, outside: Mutex::new(None), account }
    }

    /// One of the phones that somebody could use, with the call there that fits.
    async fn with<'a>(
        &'a self,
        who: Who,
        what: &str,
        calls: impl Fn(&Phone) -> Vec<PhoneCall>,
    ) -> (tokio::sync::MutexGuard<'a, Phone>, PhoneCall) {
        let candidates: &[Who] = if who == Who::Me { &[Who::Me, Who::MeElsewhere] } else { &[who] };
        wait_for(&format!("{who:?} {what}"), SOON, async || {
            for one in candidates {
                let phone = self.phones.get(one).expect("a phone of the company").lock().await;
                if let Some(call) = calls(&phone).last().cloned() {
                    return Some((phone, call));
                }
            }
            None
        })
        .await
    }

    fn leg_of(&self, who: Who) -> String {
        format!("PJSIP/{}-", self.number(who))
    }
}

impl Office for AtRealAsterisk {
    fn lacks(&self) -> Vec<(Need, &'static str)> {
        let hold = (Need::HoldFromHere, "these phones do not know that anybody else may hold for them");
        if self.scripted.is_some() {
            return vec![hold, (Need::SecondPhone, "the user has one phone here")];
        }
        vec![hold, (Need::AnswerFromHere, "these phones do not know that anybody else may answer them")]
    }

    fn account(&self) -> Account {
        self.account.clone()
    }

    fn number(&self, who: Who) -> String {
        match who {
            Who::Mara => MARA_NUMBER,
            Who::Me | Who::MeElsewhere => self.scripted.as_ref().map_or(OWN, ScriptedPhone::number),
            Who::Bob => "101",
            Who::Carol => "102",
        }
        .to_owned()
    }

    async fn reaches(&self, from: Who, to: Who, at: Who) {
        let number = self.number(to);
        match self.phones.get(&from) {
            Some(phone) => {
                phone.lock().await.dial(&number).await;
            }
            None => {
                let call = self.bed.lock().await.call_from_outside(MARA_NUMBER, MARA, &number).await;
                *self.outside.lock().await = Some(call);
            }
        }
        self.rings(at).await;
    }

    async fn rings(&self, who: Who) {
        if let (Who::Me, Some(scripted)) = (who, &self.scripted) {
            scripted.wait_incoming().await;
            return;
        }
        drop(self.with(who, "rings", Phone::ringing).await);
    }

    async fn answers(&self, who: Who) {
        let (phone, call) = self.with(who, "answers", Phone::ringing).await;
        phone.accept(&call).await;
        phone.wait_established(&call).await;
    }

    async fn declines(&self, who: Who) {
        let (phone, call) = self.with(who, "declines", Phone::ringing).await;
        phone.hang_up(&call).await;
        phone.wait_closed(&call).await;
    }

    async fn hangs_up(&self, who: Who) {
        if who == Who::Mara {
            let call = self.outside.lock().await.take().expect("a call from outside");
            return self.bed.lock().await.outside_hangs_up(&call).await;
        }
        let (phone, call) = self.with(who, "hangs up", Phone::open).await;
        phone.hang_up(&call).await;
    }

    async fn holds(&self, who: Who) {
        let (phone, call) = self.with(who, "holds", Phone::talking).await;
        phone.hold(&call).await;
    }

    async fn resumes(&self, who: Who) {
        let (phone, call) = self.with(who, "resumes", Phone::talking).await;
        phone.resume(&call).await;
    }

    async fn transfers(&self, who: Who, to: Who) {
        let (phone, call) = self.with(who, "hands on", Phone::talking).await;
        phone.transfer(&call, &self.number(to)).await;
    }

    async fn lifts(&self) {
        self.answers(Who::Me).await;
    }

    async fn hears(&self, who: Who, tones: &str) {
        let (phone, call) = self.with(who, "hears tones", Phone::talking).await;
        phone.wait_dtmf(&call, tones).await;
    }

    async fn talk(&self, one: Who, other: Who) {
        let (one, other) = if one == Who::Mara { (other, one) } else { (one, other) };
        let (begin, number) = (self.leg_of(one), self.number(other));
        wait_for(&format!("{one:?} to talk with {other:?}"), SOON, async || {
            let legs = self.bed.lock().await.legs(&begin).await;
            legs.iter().any(|leg| leg.state == "Up" && !leg.bridge.is_empty() && leg.other == number).then_some(())
        })
        .await;
    }

    async fn is_quiet(&self) {
        wait_for("all channels to end", SOON, async || self.bed.lock().await.legs("").await.is_empty().then_some(())).await;
    }

    fn dials(&self) -> Vec<String> {
        let bed = self.bed.try_lock().expect("nobody else asks");
        // Every request to dial ends in one of these, whatever becomes of it; calls from outside are the bed's own.
        let asked = bed.admin().events(0, "OriginateResponse", &[("Context", "from-internal")]);
        asked.iter().map(|packet: &Packet| packet.get("Exten").to_owned()).collect()
    }

    async fn unplug(&self, who: Who) {
        self.phones.get(&who).expect("a phone of the company").lock().await.unplug();
    }

    async fn stop(&self) {
        self.bed.lock().await.stop().await;
    }

    async fn kill(&self) {
        self.bed.lock().await.kill9().await;
    }

    async fn start(&self) {
        let mut bed = self.bed.lock().await;
        bed.restart().await;
        for phone in self.phones.values() {
            bed.wait_registered(&*phone.lock().await).await;
        }
    }

    fn complaints(&self) -> Vec<String> {
        vec![]
    }
}
