//! Links such as `tel:+49301`, as other programs open them.

use super::programs::Finished;
use super::session::Session;
use super::waiting::{PATIENCE, wait_for};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A program registered for links, which records what it is called with.
#[derive(Debug)]
pub struct LinkRecorder {
    file: PathBuf,
}

impl LinkRecorder {
    /// The links so far, one for each call.
    pub fn links(&self) -> Vec<String> {
        fs::read_to_string(&self.file).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Waits until `link` has been the last one.
    pub async fn received(&self, link: &str) {
        let what = format!("the link {link}");
        wait_for(&what, PATIENCE, async || (self.links().last().map(String::as_str) == Some(link)).then_some(())).await;
    }
}

impl Session {
    /// Opens a link as most programs do.
    pub async fn xdg_open(&self, url: &str) -> Finished {
        self.run("xdg-open", &[url]).await
    }

    /// Opens a link as GTK programs do.
    pub async fn gio_open(&self, url: &str) -> Finished {
        self.run("gio", &["open", url]).await
    }

    /// Registers a recorder as the default program for links of `scheme`.
    pub async fn record_links(&self, scheme: &str) -> LinkRecorder {
        let file = self.root().join(format!("links-{scheme}"));
        let program = self.root().join(format!("record-{scheme}"));
        fs::write(&program, format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", file.display())).expect("a recorder");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("a recorder that can be run");
        let folder = self.home().join(".local/share/applications");
        fs::create_dir_all(&folder).expect("a folder for programs");
        let entry = format!(
            "[Desktop Entry]\nType=Application\nName=Recorder\nExec={} %u\nNoDisplay=true\n\
             MimeType=x-scheme-handler/{scheme};\n",
            program.display()
        );
        let name = format!("recorder-{scheme}.desktop");
        fs::write(folder.join(&name), entry).expect("a desktop entry");
        let updated = self.run("update-desktop-database", &[&folder.display().to_string()]).await;
        assert!(updated.success, "update-desktop-database: {}", updated.stderr);
        let chosen = self.run("gio", &["mime", &format!("x-scheme-handler/{scheme}"), &name]).await;
        assert!(chosen.success, "gio mime: {}", chosen.stderr);
        LinkRecorder { file }
    }
}
