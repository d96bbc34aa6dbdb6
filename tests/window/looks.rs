//! Every view in light, in dark and in high contrast, in every language: free of barriers by axe-core, and kept as pictures.

use std::fs;
use std::path::Path;

use phone_control::protocol::{Nothing, OpenWindowParams, WindowView, method};
use phone_tests::desktop::{Drive, PATIENCE, Page, Session};
use phone_tests::vodia::{FakeVodia, Presence, Stage};
use serde_json::Value;

use crate::support::{AgentUnderTest, Start, Window};
use crate::{FIELD, MARA, PELL, desk, modern};

/// Asks axe-core by the rules of WCAG 2.2, levels A and AA; tells how many rules were kept, and what breaks one.
const RULES: &str = "const done = arguments[arguments.length - 1];
    const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const told = ({ html, any, all, none }) => `${html.slice(0, 160)} (${[...any, ...all, ...none].map((one) => one.message).join('; ')})`;
    axe.run(document, { runOnly: { type: 'tag', values }, rules: { 'target-size': { enabled: true } } }).then(
      ({ passes, violations }) =>
        done({ kept: passes.length, broken: violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(told).join(' | ')}`) }),
      (why) => done({ kept: 0, broken: [`axe failed: ${why}`] }),
    );";

/// A language of the page, and its words for what is pressed and looked for here.
struct Words {
    language: &'static str,
    field: &'static str,
    transfer: &'static str,
    today: &'static str,
    germany: &'static str,
}

const ENGLISH: Words = Words { language: "en", field: FIELD, transfer: "Transfer", today: "Today", germany: "Germany" };
const GERMAN: Words =
    Words { language: "de", field: "Name oder Nummer", transfer: "Vermitteln", today: "Heute", germany: "Deutschland" };
const FRENCH: Words =
    Words { language: "fr", field: "Nom ou numéro", transfer: "Transférer", today: "Aujourd’hui", germany: "Allemagne" };
const ITALIAN: Words =
    Words { language: "it", field: "Nome o numero", transfer: "Trasferisci", today: "Oggi", germany: "Germania" };
const SPANISH: Words =
    Words { language: "es", field: "Nombre o número", transfer: "Transferir", today: "Hoy", germany: "Alemania" };

/// The page in one theme, with what its pictures are called after.
struct Looker<'a> {
    page: Page<'a>,
    theme: &'static str,
    words: &'static Words,
    axe: String,
    found: Vec<String>,
}

impl Looker<'_> {
    /// What axe-core finds on the page now.
    async fn barriers(&self) -> Vec<String> {
        self.page.script(&format!("if (!window.axe) {{ {}; window.axe = axe; }}", self.axe), vec![]).await;
        let told = self.page.script_async(RULES, vec![]).await;
        assert!(told["kept"].as_u64().is_some_and(|kept| kept > 8), "it has looked at something: {told}");
        told["broken"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Examines what is shown now, and keeps a picture of it.
    async fn look(&mut self, view: &str) {
        let name = format!("{view}-{}-{}", self.theme, self.words.language);
        let found = self.barriers().await;
        self.found.extend(found.iter().map(|one| format!("{name}: {one}")));
        let wide = self.page.script("return document.scrollingElement.scrollWidth > innerWidth", vec![]).await;
        if wide != serde_json::json!(false) {
            self.found.push(format!("{name}: it scrolls sideways"));
        }
        self.page.picture(&name).await;
    }
}

async fn start<'a>(session: &'a Session, drive: &Drive, theme: &str) -> AgentUnderTest<'a> {
    let mut environment = drive.environment();
    environment.push(("GTK_THEME".to_owned(), theme.to_owned()));
    AgentUnderTest::start_with(session, Start { window: Window::Real, environment, ..Start::default() }).await
}

#[tokio::test]
async fn no_view_has_a_barrier_in_light() {
    every_view("light", "Adwaita", &[&ENGLISH, &GERMAN, &FRENCH, &ITALIAN, &SPANISH]).await;
}

#[tokio::test]
async fn no_view_has_a_barrier_in_the_dark() {
    every_view("dark", "Adwaita:dark", &[&ENGLISH, &GERMAN]).await;
}

#[tokio::test]
async fn no_view_has_a_barrier_in_high_contrast() {
    every_view("contrast", "HighContrast", &[&ENGLISH]).await;
}

async fn every_view(theme: &'static str, gtk: &str, languages: &[&'static Words]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace above");
    let axe = root.join("ui/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(&axe).unwrap_or_else(|why| panic!("{}: {why}; run `npm --prefix ui ci`", axe.display()));
    let (session, pbx, drive) = (desk().await, modern().await, Drive::new());
    let agent = start(&session, &drive, gtk).await;
    let page = drive.page(&session).await;
    let dark = page.script("return matchMedia('(prefers-color-scheme: dark)').matches", vec![]).await;
    assert_eq!(dark, serde_json::json!(theme == "dark"), "the page follows the theme of the desktop");
    let mut looker = Looker { page, theme, words: &ENGLISH, axe, found: vec![] };

    sees_what_is_wrong(&looker).await;
    for words in languages {
        looker.words = words;
        looker.page.reopen(&format!("?language={}", words.language)).await;
        looker.page.waits("the form", async || looker.page.all("textbox", "").await.len().ge(&2).then_some(())).await;
        looker.look("sign-in").await;
    }
    agent.add_account("office", &pbx).await.expect("an account");
    agent.online().await;
    for words in languages {
        looker.words = words;
        walk(&session, &agent, &pbx, &mut looker).await;
    }
    assert!(looker.found.is_empty(), "{:#?}", looker.found);
    agent.stop().await;
}

/// Proves that barriers are found here: a name is taken away, and the colour of some words made too faint.
async fn sees_what_is_wrong(looker: &Looker<'_>) {
    let faint = if looker.theme == "dark" { "#333" } else { "#ddd" };
    let spoil = "document.querySelector('label').remove(); document.querySelector('h1').style.color = arguments[0];";
    looker.page.script(spoil, vec![faint.into()]).await;
    let found = looker.barriers().await.join("\n");
    for rule in ["color-contrast", "label"] {
        assert!(found.contains(rule), "{rule} is not among {found}");
    }
}

async fn walk(session: &Session, agent: &AgentUnderTest<'_>, pbx: &FakeVodia, looker: &mut Looker<'_>) {
    let Words { language, field, transfer, today, germany } = *looker.words;
    looker.page.reopen(&format!("?language={language}")).await;
    looker.page.shows("Ann Example").await;
    pbx.presence("205", Presence::Busy);
    pbx.set_dnd("206", true);
    agent.wait_view("the field", |view| view.accounts.len() == 1).await;
    looker.look("people").await;

    looker.page.type_into(field, "+49 30 23125117").await;
    looker.page.waits("what will be dialled", async || looker.page.text().await.contains(germany).then_some(())).await;
    looker.look("field").await;
    looker.page.clear(field).await;
    looker.page.type_into(field, "112").await;
    session.key("Return").await;
    looker.page.waits("the bar", async || (!looker.page.all("alertdialog", "").await.is_empty()).then_some(())).await;
    looker.look("emergency").await;
    session.key("Escape").await;
    looker.page.waits("no bar", async || looker.page.all("alertdialog", "").await.is_empty().then_some(())).await;
    looker.page.clear(field).await;

    let call = pbx.ring(MARA.0, MARA.1, "204");
    looker.page.find("article", MARA.1).await;
    looker.look("ringing").await;
    assert!(pbx.answer(call));
    let talks = |call: &phone_tests::vodia::Call| call.stage == Stage::Connected;
    pbx.wait_for(|state| state.call(call).is_some_and(talks), PATIENCE).await.expect("it is answered");
    looker.page.press("button", transfer).await;
    let other = pbx.ring(PELL.0, PELL.1, "204");
    looker.page.find("article", PELL.1).await;
    looker.look("two-calls").await;
    pbx.hang_up_far(other);
    pbx.hang_up_far(call);
    agent.no_call().await;
    agent.wait_view("a missed call", |view| view.missed > 0).await;

    let open = async |view: WindowView| {
        let wish = OpenWindowParams { view: Some(view), ..OpenWindowParams::default() };
        agent.client.call::<Nothing>(method::OPEN_WINDOW, &wish).await.expect("the window opens");
    };
    open(WindowView::History).await;
    looker.page.waits("the history", async || looker.page.text().await.contains(today).then_some(())).await;
    looker.look("history").await;
    open(WindowView::Settings).await;
    looker.page.waits("the settings", async || (looker.page.all("switch", "").await.len() > 5).then_some(())).await;
    looker.look("settings").await;
    open(WindowView::People).await;
}
