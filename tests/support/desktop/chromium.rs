//! A real browser on the screen, with pages of the test's own.
//!
//! The browser stands over the whole screen without any decoration, so that a place in the page is a place on the screen.
//! Its pages tell the test what is where and what happened, by asking a server of the test's own for it.

use super::programs::{Running, missing};
use super::screen::{Button, Place};
use super::session::Session;
use super::waiting::{PATIENCE, wait_for, wait_until};
use percent_encoding::percent_decode_str;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Names under which systems have it; on Ubuntu `chromium` is a snap, which sees neither folders nor buses of a test.
const PROGRAMS: &[&str] = &["chromium", "google-chrome"];

/// What each page does beside what the test wants: it tells where its parts are once it is drawn, and what was clicked.
const SCRIPT: &str = r#"
const say = (what) => fetch('/said/' + encodeURIComponent(what));
const tell = async () => {
  for (const part of document.querySelectorAll('[id]')) {
    const { left, top, width, height } = part.getBoundingClientRect();
    await say(['at', part.id, screenX + left, screenY + top, width, height].join(' '));
  }
  await say('drawn');
};
const drawn = () => requestAnimationFrame(() => requestAnimationFrame(tell));
document.addEventListener('click', (event) => { say('clicked ' + event.target.id); event.target.blur(); });
addEventListener('resize', drawn);
drawn();
"#;

/// Chromium takes keys for no answer that follow within the time of a double click.
const BETWEEN_KEYS: Duration = Duration::from_millis(1500);

type Said = Arc<Mutex<Vec<String>>>;

/// A running browser; it ends when this is dropped.
#[derive(Debug)]
pub struct Chromium {
    said: Said,
    _running: Running,
}

impl Session {
    /// Opens the browser with a page, and waits until that is drawn.
    ///
    /// `body` is HTML; what has an `id` can be pointed at. Links of the schemes in `allowed` are opened unasked, as they
    /// are after "Always allow": the browser's own question then does not come.
    pub async fn chromium(&self, body: &str, allowed: &[&str]) -> Chromium {
        let page = format!(
            "<!doctype html><meta charset=utf-8><title>Page</title>\
             <style>body {{ margin: 0; background: white; font: 24px sans-serif }}</style>\
             <body>{body}<script>{SCRIPT}</script>"
        );
        let said = Said::default();
        let heard = Arc::clone(&said);
        let port = self.side.run(async move {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port for pages");
            let port = listener.local_addr().expect("its address").port();
            tokio::spawn(serve(listener, page, heard));
            port
        });
        let origin = format!("http://127.0.0.1:{}", port.await);
        let folder = self.root().join("chromium");
        fs::create_dir_all(folder.join("Default")).expect("a folder for the browser");
        let pairs: String = allowed.iter().map(|scheme| format!("\"{scheme}\":true,")).collect();
        let preferences = format!(
            "{{\"protocol_handler\":{{\"allowed_origin_protocol_pairs\":{{\"{origin}\":{{{}}}}}}}}}",
            pairs.trim_end_matches(',')
        );
        fs::write(folder.join("Default/Preferences"), preferences).expect("preferences of the browser");
        let mut command = self.command(browser());
        command.arg(format!("--user-data-dir={}", folder.display()));
        // Tests may run as root, where its sandbox does not work; the pages are the test's own.
        command.args(["--no-sandbox", "--kiosk", "--no-first-run", "--no-default-browser-check", "--password-store=basic"]);
        command.args(["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        command.arg(&origin);
        let browser = Chromium { said, _running: self.spawn("chromium", command) };
        browser.hears("drawn").await;
        browser
    }

    /// Clicks a part of a page in the browser.
    pub async fn click_in(&self, browser: &Chromium, id: &str) {
        let (x, y) = middle(browser.place(id));
        self.click(x, y, Button::Left).await;
    }

    /// Says yes to the browser's own question whether a link may leave it, with the keyboard alone.
    pub async fn confirm_in(&self, browser: &Chromium) {
        // The page lies in the shade of the question as long as that is there.
        let place = browser.place("shade");
        let shaded = async || !self.is_white(place.x + 2, place.y + 2).await;
        wait_for("the browser's question", PATIENCE, async || shaded().await.then_some(())).await;
        // It begins on its Cancel, and takes no key in its first half second.
        self.key("Tab").await;
        // Keys that follow one another faster than people press them are taken for no answer.
        let answered = async || {
            self.key("Return").await;
            let gone = wait_for("the shade to go", PATIENCE, async || (!shaded().await).then_some(()));
            tokio::time::timeout(BETWEEN_KEYS, gone).await.is_ok()
        };
        wait_for("the browser's question to be answered", PATIENCE, async || answered().await.then_some(())).await;
    }

    /// Selects with a double click what is under the middle of a part, until `text` is selected.
    pub async fn double_click_in(&self, browser: &Chromium, id: &str, text: &str) {
        let (x, y) = middle(browser.place(id));
        wait_for(&format!("`{text}` to be selected"), PATIENCE, async || {
            self.double_click(x, y).await;
            (self.selection("primary").await.as_deref() == Some(text)).then_some(())
        })
        .await;
    }

    /// Selects a part of a page with the mouse held down, from its left end to its right, until `text` is selected.
    pub async fn drag_in(&self, browser: &Chromium, id: &str, text: &str) {
        let place = browser.place(id);
        let y = (place.y + place.height / 2).to_string();
        let ends = [place.x + 1, place.x + place.width / 2, place.x + place.width - 1].map(|x| x.to_string());
        wait_for(&format!("`{text}` to be selected"), PATIENCE, async || {
            let to = |x: &'static usize| ["mousemove", "--sync", ends[*x].as_str(), y.as_str()];
            let steps = [&to(&0)[..], &["mousedown", "1"], &to(&1), &to(&2), &["mouseup", "1"]].concat();
            let done = self.run("xdotool", &steps).await;
            assert!(done.success, "{}", done.stderr);
            (self.selection("primary").await.as_deref() == Some(text)).then_some(())
        })
        .await;
    }

    /// Whether a point of the screen is white.
    async fn is_white(&self, x: i32, y: i32) -> bool {
        let crop = format!("1x1+{x}+{y}");
        let seen = self.run("import", &["-window", "root", "-crop", &crop, "-depth", "8", "txt:-"]).await;
        assert!(seen.success, "import: {}", seen.stderr);
        seen.stdout.contains("#FFFFFF")
    }
}

impl Chromium {
    /// What the page has said, in order: `clicked ID`, and what the test's own part of it says by `say(...)`.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().expect("no panic while held").clone()
    }

    /// Waits until the page has said something.
    pub async fn hears(&self, what: &str) {
        wait_until(&format!("the page to say `{what}`"), PATIENCE, || self.said().iter().any(|said| said == what)).await;
    }

    /// Where a part of the page is on the screen.
    pub fn place(&self, id: &str) -> Place {
        let said = self.said();
        let mut words = said
            .iter()
            .rev()
            .map(|said| said.split(' '))
            .find_map(|mut words| (words.next() == Some("at") && words.next() == Some(id)).then_some(words));
        let mut next = || words.as_mut().and_then(Iterator::next).and_then(|word| word.parse::<f64>().ok());
        match (next(), next(), next(), next()) {
            (Some(x), Some(y), Some(width), Some(height)) => {
                #[expect(clippy::cast_possible_truncation, reason = "places on a screen")]
                let [x, y, width, height] = [x, y, width, height].map(|place| place.round() as i32);
                Place { x, y, width, height }
            }
            _ => panic!("the page has nothing with the id `{id}`: {said:?}"),
        }
    }
}

fn middle(place: Place) -> (i32, i32) {
    (place.x + place.width / 2, place.y + place.height / 2)
}

fn browser() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let is_real = |file: &PathBuf| file.is_file() && !fs::canonicalize(file).is_ok_and(|real| real == Path::new("/usr/bin/snap"));
    let found = PROGRAMS.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(is_real);
    found.unwrap_or_else(|| missing("chromium"))
}

/// Serves the page, and hears what it says.
async fn serve(listener: TcpListener, page: String, said: Said) {
    while let Ok((stream, _)) = listener.accept().await {
        let (page, said) = (page.clone(), Arc::clone(&said));
        // A browser that is killed in the middle of a request is no error.
        tokio::spawn(async move { drop(answer(stream, &page, &said).await) });
    }
}

async fn answer(stream: TcpStream, page: &str, said: &Said) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next_line().await?.unwrap_or_default();
    while lines.next_line().await?.is_some_and(|line| !line.is_empty()) {}
    let path = first.split(' ').nth(1).unwrap_or_default();
    let body = match path.strip_prefix("/said/") {
        Some(what) => {
            let what = percent_decode_str(what).decode_utf8_lossy().into_owned();
            said.lock().expect("no panic while held").push(what);
            ""
        }
        None if path == "/" => page,
        None => "",
    };
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let mut stream = lines.into_inner();
    stream.write_all((head + body).as_bytes()).await?;
    stream.flush().await
}
