//! Whether the copy key copies in the window that has the keys, as far as that can be known.

use std::collections::BTreeMap;
use std::fs;

use x11rb::protocol::res::{ClientIdMask, ClientIdSpec, ConnectionExt as _};
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _, Window};

use super::SelectionError;
use super::x11::{Display, failed};

/// Words in the class of a window in which the copy key ends what runs, or goes to another machine where it may.
///
/// Most terminals have `term` in theirs.
const WORDS: [&str; 10] = ["term", "console", "rxvt", "vnc", "rdp", "remmina", "qemu", "virt", "vmware", "citrix"];

/// Classes of such windows whose words say nothing, and of editors where the key begins something else.
const CLASSES: &str = "alacritty blackbox contour cmd conhost emacs foot footclient ghostty com.mitchellh.ghostty guake hyper \
    kgx kitty konsole ptyxis org.gnome.ptyxis putty rio sakura st st-256color tabby tilda tilix warp dev.warp.warp wave yakuake \
    zutty anydesk nomachine nxplayer parsec rustdesk spicy teamviewer xephyr";

/// Levels of windows between the one with the keys and the one of its program.
const LEVELS: usize = 16;

/// The window that has the keys, and the process that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The window.
    pub window: Window,
    /// Its process.
    pub process: u32,
}

/// Who would get the copy key; none where it might do anything but copy.
///
/// # Errors
/// The X server does not answer.
pub fn target(display: &Display) -> Result<Option<Target>, SelectionError> {
    let window = focus(display)?;
    let Some(class) = class(display, window)? else {
        tracing::debug!("the copy key is not pressed: nobody knows what has the keys");
        return Ok(None);
    };
    if is_foreign(&class) {
        tracing::debug!("the copy key is not pressed: {class:?} has the keys");
        return Ok(None);
    }
    let Some(process) = process(display, window)? else { return Ok(None) };
    if runs_terminals(process) != Some(false) {
        tracing::debug!("the copy key is not pressed: process {process} may show a terminal");
        return Ok(None);
    }
    Ok(Some(Target { window, process }))
}

/// The window that has the keys.
///
/// # Errors
/// The X server does not answer.
pub fn focus(display: &Display) -> Result<Window, SelectionError> {
    Ok(display.connection.get_input_focus().map_err(failed)?.reply().map_err(failed)?.focus)
}

/// The process of a window on this machine; none where it is not known.
///
/// # Errors
/// The X server does not answer.
pub fn process(display: &Display, window: Window) -> Result<Option<u32>, SelectionError> {
    // The server itself knows, even of programs that count their processes apart, as in a container.
    display.connection.res_query_version(1, 2).map_err(failed)?;
    let wanted = ClientIdSpec { client: window, mask: ClientIdMask::LOCAL_CLIENT_PID };
    let told = display.connection.res_query_client_ids(&[wanted]).map_err(failed)?.reply();
    let found = told.ok().and_then(|told| told.ids.first().and_then(|id| id.value.first().copied()));
    Ok(found.filter(|process| *process != 0))
}

/// The two names of a window's class, of the nearest window above that has them.
fn class(display: &Display, window: Window) -> Result<Option<String>, SelectionError> {
    let connection = &display.connection;
    let mut window = window;
    for _ in 0..LEVELS {
        // None and the root have the keys when no window has; 1 stands for whatever lies under the pointer.
        if window <= 1 || window == display.root {
            return Ok(None);
        }
        let class = connection.get_property(false, window, AtomEnum::WM_CLASS, AtomEnum::STRING, 0, 256);
        let class = class.map_err(failed)?.reply().map_err(failed)?.value;
        if !class.is_empty() {
            return Ok(Some(class.into_iter().map(|byte| char::from(byte).to_ascii_lowercase()).collect()));
        }
        window = connection.query_tree(window).map_err(failed)?.reply().map_err(failed)?.parent;
    }
    Ok(None)
}

/// Whether a class, both of its names ended by a zero, is of a window where the copy key does not copy.
fn is_foreign(class: &str) -> bool {
    let names = || class.split('\0').filter(|name| !name.is_empty());
    WORDS.iter().any(|word| class.contains(word))
        || names().any(|name| CLASSES.split_whitespace().any(|class| class == name))
        || names().next().is_none()
}

/// Whether a process or one below it keeps the other end of a terminal, as every program does that shows one.
///
/// None where that cannot be seen.
fn runs_terminals(process: u32) -> Option<bool> {
    let mut below: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Some(parent) = fs::read_to_string(entry.path().join("stat")).ok().and_then(|stat| parent(&stat)) else { continue };
        below.entry(parent).or_default().push(id);
    }
    if keeps_terminal(process)? {
        return Some(true);
    }
    let mut left = below.remove(&process).unwrap_or_default();
    while let Some(next) = left.pop() {
        // Parts that shut themselves off from everybody cannot have started a shell.
        if keeps_terminal(next) == Some(true) {
            return Some(true);
        }
        left.extend(below.remove(&next).unwrap_or_default());
    }
    Some(false)
}

fn keeps_terminal(process: u32) -> Option<bool> {
    let mut files = fs::read_dir(format!("/proc/{process}/fd")).ok()?.flatten();
    Some(files.any(|file| fs::read_link(file.path()).is_ok_and(|path| path.ends_with("ptmx"))))
}

/// The parent of a process by its line in `/proc`, whose second word is a name with anything in it.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_and_other_machines_get_no_copy_key() {
        for class in [
            "xterm\0xterm\0",
            "gnome-terminal-server\0gnome-terminal\0",
            "xfce4-terminal\0xfce4-terminal\0",
            "konsole\0konsole\0",
            "kitty\0kitty\0",
            "alacritty\0alacritty\0",
            "terminator\0terminator\0",
            "urxvt\0urxvt\0",
            "st-256color\0st-256color\0",
            "foot\0foot\0",
            "org.wezfurlong.wezterm\0org.wezfurlong.wezterm\0",
            "htop\0xterm\0",
            "vncviewer\0vncviewer\0",
            "xfreerdp\0xfreerdp\0",
            "emacs\0emacs\0",
            "\0\0",
            "",
        ] {
            assert!(is_foreign(class), "{class:?}");
        }
        for class in ["mousepad\0mousepad\0", "navigator\0firefox\0", "chromium\0chromium\0", "libreoffice\0libreoffice-calc\0"] {
            assert!(!is_foreign(class), "{class:?}");
        }
    }

    #[test]
    fn a_process_is_told_from_its_name() {
        assert_eq!(parent("4711 (a (strange) name) S 42 4711 4711 0 -1"), Some(42));
        assert_eq!(parent("nonsense"), None);
        assert_eq!(runs_terminals(std::process::id()), Some(false));
        let terminal = fs::File::options().read(true).write(true).open("/dev/ptmx").expect("a terminal");
        assert_eq!(runs_terminals(std::process::id()), Some(true));
        drop(terminal);
        assert_eq!(runs_terminals(0), None);
    }
}
