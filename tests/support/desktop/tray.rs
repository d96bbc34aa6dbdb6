//! The tray: its items, their menus, and clicks on both.

use super::bus::call;
use super::panel::WATCHER_OBJECT;
use super::screen::{Button, Place};
use super::session::Session;
use super::waiting::{PATIENCE, wait_for};
use std::collections::HashMap;
use zbus::zvariant::{OwnedValue, Structure, Value};

const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// An item in the tray, as its program described it at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrayItem {
    /// Bus name of the program.
    pub bus_name: String,
    /// Object path of the item.
    pub path: String,
    /// Its constant name.
    pub id: String,
    /// Its title.
    pub title: String,
    /// `Active`, `Passive` or `NeedsAttention`.
    pub status: String,
    /// Name of its icon.
    pub icon_name: String,
    /// Folder in which the icon is looked for first.
    pub icon_theme_path: String,
    /// Its icon as pictures.
    pub icon_pixmaps: Vec<Pixmap>,
    /// Name of the icon drawn over the other one.
    pub overlay_icon_name: String,
    /// Name of the icon for `NeedsAttention`.
    pub attention_icon_name: String,
    /// First line of the tool tip.
    pub tooltip_title: String,
    /// Text of the tool tip.
    pub tooltip_text: String,
    /// Object path of the menu; empty without one.
    pub menu: String,
    /// Whether a left click opens the menu.
    pub item_is_menu: bool,
}

/// A picture of 32-bit ARGB values, most significant byte first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixmap {
    /// Width in pixels.
    pub width: i32,
    /// Height in pixels.
    pub height: i32,
    /// Four bytes for each pixel.
    pub argb: Vec<u8>,
}

/// One entry of a menu with all below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MenuEntry {
    /// Number by which its program knows it.
    pub id: i32,
    /// What is written there, without the marks of access keys.
    pub label: String,
    /// Whether it can be chosen.
    pub enabled: bool,
    /// Whether it is drawn.
    pub visible: bool,
    /// Whether it is only a line.
    pub separator: bool,
    /// Whether its mark is set; none if it has no mark.
    pub checked: Option<bool>,
    /// The entries of its submenu.
    pub children: Vec<MenuEntry>,
}

impl MenuEntry {
    /// The first visible entry named `label`, at any depth.
    pub fn find(&self, label: &str) -> Option<&Self> {
        let visible = || self.children.iter().filter(|entry| entry.visible);
        visible().find(|entry| entry.label == label).or_else(|| visible().find_map(|entry| entry.find(label)))
    }

    /// All visible labels from top to bottom, submenus included, lines left out.
    pub fn labels(&self) -> Vec<&str> {
        let visible = self.children.iter().filter(|entry| entry.visible && !entry.separator);
        visible.flat_map(|entry| std::iter::once(entry.label.as_str()).chain(entry.labels())).collect()
    }
}

impl Session {
    /// The items in the tray, in the order in which they came.
    pub async fn tray_items(&self) -> Vec<TrayItem> {
        let (name, path, interface) = WATCHER_OBJECT;
        let registered: zbus::Result<OwnedValue> =
            call(&self.bus, (name, path, PROPERTIES), "Get", &(interface, "RegisteredStatusNotifierItems")).await;
        let names = registered.ok().and_then(|value| Vec::<String>::try_from(value).ok()).unwrap_or_default();
        let mut items = Vec::new();
        for name in names {
            let (bus_name, path) = match name.split_once('/') {
                Some((bus_name, path)) => (bus_name, format!("/{path}")),
                None => (name.as_str(), "/StatusNotifierItem".to_owned()),
            };
            // An item may have gone since the list was read.
            items.extend(self.read_item(bus_name, &path).await);
        }
        items
    }

    /// Waits for the item whose title or id is `name`.
    pub async fn tray_item(&self, name: &str) -> TrayItem {
        self.tray_item_where(&format!("`{name}` in the tray"), |item| item.title == name || item.id == name).await
    }

    /// Waits for an item that fulfils `condition`.
    pub async fn tray_item_where(&self, what: &str, condition: impl Fn(&TrayItem) -> bool) -> TrayItem {
        wait_for(what, PATIENCE, async || self.tray_items().await.into_iter().find(|item| condition(item))).await
    }

    /// Activates an item as a host does on a left click, without using the mouse.
    pub async fn activate(&self, item: &TrayItem) {
        let target = (item.bus_name.as_str(), item.path.as_str(), ITEM);
        call::<_, ()>(&self.bus, target, "Activate", &(0i32, 0i32)).await.expect("an item that can be activated");
    }

    /// Clicks an icon of the panel with the mouse; `place` counts the icons from the left, from 0.
    pub async fn click_tray(&self, place: usize, button: Button) {
        let icon = wait_for("an icon in the panel", PATIENCE, async || self.tray_place(place).await).await;
        self.click(icon.x + icon.width / 2, icon.y + icon.height / 2, button).await;
    }

    /// Where an icon of the panel is on the screen; none while the panel does not show that many.
    pub async fn tray_place(&self, place: usize) -> Option<Place> {
        let count = self.tray_items().await.iter().filter(|item| item.status != "Passive").count();
        // The panel gives each of its plugins a window; the tray's has no width until it has an icon.
        let tray = self.windows_of_class("Wrapper-2.0").await.into_iter().find(|window| window.width > 8)?;
        if place >= count {
            return None;
        }
        let width = tray.width / i32::try_from(count).ok()?;
        Some(Place { x: tray.x + width * i32::try_from(place).ok()?, width, ..tray })
    }

    /// The menu of an item; the root entry has no label.
    pub async fn menu(&self, item: &TrayItem) -> MenuEntry {
        type Layout = (u32, (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>));
        let target = (item.bus_name.as_str(), item.menu.as_str(), MENU);
        // Hosts announce the menu before they draw it; not every program answers.
        let _: zbus::Result<bool> = call(&self.bus, target, "AboutToShow", &(0i32,)).await;
        let (_, (id, properties, children)): Layout =
            call(&self.bus, target, "GetLayout", &(0i32, -1i32, Vec::<&str>::new())).await.expect("a menu");
        let properties = properties.iter().map(|(name, value)| (name.as_str(), &**value)).collect();
        entry(id, &properties, children.iter().map(|child| &**child))
    }

    /// Waits until the menu of `item` fulfils `condition`, and returns it.
    pub async fn menu_where(&self, item: &TrayItem, what: &str, condition: impl Fn(&MenuEntry) -> bool) -> MenuEntry {
        wait_for(what, PATIENCE, async || Some(self.menu(item).await).filter(|menu| condition(menu))).await
    }

    /// Waits until the menu of `item` has `label` and it can be chosen, and chooses it.
    pub async fn press_menu(&self, item: &TrayItem, label: &str) {
        let what = format!("`{label}` in the menu");
        let menu = self.menu_where(item, &what, |menu| menu.find(label).is_some_and(|entry| entry.enabled)).await;
        let id = menu.find(label).map(|entry| entry.id).unwrap_or_default();
        assert!(self.press_row(item, id).await, "a menu that takes clicks");
    }

    /// Chooses the row of this number, whatever it is by now and even if it cannot be chosen: somebody may have the menu
    /// open as it was before. Says whether the program took it.
    pub async fn press_row(&self, item: &TrayItem, id: i32) -> bool {
        let target = (item.bus_name.as_str(), item.menu.as_str(), MENU);
        let clicked = (id, "clicked", Value::from(0i32), 0u32);
        call::<_, ()>(&self.bus, target, "Event", &clicked).await.is_ok()
    }

    async fn read_item(&self, bus_name: &str, path: &str) -> Option<TrayItem> {
        let properties: HashMap<String, OwnedValue> =
            call(&self.bus, (bus_name, path, PROPERTIES), "GetAll", &(ITEM,)).await.ok()?;
        let get = |name: &str| properties.get(name).map(|value| &**value);
        let text = |name: &str| get(name).map(text).unwrap_or_default();
        let tooltip = get("ToolTip").and_then(fields).unwrap_or_default();
        Some(TrayItem {
            bus_name: bus_name.to_owned(),
            path: path.to_owned(),
            id: text("Id"),
            title: text("Title"),
            status: text("Status"),
            icon_name: text("IconName"),
            icon_theme_path: text("IconThemePath"),
            icon_pixmaps: get("IconPixmap").map(pixmaps).unwrap_or_default(),
            overlay_icon_name: text("OverlayIconName"),
            attention_icon_name: text("AttentionIconName"),
            tooltip_title: tooltip.get(2).map(self::text).unwrap_or_default(),
            tooltip_text: tooltip.get(3).map(self::text).unwrap_or_default(),
            menu: text("Menu"),
            item_is_menu: matches!(get("ItemIsMenu"), Some(Value::Bool(true))),
        })
    }
}

fn entry<'a>(id: i32, properties: &HashMap<&str, &'a Value<'a>>, children: impl Iterator<Item = &'a Value<'a>>) -> MenuEntry {
    let flag = |name: &str| match properties.get(name) {
        Some(Value::Bool(flag)) => *flag,
        _ => true,
    };
    let checked = match properties.get("toggle-state") {
        Some(Value::I32(state)) if properties.contains_key("toggle-type") => Some(*state == 1),
        _ => None,
    };
    MenuEntry {
        id,
        label: properties.get("label").map(|label| without_access_keys(&text(label))).unwrap_or_default(),
        enabled: flag("enabled"),
        visible: flag("visible"),
        separator: properties.get("type").is_some_and(|kind| text(kind) == "separator"),
        checked,
        children: children.filter_map(child).collect(),
    }
}

fn child(value: &Value<'_>) -> Option<MenuEntry> {
    let [Value::I32(id), Value::Dict(properties), Value::Array(children)] = fields(value)? else { return None };
    let properties = properties
        .iter()
        .filter_map(|(name, value)| if let Value::Str(name) = name { Some((name.as_str(), inner(value))) } else { None })
        .collect();
    Some(entry(*id, &properties, children.iter()))
}

/// The value within variants.
fn inner<'a>(value: &'a Value<'a>) -> &'a Value<'a> {
    if let Value::Value(value) = value { inner(value) } else { value }
}

fn fields<'a>(value: &'a Value<'a>) -> Option<&'a [Value<'a>]> {
    if let Value::Structure(structure) = inner(value) { Some(Structure::fields(structure)) } else { None }
}

/// The text of a string or an object path; empty for all else.
fn text(value: &Value<'_>) -> String {
    let value = inner(value);
    if let Value::Str(text) = value {
        text.to_string()
    } else if let Value::ObjectPath(path) = value {
        path.to_string()
    } else {
        String::new()
    }
}

fn pixmaps(value: &Value<'_>) -> Vec<Pixmap> {
    let Value::Array(pictures) = inner(value) else { return Vec::new() };
    let picture = |value| match fields(value) {
        Some([Value::I32(width), Value::I32(height), Value::Array(bytes)]) => Some(Pixmap {
            width: *width,
            height: *height,
            argb: bytes.iter().filter_map(|byte| if let Value::U8(byte) = byte { Some(*byte) } else { None }).collect(),
        }),
        _ => None,
    };
    pictures.iter().filter_map(picture).collect()
}

/// Source: `com.canonical.dbusmenu`, property `label`: `_` marks an access key, `__` is an underscore.
fn without_access_keys(label: &str) -> String {
    let mut written = String::new();
    let mut characters = label.chars();
    while let Some(character) = characters.next() {
        if character == '_' {
            written.extend(characters.next());
        } else {
            written.push(character);
        }
    }
    written
}
