//! A tray item of the tests' own: the stranger beside ours, and the proof that the tray works.

use super::session::Session;
use super::waiting::{PATIENCE, wait_for};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use zbus::connection::Builder;
use zbus::interface;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, StructureBuilder, Value};

/// A red square in the tray, with a menu; it goes when dropped.
///
/// The menu: `Hang up`, a line, `Calls` (not to be chosen) with `Anna_Berta` below, `Disturb me not` (marked).
#[derive(Debug)]
pub struct SampleItem {
    seen: Seen,
    _connection: zbus::Connection,
}

impl SampleItem {
    /// Shows an item named `title` in the panel of `session`.
    pub async fn show(session: &Session, title: &str) -> Self {
        let seen = Seen::default();
        let item = Item { title: title.to_owned(), seen: seen.clone() };
        let connection = Builder::address(session.env()["DBUS_SESSION_BUS_ADDRESS"].as_str())
            .and_then(|builder| builder.serve_at("/StatusNotifierItem", item))
            .and_then(|builder| builder.serve_at("/Menu", Menu { seen: seen.clone() }))
            .expect("an item");
        let connection = connection.build().await.expect("a connection");
        let watcher = "org.kde.StatusNotifierWatcher";
        let name = connection.unique_name().expect("a name").to_string();
        let (path, method) = ("/StatusNotifierWatcher", "RegisterStatusNotifierItem");
        let registered = connection.call_method(Some(watcher), path, Some(watcher), method, &(name,)).await;
        registered.expect("a registered item");
        Self { seen, _connection: connection }
    }

    /// Waits until `activate`, or `clicked` and the number of a menu entry, has happened; each counts once.
    pub async fn has_seen(&self, what: &str) {
        let take = || {
            let mut seen = self.seen.0.lock().expect("no panic while held");
            seen.iter().position(|word| word == what).map(|place| seen.remove(place))
        };
        wait_for(&format!("`{what}` at the item"), PATIENCE, async || take()).await;
    }
}

/// What happened to the item.
#[derive(Debug, Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn add(&self, what: String) {
        self.0.lock().expect("no panic while held").push(what);
    }
}

struct Item {
    title: String,
    seen: Seen,
}

type Picture = (i32, i32, Vec<u8>);

#[interface(name = "org.kde.StatusNotifierItem")]
impl Item {
    fn activate(&self, _x: i32, _y: i32) {
        self.seen.add("activate".to_owned());
    }

    #[zbus(property)]
    fn category(&self) -> &str {
        "Communications"
    }

    #[zbus(property)]
    fn id(&self) -> &str {
        "sample-id"
    }

    #[zbus(property)]
    fn title(&self) -> &str {
        &self.title
    }

    #[zbus(property)]
    fn status(&self) -> &str {
        "Active"
    }

    #[zbus(property)]
    fn icon_pixmap(&self) -> Vec<Picture> {
        vec![(22, 22, [255, 220, 40, 40].repeat(22 * 22))]
    }

    #[zbus(property)]
    fn tool_tip(&self) -> (String, Vec<Picture>, String, String) {
        (String::new(), Vec::new(), "Tip".to_owned(), "More".to_owned())
    }

    #[zbus(property)]
    fn item_is_menu(&self) -> bool {
        false
    }

    #[zbus(property)]
    fn menu(&self) -> OwnedObjectPath {
        ObjectPath::from_static_str_unchecked("/Menu").into()
    }
}

struct Menu {
    seen: Seen,
}

type Node = (i32, HashMap<&'static str, Value<'static>>, Vec<OwnedValue>);

#[interface(name = "com.canonical.dbusmenu")]
impl Menu {
    fn get_layout(&self, _parent: i32, _depth: i32, _names: Vec<String>) -> (u32, Node) {
        let anna = leaf(3, [("label", Value::from("Anna__Berta"))]);
        let calls = [("label", Value::from("_Calls")), ("enabled", Value::from(false))];
        let children = vec![
            leaf(1, [("label", Value::from("_Hang up"))]),
            leaf(4, [("type", Value::from("separator"))]),
            branch(2, calls, vec![anna]),
            leaf(5, [("label", Value::from("Hidden")), ("visible", Value::from(false))]),
            leaf(
                6,
                [
                    ("label", Value::from("Disturb me not")),
                    ("toggle-type", Value::from("checkmark")),
                    ("toggle-state", Value::from(1)),
                ],
            ),
        ];
        let owned = |value: Value<'static>| OwnedValue::try_from(value).expect("no files within");
        (1, (0, HashMap::new(), children.into_iter().map(owned).collect()))
    }

    fn event(&self, id: i32, kind: &str, _data: Value<'_>, _timestamp: u32) {
        self.seen.add(format!("{kind} {id}"));
    }

    fn about_to_show(&self, _id: i32) -> bool {
        false
    }

    #[zbus(property)]
    fn version(&self) -> u32 {
        3
    }
}

type Properties<const N: usize> = [(&'static str, Value<'static>); N];

fn leaf<const N: usize>(id: i32, properties: Properties<N>) -> Value<'static> {
    branch(id, properties, Vec::new())
}

fn branch<const N: usize>(id: i32, properties: Properties<N>, below: Vec<Value<'static>>) -> Value<'static> {
    let structure = StructureBuilder::new().add_field(id).add_field(HashMap::from(properties)).add_field(below).build();
    Value::from(structure.expect("a structure"))
}
