//! A notification service that tells every program what becomes of all notices, and takes its time with its numbers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use phone_control::protocol::{Nothing, method};
use phone_core::call::CallState;
use phone_tests::desktop::{Options, PATIENCE, Session, wait_for, wait_until};
use phone_tests::vodia::Stage;
use serde_json::Value;
use tokio::sync::watch;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::OwnedValue;
use zbus::{Connection, connection, interface};

use crate::support::AgentUnderTest;
use crate::{MARA, PELL, dials_are, modern};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

#[tokio::test]
async fn a_press_that_comes_before_the_number_counts_whatever_becomes_of_the_notices_of_others() {
    let session = Session::start(Options { notices: false, ..Options::default() }).await;
    let service = Service::start(&session).await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;

    service.hold_numbers_back(true);
    let call = pbx.ring(MARA.0, MARA.1, "204");
    let shown = service.shown(MARA.1).await;
    for foreign in 101..=109 {
        Desk::notification_closed(&service.signals(), foreign, 2).await.expect("a signal");
    }
    Desk::action_invoked(&service.signals(), shown.number, shown.key("Answer")).await.expect("a signal");
    all_is_heard(&agent).await;
    service.hold_numbers_back(false);

    let talks = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected;
    pbx.wait_for(|state| state.call(call).is_some_and(talks), PATIENCE).await.expect("the PBX connects it");
    dials_are(&pbx, &[]).await;
    agent.ends_well(&pbx).await;
}

#[tokio::test]
async fn what_a_service_said_of_its_numbers_means_nothing_after_its_restart() {
    let session = Session::start(Options { notices: false, ..Options::default() }).await;
    let service = Service::start(&session).await;
    let pbx = modern().await;
    let agent = AgentUnderTest::signed_in(&session, &pbx).await;
    let call = pbx.ring(MARA.0, MARA.1, "204");
    let ringing = service.shown(MARA.1).await;
    agent.only_call(CallState::Ringing).await;
    all_is_heard(&agent).await;

    // The end of the call's notice is told while the one about the missed call has no number yet.
    service.hold_numbers_back(true);
    pbx.hang_up_far(call);
    service.withdrawn(ringing.number).await;
    service.shown("Missed call").await;
    Desk::notification_closed(&service.signals(), ringing.number, 3).await.expect("a signal");
    all_is_heard(&agent).await;
    service.hold_numbers_back(false);
    agent.client.call::<Value>(method::MISSED_SEEN, &Nothing {}).await.expect("seen");
    service.withdrawn(ringing.number + 1).await;
    let service = service.restart(&session).await;

    let call = pbx.ring(PELL.0, PELL.1, "204");
    let again = service.shown(PELL.1).await;
    assert_eq!(again.number, ringing.number, "a new service counts from the beginning");
    agent.only_call(CallState::Ringing).await;
    all_is_heard(&agent).await;
    pbx.answer(call);
    service.withdrawn(again.number).await;
    agent.ends_well(&pbx).await;
}

/// Waits until the agent has read what was said to it on the bus before.
async fn all_is_heard(agent: &AgentUnderTest<'_>) {
    // It asks the bus about the service, on the connection on which it listens.
    agent.check("notifications").await;
}

/// A notice that somebody wanted shown.
#[derive(Debug, Clone)]
struct Shown {
    number: u32,
    summary: String,
    actions: Vec<String>,
}

impl Shown {
    /// The key of the button `label`.
    fn key(&self, label: &str) -> &str {
        let pair = self.actions.chunks_exact(2).find(|pair| pair[1] == label);
        &pair.unwrap_or_else(|| panic!("no button {label} among {:?}", self.actions))[0]
    }
}

/// What the service has done so far.
#[derive(Debug, Default)]
struct Book {
    shown: Vec<Shown>,
    withdrawn: Vec<u32>,
}

struct Service {
    connection: Connection,
    book: Arc<Mutex<Book>>,
    held_back: watch::Sender<bool>,
}

impl Service {
    async fn start(session: &Session) -> Self {
        let book = Arc::<Mutex<Book>>::default();
        let held_back = watch::Sender::new(false);
        let desk = Desk { book: book.clone(), held_back: held_back.subscribe() };
        let address = session.env()["DBUS_SESSION_BUS_ADDRESS"].as_str();
        let builder = connection::Builder::address(address).expect("an address").serve_at(PATH, desk).expect("a place");
        let connection = builder.name(NAME).expect("a name").build().await.expect("a service on the bus");
        Self { connection, book, held_back }
    }

    /// Ends, and starts as another program, which knows nothing and counts from the beginning.
    async fn restart(self, session: &Session) -> Self {
        self.connection.close().await.expect("an open connection");
        Self::start(session).await
    }

    fn hold_numbers_back(&self, hold: bool) {
        self.held_back.send_replace(hold);
    }

    /// Where signals go that are for everybody.
    fn signals(&self) -> SignalEmitter<'_> {
        SignalEmitter::new(&self.connection, PATH).expect("a path")
    }

    /// Waits until a notice is wanted whose first line begins like this.
    async fn shown(&self, summary: &str) -> Shown {
        wait_for(&format!("the notice `{summary}`"), PATIENCE, async || {
            let book = self.book.lock().expect("no panic while held");
            book.shown.iter().rev().find(|shown| shown.summary.starts_with(summary)).cloned()
        })
        .await
    }

    /// Waits until the notice of this number is taken from the screen.
    async fn withdrawn(&self, number: u32) {
        let is_withdrawn = || self.book.lock().expect("no panic while held").withdrawn.contains(&number);
        wait_until(&format!("notice {number} to be withdrawn"), PATIENCE, is_withdrawn).await;
    }
}

/// The service as programs see it.
struct Desk {
    book: Arc<Mutex<Book>>,
    held_back: watch::Receiver<bool>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Desk {
    #[expect(clippy::too_many_arguments, reason = "the specification has them")]
    async fn notify(
        &self,
        _program: String,
        replaces: u32,
        _icon: String,
        summary: String,
        _body: String,
        actions: Vec<String>,
        _hints: HashMap<String, OwnedValue>,
        _expires: i32,
    ) -> u32 {
        let number = {
            let mut book = self.book.lock().expect("no panic while held");
            let last = book.shown.iter().map(|shown| shown.number).max().unwrap_or(0);
            let number = if replaces == 0 { last + 1 } else { replaces };
            book.shown.push(Shown { number, summary, actions });
            number
        };
        // The sender is gone when the test is over, which is as good.
        let _ = self.held_back.clone().wait_for(|held_back| !held_back).await;
        number
    }

    async fn close_notification(&self, number: u32, #[zbus(signal_emitter)] everybody: SignalEmitter<'_>) {
        self.book.lock().expect("no panic while held").withdrawn.push(number);
        // A service that is slow is slow with this too; the test says when.
        if !*self.held_back.borrow() {
            Self::notification_closed(&everybody, number, 3).await.expect("a signal");
        }
    }

    fn get_capabilities(&self) -> Vec<String> {
        ["actions", "body"].map(str::to_owned).to_vec()
    }

    fn get_server_information(&self) -> (String, String, String, String) {
        let [name, vendor, version, specification] = ["sample", "tests", "1", "1.2"].map(str::to_owned);
        (name, vendor, version, specification)
    }

    #[zbus(signal)]
    async fn notification_closed(emitter: &SignalEmitter<'_>, number: u32, reason: u32) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, number: u32, key: &str) -> zbus::Result<()>;
}
