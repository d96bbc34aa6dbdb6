//! The files that tell a desktop what opens a link, as texts.
//!
//! Source: Desktop Entry Specification 1.5, MIME Applications Associations 1.0.1.

use std::path::Path;

use super::SCHEMES;

/// File name of our desktop entry, and our name in lists of programs.
pub const ENTRY: &str = "trayphone.desktop";

/// The desktop entry of the program at `path`.
pub fn desktop_entry(path: &Path) -> String {
    let types: String = SCHEMES.iter().map(|scheme| format!("x-scheme-handler/{scheme};")).collect();
    format!(
        "[Desktop Entry]\n\
         Type=Application\n\
         Name=Trayphone\n\
         Comment=Your phone in the tray\n\
         Comment[de]=Ihr Telefon in der Leiste\n\
         Exec={} %u\n\
         Icon=trayphone\n\
         Categories=Network;Telephony;\n\
         MimeType={types}\n\
         StartupNotify=false\n\
         Terminal=false\n",
        exec(path)
    )
}

/// The entry that starts the program at `path` with the session.
pub fn autostart_entry(path: &Path) -> String {
    format!(
        "[Desktop Entry]\n\
         Type=Application\n\
         Name=Trayphone\n\
         Exec={}\n\
         Icon=trayphone\n\
         Terminal=false\n\
         X-GNOME-Autostart-enabled=true\n",
        exec(path)
    )
}

/// A program path for `Exec=`.
///
/// Unquoted unless it must be quoted: the generic path of `xdg-open` does not understand quotes.
fn exec(path: &Path) -> String {
    let path = path.display().to_string().replace('%', "%%");
    let plain = |character: char| character.is_alphanumeric() || "/._-+@:,=%".contains(character);
    if path.chars().all(plain) {
        return path;
    }
    let mut quoted = String::from("\"");
    for character in path.chars() {
        match character {
            // Once for the quotes, and once more because the file format itself knows escapes.
            '"' | '`' | '$' => quoted.extend(["\\\\", &character.to_string()]),
            '\\' => quoted.push_str("\\\\\\\\"),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

const DEFAULTS: &str = "[Default Applications]";

/// The desktop entry that a list of associations names for links of `scheme`.
pub fn handler_of(list: &str, scheme: &str) -> Option<String> {
    let mut within = false;
    for line in list.lines().map(str::trim) {
        if line.starts_with('[') {
            within = line == DEFAULTS;
        } else if within && let Some(value) = value_of(line, scheme) {
            return value.split(';').map(str::trim).find(|entry| !entry.is_empty()).map(str::to_owned);
        }
    }
    None
}

/// The list with `entry` as what opens links of `scheme`; everything else stays as it was.
pub fn with_handler(list: &str, scheme: &str, entry: &str) -> String {
    let line = format!("x-scheme-handler/{scheme}={entry}");
    let mut out: Vec<String> = Vec::new();
    let (mut within, mut done) = (false, false);
    for old in list.lines() {
        let trimmed = old.trim();
        if trimmed.starts_with('[') {
            within = trimmed == DEFAULTS;
            out.push(old.to_owned());
            if within && !done && !has_line(list, scheme) {
                out.push(line.clone());
                done = true;
            }
        } else if within && value_of(trimmed, scheme).is_some() {
            // A second line of the same kind goes: only one of them could count.
            if !done {
                out.push(line.clone());
                done = true;
            }
        } else {
            out.push(old.to_owned());
        }
    }
    if !done {
        out.push(DEFAULTS.to_owned());
        out.push(line);
    }
    joined(&out)
}

/// The list without `entry` for links of `scheme`: with `previous` instead, or with nothing.
///
/// What somebody else has put there meanwhile stays.
pub fn without_handler(list: &str, scheme: &str, entry: &str, previous: Option<&str>) -> String {
    if handler_of(list, scheme).as_deref() != Some(entry) {
        return list.to_owned();
    }
    if let Some(previous) = previous {
        return with_handler(list, scheme, previous);
    }
    let mut within = false;
    let mut out: Vec<String> = Vec::new();
    for old in list.lines() {
        let trimmed = old.trim();
        if trimmed.starts_with('[') {
            within = trimmed == DEFAULTS;
        }
        if !(within && value_of(trimmed, scheme).is_some()) {
            out.push(old.to_owned());
        }
    }
    // A group that holds nothing any more was ours as well.
    if out.last().is_some_and(|line| line.trim() == DEFAULTS) {
        out.pop();
    }
    joined(&out)
}

fn has_line(list: &str, scheme: &str) -> bool {
    let mut within = false;
    list.lines().map(str::trim).any(|line| {
        if line.starts_with('[') {
            within = line == DEFAULTS;
        }
        within && value_of(line, scheme).is_some()
    })
}

fn value_of<'a>(line: &'a str, scheme: &str) -> Option<&'a str> {
    let (key, value) = line.split_once('=')?;
    (key.trim().strip_prefix("x-scheme-handler/")? == scheme).then_some(value.trim())
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_path_is_quoted_only_where_it_must_be() {
        let line = |path: &str| {
            let entry = desktop_entry(Path::new(path));
            entry.lines().find(|line| line.starts_with("Exec=")).expect("a program").to_owned()
        };
        assert_eq!(line("/usr/bin/trayphone"), "Exec=/usr/bin/trayphone %u");
        assert_eq!(line("/home/mara/my apps/trayphone"), "Exec=\"/home/mara/my apps/trayphone\" %u");
        assert_eq!(line("/opt/a$b/trayphone"), "Exec=\"/opt/a\\\\$b/trayphone\" %u");
        assert_eq!(line("/opt/100%/trayphone"), "Exec=/opt/100%%/trayphone %u");
        assert!(desktop_entry(Path::new("/x")).contains("MimeType=x-scheme-handler/tel;x-scheme-handler/callto;"));
        assert!(autostart_entry(Path::new("/usr/bin/trayphone")).contains("Exec=/usr/bin/trayphone\n"));
    }

    #[test]
    fn a_handler_is_put_in_and_everything_else_stays() {
        let others = "# by hand\n[Added Associations]\nx-scheme-handler/tel=other.desktop;\n[Default Applications]\ntext/html=web.desktop\n";
        let table = [
            ("", "[Default Applications]\nx-scheme-handler/tel=trayphone.desktop\n".to_owned()),
            (others, others.replace("cations]\ntext", "cations]\nx-scheme-handler/tel=trayphone.desktop\ntext")),
            (
                "[Default Applications]\nx-scheme-handler/tel = old.desktop;older.desktop\na=b\n",
                "[Default Applications]\nx-scheme-handler/tel=trayphone.desktop\na=b\n".to_owned(),
            ),
        ];
        for (list, expected) in table {
            let changed = with_handler(list, "tel", ENTRY);
            assert_eq!(changed, expected);
            assert_eq!(handler_of(&changed, "tel").as_deref(), Some(ENTRY));
            assert_eq!(with_handler(&changed, "tel", ENTRY), changed, "a second time changes nothing");
        }
    }

    #[test]
    fn taking_a_handler_back_restores_what_was_there() {
        for (list, previous) in [
            ("", None),
            ("[Default Applications]\ntext/html=web.desktop\n", None),
            ("[Default Applications]\nx-scheme-handler/tel=old.desktop\ntext/html=web.desktop\n", Some("old.desktop")),
        ] {
            let changed = with_handler(list, "tel", ENTRY);
            assert_eq!(without_handler(&changed, "tel", ENTRY, previous), list);
        }
        let later = "[Default Applications]\nx-scheme-handler/tel=later.desktop\n";
        assert_eq!(without_handler(later, "tel", ENTRY, Some("old.desktop")), later, "a later choice of the user stays");
    }

    #[test]
    fn the_first_program_of_a_list_counts() {
        let list = "[Default Applications]\nx-scheme-handler/tel=;one.desktop;two.desktop\n";
        assert_eq!(handler_of(list, "tel").as_deref(), Some("one.desktop"));
        assert_eq!(handler_of(list, "callto"), None);
        assert_eq!(handler_of("[Added Associations]\nx-scheme-handler/tel=one.desktop\n", "tel"), None);
    }
}
