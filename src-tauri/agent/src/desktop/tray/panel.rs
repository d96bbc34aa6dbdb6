//! Whether the tray stands on a light or a dark panel, and whether pictures may move.

use std::path::Path;

use futures_util::StreamExt;
use futures_util::stream::select_all;
use tokio::sync::watch;
use zbus::zvariant::{OwnedValue, Value};
use zbus::{Connection, MatchRule, MessageStream, message};

use super::Panel;

/// What the desktop says about looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The ground of the tray.
    pub panel: Panel,
    /// Nothing should move without need.
    pub still: bool,
}

impl Default for Look {
    /// Most panels are dark, whatever the windows are.
    fn default() -> Self {
        Self { panel: Panel::Dark, still: false }
    }
}

const PORTAL: (&str, &str, &str) =
    ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings");
const XFCE: (&str, &str, &str) = ("org.xfce.Xfconf", "/org/xfce/Xfconf", "org.xfce.Xfconf");

/// Follows the looks of the desktop as long as the bus lives and somebody looks.
pub async fn watch(bus: Connection, look: watch::Sender<Look>) {
    let desktop = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
    let mut changes = match changes(&bus).await {
        Ok(changes) => changes,
        Err(error) => return tracing::debug!("the looks of the desktop cannot be followed: {error}"),
    };
    loop {
        let now = read(&bus, &desktop).await;
        look.send_if_modified(|old| std::mem::replace(old, now) != now);
        if look.is_closed() || changes.next().await.is_none() {
            return;
        }
    }
}

async fn changes(bus: &Connection) -> zbus::Result<impl StreamExt<Item = zbus::Result<zbus::Message>> + Unpin + use<>> {
    let signal = |interface: &'static str, member: &'static str| {
        MatchRule::builder().msg_type(message::Type::Signal).interface(interface)?.member(member).map(|rule| rule.build())
    };
    Ok(select_all([
        MessageStream::for_match_rule(signal(PORTAL.2, "SettingChanged")?, bus, Some(8)).await?,
        MessageStream::for_match_rule(signal(XFCE.2, "PropertyChanged")?, bus, Some(8)).await?,
    ]))
}

async fn read(bus: &Connection, desktop: &str) -> Look {
    let is = |name: &str| desktop.split(':').any(|part| part.eq_ignore_ascii_case(name));
    let animated = portal(bus, "org.gnome.desktop.interface", "enable-animations").await;
    let reduced = portal(bus, "org.freedesktop.appearance", "reduced-motion").await;
    let still = animated.as_deref().is_some_and(|value| *value == Value::Bool(false))
        || reduced.as_deref().is_some_and(|value| *value == Value::U32(1));
    if is("XFCE")
        && let Some(dark) = xfce_panel(bus).await
    {
        return Look { panel: ground(dark), still };
    }
    // The bar of GNOME is dark under every theme.
    if is("GNOME") {
        return Look { panel: Panel::Dark, still };
    }
    // 1: dark is preferred, 2: light is preferred.
    let scheme = portal(bus, "org.freedesktop.appearance", "color-scheme").await;
    let panel = match scheme.as_deref() {
        Some(Value::U32(1)) => Some(Panel::Dark),
        Some(Value::U32(2)) => Some(Panel::Light),
        _ => None,
    };
    let panel = panel.or_else(|| {
        let config = crate::folders::Folders::from_env().ok()?.config_home;
        gtk(&std::fs::read_to_string(config.join(Path::new("gtk-3.0/settings.ini"))).ok()?)
    });
    Look { panel: panel.unwrap_or(Look::default().panel), still }
}

/// Asks the portal, if one runs; starting it takes seconds on some systems, so that is left to others.
async fn portal(bus: &Connection, namespace: &str, key: &str) -> Option<OwnedValue> {
    let value = call(bus, PORTAL, "Read", &(namespace, key)).await?;
    // `Read` wraps its answer twice.
    if let Value::Value(inner) = &*value {
        return inner.try_to_owned().ok();
    }
    Some(value)
}

async fn xfce_panel(bus: &Connection) -> Option<bool> {
    bool::try_from(call(bus, XFCE, "GetProperty", &("xfce4-panel", "/panels/dark-mode")).await?).ok()
}

async fn call<B>(bus: &Connection, (name, path, interface): (&str, &str, &str), method: &str, body: &B) -> Option<OwnedValue>
where
    B: serde::Serialize + zbus::zvariant::DynamicType + Sync,
{
    if !crate::bus::is_owned(bus, name).await {
        return None;
    }
    bus.call_method(Some(name), path, Some(interface), method, body).await.ok()?.body().deserialize().ok()
}

fn ground(dark: bool) -> Panel {
    if dark { Panel::Dark } else { Panel::Light }
}

/// Reads the settings file of GTK.
fn gtk(settings: &str) -> Option<Panel> {
    let value = |name: &str| {
        let line = settings.lines().find_map(|line| line.split_once('=').filter(|(key, _)| key.trim() == name));
        line.map(|(_, value)| value.trim().to_lowercase())
    };
    if let Some(prefers) = value("gtk-application-prefer-dark-theme") {
        return Some(ground(matches!(prefers.as_str(), "1" | "true")));
    }
    value("gtk-theme-name").map(|name| ground(name.ends_with("dark")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_of_gtk_tells_the_ground() {
        for (settings, panel) in [
            ("[Settings]\ngtk-theme-name=Adwaita-dark\n", Some(Panel::Dark)),
            ("[Settings]\ngtk-theme-name = Adwaita\n", Some(Panel::Light)),
            ("gtk-theme-name=Adwaita\ngtk-application-prefer-dark-theme=1\n", Some(Panel::Dark)),
            ("[Settings]\n", None),
        ] {
            assert_eq!(gtk(settings), panel, "{settings}");
        }
    }
}
