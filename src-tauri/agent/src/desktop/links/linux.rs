//! Desktop entry and associations in the user's own folders.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::ALL;
use super::entries::{ENTRY, desktop_entry, with_types};
use super::lists::{
    ADDED, DEFAULTS, handler_of, has_group, lines_of, refusals_of, with_handler, with_offer, with_refusals, without,
    without_empty, without_refusal,
};
use super::owners::{Owner, Places};
use crate::folders::Folders;

/// What the lists said before us, one `list<tab>key` a line with a tab and a line of the list for each that we took;
/// the keys are schemes, also behind [`REFUSED`] or [`OFFERED`], [`MADE_FILE`], [`MADE_GROUP`] and [`MADE_OFFERS`].
const BEFORE: &str = "links-before";
/// The list was not there before.
const MADE_FILE: &str = "[file]";
/// The list had no group of defaults before.
const MADE_GROUP: &str = "[group]";
/// The list had no group of further associations before.
const MADE_OFFERS: &str = "[added]";

/// Begins the key of the lines that refused us for a scheme.
const REFUSED: char = '-';
/// Begins the key of the lines that said who else is offered for a scheme.
const OFFERED: char = '+';

/// Folder of the window's toolkit, by the identifier of the window.
const WINDOW_DATA: &str = "org.trayphone.Trayphone";

/// Our picture among the user's own icons.
const ICON: (&str, &[u8]) = ("icons/hicolor/128x128/apps/trayphone.png", include_bytes!("../../../../../icons/app/app-128.png"));

/// Who opens links of each scheme that we can open.
pub fn owners(folders: &Folders) -> BTreeMap<&'static str, Option<Owner>> {
    let places = Places::from_env(folders);
    ALL.into_iter().map(|scheme| (scheme, places.owner(scheme))).collect()
}

/// Tells whether an owner of links is Trayphone.
pub fn is_ours(owner: Option<&Owner>) -> bool {
    owner.is_some_and(|owner| owner.entry == ENTRY)
}

/// Makes the program at `path` open links of these schemes.
///
/// # Errors
/// A file that cannot be read or written; what was written before it stays.
pub fn take(folders: &Folders, path: &Path, schemes: &[&str]) -> io::Result<()> {
    take_in(&Places::from_env(folders), folders, path, schemes)
}

fn take_in(places: &Places, folders: &Folders, path: &Path, schemes: &[&str]) -> io::Result<()> {
    let ours: Vec<&str> = ALL.into_iter().filter(|scheme| schemes.contains(scheme) || is_named(folders, scheme)).collect();
    write(&folders.applications().join(ENTRY), desktop_entry(path, &ours).as_bytes())?;
    write(&folders.data_home.join(ICON.0), ICON.1)?;
    let mut before = remembered(folders)?;
    let common = common(folders);
    for list in own_lists(places, folders) {
        let old = read(&list)?;
        let mut new = old.clone();
        for scheme in schemes {
            let refusals = refusals_of(&new, scheme, ENTRY);
            if !refusals.is_empty() {
                before.insert((list.clone(), format!("{REFUSED}{scheme}")), refusals);
                new = without_refusal(&new, scheme, ENTRY);
            }
            let offers = if list == common { with_offer(&new, scheme, ENTRY) } else { new.clone() };
            if offers != new {
                before.insert((list.clone(), format!("{OFFERED}{scheme}")), lines_of(&new, ADDED, scheme));
                new = offers;
            }
            let handler = handler_of(&old, scheme);
            // The desktop's own list goes before the common one, where it says anything about the scheme.
            if handler.as_deref() == Some(ENTRY) || (handler.is_none() && list != common) {
                continue;
            }
            before.insert((list.clone(), (*scheme).to_owned()), lines_of(&old, DEFAULTS, scheme));
            new = with_handler(&new, scheme, ENTRY);
        }
        if new != old {
            if !list.exists() {
                before.insert((list.clone(), MADE_FILE.to_owned()), Vec::new());
            }
            for (group, key) in [(DEFAULTS, MADE_GROUP), (ADDED, MADE_OFFERS)] {
                if !has_group(&old, group) && has_group(&new, group) {
                    before.insert((list.clone(), key.to_owned()), Vec::new());
                }
            }
            // Remembered first: a crash in between must not lose what was there.
            remember(folders, &before)?;
            write(&list, new.as_bytes())?;
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
    // Whichever desktop this is: another one's list would name a desktop entry that is gone.
    let lists: BTreeSet<PathBuf> = before.keys().map(|(list, _)| list.clone()).chain(all_lists(folders)).collect();
    for list in lists {
        let old = match read(&list) {
            // What is no text was not written by us.
            Err(error) if error.kind() == ErrorKind::InvalidData => continue,
            other => other?,
        };
        let mut new = old.clone();
        for scheme in schemes {
            let mut old_lines = |key: String| before.remove(&(list.clone(), key)).unwrap_or_default();
            new = without(&new, DEFAULTS, scheme, ENTRY, &old_lines((*scheme).to_owned()));
            new = without(&new, ADDED, scheme, ENTRY, &old_lines(format!("{OFFERED}{scheme}")));
            new = with_refusals(&new, scheme, ENTRY, &old_lines(format!("{REFUSED}{scheme}")));
        }
        let mut made_file = false;
        if !ALL.iter().any(|scheme| before.contains_key(&(list.clone(), (*scheme).to_owned()))) {
            // The one that was put behind the other goes first.
            for (group, key) in [(DEFAULTS, MADE_GROUP), (ADDED, MADE_OFFERS), (DEFAULTS, MADE_GROUP)] {
                let is_empty = |new: &str| !without_empty(new, group).eq(new);
                if before.contains_key(&(list.clone(), key.to_owned())) && is_empty(&new) {
                    new = without_empty(&new, group);
                    before.remove(&(list.clone(), key.to_owned()));
                }
            }
            // Where somebody else uses them now, they are theirs.
            for key in [MADE_GROUP, MADE_OFFERS] {
                before.remove(&(list.clone(), key.to_owned()));
            }
            made_file = before.remove(&(list.clone(), MADE_FILE.to_owned())).is_some();
        }
        if new == old {
            continue;
        }
        if made_file && new.trim().is_empty() { remove(&list)? } else { write(&list, new.as_bytes())? }
    }
    remember(folders, &before)?;
    let ours: Vec<&str> = ALL.into_iter().filter(|scheme| is_named(folders, scheme)).collect();
    let entry = read(&folders.applications().join(ENTRY))?;
    if !ours.is_empty() && !entry.is_empty() {
        write(&folders.applications().join(ENTRY), with_types(&entry, &ours).as_bytes())?;
    }
    if ours.is_empty() {
        remove(&folders.applications().join(ENTRY))?;
        remove(&folders.data_home.join(ICON.0))?;
        // Folders that we made and nobody else uses; what is not empty stays.
        let icons = folders.data_home.join(ICON.0);
        for folder in icons.ancestors().skip(1).take(4).chain([folders.applications().as_path()]) {
            fs::remove_dir(folder).ok();
        }
        // The toolkit of the window makes it, though the page, which is kept nowhere, never uses it.
        fs::remove_dir(folders.data_home.join(WINDOW_DATA)).ok();
    }
    Ok(())
}

/// Whether any list of the user's names us for links of `scheme`, whichever desktop it counts on.
fn is_named(folders: &Folders, scheme: &str) -> bool {
    all_lists(folders).iter().any(|list| read(list).is_ok_and(|list| handler_of(&list, scheme).as_deref() == Some(ENTRY)))
}

/// The list of all desktops.
fn common(folders: &Folders) -> PathBuf {
    folders.config_home.join("mimeapps.list")
}

/// The user's lists that count on this desktop, the strongest first; they go before those of the system.
fn own_lists(places: &Places, folders: &Folders) -> Vec<PathBuf> {
    let lists = places.names().into_iter().map(|name| folders.config_home.join(name));
    lists.filter(|list| list.exists() || *list == common(folders)).collect()
}

/// The lists of all desktops that have one.
fn all_lists(folders: &Folders) -> Vec<PathBuf> {
    let entries = fs::read_dir(&folders.config_home).into_iter().flatten().flatten();
    let is_list = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("-mimeapps.list"));
    entries.map(|entry| entry.path()).filter(is_list).chain([common(folders)]).collect()
}

type Before = BTreeMap<(PathBuf, String), Vec<String>>;

fn remembered(folders: &Folders) -> io::Result<Before> {
    let text = read(&folders.state().join(BEFORE))?;
    let lines = text.lines().filter_map(|line| {
        let mut fields = line.split('\t').map(as_it_was);
        let key = (PathBuf::from(fields.next()?), fields.next()?);
        Some((key, fields.collect()))
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
    let mut text = String::new();
    for ((list, key), lines) in before {
        let list = list.display().to_string();
        let fields: Vec<String> = [&list, key].into_iter().chain(lines).map(|field| on_one_line(field)).collect();
        text += &fields.join("\t");
        text.push('\n');
    }
    // The log lies there too, from the first start on.
    phone_control::private_folder(&folders.state())?;
    write(&file, text.as_bytes())
}

/// A text without the characters that end a field and a line of [`BEFORE`].
fn on_one_line(text: &str) -> String {
    text.replace('%', "%25").replace('\t', "%09").replace('\n', "%0A").replace('\r', "%0D")
}

/// The text that [`on_one_line`] was given.
fn as_it_was(text: &str) -> String {
    text.replace("%0D", "\r").replace("%0A", "\n").replace("%09", "\t").replace("%25", "%")
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
    use super::super::SCHEMES;
    use super::*;

    fn places(folders: &Folders, desktops: &str) -> Places {
        let (config, data) = (vec![folders.config_home.clone()], vec![folders.data_home.clone()]);
        Places { desktops: desktops.to_owned(), config, data }
    }

    fn opens(folders: &Folders) -> Vec<&'static str> {
        let places = places(folders, "");
        ALL.into_iter().filter(|scheme| is_ours(places.owner(scheme).as_ref())).collect()
    }

    fn entry(folders: &Folders) -> String {
        fs::read_to_string(folders.applications().join(ENTRY)).unwrap_or_default()
    }

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
        fs::create_dir_all(folders.data_home.join(WINDOW_DATA)).expect("the window's folder");
        assert_eq!(opens(&folders), SCHEMES);
        give_back(&folders, &SCHEMES).expect("given back");
        assert_eq!(files(root.path()), Vec::<PathBuf>::new());
        assert!(!folders.data_home.join(WINDOW_DATA).exists());
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
        assert_eq!(opens(&folders), ["tel", "pbx"]);
        give_back(&folders, &["pbx"]).expect("given back");
        assert_eq!(opens(&folders), ["tel"]);
        give_back(&folders, &ALL).expect("given back");
        assert_eq!(fs::read_to_string(&list).expect("the list"), text);
        assert_eq!(files(root.path()), [list]);
    }

    #[test]
    fn everything_is_given_back_on_another_desktop_than_it_was_taken_on() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = folders(root.path());
        let common = "[Default Applications]\nx-scheme-handler/tel=old.desktop;older.desktop\n";
        let own = "# mine\n[Default Applications]\nx-scheme-handler/tel = own.desktop;other.desktop;\n\n[Added Associations]\n";
        let lists = [("mimeapps.list", common), ("xfce-mimeapps.list", own)];
        for (name, text) in lists {
            write(&folders.config_home.join(name), text.as_bytes()).expect("a list");
        }

        take_in(&places(&folders, "XFCE"), &folders, Path::new("/usr/bin/trayphone"), &SCHEMES).expect("taken");
        give_back(&folders, &["callto", "pbx"]).expect("given back");
        assert!(folders.applications().join(ENTRY).exists(), "a list of some desktop still names it");
        give_back(&folders, &SCHEMES).expect("given back");

        for (name, text) in lists {
            assert_eq!(fs::read_to_string(folders.config_home.join(name)).expect("the list"), text);
        }
        assert_eq!(files(root.path()).len(), 2, "nothing of ours stays: {:?}", files(root.path()));
    }

    #[test]
    fn only_the_schemes_that_were_asked_for_are_taken_and_named() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = folders(root.path());
        let program = Path::new("/usr/bin/trayphone");
        let types = |folders: &Folders| {
            let entry = entry(folders);
            entry.lines().find_map(|line| line.strip_prefix("MimeType=")).unwrap_or_default().replace("x-scheme-handler/", "")
        };
        take(&folders, program, &["sip"]).expect("taken");
        assert_eq!((opens(&folders), types(&folders).as_str()), (vec!["sip"], "sip;"));
        take(&folders, program, &["tel"]).expect("taken");
        assert_eq!((opens(&folders), types(&folders).as_str()), (vec!["tel", "sip"], "tel;sip;"));
        give_back(&folders, &["sip"]).expect("given back");
        assert_eq!((opens(&folders), types(&folders).as_str()), (vec!["tel"], "tel;"));
        give_back(&folders, &ALL).expect("given back");
        assert_eq!(files(root.path()), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_program_that_was_refused_once_and_is_wanted_now_is_refused_again_after_giving_back() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = folders(root.path());
        let list = folders.config_home.join("mimeapps.list");
        let text = "[Removed Associations]\nx-scheme-handler/tel=one.desktop;trayphone.desktop\n";
        write(&list, text.as_bytes()).expect("a list");
        take(&folders, Path::new("/usr/bin/trayphone"), &["tel"]).expect("taken");
        assert!(!fs::read_to_string(&list).expect("the list").contains("=one.desktop;trayphone.desktop"));
        assert_eq!(opens(&folders), ["tel"]);
        give_back(&folders, &["tel"]).expect("given back");
        assert_eq!(fs::read_to_string(&list).expect("the list"), text);
    }

    #[test]
    fn a_list_that_is_no_text_is_left_alone_and_holds_nothing_up() {
        let root = tempfile::tempdir().expect("a folder");
        let folders = folders(root.path());
        let other = folders.config_home.join("old-mimeapps.list");
        write(&other, b"# caf\xe9\n").expect("a list");
        take(&folders, Path::new("/usr/bin/trayphone"), &SCHEMES).expect("taken");
        give_back(&folders, &ALL).expect("given back");
        assert_eq!(files(root.path()), [other]);
    }
}
