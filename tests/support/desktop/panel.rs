//! Window frames and the panel, which is the host of the tray.

use super::bus::{SERVICE_FILES, call};
use super::programs;
use super::session::{Part, Session};
use super::waiting::{PATIENCE, wait_for};
use std::fs;
use std::path::Path;

/// The bus name of the tray's watcher, which the panel brings.
pub(super) const WATCHER: &str = "org.kde.StatusNotifierWatcher";

/// The object and interface of the tray's watcher.
pub(super) const WATCHER_OBJECT: (&str, &str, &str) = (WATCHER, "/StatusNotifierWatcher", WATCHER);

const SETTINGS: &str = "org.xfce.Xfconf";

impl Session {
    /// Starts xfwm4: windows get frames, and the keyboard goes to the newest or the clicked one.
    pub async fn start_frames(&self) {
        self.start_settings().await;
        let mut command = self.command("xfwm4");
        command.arg("--compositor=off");
        self.keep(Part::Frames, self.spawn("xfwm4", command));
        wait_for("xfwm4", PATIENCE, async || {
            let check = self.run("xprop", &["-root", "_NET_SUPPORTING_WM_CHECK"]).await;
            check.stdout.contains("window id").then_some(())
        })
        .await;
        // A black screen hides the edges of windows in pictures. The program's status is 1 even when it has painted.
        self.run("display", &["-window", "root", "-size", "16x16", "xc:#4a6580"]).await;
    }

    /// Ends xfwm4.
    pub fn stop_frames(&self) {
        drop(self.take(Part::Frames));
    }

    /// Starts the panel with a tray at the right end of the screen's upper edge.
    pub async fn start_panel(&self) {
        self.start_settings().await;
        let mut command = self.command("xfce4-panel");
        command.arg("--disable-wm-check");
        self.keep(Part::Panel, self.spawn("xfce4-panel", command));
        wait_for("a tray host", PATIENCE, async || self.has_tray_host().await.then_some(())).await;
    }

    /// Kills the panel; the tray is gone when this returns.
    pub async fn stop_panel(&self) {
        drop(self.take(Part::Panel));
        self.await_owner(WATCHER, false).await;
    }

    /// Whether there is a tray watcher with a host that shows items.
    pub async fn has_tray_host(&self) -> bool {
        if !self.is_on_bus(WATCHER).await {
            return false;
        }
        let (name, path, interface) = WATCHER_OBJECT;
        let target = (name, path, "org.freedesktop.DBus.Properties");
        let answer = call(&self.bus, target, "Get", &(interface, "IsStatusNotifierHostRegistered")).await;
        answer.is_ok_and(|value: zbus::zvariant::OwnedValue| bool::try_from(value).unwrap_or(false))
    }

    /// Starts the settings service of Xfce with the panel's settings, once.
    async fn start_settings(&self) {
        if self.has(Part::Settings) || self.is_on_bus(SETTINGS).await {
            return;
        }
        let folder = self.home().join(".config/xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&folder).expect("a settings folder");
        fs::write(folder.join("xfce4-panel.xml"), panel_settings(self.options.dark_panel)).expect("panel settings");
        // The path differs between machines; the service file knows it.
        let file = format!("{SETTINGS}.service");
        let Ok(service) = fs::read_to_string(Path::new(SERVICE_FILES).join(&file)) else { programs::missing(&file) };
        let program = service.lines().find_map(|line| line.strip_prefix("Exec=")).expect("a service file with a program");
        self.keep(Part::Settings, self.spawn("xfconfd", self.command(program)));
        self.await_owner(SETTINGS, true).await;
    }
}

fn panel_settings(dark: bool) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/><value type="int" value="2"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"#
    )
}
