//! An engine of its own in throw-away folders, and ways to wait for what it shows.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use phone_core::history::CallsWanted;
use phone_core::request::{Answer, Reply, Source};
use phone_core::view::{AccountView, CallRecord, LinkName};
use phone_core::{AccountConfig, AccountName, CallId, CallState, Code, Event, Request, Secret, View};
use phone_engine::{Handle, Options, Vault};
use phone_tests::vodia::{self, FakeVodia, Generation};
use phone_vault::MemoryVault;

/// Longest wait for anything that should come soon.
pub const SOON: Duration = Duration::from_secs(10);
/// All three generations of the wire.
pub const ALL: [Generation; 3] = [Generation::G1, Generation::G2, Generation::G3];
/// The password of 204.
pub const PASSWORD: &str = "Sample-Pw9";

/// An engine with its folders.
pub struct Desk {
    pub engine: Handle,
    pub dir: Arc<tempfile::TempDir>,
    pub vault: Arc<dyn Vault>,
}

/// A name of an account.
pub fn office() -> AccountName {
    AccountName::parse("office").expect("a plain word")
}

/// The account of 204 at an address.
pub fn account(url: &str) -> AccountConfig {
    AccountConfig {
        name: office(),
        kind: "vodia".into(),
        url: url.parse().expect("an address"),
        domain: Some("tenant.example".into()),
        user: Some("204".into()),
        pin: None,
        learnt: None,
        keys: Default::default(),
    }
}

/// Further keys of an account.
pub fn keys(keys: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    keys.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// A running fake of a generation with its defaults.
pub async fn fake(generation: Generation) -> FakeVodia {
    FakeVodia::start(vodia::Options::new(generation)).await.expect("a fake")
}

/// A running fake of a generation with one thing different.
pub async fn fake_with(generation: Generation, change: impl FnOnce(&mut vodia::Options)) -> FakeVodia {
    FakeVodia::start(vodia::Options::new(generation).with(change)).await.expect("a fake")
}

impl Desk {
    /// An engine without accounts.
    pub fn new() -> Self {
        Self::with(Arc::new(MemoryVault::default()))
    }

    /// An engine without accounts, with a vault of the test's own.
    pub fn with(vault: Arc<dyn Vault>) -> Self {
        Self::on(Arc::new(tempfile::tempdir().expect("a folder")), vault)
    }

    /// An engine on folders that may hold something already.
    pub fn on(dir: Arc<tempfile::TempDir>, vault: Arc<dyn Vault>) -> Self {
        let engine = phone_engine::start(Options {
            config_dir: dir.path().join("config"),
            state_dir: dir.path().join("state"),
            vault: Arc::clone(&vault),
        })
        .expect("a runtime");
        Self { engine, dir, vault }
    }

    /// An engine without accounts, with the proxies of a system's settings.
    pub fn behind(proxies: Arc<dyn phone_engine::Proxies>) -> Self {
        let (dir, vault) = (Arc::new(tempfile::tempdir().expect("a folder")), Arc::new(MemoryVault::default()));
        let options = Options {
            config_dir: dir.path().join("config"),
            state_dir: dir.path().join("state"),
            vault: Arc::<MemoryVault>::clone(&vault),
        };
        let engine = phone_engine::start_with(options, proxies).expect("a runtime");
        Self { engine, dir, vault }
    }

    /// Ends the engine and starts another one on the same folders.
    pub fn restarted(self) -> Self {
        self.written();
        let Self { engine, dir, vault } = self;
        drop(engine);
        Self::on(dir, vault)
    }

    /// Waits until everything that is to be stored is on disk, as a program does at its end.
    pub fn written(&self) {
        assert!(self.engine.disk().finish(SOON), "not everything could be written");
    }

    /// An engine signed in at a PBX as 204.
    pub async fn signed_in(pbx: &FakeVodia) -> Self {
        let desk = Self::new();
        desk.add(pbx, &[]).await.expect("signed in");
        desk.online().await;
        desk
    }

    /// Adds the account of 204 with further keys.
    pub async fn add(&self, pbx: &FakeVodia, more: &[(&str, &str)]) -> Answer {
        self.add_config(AccountConfig { keys: keys(more), ..account(&pbx.url()) }, Some(PASSWORD)).await
    }

    /// Adds an account.
    pub async fn add_config(&self, config: AccountConfig, password: Option<&str>) -> Answer {
        let secret = password.map(|p| Secret::new(p.to_owned()));
        self.engine.ask(Request::AddAccount { config: Box::new(config), secret }).await
    }

    /// Begins to add an account without waiting for the outcome.
    pub fn begin(&self, config: AccountConfig, password: Option<&str>) {
        let secret = password.map(|p| Secret::new(p.to_owned()));
        let engine = self.engine.clone();
        tokio::spawn(async move { engine.ask(Request::AddAccount { config: Box::new(config), secret }).await });
    }

    /// The first account as shown now.
    pub fn first(&self) -> AccountView {
        self.engine.view().borrow().accounts.first().cloned().expect("an account")
    }

    /// Waits until the first account is online.
    pub async fn online(&self) -> Arc<View> {
        self.wait_view("online", |v| v.accounts.first().is_some_and(|a| a.link == LinkName::Online)).await
    }

    /// Waits until the first account is not online.
    pub async fn lost(&self) -> Arc<View> {
        self.wait_view("lost", |v| v.accounts.first().is_some_and(|a| a.link != LinkName::Online)).await
    }

    /// Waits until the first account waits for a new attempt of its own, and checks what it says.
    pub async fn waits(&self, code: Code, says: &str) -> AccountView {
        let fits = |a: &AccountView| a.link == LinkName::Waiting && a.why.as_ref().is_some_and(|w| w.code == code);
        let view = self.wait_view(&format!("waiting with {code:?}"), |v| v.accounts.first().is_some_and(fits)).await;
        let account = view.accounts.first().cloned().expect("just seen");
        let why = account.why.clone().expect("just seen");
        assert!(why.text.contains(says), "{why:?} does not say {says:?}");
        let remedy = why.remedy.as_deref().unwrap_or_default();
        assert!(remedy.contains("again") || remedy.contains("as soon as"), "repairs itself: {why:?}");
        account
    }

    /// Waits until the first account has stopped because only the user can help, and checks what it says.
    pub async fn stops(&self, code: Code, says: &str) -> AccountView {
        let view = self.wait_view("stopped", |v| v.accounts.first().is_some_and(|a| a.link == LinkName::Stopped)).await;
        let account = view.accounts.first().cloned().expect("an account");
        let why = account.why.clone().expect("a reason");
        assert_eq!(why.code, code, "{why:?}");
        assert!(why.text.contains(says), "{why:?} does not say {says:?}");
        assert!(why.remedy.as_deref().is_some_and(|r| !r.is_empty()), "says what to do: {why:?}");
        assert_eq!(account.retry_at, None);
        account
    }

    /// Waits until the view is as wanted, and gives it.
    pub async fn wait_view(&self, what: &str, mut holds: impl FnMut(&View) -> bool) -> Arc<View> {
        self.wait_view_for(SOON, what, &mut holds).await
    }

    /// Waits at most so long until the view is as wanted.
    pub async fn wait_view_for(&self, limit: Duration, what: &str, mut holds: impl FnMut(&View) -> bool) -> Arc<View> {
        let mut views = self.engine.view();
        let found = tokio::time::timeout(limit, views.wait_for(|v| holds(v))).await;
        match found {
            Ok(Ok(view)) => Arc::clone(&view),
            _ => panic!("not within {limit:?}: {what}; the view is {:#?}", self.engine.view().borrow()),
        }
    }

    /// Dials what a person typed.
    pub async fn dial(&self, text: &str) -> Answer {
        self.engine
            .ask(Request::Dial { text: text.to_owned(), account: None, source: Source::Typed, yes: phone_core::number::Yes::No })
            .await
    }

    /// Lets Mara call, takes the call at the phone, and waits until it is shown as connected.
    pub async fn talking(&self, pbx: &FakeVodia) -> (vodia::CallId, CallId) {
        let call = pbx.ring("+4930555001", "Mara Beispiel", "204");
        self.wait_view("ringing", |v| v.calls.iter().any(|c| c.state == CallState::Ringing)).await;
        assert!(pbx.answer(call));
        let view = self.wait_view("connected", |v| v.calls.iter().any(|c| c.state == CallState::Connected)).await;
        let id = view.calls.iter().find(|c| c.state == CallState::Connected).map(|c| c.id.clone());
        (call, id.expect("just seen"))
    }

    /// The newest ended calls.
    pub async fn history(&self) -> Vec<CallRecord> {
        let wanted = CallsWanted { limit: 100, ..CallsWanted::default() };
        match self.engine.ask(Request::History(wanted)).await {
            Ok(Reply::History(page)) => page.calls,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until everything asked before has been worked off.
    pub async fn settle(&self) -> Arc<View> {
        match self.engine.ask(Request::GetView).await {
            Ok(Reply::View(view)) => view,
            other => panic!("{other:?}"),
        }
    }

    /// Waits for an event with this name.
    pub async fn event(events: &mut tokio::sync::broadcast::Receiver<Event>, name: phone_core::EventName) -> Event {
        let wait = async {
            loop {
                let event = events.recv().await.expect("the engine runs");
                if event.event == name {
                    return event;
                }
            }
        };
        tokio::time::timeout(SOON, wait).await.unwrap_or_else(|_| panic!("no {name:?}"))
    }
}

/// The people shown, at most 500.
pub async fn people(desk: &Desk, all: bool) -> Vec<phone_core::Person> {
    match desk.engine.ask(Request::People { offset: 0, limit: 500, all, filter: None }).await {
        Ok(Reply::People { people, .. }) => people,
        other => panic!("{other:?}"),
    }
}

/// Checks that an answer is a failure with this code that says this, and what to do.
pub fn fails(answer: &Answer, code: Code, says: &str) {
    let Err(trouble) = answer else { panic!("{code:?} was expected, not {answer:?}") };
    assert_eq!(trouble.code, code, "{trouble:?}");
    assert!(trouble.text.contains(says), "{trouble:?} does not say {says:?}");
    assert!(trouble.remedy.as_deref().is_some_and(|r| !r.is_empty()), "says what to do: {trouble:?}");
}

/// Checks that a client did nothing that no client may do.
pub fn clean(pbx: &FakeVodia) {
    assert_eq!(pbx.violations(), Vec::<String>::new());
}

/// Prints a time for the figures of a report.
pub fn figure(what: &str, since: Instant) {
    eprintln!("figure: {what}: {:.0} ms", since.elapsed().as_secs_f64() * 1000.0);
}

/// Collects everything that is logged.
#[derive(Clone, Default)]
pub struct Heap(Arc<Mutex<Vec<u8>>>);

impl Heap {
    /// Catches every line of this process from now on, at every level.
    pub fn catching() -> Self {
        let heap = Self::default();
        let writer = heap.clone();
        let log = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        log.with_writer(move || writer.clone()).init();
        heap
    }

    /// What was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("whole")).into_owned()
    }
}

impl std::io::Write for Heap {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("whole").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const INNER: &str = "TRAYPHONE_INNER_TEST";

/// Tells whether this is the process that [`alone`] made for a test.
pub fn is_alone() -> bool {
    std::env::var_os(INNER).is_some()
}

/// Runs a test of this program once more, in a process of its own with this environment.
pub async fn alone(test: &str, environment: &[(&str, &str)]) {
    let program = tokio::process::Command::new(std::env::current_exe().expect("this program"));
    once_more(program, test, environment).await;
}

/// Runs a test of this program once more, in a network of its own with nothing but loopback, which it may disturb.
pub async fn alone_in_a_network(test: &str) {
    let mut program = tokio::process::Command::new("unshare");
    let as_root = rustix::process::getuid().is_root();
    program.args(if as_root { &["--net"][..] } else { &["--user", "--map-root-user", "--net"] });
    program.args(["sh", "-c", "ip link set lo up && exec \"$0\" \"$@\""]).arg(std::env::current_exe().expect("this program"));
    once_more(program, test, &[]).await;
}

/// Runs a test of this program once more, in a process of its own that finds these names, in the manner of `/etc/hosts`.
pub async fn alone_with_names(test: &str, names: &str, environment: &[(&str, &str)]) {
    let folder = tempfile::tempdir().expect("a folder");
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, names).expect("written");
    let mut program = tokio::process::Command::new("unshare");
    let as_root = rustix::process::getuid().is_root();
    program.args(if as_root { &["--mount"][..] } else { &["--user", "--map-root-user", "--mount"] });
    program.args(["sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\""]).arg(&hosts);
    program.arg(std::env::current_exe().expect("this program"));
    once_more(program, test, environment).await;
}

/// Loses every packet of the network this process has for itself, without a word to anybody, or ends that.
pub async fn lose_packets(lose: bool) {
    let what: &[&str] = if lose { &["add", "dev", "lo", "root", "blackhole"] } else { &["del", "dev", "lo", "root"] };
    let done = tokio::process::Command::new("tc").arg("qdisc").args(what).status().await.expect("tc of iproute2");
    assert!(done.success(), "tc qdisc {what:?}");
}

async fn once_more(mut program: tokio::process::Command, test: &str, environment: &[(&str, &str)]) {
    program.args(["--exact", test, "--nocapture"]).env(INNER, "1").kill_on_drop(true);
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        program.env_remove(name);
    }
    for (name, value) in environment {
        program.env(name, value);
    }
    let output = program.output().await.expect("it runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    eprintln!("{text}");
    assert!(output.status.success(), "{test} failed in its own process");
    assert!(text.contains("1 passed"), "{test} is not the name of a test");
}
