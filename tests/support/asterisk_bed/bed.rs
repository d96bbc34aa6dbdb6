//! The bed itself: Asterisk's life, and what can be asked of it.

use super::admin::{Admin, Packet};
use super::configuration::{self, AmiUser, Circumstances, Options};
use super::phone::Phone;
use super::place::{self, PHONES, Ports};
use super::scripted::{Manner, ScriptedPhone};
use super::{PATIENCE, root};
use crate::desktop::programs::{self, MARK, Running};
use crate::desktop::wait_for;
use rcgen::{CertificateParams, KeyPair};
use sha2::{Digest, Sha256};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Silence between two digits; measured: 30 ms are enough for none of 24 to be lost.
const BETWEEN_DIGITS: Duration = Duration::from_millis(100);

/// A running Asterisk; dropping it ends it and all of its phones.
#[derive(Debug)]
pub struct Bed {
    asterisk: Option<Running>,
    admin: Admin,
    phones: AtomicU16,
    ports: Ports,
    certificate: Vec<u8>,
    scripted: String,
    root: PathBuf,
    folder: TempDir,
    _watchdog: Running,
}

/// One channel as Asterisk lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// Such as `PJSIP/100-00000003`.
    pub channel: String,
    /// The id that it keeps.
    pub id: String,
    /// Such as `Ringing` or `Up`.
    pub state: String,
    /// Number of the other party.
    pub other: String,
    /// The bridge it is in, or nothing.
    pub bridge: String,
}

/// A call that came from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideCall {
    far_end: String,
}

impl Bed {
    /// Starts an Asterisk and waits until it has started completely.
    pub async fn start(options: Options) -> Self {
        let root = root();
        // Asterisk takes the name of this machine for one that can be looked up; nothing here asks another machine.
        let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        fs::write(root.join("etc/hosts"), format!("127.0.0.1 localhost {}\n", name.trim())).expect("a list of names");
        let folder = tempfile::Builder::new().prefix("bed-").tempdir_in(&root).expect("a folder in the root");
        let watchdog = programs::watch_over(folder.path());
        let ports = Ports::claim();
        let key = KeyPair::generate().expect("a key");
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).and_then(|params| params.self_signed(&key)).expect("a certificate");
        configuration::write(
            &options,
            &Circumstances {
                folder: folder.path(),
                inside: &inside(folder.path()),
                version: &place::installed_version(&root),
                ports: &ports,
                certificate: &certificate.pem(),
                key: &key.serialize_pem(),
            },
        );
        let certificate = certificate.der().to_vec();
        let asterisk = run_asterisk(&root, folder.path());
        let admin = sign_in(&ports).await;
        let scripted = options.scripted.number;
        let (asterisk, phones) = (Some(asterisk), AtomicU16::new(0));
        Self { asterisk, admin, phones, ports, certificate, scripted, root, folder, _watchdog: watchdog }
    }

    /// Where the manager interface listens without encryption.
    pub fn ami(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.ami()))
    }

    /// Where it listens with TLS.
    pub fn ami_tls(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.ami_tls()))
    }

    /// The certificate of the manager interface, which nobody but itself vouches for, in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Its SHA-256, in lower-case hex.
    pub fn certificate_sha256(&self) -> String {
        Sha256::digest(&self.certificate).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bed's own session.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// Another session, with the rights of this user.
    pub async fn session(&self, user: AmiUser) -> Admin {
        Admin::sign_in(self.ports.ami(), user).await
    }

    /// The version Asterisk gives, such as `22.10.1~dfsg`.
    pub async fn asterisk_version(&self) -> String {
        self.admin.ask("CoreSettings", &[]).await.get("AsteriskVersion").to_owned()
    }

    /// Starts a phone for an extension and waits until Asterisk reaches it; an extension can have several.
    pub async fn phone(&self, number: &str) -> Phone {
        let index = self.phones.fetch_add(1, Ordering::Relaxed);
        assert!(index < PHONES, "a bed has at most {PHONES} phones");
        let place = self.folder.path().join(format!("phone-{index}"));
        let phone = Phone::start(number, index, &self.ports, &place, self.command("/usr/bin/baresip")).await;
        self.wait_reached(number, phone.address()).await;
        phone
    }

    /// Starts the scripted phone and waits until Asterisk reaches it.
    pub async fn scripted_phone(&self, manner: Manner) -> ScriptedPhone {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.scripted()));
        let phone = ScriptedPhone::start(&self.scripted, address, self.ports.sip(), manner).await;
        self.admin.ask("PJSIPQualify", &[("Endpoint", phone.number())]).await;
        self.wait_reached(phone.number(), address).await;
        phone
    }

    /// Waits until Asterisk reaches a phone, after a restart for example.
    pub async fn wait_registered(&self, phone: &Phone) {
        self.wait_reached(phone.number(), phone.address()).await;
    }

    /// Waits until Asterisk knows a phone at this address and gets answers from it.
    async fn wait_reached(&self, number: &str, phone: SocketAddr) {
        let place = format!("@{phone}");
        wait_for(&format!("Asterisk to reach the phone at {phone}"), PATIENCE, async || {
            let details = self.admin.list("PJSIPShowEndpoint", &[("Endpoint", number)]).await;
            let here = |contact: &Packet| contact.get("URI").contains(&place) && contact.get("Status") == "Reachable";
            details.iter().any(here).then_some(())
        })
        .await;
    }

    /// All channels whose names begin so, such as `PJSIP/100-`.
    pub async fn legs(&self, begin: &str) -> Vec<Leg> {
        let channels = self.admin.list("CoreShowChannels", &[]).await;
        let legs = channels.iter().filter(|channel| channel.get("Channel").starts_with(begin)).map(|channel| Leg {
            channel: channel.get("Channel").to_owned(),
            id: channel.get("Uniqueid").to_owned(),
            state: channel.get("ChannelStateDesc").to_owned(),
            other: channel.get("ConnectedLineNum").to_owned(),
            bridge: channel.get("BridgeId").to_owned(),
        });
        legs.collect()
    }

    /// Waits for exactly one channel whose name begins so and that is in this state, such as `Up`.
    pub async fn leg(&self, begin: &str, state: &str) -> Leg {
        wait_for(&format!("one channel {begin} in state {state}"), PATIENCE, async || {
            let legs = self.legs(begin).await;
            if let [leg] = &legs[..] { (leg.state == state).then(|| leg.clone()) } else { None }
        })
        .await
    }

    /// Waits until no call is left.
    pub async fn quiet(&self) {
        wait_for("all channels to end", PATIENCE, async || self.legs("").await.is_empty().then_some(())).await;
    }

    /// Lets Asterisk send digits to the phone of a channel, as dialling on does.
    pub async fn send_digits(&self, channel: &str, digits: &str) {
        for digit in digits.chars() {
            let headers = [("Channel", channel), ("Digit", &digit.to_string()), ("Duration", "200")];
            let answer = self.admin.ask("PlayDTMF", &headers).await;
            assert_eq!(answer.get("Response"), "Success", "{answer:?}");
            // The answer comes when the digit has ended. One that follows sooner than a packet of speech is lost.
            tokio::time::sleep(BETWEEN_DIGITS).await;
        }
    }

    /// Reads Asterisk's own database, such as `DND` of `100`.
    pub async fn database(&self, family: &str, key: &str) -> Option<String> {
        let keys = [("Family", family), ("Key", key)];
        let from = self.admin.mark();
        let answer = self.admin.ask("DBGet", &keys).await;
        if answer.get("Response") == "Error" {
            return None;
        }
        Some(self.admin.event(from, "DBGetResponse", &keys).await.get("Val").to_owned())
    }

    /// Lets somebody call from outside; returns as soon as the call is on its way.
    pub async fn call_from_outside(&self, from: &str, name: &str, to: &str) -> OutsideCall {
        let caller = format!("\"{name}\" <{from}>");
        let mark = self.admin.mark();
        let headers = [
            ("Channel", "Local/s@outside-leg"),
            ("Context", "from-outside"),
            ("Exten", to),
            ("Priority", "1"),
            ("CallerID", &caller),
            ("Async", "true"),
        ];
        let answer = self.admin.ask("Originate", &headers).await;
        assert_eq!(answer.get("Response"), "Success", "{answer:?}");
        let far_end = self.admin.event(mark, "OriginateResponse", &[("Response", "Success")]).await;
        OutsideCall { far_end: far_end.get("Uniqueid").to_owned() }
    }

    /// Lets the one outside hang up.
    pub async fn outside_hangs_up(&self, call: &OutsideCall) {
        self.admin.ask("Hangup", &[("Channel", &call.far_end)]).await;
    }

    /// Asks Asterisk to end (SIGTERM) and waits until it has.
    pub async fn stop(&mut self) {
        self.asterisk.take().expect("a running Asterisk").terminate().await;
    }

    /// Kills Asterisk (SIGKILL), as a loss of power would.
    ///
    /// Asterisk writes registrations down once a second. Until that has been done it is not killed, as a phone whose
    /// registration is lost would not be reached for up to a minute.
    pub async fn kill9(&mut self) {
        let contacts = self.admin.list("PJSIPShowContacts", &[]).await;
        let places: Vec<_> = contacts.iter().filter_map(|contact| contact.get("Uri").rsplit_once('@')).collect();
        wait_for("the registrations to be written down", PATIENCE, async || {
            let database = fs::read(self.folder.path().join("lib/astdb.sqlite3")).unwrap_or_default();
            let is_in = |place: &str| database.windows(place.len()).any(|window| window == place.as_bytes());
            // As long as there is a journal, the next start takes back what the file says already.
            let is_final = !self.folder.path().join("lib/astdb.sqlite3-journal").exists();
            (is_final && places.iter().all(|(_, place)| is_in(place))).then_some(())
        })
        .await;
        self.asterisk.take().expect("a running Asterisk").kill();
        wait_for("the end of the bed's own session", PATIENCE, async || self.admin.is_closed().then_some(())).await;
    }

    /// Starts Asterisk again, with the same configuration, database and ports; ends it before if it still runs.
    pub async fn restart(&mut self) {
        if self.asterisk.is_some() {
            self.stop().await;
        }
        self.asterisk = Some(run_asterisk(&self.root, self.folder.path()));
        self.admin = sign_in(&self.ports).await;
    }

    /// What Asterisk wrote so far: warnings and errors.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("asterisk.log")).unwrap_or_default()
    }

    /// Ids of all processes of this bed.
    pub fn processes(&self) -> Vec<i32> {
        programs::marked(self.folder.path()).into_iter().map(|pid| pid.as_raw_nonzero().get()).collect()
    }

    fn command(&self, program: &str) -> Command {
        command(&self.root, self.folder.path(), program)
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- asterisk.log ---\n{}", self.log());
        }
        if let Some(asterisk) = &mut self.asterisk {
            asterisk.kill();
        }
        programs::sweep(self.folder.path());
    }
}

async fn sign_in(ports: &Ports) -> Admin {
    let admin = Admin::sign_in(ports.ami(), AmiUser::Admin).await;
    // Until then modules are loading, and numbers and phones may not be known yet.
    admin.event(0, "FullyBooted", &[]).await;
    admin
}

/// A path below the root as programs in it see it.
pub(super) fn inside(folder: &Path) -> String {
    let name = folder.file_name().expect("a folder of the root");
    format!("/{}", name.to_string_lossy())
}

/// A program in the root, with the mark of this bed and next to nothing else in its environment.
fn command(root: &Path, folder: &Path, program: &str) -> Command {
    let mut command = Command::new("chroot");
    command.arg(root).arg(program).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env(MARK, folder);
    command.env("HOME", inside(folder)).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

fn run_asterisk(root: &Path, folder: &Path) -> Running {
    let mut asterisk = command(root, folder, "/usr/sbin/asterisk");
    // In the foreground, without colours.
    asterisk.args(["-f", "-n", "-C"]).arg(format!("{}/etc/asterisk.conf", inside(folder)));
    Running::start("asterisk", asterisk, &folder.join("asterisk.log"))
}
