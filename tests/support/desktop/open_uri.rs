//! The real desktop portal, by which programs in a sandbox open links.

use super::bus::call;
use super::programs::{Running, missing};
use super::session::Session;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use zbus::connection::Builder;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface};

const PORTAL: (&str, &str, &str) =
    ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.OpenURI");
/// Name of the stand-in for the desktop's part of it.
const CHOOSER: &str = "org.freedesktop.impl.portal.desktop.trayphone_tests";
/// Where distributions put it.
const PROGRAMS: &[&str] = &["/usr/libexec/xdg-desktop-portal", "/usr/lib/xdg-desktop-portal"];

/// The running portal, with a stand-in for the window in which the user picks a program: it picks the first one offered.
#[derive(Debug)]
pub struct OpenUri {
    offered: Arc<Mutex<Vec<Vec<String>>>>,
    _chooser: Connection,
    _portal: Running,
}

impl OpenUri {
    /// The programs that were offered, once for each link that asked.
    pub fn offered(&self) -> Vec<Vec<String>> {
        self.offered.lock().expect("no panic while held").clone()
    }
}

impl Session {
    /// Starts the portal.
    pub async fn start_open_uri(&self) -> OpenUri {
        let folder = self.root().join("portals");
        fs::create_dir_all(&folder).expect("a folder for portals");
        let text = format!(
            "[portal]\nDBusName={CHOOSER}\nInterfaces=org.freedesktop.impl.portal.AppChooser\nUseIn={}\n",
            self.options.desktop
        );
        fs::write(folder.join("tests.portal"), text).expect("a description of a portal");
        let offered = Arc::default();
        let (chooser, address) = (Chooser(Arc::clone(&offered)), self.env()["DBUS_SESSION_BUS_ADDRESS"].clone());
        let chooser = self
            .side
            .run(async move { Builder::address(address.as_str())?.serve_at(PORTAL.1, chooser)?.name(CHOOSER)?.build().await });
        let chooser = chooser.await.expect("a stand-in on the bus");
        self.allow_service("org.freedesktop.impl.portal.PermissionStore").await;
        let program = PROGRAMS.iter().find(|program| Path::new(program).is_file());
        let mut command = self.command(program.unwrap_or_else(|| missing("xdg-desktop-portal")));
        command.arg("--verbose").env("XDG_DESKTOP_PORTAL_DIR", &folder);
        let portal = self.spawn("xdg-desktop-portal", command);
        self.await_owner(PORTAL.0, true).await;
        OpenUri { offered, _chooser: chooser, _portal: portal }
    }

    /// Opens a link as a program in a sandbox does.
    pub async fn open_by_portal(&self, uri: &str) {
        let options: HashMap<&str, Value<'_>> = HashMap::new();
        let asked = call::<_, OwnedObjectPath>(&self.bus, PORTAL, "OpenURI", &("", uri, options)).await;
        asked.expect("the portal takes the link");
    }
}

/// Source: the documentation of XDG Desktop Portal, `org.freedesktop.impl.portal.AppChooser`.
struct Chooser(Arc<Mutex<Vec<Vec<String>>>>);

#[interface(name = "org.freedesktop.impl.portal.AppChooser")]
impl Chooser {
    fn choose_application(
        &self,
        _handle: ObjectPath<'_>,
        _program: String,
        _parent: String,
        choices: Vec<String>,
        _options: HashMap<String, OwnedValue>,
    ) -> (u32, HashMap<String, Value<'static>>) {
        let picked = choices.first().cloned().unwrap_or_default();
        self.0.lock().expect("no panic while held").push(choices);
        (0, HashMap::from([("choice".to_owned(), Value::from(picked))]))
    }

    fn update_choices(&self, _handle: ObjectPath<'_>, _choices: Vec<String>) {}
}
