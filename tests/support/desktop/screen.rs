//! Eyes and hands: pictures of the screen, keys, clicks, focus, selections.

use super::programs::Running;
use super::session::Session;
use super::waiting::{PATIENCE, wait_for, wait_until};
use std::fs;
use std::path::{Path, PathBuf};

/// A button of the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Button {
    /// The left one.
    Left,
    /// The wheel.
    Middle,
    /// The right one.
    Right,
}

/// The window that gets the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveWindow {
    /// Its X number.
    pub id: String,
    /// What its title bar says.
    pub title: String,
    /// Its class, such as `XTerm`.
    pub class: String,
}

/// A rectangle on the screen, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

/// The path of a file among the artefacts of the tests; the folder exists.
pub fn artefact(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace above").join("artefacts");
    fs::create_dir_all(&folder).expect("a folder for artefacts");
    folder.join(name)
}

/// A terminal window that records every character typed into it.
#[derive(Debug)]
pub struct Xterm {
    /// Title of the window.
    pub title: String,
    file: PathBuf,
    _running: Running,
}

impl Xterm {
    /// The characters that have arrived.
    pub fn typed(&self) -> String {
        fs::read_to_string(&self.file).unwrap_or_default()
    }

    /// Waits until exactly `text` has arrived.
    pub async fn has_typed(&self, text: &str) {
        wait_until(&format!("`{text}` in the terminal"), PATIENCE, || self.typed() == text).await;
    }
}

impl Session {
    /// Saves a picture of the whole screen among the artefacts and returns its path.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let path = artefact(name);
        let taken = self.run("import", &["-window", "root", &path.display().to_string()]).await;
        assert!(taken.success, "import: {}", taken.stderr);
        path
    }

    /// Presses keys as on a keyboard, such as `ctrl+alt+d`.
    pub async fn key(&self, keys: &str) {
        self.xdotool(&["key", "--clearmodifiers", keys]).await;
    }

    /// Types `text` as on a keyboard into the window that has the focus.
    pub async fn type_text(&self, text: &str) {
        self.xdotool(&["type", "--", text]).await;
    }

    /// Clicks at a point of the screen.
    pub async fn click(&self, x: i32, y: i32, button: Button) {
        self.clicks(x, y, button, 1).await;
    }

    /// Clicks twice at a point of the screen, which selects a word in most programs.
    pub async fn double_click(&self, x: i32, y: i32) {
        self.clicks(x, y, Button::Left, 2).await;
    }

    /// The window that gets the keys; none without window frames or windows.
    pub async fn active_window(&self) -> Option<ActiveWindow> {
        let active = self.run("xdotool", &["getactivewindow"]).await;
        let id = active.stdout.trim().to_owned();
        if !active.success || id.is_empty() {
            return None;
        }
        let title = self.run("xdotool", &["getwindowname", &id]).await.stdout.trim().to_owned();
        // `WM_CLASS(STRING) = "xterm", "XTerm"`; the second word is the class.
        let class = self.run("xprop", &["-id", &id, "WM_CLASS"]).await.stdout;
        let class = class.split('"').nth(3).unwrap_or_default().to_owned();
        Some(ActiveWindow { id, title, class })
    }

    /// Waits until a window whose title is `title` gets the keys.
    pub async fn window_active(&self, title: &str) -> ActiveWindow {
        let what = format!("the window `{title}` to get the keys");
        wait_for(&what, PATIENCE, async || self.active_window().await.filter(|window| window.title == title)).await
    }

    /// Gives the keys to the window whose title is `title`.
    pub async fn focus(&self, title: &str) -> ActiveWindow {
        self.hand_keys(title).await;
        self.window_active(title).await
    }

    /// Asks the desktop to give the keys to the window with this title; it may not do so yet.
    pub async fn hand_keys(&self, title: &str) {
        let pattern = format!("^{}$", title.replace('?', "[?]"));
        self.xdotool(&["search", "--onlyvisible", "--name", &pattern, "windowactivate"]).await;
    }

    /// Where the visible windows of `class` are.
    pub async fn windows_of_class(&self, class: &str) -> Vec<Place> {
        let pattern = format!("^{class}$");
        let search = ["search", "--onlyvisible", "--class", &pattern, "getwindowgeometry", "--shell", "%@"];
        places(&self.run("xdotool", &search).await.stdout)
    }

    /// Where the visible windows are whose title is `title`.
    pub async fn windows_of_title(&self, title: &str) -> Vec<Place> {
        let pattern = format!("^{}$", title.replace('?', "[?]"));
        let search = ["search", "--onlyvisible", "--name", &pattern, "getwindowgeometry", "--shell", "%@"];
        places(&self.run("xdotool", &search).await.stdout)
    }

    /// Waits for a visible window of `class`.
    pub async fn window_of_class(&self, class: &str) -> Place {
        let what = format!("a window of class {class}");
        wait_for(&what, PATIENCE, async || self.windows_of_class(class).await.into_iter().next()).await
    }

    /// Opens a terminal that records what is typed into it; it has the focus when this returns.
    pub async fn xterm(&self, title: &str) -> Xterm {
        let file = self.root().join(format!("typed-{title}"));
        fs::write(&file, "").expect("a file for what is typed");
        let mut command = self.command("xterm");
        command.args(["-T", title, "-geometry", "60x10+60+400", "-e", "sh", "-c"]);
        // Each character counts at once, not only whole lines.
        command.arg(format!("stty -icanon -ixon; echo ready; exec cat >> '{}'", file.display()));
        let running = self.spawn(&format!("xterm-{title}"), command);
        self.window_active(title).await;
        Xterm { title: title.to_owned(), file, _running: running }
    }

    /// Owns a selection (`primary` or `clipboard`) with `text` until the returned program ends.
    pub async fn offer_selection(&self, selection: &str, text: &str) -> Running {
        let file = self.root().join(format!("selected-{selection}"));
        fs::write(&file, text).expect("a file for the selected text");
        let mut command = self.command("xclip");
        command.args(["-quiet", "-selection", selection, "-in"]).arg(&file);
        let running = self.spawn("xclip", command);
        wait_for("the selection to be offered", PATIENCE, async || {
            (self.selection(selection).await.as_deref() == Some(text)).then_some(())
        })
        .await;
        running
    }

    /// The text of a selection (`primary` or `clipboard`); none if nobody owns it.
    pub async fn selection(&self, selection: &str) -> Option<String> {
        let read = self.run("xclip", &["-selection", selection, "-out"]).await;
        read.success.then_some(read.stdout)
    }

    async fn clicks(&self, x: i32, y: i32, button: Button, times: u32) {
        let button = match button {
            Button::Left => "1",
            Button::Middle => "2",
            Button::Right => "3",
        };
        let (x, y, times) = (x.to_string(), y.to_string(), times.to_string());
        let click = ["click", "--repeat", &times, "--delay", "60", button];
        self.xdotool(&[&["mousemove", "--sync", x.as_str(), y.as_str()], click.as_slice()].concat()).await;
    }

    async fn xdotool(&self, arguments: &[&str]) {
        let done = self.run("xdotool", arguments).await;
        assert!(done.success, "xdotool {}: {}", arguments.first().unwrap_or(&""), done.stderr);
    }
}

/// Reads what `xdotool getwindowgeometry --shell` wrote about any number of windows.
fn places(text: &str) -> Vec<Place> {
    let mut found = Vec::new();
    for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
        if name == "WINDOW" {
            found.push(Place { x: 0, y: 0, width: 0, height: 0 });
        }
        let (Some(place), Ok(number)) = (found.last_mut(), value.parse()) else { continue };
        match name {
            "X" => place.x = number,
            "Y" => place.y = number,
            "WIDTH" => place.width = number,
            "HEIGHT" => place.height = number,
            _ => {}
        }
    }
    found
}
