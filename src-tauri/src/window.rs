//! The window itself: opened for the user, hidden when closed, kept warm for a while, then gone.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use phone_control::protocol::{OpenWindowParams, SettingsReply, method};
use phone_core::DesktopSettings;
use tauri::webview::PageLoadEvent;
use tauri::{
    AppHandle, Emitter, Manager, RunEvent, Url, UserAttentionType, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use crate::ask::{self, Asks};
use crate::instance::Door;
use crate::intents;
use crate::key::WindowKey;
use crate::link::{self, Agent};
use crate::place::{self, LEAST_SIZE, Place};

/// Name of the window.
pub const LABEL: &str = "main";
/// How long the agent may take to say how long the window stays warm.
const SETTINGS: Duration = Duration::from_secs(2);
/// By then a system has decided who gets the keyboard when a window comes up.
const UNTIL_SHOWN: Duration = Duration::from_millis(300);

/// What the window remembers while it runs.
struct Opened {
    door: Option<Arc<Door>>,
    /// Grows with each showing and hiding, so that an old plan to end is given up.
    turn: AtomicU64,
    /// What the page begins with, until it listens.
    first: Mutex<OpenWindowParams>,
}

/// Opens the window and stays until it is gone.
///
/// # Errors
/// When the system's web view or the display cannot be used; says which in words.
pub fn run(socket: PathBuf, door: Option<Arc<Door>>, wish: OpenWindowParams, key: WindowKey) -> Result<(), String> {
    let built = without_panic(|| build(socket, door, wish, key));
    let built = built.map_err(|said| format!("this display cannot be used ({said})"))?;
    let app = built.map_err(|error| error.to_string())?;
    app.run(|_, event| {
        // It stays warm when the small window was its last one, and ends by a plan of its own.
        if let RunEvent::ExitRequested { code: None, api, .. } = event {
            api.prevent_exit();
        }
    });
    Ok(())
}

/// Does what panics instead of failing, as the toolkit does where a display is named that does not answer; gives its words.
fn without_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    std::panic::set_hook(usual);
    done.map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        // What follows is about places in the toolkit's own source.
        said.and_then(|said| said.split([':', '\n']).next()).unwrap_or("no reason given").trim_end_matches('!').to_owned()
    })
}

fn build(socket: PathBuf, door: Option<Arc<Door>>, wish: OpenWindowParams, key: WindowKey) -> tauri::Result<tauri::App> {
    tauri::Builder::default()
        .manage(Agent::at(socket))
        .manage(key)
        .manage(Asks::default())
        .manage(Opened { door: door.clone(), turn: AtomicU64::new(0), first: Mutex::new(wish) })
        .invoke_handler(intents::all())
        .setup(move |app| {
            let handle = app.handle().clone();
            if wish.question.is_some() {
                ask::open(&handle);
            } else {
                open(&handle, wish.quiet)?;
            }
            if let Some(door) = door {
                let later = handle.clone();
                std::thread::Builder::new().name("door".to_owned()).spawn(move || door.serve(|wish| show(&later, wish)))?;
            }
            tauri::async_runtime::spawn(link::follow(handle));
            Ok(())
        })
        .build(tauri::generate_context!())
}

fn open(app: &AppHandle, quiet: bool) -> tauri::Result<()> {
    let place = place::file().map(|file| Place::read(&file)).unwrap_or_default();
    let builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("Trayphone")
        .inner_size(place.width, place.height)
        .min_inner_size(LEAST_SIZE.0, LEAST_SIZE.1)
        // Shown once there is something to see.
        .visible(false)
        .focused(!quiet)
        // Nothing of the page is kept on disk.
        .incognito(!is_driven())
        .on_navigation(own_page)
        .on_page_load(move |window, load| {
            if load.event() == PageLoadEvent::Finished {
                bring_up(&window, quiet);
            }
        });
    let window = builder.build()?;
    restore(&window, place);
    let closing = app.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event {
            api.prevent_close();
            close(&closing);
        }
    });
    Ok(())
}

/// Whether a test drives the page by WebDriver, which the toolkit offers only to a page whose store is not its own.
///
/// What users get cannot be driven: it is built without this, and a private page takes no driver whatever the environment
/// says. Nothing that a page does can switch it on.
fn is_driven() -> bool {
    cfg!(debug_assertions) && std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some_and(|said| said == "true")
}

/// Lets the page load itself and nothing else.
pub fn own_page(url: &Url) -> bool {
    url.scheme() == "tauri" || (matches!(url.scheme(), "http" | "https") && url.host_str() == Some("tauri.localhost"))
}

fn restore(window: &WebviewWindow, place: Place) {
    let screens: Vec<_> = window
        .available_monitors()
        .unwrap_or_default()
        .iter()
        .map(|screen| {
            let (at, size) = (
                screen.position().to_logical::<f64>(screen.scale_factor()),
                screen.size().to_logical::<f64>(screen.scale_factor()),
            );
            (at.x, at.y, size.width, size.height)
        })
        .collect();
    if let Place { x: Some(x), y: Some(y), .. } = place.on_screens(&screens) {
        // Where the system places windows itself, it does so.
        window.set_position(tauri::LogicalPosition::new(x, y)).ok();
    }
}

fn remember(window: &WebviewWindow) {
    let (Some(file), Ok(scale), Ok(size)) = (place::file(), window.scale_factor(), window.inner_size()) else { return };
    if window.is_minimized().unwrap_or(false) || window.is_maximized().unwrap_or(false) {
        return;
    }
    let size = size.to_logical::<f64>(scale);
    let at = window.outer_position().ok().map(|at| at.to_logical::<f64>(scale));
    let place = Place { width: size.width, height: size.height, x: at.map(|at| at.x), y: at.map(|at| at.y) };
    // The window opens elsewhere next time; nothing else depends on it.
    place.write(&file).ok();
}

/// Shows the window as it is wished, or the small one that asks.
pub fn show(app: &AppHandle, wish: OpenWindowParams) {
    match wish.question {
        Some(true) => return ask::open(app),
        Some(false) => return ask::close(app),
        None => {}
    }
    stay(app);
    if let Some(window) = app.get_webview_window(LABEL) {
        bring_up(&window, wish.quiet);
        app.emit("show", wish).ok();
        return;
    }
    // Only the small one was there so far.
    *app.state::<Opened>().first.lock().unwrap_or_else(PoisonError::into_inner) = wish;
    if let Err(error) = open(app, wish.quiet) {
        complain(&format!("the window cannot be opened: {error}"));
        retire(app);
    }
}

/// Gives up every plan to end.
pub fn stay(app: &AppHandle) {
    app.state::<Opened>().turn.fetch_add(1, Ordering::SeqCst);
}

/// Says what went wrong to whoever reads standard error; nobody is left to tell when that is closed.
pub fn complain(text: &str) {
    writeln!(std::io::stderr(), "trayphone-window: {text}").ok();
}

/// Tells the page what it begins with.
pub fn first_view(app: &AppHandle) {
    let first = *app.state::<Opened>().first.lock().unwrap_or_else(PoisonError::into_inner);
    if first.view.is_some() {
        app.emit("show", first).ok();
    }
}

/// Shows the window; `quiet` leaves the keyboard where it is.
pub fn bring_up(window: &WebviewWindow, quiet: bool) {
    let is_new = !window.is_visible().unwrap_or(false);
    // A system that refuses one of them still does the others.
    if !quiet {
        window.set_focusable(true).ok();
        window.show().ok();
        window.unminimize().ok();
        window.set_focus().ok();
        return;
    }
    if is_new {
        window.set_focusable(false).ok();
        window.show().ok();
        let later = window.clone();
        tauri::async_runtime::spawn(async move {
            tokio::time::sleep(UNTIL_SHOWN).await;
            later.set_focusable(true).ok();
        });
    }
    window.request_user_attention(Some(UserAttentionType::Informational)).ok();
}

/// Hides the window; the program ends when nobody wants to see it again for a while.
pub fn close(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        remember(&window);
        window.hide().ok();
    }
    retire(app);
}

/// Plans the end of the program, unless a window is still to be seen.
pub fn retire(app: &AppHandle) {
    if app.get_webview_window(LABEL).is_some_and(|window| window.is_visible().unwrap_or(false)) {
        return;
    }
    let turn = app.state::<Opened>().turn.fetch_add(1, Ordering::SeqCst) + 1;
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        // The next window gets a key that counts.
        if !app.state::<WindowKey>().is_refused() {
            tokio::time::sleep(warm_time(&app).await).await;
        }
        let opened = app.state::<Opened>();
        // The small window plans anew when it closes.
        if opened.turn.load(Ordering::SeqCst) == turn && !ask::is_open(&app) {
            if let Some(door) = &opened.door {
                door.close();
            }
            app.exit(0);
        }
    });
}

async fn warm_time(app: &AppHandle) -> Duration {
    let asked = async {
        app.state::<Agent>()
            .client()
            .ok()?
            .call::<SettingsReply>(method::GET_SETTINGS, &phone_control::protocol::Nothing {})
            .await
            .ok()
    };
    let told = tokio::time::timeout(SETTINGS, asked).await.ok().flatten();
    let seconds = told.map_or_else(|| DesktopSettings::default().window_warm_s, |settings| settings.desktop.window_warm_s);
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_cannot_lead_elsewhere() {
        let goes = |text: &str| own_page(&Url::parse(text).expect("an address"));
        assert!(goes("tauri://localhost/index.html"));
        assert!(!goes("https://pbx.example.com/"));
        assert!(!goes("http://localhost/"));
        assert!(!goes("data:text/html,x"));
        assert!(!goes("file:///etc/passwd"));
    }
}
