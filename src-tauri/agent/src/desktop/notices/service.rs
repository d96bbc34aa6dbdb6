//! The notification service on the bus: what is said to it, and what it says.
//!
//! Source: Desktop Notifications Specification 1.3.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt;
use zbus::zvariant::Value;
use zbus::{Connection, MatchRule, MessageStream, message};

use super::{About, Notice, Weight};
use crate::desktop::{Act, escape};

/// Name of the service.
pub const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";

/// Key of a press on the notice itself.
pub(super) const DEFAULT: &str = "default";

/// What the service is able to do; nothing is known before it was asked.
#[derive(Clone, Copy, Default)]
pub(super) struct Able {
    pub markup: Option<bool>,
    pub actions: Option<bool>,
}

/// A notice in the words of the service.
#[derive(Debug)]
pub(super) struct Message {
    icon: String,
    title: String,
    body: String,
    /// Keys and labels in turn.
    actions: Vec<String>,
    category: Option<&'static str>,
    urgency: u8,
    expire_ms: i32,
}

/// Something the service said about one of its numbers.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Pressed(u32, String),
    Closed(u32),
}

impl Said {
    pub fn id(&self) -> u32 {
        match self {
            Self::Pressed(id, _) | Self::Closed(id) => *id,
        }
    }
}

/// Puts a notice into the words of the service; `serial` marks its buttons.
pub(super) fn compose(notice: &Notice, serial: u64, able: Able, picture: Option<&str>) -> Message {
    // Where nothing is known, markup is: nearly every service has it, and unescaped text could use it.
    let body = if able.markup == Some(false) { notice.body.clone() } else { escape(&notice.body) };
    let (urgency, expire_ms) = match notice.weight {
        Weight::Urgent => (2, 0),
        Weight::Lasting => (1, 0),
        Weight::Passing => (1, -1),
    };
    let category = match &notice.about {
        About::Call(_) => Some("call.incoming"),
        About::Missed => Some("call.unanswered"),
        About::Account(_) | About::Hint(_) | About::Question | About::Trouble => None,
    };
    let mut actions = Vec::new();
    if able.actions != Some(false) {
        if notice.press != Act::Nothing {
            actions.extend([DEFAULT.to_owned(), "Open".to_owned()]);
        }
        for (place, button) in notice.buttons.iter().enumerate() {
            actions.extend([format!("{serial}.{place}"), button.label.to_owned()]);
        }
    }
    let icon = picture.unwrap_or("trayphone").to_owned();
    Message { icon, title: notice.title.clone(), body, actions, category, urgency, expire_ms }
}

/// A notice without buttons, for a service of which nothing is known.
pub(super) fn plain(notice: &Notice) -> Message {
    compose(notice, 0, Able { markup: None, actions: Some(false) }, None)
}

/// Shows a notice in place of the number `replaces`, or a new one for 0, and returns its number.
pub(super) async fn notify(bus: &Connection, message: &Message, replaces: u32) -> zbus::Result<u32> {
    let mut hints = HashMap::from([("desktop-entry", Value::from("trayphone")), ("urgency", Value::from(message.urgency))]);
    hints.extend(message.category.map(|category| ("category", Value::from(category))));
    let Message { icon, title, body, actions, expire_ms, .. } = message;
    let said = ("Trayphone", replaces, icon, title, body, actions, hints, expire_ms);
    bus.call_method(Some(NAME), PATH, Some(NAME), "Notify", &said).await?.body().deserialize()
}

/// Takes a notice from the screen; one that is gone already is as good.
pub(super) async fn close(bus: &Connection, id: u32) {
    bus.call_method(Some(NAME), PATH, Some(NAME), "CloseNotification", &(id,)).await.ok();
}

/// A signal of the bus that concerns notices.
pub(super) enum Signal {
    Said(Said),
    /// Somebody took over the service, by this name on the bus, or nobody has it any more.
    Owner(Option<String>),
    Other,
}

/// Signals of the service, and the word of one that comes or goes.
pub(super) async fn listen(
    bus: &Connection,
) -> zbus::Result<impl StreamExt<Item = zbus::Result<message::Message>> + Unpin + use<>> {
    let signal = || MatchRule::builder().msg_type(message::Type::Signal);
    let said = signal().sender(NAME)?.path(PATH)?.interface(NAME)?.build();
    let owner = signal().sender("org.freedesktop.DBus")?.member("NameOwnerChanged")?.arg(0, NAME)?.build();
    Ok(futures_util::stream::select_all([
        MessageStream::for_match_rule(said, bus, Some(32)).await?,
        MessageStream::for_match_rule(owner, bus, Some(4)).await?,
    ]))
}

/// The next signal; never, where none can come.
pub(super) async fn next(signals: &mut Option<impl StreamExt<Item = zbus::Result<message::Message>> + Unpin>) -> Option<Signal> {
    let Some(signals) = signals else { return std::future::pending().await };
    let signal = signals.next().await?.ok()?;
    let header = signal.header();
    let body = signal.body();
    let read = match header.member().map(|member| member.as_str()) {
        Some("ActionInvoked") => body.deserialize().ok().map(|(id, key)| Signal::Said(Said::Pressed(id, key))),
        Some("NotificationClosed") => body.deserialize().ok().map(|(id, _): (u32, u32)| Signal::Said(Said::Closed(id))),
        Some("NameOwnerChanged") => {
            let new = body.deserialize().ok().map(|(_, _, new): (String, String, String)| new);
            new.map(|new| Signal::Owner(Some(new).filter(|new| !new.is_empty())))
        }
        Some(_) | None => None,
    };
    Some(read.unwrap_or(Signal::Other))
}

/// Asks the service what it is able to do.
pub(super) async fn ask(bus: &Connection) -> Able {
    let answer = bus.call_method(Some(NAME), PATH, Some(NAME), "GetCapabilities", &());
    let answer = tokio::time::timeout(Duration::from_secs(2), answer).await;
    let Ok(Ok(Ok(able))) = answer.map(|answer| answer.map(|answer| answer.body().deserialize::<Vec<String>>())) else {
        return Able::default();
    };
    let has = |name: &str| Some(able.iter().any(|able| able == name));
    Able { markup: has("body-markup"), actions: has("actions") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desktop::notices::link_question;

    #[test]
    fn names_bring_no_markup() {
        let mut notice = link_question("tel:1", "1");
        notice.body = "<b>Ann & Bob</b>".into();
        assert_eq!(compose(&notice, 1, Able::default(), None).body, "&lt;b&gt;Ann &amp; Bob&lt;/b&gt;");
        let plain = Able { markup: Some(false), actions: Some(false) };
        assert_eq!(compose(&notice, 1, plain, None).body, "<b>Ann & Bob</b>");
        assert!(compose(&notice, 1, plain, None).actions.is_empty());
        assert_eq!(compose(&notice, 4, Able::default(), None).actions, ["4.0", "Call", "4.1", "Cancel"], "no press beside them");
    }
}
