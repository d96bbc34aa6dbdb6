//! The tray as a StatusNotifierItem, without any toolkit.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::tz::TimeZone;
use ksni::TrayMethods;
use ksni::menu::{CheckmarkItem, MenuItem, StandardItem, SubMenu};
use phone_core::View;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::panel::Look;
use super::{Entry, Mark, Panel, TrayLook, is_ringing, menu, pictures, tray};
use crate::desktop::{Act, Press, escape};

/// The design's two frames a second, while it rings.
const FRAME: Duration = Duration::from_millis(500);

/// An attempt to connect shorter than this is not drawn: the icon of an outage would flicker with every try.
const SHORT: Duration = Duration::from_millis(600);

/// So many drawings within [`STORM`] are a storm: every one makes the tray host read all pictures again.
const AT_ONCE: usize = 20;
const STORM: Duration = Duration::from_secs(3);
/// Time between two drawings in a storm.
const PACE: Duration = Duration::from_millis(150);
/// How long the icon of a new call lets its notice go first: a host that reads all pictures anew keeps us busy.
const NOTICE_FIRST: Duration = Duration::from_millis(20);

/// Between two tries to register where the bus refused.
const AGAIN: Duration = Duration::from_secs(30);

/// What the tray tells the rest of the agent.
#[derive(Clone)]
pub struct Told {
    /// What the user pressed.
    pub presses: mpsc::Sender<Press>,
    /// Whether there is a tray host; none while nobody knows.
    pub host: watch::Sender<Option<bool>>,
    /// The menu is about to be looked at.
    pub opened: mpsc::Sender<()>,
}

/// Puts the icon into the tray and keeps it true until nobody sends views any more.
///
/// The first picture stands before the first view is there.
pub async fn run(told: Told, mut views: watch::Receiver<Option<std::sync::Arc<View>>>, mut looks: watch::Receiver<Look>) {
    let zone = TimeZone::system();
    let icon = loop {
        let first = Icon::new(&told);
        match first.assume_sni_available(true).spawn().await {
            Ok(icon) => {
                // The item said "offline" meanwhile if nobody watches for items yet.
                told.host.send_if_modified(|host| host.is_none().then(|| *host = Some(true)).is_some());
                break icon;
            }
            Err(error) => {
                tracing::warn!("the tray cannot be used: {error}");
                told.host.send_replace(Some(false));
                tokio::time::sleep(AGAIN).await;
            }
        }
    };
    let mut frames = tokio::time::interval(FRAME);
    frames.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut frame = false;
    let mut drawn: Option<(TrayLook, Vec<Entry>)> = None;
    let mut drawings = Drawings::default();
    let mut connecting: Option<Instant> = None;
    let mut was_ringing = false;
    loop {
        let rings = views.borrow().as_ref().is_some_and(|view| is_ringing(view));
        if rings && !was_ringing {
            tokio::time::sleep(NOTICE_FIRST).await;
        } else if let Some(rest) = drawings.rest() {
            tokio::time::sleep(rest).await;
        }
        was_ringing = rings;
        let view = views.borrow_and_update().clone();
        let desktop = *looks.borrow_and_update();
        let mut ringing = false;
        if let Some(view) = view {
            let mut look = tray(&view, desktop.panel, &zone);
            ringing = is_ringing(&view);
            if ringing && frame {
                look.mark = Mark::Ringing1;
            }
            let was_offline = drawn.as_ref().is_some_and(|(drawn, _)| drawn.mark == Mark::Offline);
            if look.mark == Mark::Connecting && was_offline {
                let since = *connecting.get_or_insert_with(Instant::now);
                if since.elapsed() < SHORT {
                    look.mark = Mark::Offline;
                }
            } else {
                connecting = None;
            }
            let rows = menu(&view, &zone);
            if drawn.as_ref().is_none_or(|(old_look, old_rows)| *old_look != look || *old_rows != rows) {
                drawn = Some((look.clone(), rows.clone()));
                drawings.one_more();
                if icon.update(|icon| icon.set(look, rows)).await.is_none() {
                    return;
                }
            }
        }
        let moves = ringing && !desktop.still;
        tokio::select! {
            changed = views.changed() => if changed.is_err() { break },
            changed = looks.changed() => if changed.is_err() { break },
            _ = frames.tick(), if moves => frame = !frame,
            () = tokio::time::sleep(SHORT), if connecting.is_some_and(|since| since.elapsed() < SHORT) => {}
        }
        if !moves {
            frame = false;
        }
    }
    icon.shutdown().await;
}

/// The last drawings: a few at once are a working day, many are a storm.
#[derive(Default)]
struct Drawings(VecDeque<Instant>);

impl Drawings {
    fn one_more(&mut self) {
        self.0.push_back(Instant::now());
        if self.0.len() > AT_ONCE {
            self.0.pop_front();
        }
    }

    /// How long the next one has to wait: not at all, except in a storm.
    fn rest(&self) -> Option<Duration> {
        let storm = self.0.len() == AT_ONCE && self.0.front().is_some_and(|oldest| oldest.elapsed() < STORM);
        storm.then_some(PACE)
    }
}

/// What the tray host asks about.
struct Icon {
    look: TrayLook,
    rows: Vec<Entry>,
    /// Changes whenever a row of the menu comes to mean something else.
    edition: bool,
    pictures: Vec<ksni::Icon>,
    told: Told,
}

impl Icon {
    fn new(told: &Told) -> Self {
        let look = tray(&View::default(), Look::default().panel, &TimeZone::UTC);
        let look = TrayLook { mark: Mark::Connecting, title: "Trayphone".to_owned(), ..look };
        let pictures = draw(look.mark, look.count, look.panel);
        Self { look, rows: menu(&View::default(), &TimeZone::UTC), edition: false, pictures, told: told.clone() }
    }

    fn set(&mut self, look: TrayLook, rows: Vec<Entry>) {
        let drawing = |look: &TrayLook| (look.mark, look.count, look.panel);
        if drawing(&self.look) != drawing(&look) {
            self.pictures = draw(look.mark, look.count, look.panel);
        }
        if !acts(&self.rows).eq(acts(&rows)) {
            self.edition = !self.edition;
        }
        self.look = look;
        self.rows = rows;
    }

    fn press(&self, act: Act) {
        let token = ksni::current_xdg_activation_token();
        if self.told.presses.try_send(Press { act, token }).is_err() {
            tracing::warn!("a press in the tray was dropped, too many are waiting");
        }
    }
}

impl ksni::Tray for Icon {
    fn id(&self) -> String {
        "trayphone".to_owned()
    }

    fn title(&self) -> String {
        "Trayphone".to_owned()
    }

    fn category(&self) -> ksni::Category {
        ksni::Category::Communications
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        self.pictures.clone()
    }

    fn tool_tip(&self) -> ksni::ToolTip {
        // Tooltips know a little markup.
        ksni::ToolTip {
            title: escape(&self.look.title),
            description: escape(&self.look.lines.join("\n")),
            ..ksni::ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.press(Act::Click);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.rows.iter().map(row).chain([mark(self.edition)]).collect()
    }

    fn menu_about_to_show(&mut self) {
        // Full means that somebody is looking already.
        self.told.opened.try_send(()).ok();
    }

    fn watcher_online(&self) {
        self.told.host.send_replace(Some(true));
    }

    fn watcher_offline(&self, reason: ksni::OfflineReason) -> bool {
        tracing::info!("there is no tray: {reason:?}");
        self.told.host.send_replace(Some(false));
        // Stay: a panel that crashed or starts later finds the item again.
        true
    }
}

/// What the rows of a menu do, from top to bottom.
fn acts(rows: &[Entry]) -> impl Iterator<Item = Option<&Act>> {
    rows.iter().flat_map(|row| match row {
        Entry::Line | Entry::Words(_) => vec![None],
        Entry::Item { act, .. } | Entry::Check { act, .. } => vec![Some(act)],
        Entry::Sub { entries, .. } => acts(entries).collect(),
    })
}

/// A row that nobody sees, of another shape in each of two editions.
///
/// Rows are known to tray hosts by numbers, which stay while the shape of the menu does; so the second press of a double
/// one, or one that was on its way, would do what stands in the same place now: hold instead of answer, or decline
/// another call.
fn mark(edition: bool) -> MenuItem<Icon> {
    let submenu = (0..=usize::from(edition)).map(|_| MenuItem::Separator).collect();
    SubMenu { visible: false, submenu, ..Default::default() }.into()
}

fn draw(mark: Mark, count: Option<&str>, panel: Panel) -> Vec<ksni::Icon> {
    let pictures = pictures::of(mark, count, panel).into_iter();
    pictures
        .map(|picture| {
            let size = i32::try_from(picture.size).unwrap_or(0);
            ksni::Icon { width: size, height: size, data: picture.argb }
        })
        .collect()
}

fn row(entry: &Entry) -> MenuItem<Icon> {
    match entry {
        Entry::Line => MenuItem::Separator,
        Entry::Words(label) => StandardItem { label: plain(label), enabled: false, ..Default::default() }.into(),
        Entry::Item { label, act, enabled } => {
            let act = act.clone();
            StandardItem {
                label: plain(label),
                enabled: *enabled,
                activate: Box::new(move |icon: &mut Icon| icon.press(act.clone())),
                ..Default::default()
            }
            .into()
        }
        Entry::Check { label, act, on, enabled } => {
            let act = act.clone();
            CheckmarkItem {
                label: plain(label),
                enabled: *enabled,
                checked: *on,
                activate: Box::new(move |icon: &mut Icon| icon.press(act.clone())),
                ..Default::default()
            }
            .into()
        }
        Entry::Sub { label, entries } => {
            SubMenu { label: plain(label), submenu: entries.iter().map(row).collect(), ..Default::default() }.into()
        }
    }
}

/// A label without access keys: an underscore in a name must not vanish.
fn plain(label: &str) -> String {
    label.replace('_', "__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_bring_neither_access_keys_nor_markup() {
        assert_eq!(plain("ann_example"), "ann__example");
        assert_eq!(escape("<b>Ann & Bob</b>"), "&lt;b&gt;Ann &amp; Bob&lt;/b&gt;");
    }
}
