//! Notifications: the daemon that shows them, and a record of everything said to it on the bus.

use super::bus::{Side, call, connect};
use super::session::{Part, Session};
use super::waiting::{PATIENCE, wait_for, wait_until};
use futures_util::StreamExt;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use zbus::message::Type;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Message, MessageStream};

const NAME: &str = "org.freedesktop.Notifications";
const DUNST: (&str, &str, &str) = (NAME, "/org/freedesktop/Notifications", "org.dunstproject.cmd0");

/// One call of `Notify` as seen on the bus, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The number that the daemon gave; none until it answered.
    pub id: Option<u32>,
    /// The number of the notice that this one was to replace, or 0.
    pub replaces: u32,
    /// Name of the program.
    pub program: String,
    /// Icon, by name or path.
    pub icon: String,
    /// First line.
    pub summary: String,
    /// Text below it.
    pub body: String,
    /// Keys and labels of the buttons, in their order.
    pub actions: Vec<(String, String)>,
    /// Hints, as text; pictures only as `picture`.
    pub hints: BTreeMap<String, String>,
    /// Wanted life in milliseconds; -1 leaves it to the daemon, 0 means for ever.
    pub expire_ms: i32,
    /// When the call was on the bus.
    pub called_at: Instant,
    /// When the program asked to withdraw it.
    pub withdrawn_at: Option<Instant>,
    /// Key of the button that was pressed.
    pub pressed: Option<String>,
    /// How it left the screen; none while it is shown.
    pub closed: Option<Closed>,
    caller: (String, u32),
}

impl Notice {
    /// The labels of the buttons, without the `default` action, which has no button.
    pub fn buttons(&self) -> Vec<&str> {
        self.actions.iter().filter(|(key, _)| key != "default").map(|(_, label)| label.as_str()).collect()
    }

    /// Whether it is on the screen.
    pub fn is_shown(&self) -> bool {
        self.id.is_some() && self.closed.is_none()
    }
}

/// How a notice left the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The daemon let it expire.
    Expired(Instant),
    /// The user closed it, or pressed one of its buttons.
    ByUser(Instant),
    /// The program withdrew it.
    Withdrawn(Instant),
    /// A later notice took its place.
    Replaced(Instant),
    /// For no stated reason, or the daemon went away.
    Otherwise(Instant),
}

/// A notice in the daemon's own history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldNotice {
    /// The daemon's number.
    pub id: i32,
    /// First line.
    pub summary: String,
    /// Text below it.
    pub body: String,
    /// What was drawn, as markup.
    pub message: String,
}

impl Session {
    /// Starts dunst. Notices stay until they are closed, and buttons are pressed by [`Session::press_action`].
    pub async fn start_notices(&self) {
        let wanted = self.root().join("wanted-action");
        let menu = self.root().join("choose-action");
        let script = format!("#!/bin/sh\nexec grep -F -m1 -e \"$(cat '{}')\"\n", wanted.display());
        fs::write(&menu, script).expect("a menu program");
        fs::set_permissions(&menu, fs::Permissions::from_mode(0o700)).expect("a menu program that can be run");
        let configuration = self.root().join("dunstrc");
        fs::write(&configuration, dunst_settings(&menu.display().to_string())).expect("settings of dunst");
        let mut command = self.command("dunst");
        command.arg("-conf").arg(configuration);
        self.keep(Part::Notices, self.spawn("dunst", command));
        self.await_owner(NAME, true).await;
    }

    /// Kills dunst; there is no notification service when this returns.
    pub async fn stop_notices(&self) {
        drop(self.take(Part::Notices));
        self.await_owner(NAME, false).await;
        self.notice_log.close_all();
    }

    /// The notices on the screen, oldest first.
    pub fn notices(&self) -> Vec<Notice> {
        self.notice_log.all().into_iter().filter(Notice::is_shown).collect()
    }

    /// Every call of `Notify` since the session began, with what became of it.
    pub fn all_notices(&self) -> Vec<Notice> {
        self.notice_log.all()
    }

    /// Waits until a notice on the screen fulfils `condition`, and returns it.
    pub async fn notice(&self, what: &str, condition: impl Fn(&Notice) -> bool) -> Notice {
        wait_for(what, PATIENCE, async || self.notices().into_iter().rev().find(|notice| condition(notice))).await
    }

    /// Waits until `notice` has left the screen, and returns its last state.
    pub async fn notice_gone(&self, notice: &Notice, timeout: Duration) -> Notice {
        let what = format!("the notice `{}` to leave the screen", notice.summary);
        wait_for(&what, timeout, async || {
            self.all_notices().into_iter().find(|other| other.caller == notice.caller && other.closed.is_some())
        })
        .await
    }

    /// What the daemon says it has shown and removed, newest first.
    pub async fn notice_history(&self) -> Vec<OldNotice> {
        let history: Vec<HashMap<String, OwnedValue>> =
            call(&self.bus, DUNST, "NotificationListHistory", &()).await.expect("an answer of dunst");
        let text = |entry: &HashMap<String, OwnedValue>, key: &str| {
            entry.get(key).and_then(|value| <&str>::try_from(value).ok()).unwrap_or_default().to_owned()
        };
        history
            .iter()
            .map(|entry| OldNotice {
                id: entry.get("id").and_then(|value| i32::try_from(value).ok()).unwrap_or_default(),
                summary: text(entry, "summary"),
                body: text(entry, "body"),
                message: text(entry, "message"),
            })
            .collect()
    }

    /// How many notices dunst itself says it shows.
    pub async fn notices_displayed(&self) -> u32 {
        let (name, path, interface) = DUNST;
        let target = (name, path, "org.freedesktop.DBus.Properties");
        let count: OwnedValue = call(&self.bus, target, "Get", &(interface, "displayedLength")).await.expect("a count");
        count.try_into().expect("a number")
    }

    /// Presses the button `label` of the newest notice that has it, and waits until the daemon said so.
    ///
    /// A notice whose button was pressed before may still be leaving the screen: nobody presses another one there.
    pub async fn press_action(&self, label: &str) -> Notice {
        let waits = |notice: &Notice| notice.pressed.is_none() && notice.buttons().contains(&label);
        let notice = self.notice(&format!("a notice with the button `{label}`"), waits).await;
        let key = notice.actions.iter().find(|(_, name)| name == label).map(|(key, _)| key.clone()).unwrap_or_default();
        let id = notice.id.unwrap_or_default();
        // dunst ends each line of its menu with number and key.
        fs::write(self.root().join("wanted-action"), format!("[{id},{key}]")).expect("a wish for the menu program");
        call::<_, ()>(&self.bus, DUNST, "ContextMenuCall", &()).await.expect("dunst opens its menu");
        let pressed = || self.all_notices().into_iter().find(|other| other.caller == notice.caller && other.pressed.is_some());
        wait_for(&format!("the button `{label}` to be pressed"), PATIENCE, async || pressed()).await
    }

    /// Clicks the body of the newest notice, whose `default` action then runs.
    pub async fn click_notice(&self) {
        let window = self.window_of_class("Dunst").await;
        self.click(window.x + 20, window.y + 12, super::screen::Button::Left).await;
    }

    /// Closes the newest notice as a user does who is not interested.
    pub async fn close_notice(&self) {
        let before = self.notices();
        let newest = before.last().expect("a notice to close").caller.clone();
        call::<_, ()>(&self.bus, DUNST, "NotificationCloseLast", &()).await.expect("dunst closes a notice");
        wait_until("the notice to close", PATIENCE, || self.notices().iter().all(|notice| notice.caller != newest)).await;
    }
}

fn dunst_settings(menu: &str) -> String {
    // Without a browser of its own, dunst would open an error window when a menu is left without a choice.
    format!(
        "[global]\n\
         dmenu = {menu}\n\
         browser = /bin/true\n\
         origin = top-right\n\
         offset = 12x44\n\
         width = 340\n\
         height = 200\n\
         font = Sans 10\n\
         frame_width = 1\n\
         padding = 10\n\
         horizontal_padding = 12\n\
         idle_threshold = 0\n\
         history_length = 1000\n\
         sticky_history = yes\n\
         stack_duplicates = false\n\
         notification_limit = 10\n\
         show_indicators = no\n\
         mouse_left_click = do_action\n\
         mouse_right_click = close_current\n\
         background = \"#2d3136\"\n\
         foreground = \"#f2f2f2\"\n\
         frame_color = \"#5a6068\"\n\
         timeout = 0\n\
         [urgency_low]\ntimeout = 0\n\
         [urgency_normal]\ntimeout = 0\n\
         [urgency_critical]\ntimeout = 0\n"
    )
}

/// The record of all that was said to and by the notification service, and of the keyring's prompts.
#[derive(Debug, Clone, Default)]
pub(super) struct NoticeLog {
    notices: Arc<Mutex<Vec<Notice>>>,
    prompts: Arc<AtomicUsize>,
}

impl NoticeLog {
    /// Starts to listen; everything after this returns is recorded.
    pub(super) async fn start(side: &Side, address: &str) -> Self {
        let log = Self::default();
        let (address, writer) = (address.to_owned(), log.clone());
        side.run(async move {
            let connection = connect(&address).await;
            let mut messages = MessageStream::from(&connection);
            messages.set_max_queued(4096);
            let rules = [
                format!("type='method_call',interface='{NAME}'"),
                format!("type='signal',interface='{NAME}'"),
                format!("type='method_return',sender='{NAME}'"),
                "type='method_call',interface='org.gnome.keyring.internal.Prompter'".to_owned(),
            ];
            let target = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.Monitoring");
            call::<_, ()>(&connection, target, "BecomeMonitor", &(rules.as_slice(), 0u32)).await.expect("a monitor");
            tokio::spawn(async move {
                while let Some(Ok(message)) = messages.next().await {
                    writer.record(&message, Instant::now());
                }
            });
        })
        .await;
        log
    }

    fn all(&self) -> Vec<Notice> {
        self.notices.lock().expect("no panic while held").clone()
    }

    /// How often the keyring has asked for a password; asking again after a wrong one counts.
    pub(super) fn prompts(&self) -> usize {
        self.prompts.load(Ordering::SeqCst)
    }

    fn close_all(&self) {
        let now = Instant::now();
        for notice in self.notices.lock().expect("no panic while held").iter_mut().filter(|notice| notice.closed.is_none()) {
            notice.closed = Some(Closed::Otherwise(now));
        }
    }

    fn record(&self, message: &Message, now: Instant) {
        let header = message.header();
        let mut notices = self.notices.lock().expect("no panic while held");
        match (header.message_type(), header.member().map(|member| member.as_str())) {
            (Type::MethodCall, Some("Notify")) => notices.extend(notify(message, now)),
            (Type::MethodCall, Some("CloseNotification")) => {
                let Ok(id) = message.body().deserialize::<u32>() else { return };
                if let Some(notice) = shown(&mut notices, id) {
                    notice.withdrawn_at = Some(now);
                }
            }
            (Type::MethodCall, Some("PerformPrompt")) => {
                self.prompts.fetch_add(1, Ordering::SeqCst);
            }
            (Type::MethodReturn, _) => {
                let Ok(id) = message.body().deserialize::<u32>() else { return };
                let caller = header.destination().map(ToString::to_string).zip(header.reply_serial().map(u32::from));
                let is_answered = |notice: &Notice| notice.id.is_none() && Some(&notice.caller) == caller.as_ref();
                let Some(answered) = notices.iter().position(is_answered) else { return };
                if let Some(replaced) = shown(&mut notices, id) {
                    replaced.closed = Some(Closed::Replaced(now));
                }
                notices[answered].id = Some(id);
            }
            (Type::Signal, Some("ActionInvoked")) => {
                let Ok((id, key)) = message.body().deserialize::<(u32, String)>() else { return };
                if let Some(notice) = shown(&mut notices, id) {
                    notice.pressed = Some(key);
                }
            }
            (Type::Signal, Some("NotificationClosed")) => {
                let Ok((id, reason)) = message.body().deserialize::<(u32, u32)>() else { return };
                if let Some(notice) = shown(&mut notices, id) {
                    notice.closed = Some(closed(reason, now));
                }
            }
            _ => {}
        }
    }
}

fn shown(notices: &mut [Notice], id: u32) -> Option<&mut Notice> {
    notices.iter_mut().rev().find(|notice| notice.id == Some(id) && notice.closed.is_none())
}

/// Source: Desktop Notifications Specification, signal `NotificationClosed`.
fn closed(reason: u32, at: Instant) -> Closed {
    match reason {
        1 => Closed::Expired(at),
        2 => Closed::ByUser(at),
        3 => Closed::Withdrawn(at),
        _ => Closed::Otherwise(at),
    }
}

fn notify(message: &Message, now: Instant) -> Option<Notice> {
    type Body = (String, u32, String, String, String, Vec<String>, HashMap<String, OwnedValue>, i32);
    let header = message.header();
    let body: Body = message.body().deserialize().ok()?;
    let (program, replaces, icon, summary, text, actions, hints, expire_ms) = body;
    Some(Notice {
        id: None,
        replaces,
        program,
        icon,
        summary,
        body: text,
        actions: actions.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect(),
        hints: hints.iter().map(|(name, value)| (name.clone(), hint(value))).collect(),
        expire_ms,
        called_at: now,
        withdrawn_at: None,
        pressed: None,
        closed: None,
        caller: (header.sender()?.to_string(), message.primary_header().serial_num().get()),
    })
}

fn hint(value: &OwnedValue) -> String {
    if let Value::Str(text) = &**value {
        text.to_string()
    } else if let Value::U8(number) = &**value {
        number.to_string()
    } else if let Value::Structure(_) = &**value {
        "picture".to_owned()
    } else {
        value.to_string()
    }
}
