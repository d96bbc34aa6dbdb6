//! The small window: one question before a dial, near the pointer, where notices have no buttons.
//!
//! It comes without the keyboard where nobody is known to have asked for it, never below the pointer, and its page takes
//! no press before it has stood still for a moment: what was meant for another program dials nothing.

use std::sync::{Mutex, PoisonError};

use phone_control::protocol::{AnswerQuestionParams, Nothing, method};
use serde::Deserialize;
use tauri::{
    AppHandle, Emitter, LogicalSize, Manager, PhysicalPosition, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use crate::link::Agent;
use crate::window;

/// Name of the window.
pub const LABEL: &str = "question";
/// Size before its page has said how much it needs, in logical pixels.
const SIZE: (f64, f64) = (420.0, 220.0);
/// Smallest and largest size that a page may wish, in logical pixels.
const LIMITS: (f64, f64) = (200.0, 1200.0);
/// Between the pointer and the window, in physical pixels; a hand that trembles does not bridge it.
const GAP: i32 = 16;
/// What a frame may add to the contents, in logical pixels.
const FRAME: (f64, f64) = (12.0, 40.0);

/// What the small window asks now.
#[derive(Default)]
pub struct Asks {
    id: Mutex<Option<String>>,
}

impl Asks {
    fn put(&self, id: Option<String>) -> Option<String> {
        std::mem::replace(&mut *self.id.lock().unwrap_or_else(PoisonError::into_inner), id)
    }
}

/// What the page says when it has drawn a question.
#[derive(Deserialize)]
pub struct Drawn {
    /// The question.
    id: String,
    /// What the frame says.
    title: String,
    /// Size of what was drawn, in logical pixels.
    width: f64,
    height: f64,
    /// The user has just pressed a key for it, so it takes the keyboard.
    expected: bool,
}

/// Tells whether a question stands on the screen, or is about to.
pub fn is_open(app: &AppHandle) -> bool {
    app.state::<Asks>().id.lock().unwrap_or_else(PoisonError::into_inner).is_some()
}

/// Opens the small window, or lets the one that is open look what is asked now.
pub fn open(app: &AppHandle) {
    window::stay(app);
    if app.get_webview_window(LABEL).is_some() {
        app.emit("asked", Nothing {}).ok();
    } else if let Err(error) = build(app) {
        window::complain(&format!("the question cannot be shown: {error}"));
        window::retire(app);
    }
}

fn build(app: &AppHandle) -> tauri::Result<WebviewWindow> {
    let builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html?ask".into()))
        .title("Trayphone")
        .inner_size(SIZE.0, SIZE.1)
        // Shown once the page has drawn a question.
        .visible(false)
        .focused(false)
        // It stands in for a notice, and nobody finds one that lies below another window.
        .always_on_top(true)
        .maximizable(false)
        .minimizable(false)
        .incognito(true)
        .on_navigation(window::own_page);
    // The toolkit serves pages once for each of these folders, whether anything is kept there or not.
    let folder = phone_control::default_path().ok().and_then(|socket| Some(socket.parent()?.to_owned()));
    let builder = folder.into_iter().fold(builder, WebviewWindowBuilder::data_directory);
    let built = builder.build()?;
    let closing = app.clone();
    built.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            refuse(&closing);
        }
    });
    Ok(built)
}

/// Shows what the page has drawn; a question in place of another one stays where that was.
pub fn drawn(app: &AppHandle, drawn: Drawn) {
    let Some(window) = app.get_webview_window(LABEL) else { return };
    let Drawn { id, title, width, height, expected } = drawn;
    app.state::<Asks>().put(Some(id));
    // A system that refuses one of them still does the others.
    window.set_title(&title).ok();
    let within = |wished: f64, first: f64| if wished.is_finite() { wished.clamp(LIMITS.0.min(first), LIMITS.1) } else { first };
    let size = (within(width, SIZE.0), within(height, 120.0));
    window.set_size(LogicalSize::new(size.0, size.1)).ok();
    let is_shown = window.is_visible().unwrap_or(false);
    if !is_shown {
        place(&window, size);
    }
    window::bring_up(&window, !expected || is_shown);
}

/// Puts the window beside the pointer, where the system lets a program do so.
fn place(window: &WebviewWindow, size: (f64, f64)) {
    if std::env::var_os("WAYLAND_DISPLAY").is_some_and(|name| !name.is_empty()) {
        return;
    }
    let Ok(pointer) = window.cursor_position() else { return };
    let Ok(Some(monitor)) = window.monitor_from_point(pointer.x, pointer.y) else { return };
    let scale = monitor.scale_factor();
    let whole = |logical: f64| (logical * scale).ceil() as i32;
    let area = monitor.work_area();
    let (left, top) = (area.position.x, area.position.y);
    let room = Room {
        left,
        top,
        right: left.saturating_add_unsigned(area.size.width),
        bottom: top.saturating_add_unsigned(area.size.height),
    };
    let (x, y) = beside((pointer.x as i32, pointer.y as i32), (whole(size.0 + FRAME.0), whole(size.1 + FRAME.1)), room);
    window.set_position(PhysicalPosition::new(x, y)).ok();
}

/// Where windows may stand on a monitor.
#[derive(Clone, Copy)]
struct Room {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

/// Right of the pointer and below it, or on the other side where there is no room; inside the monitor in any case.
fn beside(pointer: (i32, i32), size: (i32, i32), room: Room) -> (i32, i32) {
    let along = |at: i32, long: i32, begin: i32, end: i32| {
        let after = at + GAP;
        let place = if after + long <= end { after } else { at - GAP - long };
        place.min(end - long).max(begin)
    };
    (along(pointer.0, size.0, room.left, room.right), along(pointer.1, size.1, room.top, room.bottom))
}

/// Nothing is asked any more.
pub fn close(app: &AppHandle) {
    app.state::<Asks>().put(None);
    if let Some(window) = app.get_webview_window(LABEL) {
        window.hide().ok();
        // Its page looks, and finds nothing.
        app.emit("asked", Nothing {}).ok();
    }
    window::retire(app);
}

/// A closed window is a no.
fn refuse(app: &AppHandle) {
    let asked = app.state::<Asks>().put(None);
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        if let Some(id) = asked
            && let Ok(client) = app.state::<Agent>().client()
        {
            let no = AnswerQuestionParams { id, ..AnswerQuestionParams::default() };
            // One that is over already needs no answer.
            client.call::<Nothing>(method::ANSWER_QUESTION, &no).await.ok();
        }
        close(&app);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { left: 0, top: 30, right: 1280, bottom: 800 };

    #[test]
    fn it_stands_beside_the_pointer_and_inside_the_monitor() {
        let size = (432, 260);
        assert_eq!(beside((100, 100), size, ROOM), (116, 116));
        assert_eq!(beside((1270, 790), size, ROOM), (1270 - GAP - 432, 790 - GAP - 260));
        assert_eq!(beside((1270, 100), size, ROOM), (822, 116));
        let second = Room { left: 1280, top: 0, right: 2560, bottom: 1024 };
        assert_eq!(beside((1290, 10), size, second), (1306, 26));
        assert_eq!(beside((10, 10), (2000, 900), ROOM), (0, 30), "what does not fit begins at the corner");
    }

    #[test]
    fn the_pointer_is_never_above_it_where_there_is_room() {
        let size = (432, 260);
        for x in (0..1280).step_by(7) {
            for y in (30..800).step_by(7) {
                let (left, top) = beside((x, y), size, ROOM);
                assert!(left >= 0 && top >= 30 && left + size.0 <= 1280 && top + size.1 <= 800, "{x} {y}");
                let covers = (left..left + size.0).contains(&x) && (top..top + size.1).contains(&y);
                assert!(!covers, "{x} {y}: {left} {top}");
            }
        }
    }
}
