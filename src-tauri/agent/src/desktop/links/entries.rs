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
    let line = lines(list).find(|line| line.says(scheme))?;
    let mut entries = value_of(line.whole, scheme)?.split(';').map(str::trim);
    entries.find(|entry| !entry.is_empty()).map(str::to_owned)
}

/// What a list says of links of `scheme`: its lines in the group of defaults, with their ends, as they stand.
pub fn lines_of(list: &str, scheme: &str) -> Vec<String> {
    lines(list).filter(|line| line.says(scheme)).map(|line| line.whole.to_owned()).collect()
}

/// Whether a list has a group of defaults.
pub fn has_defaults(list: &str) -> bool {
    lines(list).any(|line| line.whole.trim() == DEFAULTS)
}

/// The list with `entry` as what opens links of `scheme`; everything else stays as it was, byte for byte.
pub fn with_handler(list: &str, scheme: &str, entry: &str) -> String {
    let ours = format!("x-scheme-handler/{scheme}={entry}");
    if lines(list).any(|line| line.says(scheme)) {
        // Every line of the kind: programs do not agree on which of them counts.
        return lines(list)
            .map(|line| if line.says(scheme) { ours.clone() + line.end() } else { line.whole.to_owned() })
            .collect();
    }
    let mut out = String::new();
    let mut done = false;
    for line in lines(list) {
        out.push_str(line.whole);
        if !done && line.whole.trim() == DEFAULTS {
            put_after(&mut out, &ours);
            done = true;
        }
    }
    if !done {
        put_after(&mut out, DEFAULTS);
        put_after(&mut out, &ours);
    }
    out
}

/// The list without `entry` for links of `scheme`: with the lines of before instead, or with nothing.
///
/// What somebody else has put there meanwhile stays.
pub fn without_handler(list: &str, scheme: &str, entry: &str, before: &[String]) -> String {
    if handler_of(list, scheme).as_deref() != Some(entry) {
        return list.to_owned();
    }
    let mut out = String::new();
    let mut before = before.iter();
    for line in lines(list) {
        let Some(value) = value_of(line.whole, scheme).filter(|_| line.says(scheme)) else {
            out.push_str(line.whole);
            continue;
        };
        let others: Vec<&str> = value.split(';').map(str::trim).filter(|other| !other.is_empty() && *other != entry).collect();
        if !others.is_empty() {
            out.push_str(&format!("x-scheme-handler/{scheme}={};{}", others.join(";"), line.end()));
        } else if let Some(before) = before.next() {
            out.push_str(before);
        } else {
            drop_end(&mut out, &line);
        }
    }
    out
}

/// The list without its group of defaults, if that is the last one and holds nothing.
pub fn without_empty_defaults(list: &str) -> String {
    let mut out = String::new();
    let mut rest = lines(list).peekable();
    while let Some(line) = rest.next() {
        if rest.peek().is_none() && line.whole.trim() == DEFAULTS {
            drop_end(&mut out, &line);
        } else {
            out.push_str(line.whole);
        }
    }
    out
}

/// A line of a list.
struct Line<'a> {
    /// With its end.
    whole: &'a str,
    /// Whether it stands in the group of defaults.
    within: bool,
}

impl Line<'_> {
    fn says(&self, scheme: &str) -> bool {
        self.within && value_of(self.whole, scheme).is_some()
    }

    fn end(&self) -> &str {
        self.whole.get(self.whole.trim_end_matches(['\r', '\n']).len()..).unwrap_or_default()
    }
}

fn lines(list: &str) -> impl Iterator<Item = Line<'_>> {
    let mut within = false;
    list.split_inclusive('\n').map(move |whole| {
        if whole.trim_start().starts_with('[') {
            within = whole.trim() == DEFAULTS;
        }
        Line { whole, within }
    })
}

fn value_of<'a>(line: &'a str, scheme: &str) -> Option<&'a str> {
    let (key, value) = line.split_once('=')?;
    (key.trim().strip_prefix("x-scheme-handler/")? == scheme).then_some(value.trim())
}

/// Puts one more line behind a text; a text whose last line has no end keeps to that.
fn put_after(text: &mut String, line: &str) {
    let (before, after) = if text.is_empty() || text.ends_with('\n') { ("", "\n") } else { ("\n", "") };
    text.extend([before, line, after]);
}

/// Undoes [`put_after`] where a line is left out: without an end of its own it took that of the line before.
fn drop_end(text: &mut String, left_out: &Line) {
    if left_out.end().is_empty() && text.ends_with('\n') {
        text.pop();
    }
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
    fn taking_a_handler_back_restores_what_was_there_byte_for_byte() {
        for list in [
            "",
            "[Default Applications]\n",
            "[Default Applications]\ntext/html=web.desktop\n",
            "[Default Applications]\nx-scheme-handler/tel=old.desktop\ntext/html=web.desktop\n",
            "[Default Applications]\n x-scheme-handler/tel = old.desktop;older.desktop; \r\ntext/html=web.desktop\r\n",
            "[Default Applications]\nx-scheme-handler/tel=one.desktop\na=b\nx-scheme-handler/tel=two.desktop\n[Added Associations]\n",
            "[Added Associations]\nx-scheme-handler/tel=old.desktop;\n\n",
            "[Default Applications]\nx-scheme-handler/tel=old.desktop",
            "[Default Applications]",
            "[Added Associations]\na=b",
        ] {
            let changed = SCHEMES.iter().fold(list.to_owned(), |list, scheme| with_handler(&list, scheme, ENTRY));
            assert_eq!(handler_of(&changed, "tel").as_deref(), Some(ENTRY), "{list:?}");
            let back = SCHEMES
                .iter()
                .rev()
                .fold(changed, |changed, scheme| without_handler(&changed, scheme, ENTRY, &lines_of(list, scheme)));
            let back = if has_defaults(list) { back } else { without_empty_defaults(&back) };
            assert_eq!(back, list);
        }
    }

    #[test]
    fn a_later_choice_of_the_user_stays() {
        let before = ["x-scheme-handler/tel=old.desktop\n".to_owned()];
        let later = "[Default Applications]\nx-scheme-handler/tel=later.desktop;trayphone.desktop\n";
        assert_eq!(without_handler(later, "tel", ENTRY, &before), later);
        let more = "[Default Applications]\nx-scheme-handler/tel=trayphone.desktop;later.desktop;\n";
        let without = "[Default Applications]\nx-scheme-handler/tel=later.desktop;\n";
        assert_eq!(without_handler(more, "tel", ENTRY, &before), without);
    }

    #[test]
    fn the_first_program_of_a_list_counts() {
        let list = "[Default Applications]\nx-scheme-handler/tel=;one.desktop;two.desktop\n";
        assert_eq!(handler_of(list, "tel").as_deref(), Some("one.desktop"));
        assert_eq!(handler_of(list, "callto"), None);
        assert_eq!(handler_of("[Added Associations]\nx-scheme-handler/tel=one.desktop\n", "tel"), None);
    }
}
