//! The page in the real window, as somebody uses it: by what things are called and what they are, never by their markup.
//!
//! ```ignore
//! let drive = Drive::new();
//! let agent = AgentUnderTest::start_with(&session, Start { environment: drive.environment(), .. }).await;
//! let page = drive.page(&session).await;
//! page.type_into("Name or number", "207").await;
//! page.press("button", "Hang up").await;
//! page.shows("On hold").await;
//! ```

use super::screen::artefact;
use super::session::Session;
use super::waiting::{PATIENCE, wait_for};
use super::webdriver::{self, WebDriver, free_port};
use base64::Engine as _;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// What moves or changes is not pressed before it has stood still for so long, as a person needs that time to see it.
const SEEN: Duration = Duration::from_millis(500);

/// A script that lists the visible elements of a role whose texts hold the wanted name, each with its place.
const CANDIDATES: &str = include_str!("page/candidates.js");

/// Settles which window can be driven, before it is started.
#[derive(Debug)]
pub struct Drive {
    port: u16,
}

impl Default for Drive {
    fn default() -> Self {
        Self::new()
    }
}

impl Drive {
    /// Chooses a place at which the window will listen.
    pub fn new() -> Self {
        Self { port: free_port() }
    }

    /// What the environment of the agent, which hands it on to the window, has to say.
    pub fn environment(&self) -> Vec<(String, String)> {
        let server = ("WEBKIT_INSPECTOR_SERVER".to_owned(), format!("127.0.0.1:{}", self.port));
        vec![("TAURI_WEBVIEW_AUTOMATION".to_owned(), "true".to_owned()), server]
    }

    /// Takes hold of the window's page, as soon as it is open.
    pub async fn page<'a>(&self, session: &'a Session) -> Page<'a> {
        let page = Page { session, driver: WebDriver::attach(session, self.port).await };
        wait_for("a page with words", PATIENCE, async || (!page.text().await.trim().is_empty()).then_some(())).await;
        page
    }
}

/// The page of a window.
#[derive(Debug)]
pub struct Page<'a> {
    session: &'a Session,
    driver: WebDriver,
}

/// Something on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    element: String,
    /// What it is for a screen reader, such as `button`.
    pub role: String,
    /// What a screen reader calls it.
    pub name: String,
    /// Left, top, width and height in the page.
    pub place: [f64; 4],
}

impl Thing {
    /// The thing as an argument of a script.
    pub fn argument(&self) -> Value {
        webdriver::argument(&self.element)
    }
}

impl Drop for Page<'_> {
    /// Keeps the screen of a test that fails, as the window ends with its agent, before the session does.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let test = std::thread::current().name().unwrap_or("unnamed").replace("::", "-");
        let picture = artefact(&format!("failed-page-{test}.png"));
        let mut import = self.session.command("import");
        import.args(["-window", "root"]).arg(&picture).stdin(Stdio::null()).stderr(Stdio::null());
        if import.status().is_ok_and(|status| status.success()) {
            eprintln!("the page: {}", picture.display());
        }
    }
}

impl Page<'_> {
    /// All that a script, the body of a function, returns.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.driver.run(script, arguments).await.unwrap_or_else(|why| panic!("{why:?} from {script}"))
    }

    /// Waits for what a script that calls its last argument tells.
    pub async fn script_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.driver.run_async(script, arguments).await.unwrap_or_else(|why| panic!("{why:?} from {script:.200}"))
    }

    /// Every visible thing of this role whose name holds `part`, in the order of the page.
    pub async fn all(&self, role: &str, part: &str) -> Vec<Thing> {
        let found = self.script(CANDIDATES, vec![json!(role), json!(part)]).await;
        let mut things = Vec::new();
        for one in found.as_array().into_iter().flatten() {
            let Some(element) = webdriver::element(&one["element"]) else { continue };
            let told = async |what: &str| {
                let told = self.driver.send("GET", &format!("/element/{element}/{what}"), None).await;
                // What is gone by now is not there.
                told.ok().and_then(|told| told.as_str().map(tidy))
            };
            let (Some(is), Some(name)) = (told("computedrole").await, told("computedlabel").await) else { continue };
            if is == role && name.contains(part) {
                let place = [0, 1, 2, 3].map(|at| one["place"][at].as_f64().unwrap_or_default());
                things.push(Thing { element: element.to_owned(), role: is, name, place });
            }
        }
        things
    }

    /// What things of a role are called.
    pub async fn names(&self, role: &str) -> Vec<String> {
        self.all(role, "").await.into_iter().map(|thing| thing.name).collect()
    }

    /// Waits for the one thing of this role that is called exactly `name`.
    pub async fn find(&self, role: &str, name: &str) -> Thing {
        let what = format!("the {role} “{name}”");
        let found = self.waits(&what, async || {
            let mut found: Vec<_> = self.all(role, name).await.into_iter().filter(|thing| thing.name == name).collect();
            (found.len() == 1).then(|| found.remove(0))
        });
        found.await
    }

    /// Waits for a thing of this role whose name begins so.
    pub async fn find_begins(&self, role: &str, begin: &str) -> Thing {
        let what = format!("a {role} that begins with “{begin}”");
        self.waits(&what, async || self.all(role, begin).await.into_iter().find(|thing| thing.name.starts_with(begin))).await
    }

    /// Waits until there is no thing of this role with this name.
    pub async fn gone(&self, role: &str, name: &str) {
        let what = format!("no {role} “{name}”");
        let gone = async || self.all(role, name).await.iter().all(|thing| thing.name != name).then_some(());
        self.waits(&what, gone).await;
    }

    /// Presses a thing with the pointer, once it has stood still.
    pub async fn press(&self, role: &str, name: &str) {
        let thing = self.stands_still(role, name).await;
        self.press_thing(&thing).await;
    }

    /// Presses this thing with the pointer.
    pub async fn press_thing(&self, thing: &Thing) {
        let pressed = self.driver.send("POST", &format!("/element/{}/click", thing.element), Some(json!({}))).await;
        pressed.unwrap_or_else(|why| panic!("{why:?} at {thing:?}"));
    }

    /// Writes into a field, after what stands there.
    pub async fn type_into(&self, field: &str, text: &str) {
        let field = self.field(field).await;
        let typed = self.driver.send("POST", &format!("/element/{}/value", field.element), Some(json!({"text": text}))).await;
        typed.unwrap_or_else(|why| panic!("{why:?} at {field:?}"));
    }

    /// Empties a field as people do: all of it is selected and deleted.
    pub async fn clear(&self, field: &str) {
        const ALL_AND_DELETE: &str = "\u{e009}a\u{e009}\u{e003}";
        self.type_into(field, ALL_AND_DELETE).await;
        self.waits(&format!("nothing in “{field}”"), async || self.value(field).await.is_empty().then_some(())).await;
    }

    /// Chooses a line of a list.
    pub async fn choose(&self, list: &str, line: &str) {
        let list = self.field(list).await;
        let chosen = self.script(
            "const [list, line] = arguments;
             const at = [...list.options].findIndex((one) => one.text.trim() === line);
             if (at < 0) return false;
             list.selectedIndex = at;
             list.dispatchEvent(new Event('input', { bubbles: true }));
             list.dispatchEvent(new Event('change', { bubbles: true }));
             return true;",
            vec![webdriver::argument(&list.element), json!(line)],
        );
        assert_eq!(chosen.await, json!(true), "no line `{line}` in {list:?}");
    }

    /// What stands in a field.
    pub async fn value(&self, field: &str) -> String {
        let field = self.field(field).await;
        let value = self.script("return arguments[0].value", vec![webdriver::argument(&field.element)]).await;
        value.as_str().unwrap_or_default().to_owned()
    }

    /// What an attribute of a thing says.
    pub async fn attribute(&self, thing: &Thing, name: &str) -> Option<String> {
        let script = "return arguments[0].getAttribute(arguments[1])";
        let told = self.script(script, vec![webdriver::argument(&thing.element), json!(name)]).await;
        told.as_str().map(str::to_owned)
    }

    /// Whether a thing can be pressed.
    pub async fn can_press(&self, thing: &Thing) -> bool {
        let script = "return !arguments[0].disabled && arguments[0].getAttribute('aria-disabled') !== 'true'";
        self.script(script, vec![webdriver::argument(&thing.element)]).await == json!(true)
    }

    /// Role and name of what has the keyboard.
    pub async fn focused(&self) -> (String, String) {
        let active = self.driver.send("GET", "/element/active", None).await.unwrap_or_default();
        let Some(element) = webdriver::element(&active) else { return (String::new(), String::new()) };
        let told = async |what: &str| {
            let told = self.driver.send("GET", &format!("/element/{element}/{what}"), None).await.unwrap_or_default();
            tidy(told.as_str().unwrap_or_default())
        };
        (told("computedrole").await, told("computedlabel").await)
    }

    /// Waits until the thing that is called so has the keyboard.
    pub async fn focus_is(&self, name: &str) {
        self.waits(&format!("the keyboard at “{name}”"), async || (self.focused().await.1 == name).then_some(())).await;
    }

    /// All words that can be seen.
    pub async fn text(&self) -> String {
        let text = self.driver.run("return document.body ? document.body.innerText : ''", vec![]).await;
        text.ok().and_then(|text| text.as_str().map(tidy)).unwrap_or_default()
    }

    /// Waits until these words can be seen.
    pub async fn shows(&self, words: &str) {
        self.waits(&format!("“{words}” on the page"), async || self.text().await.contains(words).then_some(())).await;
    }

    /// Waits until these words cannot be seen.
    pub async fn hides(&self, words: &str) {
        self.waits(&format!("no “{words}” on the page"), async || (!self.text().await.contains(words)).then_some(())).await;
    }

    /// Waits until a probe finds something; what the page says then stands in the message when it never does.
    pub async fn waits<T>(&self, what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        let mut looks = tokio::time::interval(Duration::from_millis(40));
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if let Some(found) = probe().await {
                return found;
            }
            if Instant::now() > until {
                panic!(
                    "waited {PATIENCE:?} in vain for {what}; the page says:\n{}\nbuttons: {:?}",
                    self.text().await,
                    self.names("button").await
                );
            }
        }
    }

    /// Keeps a picture of the page among the artefacts, under `window/`.
    pub async fn picture(&self, name: &str) -> PathBuf {
        fs::create_dir_all(artefact("window")).expect("a folder for pictures");
        let path = artefact(&format!("window/{name}.png"));
        // What is known to be there need not be painted yet.
        self.script_async("const [done] = arguments; requestAnimationFrame(() => requestAnimationFrame(() => done()))", vec![])
            .await;
        let taken = self.driver.send("GET", "/screenshot", None).await.expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(taken.as_str().expect("a picture as text"));
        fs::write(&path, bytes.expect("a picture")).expect("a file among the artefacts");
        path
    }

    /// Opens the page anew, with a query such as `?language=de`.
    pub async fn reopen(&self, query: &str) {
        let here = self.script("return location.origin + location.pathname", vec![]).await;
        let there = format!("{}{query}", here.as_str().unwrap_or_default());
        self.driver.send("POST", "/url", Some(json!({"url": there}))).await.expect("the page opens again");
        self.waits("a page with words", async || (!self.text().await.trim().is_empty()).then_some(())).await;
    }

    /// The session in which the window stands.
    pub fn session(&self) -> &Session {
        self.session
    }

    async fn field(&self, name: &str) -> Thing {
        self.waits(&format!("a field “{name}”"), async || {
            for role in ["combobox", "textbox", "searchbox", "field"] {
                let found = self.all(role, name).await.into_iter().find(|thing| thing.name == name);
                if found.is_some() {
                    return found;
                }
            }
            None
        })
        .await
    }

    /// Waits until one thing of that name has stood at its place for as long as a person needs to see it.
    pub async fn stands_still(&self, role: &str, name: &str) -> Thing {
        let mut last: Option<(Thing, Instant)> = None;
        self.waits(&format!("the {role} “{name}” to stand still and take a press"), async || {
            let found = self.find(role, name).await;
            if !self.can_press(&found).await {
                last = None;
                return None;
            }
            match &last {
                Some((before, since)) if *before == found => (since.elapsed() >= SEEN).then_some(found),
                Some(_) | None => {
                    last = Some((found, Instant::now()));
                    None
                }
            }
        })
        .await
    }
}

/// One line without double spaces.
fn tidy(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
