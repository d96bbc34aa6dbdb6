//! The notification service on the bus: what is said to it, and what it says.
//!
//! Source: Desktop Notifications Specification 1.3.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout, Urgency};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
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

/// A notice on the screen.
///
/// It keeps its connection, because some services take a notice away when its sender leaves the bus, and tell a press
/// to nobody else.
pub(super) struct OnScreen {
    _handle: Arc<NotificationHandle>,
    listener: AbortHandle,
}

impl OnScreen {
    /// Listens to what the service tells the sender of this notice alone.
    pub fn new(handle: NotificationHandle, said: mpsc::Sender<Said>) -> Self {
        let handle = Arc::new(handle);
        let (id, heard_by) = (handle.id(), handle.clone());
        let listener = tokio::spawn(async move {
            let (heard_here, heard) = oneshot::channel();
            heard_by.wait_for_action_async(|response: &NotificationResponse| drop(heard_here.send(response.clone()))).await;
            match heard.await {
                Ok(NotificationResponse::Default) => said.send(Said::Pressed(id, DEFAULT.into())).await.ok(),
                Ok(NotificationResponse::Action(key)) => said.send(Said::Pressed(id, key)).await.ok(),
                Ok(NotificationResponse::Closed(_) | NotificationResponse::Reply(_)) => said.send(Said::Closed(id)).await.ok(),
                Err(_) => None,
            }
        });
        Self { _handle: handle, listener: listener.abort_handle() }
    }
}

impl Drop for OnScreen {
    fn drop(&mut self) {
        self.listener.abort();
    }
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
pub(super) fn compose(notice: &Notice, serial: u64, able: Able, picture: Option<&str>) -> Notification {
    let mut message = Notification::new();
    // Where nothing is known, markup is: nearly every service has it, and unescaped text could use it.
    let body = if able.markup == Some(false) { notice.body.clone() } else { escape(&notice.body) };
    message.appname("Trayphone").icon(picture.unwrap_or("trayphone")).summary(&notice.title).body(&body);
    message.hint(Hint::DesktopEntry("trayphone".to_owned()));
    let (urgency, timeout) = match notice.weight {
        Weight::Urgent => (Urgency::Critical, Timeout::Never),
        Weight::Lasting => (Urgency::Normal, Timeout::Never),
        Weight::Passing => (Urgency::Normal, Timeout::Default),
    };
    message.urgency(urgency).timeout(timeout);
    match &notice.about {
        About::Call(_) => message.hint(Hint::Category("call.incoming".to_owned())),
        About::Missed => message.hint(Hint::Category("call.unanswered".to_owned())),
        About::Account(_) | About::Hint(_) | About::Question(_) | About::Digits(_) | About::Parked(_) | About::Trouble => {
            &mut message
        }
    };
    if able.actions != Some(false) {
        if notice.press != Act::Nothing {
            message.action(DEFAULT, "Open");
        }
        for (place, button) in notice.buttons.iter().enumerate() {
            message.action(&format!("{serial}.{place}"), &button.label);
        }
    }
    message
}

/// A notice without buttons, for a service of which nothing is known.
pub(super) fn plain(notice: &Notice) -> Notification {
    compose(notice, 0, Able { markup: None, actions: Some(false) }, None)
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
    use crate::desktop::notices::link_too_late;

    #[test]
    fn names_bring_no_markup() {
        let mut notice = link_too_late("tel:1", None);
        notice.body = "<b>Ann & Bob</b>".into();
        assert_eq!(compose(&notice, 1, Able::default(), None).body, "&lt;b&gt;Ann &amp; Bob&lt;/b&gt;");
        let plain = Able { markup: Some(false), actions: Some(false) };
        assert_eq!(compose(&notice, 1, plain, None).body, "<b>Ann & Bob</b>");
        assert!(compose(&notice, 1, plain, None).actions.is_empty());
        assert_eq!(compose(&notice, 4, Able::default(), None).actions, ["4.0", "Call", "4.1", "Cancel"], "no press beside them");
    }
}
