//! Our desktop entries, as texts.
//!
//! Source: Desktop Entry Specification 1.5.

use std::path::Path;

/// File name of our desktop entry, and our name in lists of programs.
pub const ENTRY: &str = "trayphone.desktop";

/// The desktop entry of the program at `path`, which opens links of these schemes and no others.
///
/// A scheme that it named without being asked for would be opened by it wherever nothing else is installed for it.
pub fn desktop_entry(path: &Path, schemes: &[&str]) -> String {
    format!(
        "[Desktop Entry]\n\
         Type=Application\n\
         Name=Trayphone\n\
         Comment=Your phone in the tray\n\
         Comment[de]=Ihr Telefon in der Leiste\n\
         Exec={} %u\n\
         Icon=trayphone\n\
         Categories=Network;Telephony;\n\
         {}\n\
         StartupNotify=false\n\
         Terminal=false\n",
        exec(path),
        types(schemes)
    )
}

/// A desktop entry that opens links of these schemes from now on, and no others.
pub fn with_types(entry: &str, schemes: &[&str]) -> String {
    let changed = |line: &str| if line.starts_with(TYPES) { types(schemes) } else { line.to_owned() };
    entry.lines().map(|line| changed(line) + "\n").collect()
}

const TYPES: &str = "MimeType=";

fn types(schemes: &[&str]) -> String {
    let types: String = schemes.iter().map(|scheme| format!("x-scheme-handler/{scheme};")).collect();
    format!("{TYPES}{types}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_path_is_quoted_only_where_it_must_be() {
        let line = |path: &str| {
            let entry = desktop_entry(Path::new(path), &["tel"]);
            entry.lines().find(|line| line.starts_with("Exec=")).expect("a program").to_owned()
        };
        assert_eq!(line("/usr/bin/trayphone"), "Exec=/usr/bin/trayphone %u");
        assert_eq!(line("/home/mara/my apps/trayphone"), "Exec=\"/home/mara/my apps/trayphone\" %u");
        assert_eq!(line("/opt/a$b/trayphone"), "Exec=\"/opt/a\\\\$b/trayphone\" %u");
        assert_eq!(line("/opt/100%/trayphone"), "Exec=/opt/100%%/trayphone %u");
        assert!(autostart_entry(Path::new("/usr/bin/trayphone")).contains("Exec=/usr/bin/trayphone\n"));
    }

    #[test]
    fn an_entry_names_the_schemes_that_were_asked_for_and_no_others() {
        let entry = desktop_entry(Path::new("/usr/bin/trayphone"), &["tel", "sip"]);
        assert!(entry.contains("\nMimeType=x-scheme-handler/tel;x-scheme-handler/sip;\n"), "{entry}");
        assert_eq!(with_types(&entry, &["pbx"]), desktop_entry(Path::new("/usr/bin/trayphone"), &["pbx"]));
    }
}
