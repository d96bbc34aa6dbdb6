//! Desktop entry and associations in the user's own folders.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::entries::ENTRY;
use super::{SCHEMES, desktop_entry, handler_of, with_handler, without_handler};
use crate::folders::Folders;

/// What opened links before us, one `file<tab>scheme<tab>entry` a line; an empty entry means nothing did.
const BEFORE: &str = "links-before";

/// Our picture among the user's own icons.
const ICON: (&str, &[u8]) = ("icons/hicolor/128x128/apps/trayphone.png", include_bytes!("../../../../../icons/app/app-128.png"));

/// For every scheme of ours, the desktop entry that opens it.
pub fn handlers(folders: &Folders) -> BTreeMap<&'static str, Option<String>> {
    let lists: Vec<String> = lists(folders).iter().map(|list| read(list).unwrap_or_default()).collect();
    SCHEMES.into_iter().map(|scheme| (scheme, lists.iter().find_map(|list| handler_of(list, scheme)))).collect()
}

/// Tells whether Trayphone opens links of a scheme.
pub fn is_handler(folders: &Folders, scheme: &str) -> bool {
    handlers(folders).get(scheme).is_some_and(|entry| entry.as_deref() == Some(ENTRY))
}

/// Makes the program at `path` open links of these schemes.
///
/// # Errors
/// A file that cannot be read or written; what was written before it stays.
pub fn take(folders: &Folders, path: &Path, schemes: &[&str]) -> io::Result<()> {
    write(&folders.applications().join(ENTRY), desktop_entry(path).as_bytes())?;
    write(&folders.data_home.join(ICON.0), ICON.1)?;
    let mut before = remembered(folders)?;
    for (place, list) in lists(folders).iter().enumerate() {
        let old = read(list)?;
        let mut new = old.clone();
        for scheme in schemes {
            let handler = handler_of(&old, scheme);
            // The desktop's own list goes before the common one, where it says anything about the scheme.
            let is_common = place == lists(folders).len() - 1;
            if handler.as_deref() == Some(ENTRY) || (handler.is_none() && !is_common) {
                continue;
            }
            before.insert((list.clone(), (*scheme).to_owned()), handler);
            new = with_handler(&new, scheme, ENTRY);
        }
        if new != old {
            // Remembered first: a crash in between must not lose what was there.
            remember(folders, &before)?;
            write(list, new.as_bytes())?;
        }
    }
    Ok(())
}

/// Gives links of these schemes back to what opened them before; with the last scheme all files of ours go.
///
/// # Errors
/// A file that cannot be read or written.
pub fn give_back(folders: &Folders, schemes: &[&str]) -> io::Result<()> {
    let mut before = remembered(folders)?;
    for list in lists(folders) {
        let old = read(&list)?;
        let mut new = old.clone();
        for scheme in schemes {
            let previous = before.remove(&(list.clone(), (*scheme).to_owned())).flatten();
            new = without_handler(&new, scheme, ENTRY, previous.as_deref());
        }
        if new == old {
            continue;
        }
        if new.trim().is_empty() { remove(&list)? } else { write(&list, new.as_bytes())? }
    }
    remember(folders, &before)?;
    if SCHEMES.iter().all(|scheme| !is_handler(folders, scheme)) {
        remove(&folders.applications().join(ENTRY))?;
        remove(&folders.data_home.join(ICON.0))?;
        // Folders that we made and nobody else uses; what is not empty stays.
        let icons = folders.data_home.join(ICON.0);
        for folder in icons.ancestors().skip(1).take(4).chain([folders.applications().as_path()]) {
            fs::remove_dir(folder).ok();
        }
    }
    Ok(())
}

/// The lists that count, the strongest first.
fn lists(folders: &Folders) -> Vec<PathBuf> {
    let desktops = std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default();
    let own = desktops.split(':').filter(|name| !name.is_empty());
    let own = own.map(|name| folders.config_home.join(format!("{}-mimeapps.list", name.to_lowercase())));
    own.filter(|list| list.exists()).chain([folders.config_home.join("mimeapps.list")]).collect()
}

type Before = BTreeMap<(PathBuf, String), Option<String>>;

fn remembered(folders: &Folders) -> io::Result<Before> {
    let text = read(&folders.state().join(BEFORE))?;
    let lines = text.lines().filter_map(|line| {
        let mut fields = line.split('\t');
        let key = (PathBuf::from(fields.next()?), fields.next()?.to_owned());
        Some((key, fields.next().filter(|entry| !entry.is_empty()).map(str::to_owned)))
    });
    Ok(lines.collect())
}

fn remember(folders: &Folders, before: &Before) -> io::Result<()> {
    let file = folders.state().join(BEFORE);
    if before.is_empty() {
        remove(&file)?;
        // The folder goes too if it was made for this file alone.
        fs::remove_dir(folders.state()).ok();
        return Ok(());
    }
    let lines = before
        .iter()
        .map(|((list, scheme), entry)| format!("{}\t{scheme}\t{}\n", list.display(), entry.as_deref().unwrap_or_default()));
    write(&file, lines.collect::<String>().as_bytes())
}

fn read(file: &Path) -> io::Result<String> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        other => other,
    }
}

/// Writes a file as a whole or not at all.
pub(in crate::desktop) fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    let folder = file.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    // A link to a file elsewhere, as people with their settings under version control have, stays a link.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut name = file.as_os_str().to_owned();
    name.push(".trayphone-new");
    let fresh = PathBuf::from(name);
    let mut writer = fs::File::create(&fresh)?;
    let written = writer.write_all(content).and_then(|()| writer.sync_all()).and_then(|()| fs::rename(&fresh, &file));
    written.inspect_err(|_| drop(fs::remove_file(&fresh)))
}

/// Removes a file; one that is not there is no error.
pub(in crate::desktop) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
        }
        found
    }

    fn folders(root: &Path) -> Folders {
        Folders { config_home: root.join("config"), data_home: root.join("data"), state_home: root.join("state") }
    }

    #[test]
    fn giving_back_leaves_nothing_behind() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = folders(root.path());
        take(&folders, Path::new("/usr/bin/trayphone"), &SCHEMES).expect("taken");
        assert!(SCHEMES.iter().all(|scheme| is_handler(&folders, scheme)));
        give_back(&folders, &SCHEMES).expect("given back");
        assert_eq!(files(root.path()), Vec::<PathBuf>::new());
    }

    #[test]
    fn the_program_from_before_is_restored_and_others_are_untouched() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = folders(root.path());
        let list = folders.config_home.join("mimeapps.list");
        let text = "[Default Applications]\nx-scheme-handler/tel=other.desktop\ntext/html=web.desktop\n";
        write(&list, text.as_bytes()).expect("a list");

        take(&folders, Path::new("/usr/bin/trayphone"), &["tel"]).expect("taken");
        take(&folders, Path::new("/opt/trayphone"), &["tel", "pbx"]).expect("taken again, by a newer program");
        assert!(is_handler(&folders, "tel") && is_handler(&folders, "pbx") && !is_handler(&folders, "callto"));
        give_back(&folders, &["pbx"]).expect("given back");
        assert!(is_handler(&folders, "tel") && !is_handler(&folders, "pbx"));
        give_back(&folders, &SCHEMES).expect("given back");
        assert_eq!(fs::read_to_string(&list).expect("the list"), text);
        assert_eq!(files(root.path()), [list]);
    }
}
