//! Who opens links of a scheme, as the programs of this desktop find it out.
//!
//! Source: MIME Applications Associations 1.0.1, and what GIO does where nothing is chosen.

use std::fs;
use std::path::PathBuf;

use super::lists::{ADDED, CACHE, REMOVED, entries_of, handlers_of};
use crate::folders::Folders;

/// The program that opens links of a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Its desktop entry.
    pub entry: String,
    /// Its name, as menus show it.
    pub name: String,
}

/// Where this desktop looks.
#[derive(Clone, Debug)]
pub struct Places {
    /// Names of the desktop that runs, separated by colons.
    pub desktops: String,
    /// Folders of settings, the user's own first.
    pub config: Vec<PathBuf>,
    /// Folders of data, the user's own first.
    pub data: Vec<PathBuf>,
}

impl Places {
    /// Reads them from the environment.
    pub fn from_env(folders: &Folders) -> Self {
        let list = |name: &str, usual: &str| {
            let set = std::env::var(name).ok().filter(|list| !list.is_empty()).unwrap_or_else(|| usual.to_owned());
            set.split(':').map(PathBuf::from).filter(|folder| folder.is_absolute()).collect::<Vec<_>>()
        };
        let with = |own: &PathBuf, others: Vec<PathBuf>| [vec![own.clone()], others].concat();
        Self {
            desktops: std::env::var("XDG_CURRENT_DESKTOP").unwrap_or_default(),
            config: with(&folders.config_home, list("XDG_CONFIG_DIRS", "/etc/xdg")),
            data: with(&folders.data_home, list("XDG_DATA_DIRS", "/usr/local/share:/usr/share")),
        }
    }

    /// Names of the lists of a folder, the strongest first.
    pub fn names(&self) -> Vec<String> {
        let own = self.desktops.split(':').filter(|name| !name.is_empty());
        own.map(|name| format!("{}-mimeapps.list", name.to_lowercase())).chain(["mimeapps.list".to_owned()]).collect()
    }

    /// Each folder with lists, the strongest first: the texts of its lists, and what its entries say by themselves.
    fn layers(&self) -> Vec<(Vec<String>, Option<String>)> {
        let names = self.names();
        let text = |file: PathBuf| fs::read(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).ok();
        let lists = |folder: &PathBuf| names.iter().filter_map(|name| text(folder.join(name))).collect();
        let config = self.config.iter().map(|folder| (lists(folder), None));
        let applications = self.data.iter().map(|folder| folder.join("applications"));
        config.chain(applications.map(|folder| (lists(&folder), text(folder.join("mimeinfo.cache"))))).collect()
    }

    /// The text of a desktop entry that is installed; in a folder of entries, a slash is written as a dash.
    fn entry(&self, name: &str) -> Option<String> {
        let slashes = name.match_indices('-').map(|(at, _)| format!("{}/{}", &name[..at], &name[at + 1..]));
        let paths: Vec<String> = [name.to_owned()].into_iter().chain(slashes).filter(|path| !path.contains("..")).collect();
        let files = self.data.iter().flat_map(|folder| paths.iter().map(|path| folder.join("applications").join(path)));
        let found =
            files.filter_map(|file| fs::read(file).ok()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).next()?;
        // An entry of the user's own that hides another one means: as if it were not installed.
        (key_of(&found, "Hidden").as_deref() != Some("true")).then_some(found)
    }

    /// Who opens links of `scheme`; none where nothing does.
    pub fn owner(&self, scheme: &str) -> Option<Owner> {
        let layers = self.layers();
        let chosen = layers.iter().flat_map(|(lists, _)| lists).flat_map(|list| handlers_of(list, scheme));
        // Where nothing was chosen, any program that says it can.
        let mut refused: Vec<String> = Vec::new();
        let mut able = Vec::new();
        for (lists, cache) in &layers {
            let in_group = |group| lists.iter().flat_map(move |list| entries_of(list, group, scheme));
            able.extend(in_group(ADDED).filter(|entry| !refused.contains(entry)));
            refused.extend(in_group(REMOVED));
            let cached = cache.iter().flat_map(|cache| entries_of(cache, CACHE, scheme));
            able.extend(cached.filter(|entry| !refused.contains(entry)));
        }
        chosen.chain(able).find_map(|entry| {
            let text = self.entry(&entry)?;
            let name = key_of(&text, "Name").unwrap_or_else(|| entry.trim_end_matches(".desktop").to_owned());
            Some(Owner { entry, name })
        })
    }
}

/// The value of a key of a desktop entry.
fn key_of(entry: &str, key: &str) -> Option<String> {
    let own = entry.lines().skip_while(|line| line.trim() != "[Desktop Entry]").skip(1);
    let mut own = own.take_while(|line| !line.starts_with('['));
    let value = own.find_map(|line| line.split_once('=').filter(|(found, _)| found.trim() == key))?.1.trim();
    Some(value.to_owned()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const TEL: &str = "x-scheme-handler/tel";

    fn put(file: &Path, text: &str) {
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    fn places(root: &Path, programs: &[&str]) -> Places {
        for program in programs {
            let file = root.join("system").join("applications").join(format!("{program}.desktop"));
            put(&file, &format!("[Desktop Entry]\nName=The {program}\n[Desktop Action x]\nName=Other\n"));
        }
        let home = |name: &str| root.join(name);
        Places {
            desktops: "ubuntu:GNOME".to_owned(),
            config: vec![home("config"), home("etc")],
            data: vec![home("data"), home("system")],
        }
    }

    fn name(places: &Places) -> Option<String> {
        places.owner("tel").map(|owner| owner.name)
    }

    #[test]
    fn the_strongest_list_with_an_installed_program_decides() {
        let root = tempfile::tempdir().expect("a folder");
        let places = places(root.path(), &["one", "two", "three", "four", "five"]);
        let lists = [
            ("system/applications/mimeapps.list", "five", "The five"),
            ("etc/mimeapps.list", "four", "The four"),
            ("etc/gnome-mimeapps.list", "three", "The three"),
            ("config/mimeapps.list", "two", "The two"),
            ("config/kde-mimeapps.list", "four", "The two"),
            ("config/gnome-mimeapps.list", "gone.desktop;one", "The one"),
            ("config/ubuntu-mimeapps.list", "gone", "The one"),
        ];
        assert_eq!(name(&places), None);
        for (list, program, expected) in lists {
            let text = format!("[Default Applications]\n{TEL}={program}.desktop;\n");
            put(&root.path().join(list), &text);
            assert_eq!(name(&places).as_deref(), Some(expected), "{list}");
        }
    }

    #[test]
    fn where_nothing_is_chosen_whoever_is_able_and_not_refused_opens_it() {
        let root = tempfile::tempdir().expect("a folder");
        let places = places(root.path(), &["able", "other", "added"]);
        let cache = format!("[MIME Cache]\n{TEL}=able.desktop;other.desktop;\n");
        put(&root.path().join("system/applications/mimeinfo.cache"), &cache);
        assert_eq!(name(&places).as_deref(), Some("The able"));
        let list = root.path().join("config/mimeapps.list");
        put(&list, &format!("[Removed Associations]\n{TEL}=able.desktop;\n"));
        assert_eq!(name(&places).as_deref(), Some("The other"));
        put(&list, &format!("[Added Associations]\n{TEL}=added.desktop;\n"));
        assert_eq!(name(&places).as_deref(), Some("The added"));
    }

    #[test]
    fn a_hidden_entry_is_as_good_as_none_and_a_nested_one_is_found() {
        let root = tempfile::tempdir().expect("a folder");
        let places = places(root.path(), &["suite/phone", "old"]);
        put(&root.path().join("etc/mimeapps.list"), &format!("[Default Applications]\n{TEL}=old.desktop;suite-phone.desktop\n"));
        assert_eq!(name(&places).as_deref(), Some("The old"));
        put(&root.path().join("data/applications/old.desktop"), "[Desktop Entry]\nName=Old\nHidden=true\n");
        assert_eq!(name(&places).as_deref(), Some("The suite/phone"));
    }
}
