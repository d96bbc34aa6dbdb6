//! Words of the notices that do not follow from a view: questions before dialling, and requests that failed.

use phone_control::protocol::WindowView;
use phone_core::call::tidy;
use phone_core::number::{Candidate, Offer, country_name};
use phone_core::{CallId, Source, Trouble};

use super::{About, Button, Notice, Weight};
use crate::desktop::{Act, Asked, Chosen, links};

/// Most numbers that a notice lets choose among; more need the window.
const MOST_CHOICES: usize = 3;

/// Asks whether a number may be dialled.
pub fn question(asked: &Asked, offer: &Offer) -> Notice {
    let why = match (asked.source, &offer.why) {
        (Source::Link, _) if offer.trust => "A link wants to call this number.",
        (_, Some(why)) => why,
        (_, None) => "This number rings only after a yes.",
    };
    let call = |always| Act::DialChosen(Box::new(chosen(asked, offer, always)));
    let mut buttons = vec![Button { label: "Call".into(), act: call(None) }];
    if let Some(remember) = offer.remember.clone().filter(|_| asked.source == Source::Link && offer.trust) {
        buttons.push(Button { label: "Always call it".into(), act: call(Some(remember)) });
    }
    let more = details(&offer.shown, &offer.dial, offer.country.as_deref(), offer.extension.as_deref());
    ask(&offer.dial, &offer.shown, [why.to_owned()].into_iter().chain(more), buttons)
}

/// What a yes stands for: this number, by the account that was asked about.
fn chosen(asked: &Asked, offer: &Offer, always: Option<String>) -> Chosen {
    Chosen { asked: by_account(asked, Some(offer)), to: offer.choice.clone(), always }
}

/// The same by the account that was asked about.
fn by_account(asked: &Asked, offer: Option<&Offer>) -> Asked {
    let account = offer.and_then(|offer| offer.account.clone()).or_else(|| asked.account.clone());
    Asked { account, ..asked.clone() }
}

/// Tells that a question was not answered in time; it stands where that stood. `asked_at` is for people.
pub fn not_answered(about: About, asked: Asked, number: &str, asked_at: &str) -> Notice {
    let title = if number.is_empty() { "Nothing was called".to_owned() } else { format!("Not called: {}", tidy(number)) };
    Notice {
        about,
        title,
        body: format!("Nobody answered the question of {asked_at} within a minute."),
        buttons: vec![Button { label: "Ask again".into(), act: Act::AskAgain(Box::new(asked)) }],
        press: Act::Nothing,
        weight: Weight::Passing,
    }
}

/// Lets the user choose among several numbers.
pub fn choice(asked: &Asked, offers: &[Offer]) -> Notice {
    let lines = offers.iter().take(MOST_CHOICES).map(|offer| {
        let country = offer.country.as_deref().and_then(country_name).map(|name| format!(", {name}")).unwrap_or_default();
        let written = Some(tidy(&offer.text)).filter(|text| *text != offer.shown).map(|text| format!(" “{}”", shorten(&text)));
        format!("{}{country}{}", tidy(&offer.shown), written.unwrap_or_default())
    });
    let buttons = if offers.len() <= MOST_CHOICES {
        let act = |offer: &Offer| Act::DialChosen(Box::new(chosen(asked, offer, None)));
        let button = |offer: &Offer| Button { label: tidy(&offer.shown).into(), act: act(offer) };
        offers.iter().map(button).collect()
    } else {
        vec![
            Button { label: "Choose".into(), act: Act::ChooseInWindow(Box::new(by_account(asked, offers.first()))) },
            Button { label: "Cancel".into(), act: Act::Nothing },
        ]
    };
    let title = match offers.len() {
        0..=MOST_CHOICES => "Which number?".to_owned(),
        many => format!("Which of these {many} numbers?"),
    };
    Notice { title, ..ask(&asked.text, "", lines, buttons) }
}

/// The number of a link that could not be dialled in time.
#[derive(Clone, Copy, Debug)]
pub struct Late<'a> {
    /// What the PBX would get.
    pub dial: &'a str,
    /// The same for people.
    pub shown: &'a str,
    /// Two letters of its country, when known.
    pub country: Option<&'a str>,
    /// Digits for after the answer.
    pub extension: Option<&'a str>,
}

impl<'a> Late<'a> {
    /// A number that was found in a link; none where it could not be dialled.
    pub fn of(found: &'a Candidate) -> Option<Self> {
        let dial = found.dial.as_deref()?;
        let (shown, country) = (found.shown.as_deref().unwrap_or(dial), found.country.as_deref());
        Some(Self { dial, shown, country, extension: found.extension.as_deref() })
    }
}

/// Offers a link that could not be dialled in time, for whatever reason; its number may not be known then.
pub fn link_too_late(uri: &str, number: Option<Late<'_>>) -> Notice {
    let why = "A link wanted to call this number, but it could not be called then.";
    let link = links::shown(uri);
    let plain = link.split_once(':').filter(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit() || c == '+'));
    let shown = number.map_or_else(|| plain.map_or(link.as_str(), |(_, rest)| rest), |number| number.shown);
    let lines = number.map(|number| details(number.shown, number.dial, number.country, number.extension));
    let buttons = vec![Button { label: "Call".into(), act: Act::RetryLink(uri.to_owned()) }];
    ask(uri, shown, [why.to_owned()].into_iter().chain(lines.into_iter().flatten()), buttons)
}

/// What else a person should know before a yes: the country, what the PBX gets, and the digits that follow.
fn details(shown: &str, dial: &str, country: Option<&str>, extension: Option<&str>) -> impl Iterator<Item = String> + use<> {
    let country = country.and_then(country_name).map(str::to_owned);
    let plain = |text: &str| text.chars().filter(|c| c.is_ascii_digit() || "+*#".contains(*c)).collect::<String>();
    let dial = (plain(shown) != plain(dial)).then(|| format!("Will be dialled as {}", tidy(dial)));
    let behind = extension.map(|digits| format!("Then {}", tidy(digits)));
    country.into_iter().chain(dial).chain(behind)
}

fn ask(of: &str, number: &str, lines: impl IntoIterator<Item = String>, mut buttons: Vec<Button>) -> Notice {
    if buttons.len() < MOST_CHOICES && !buttons.iter().any(|button| button.act == Act::Nothing) {
        buttons.push(Button { label: "Cancel".into(), act: Act::Nothing });
    }
    Notice {
        about: About::Question(of.to_owned()),
        title: format!("Call {}?", tidy(number)),
        body: lines.into_iter().collect::<Vec<_>>().join("\n"),
        buttons,
        // A press beside the buttons must not dial.
        press: Act::Nothing,
        weight: Weight::Urgent,
    }
}

/// Tells that no further question is put on the screen, as so many wait there already.
pub fn too_many() -> Notice {
    Notice {
        about: About::Trouble,
        title: "More questions came than can be shown".to_owned(),
        body: "What came after those on the screen was not called. Answer them first, and look what keeps asking.".to_owned(),
        buttons: Vec::new(),
        press: Act::Nothing,
        weight: Weight::Passing,
    }
}

/// Tells where a call was parked and when. `now` is for people.
///
/// It names nobody, because it may still stand there when the screen is locked. Its button means this call and not the
/// place, where somebody else may wait by the time of the press.
pub fn parked(call: CallId, place: Option<String>, now: &str) -> Notice {
    let place = place.filter(|place| !tidy(place).is_empty());
    let shown = place.as_deref().map(tidy);
    let how = match &shown {
        Some(place) => format!("Dial {place} to fetch the call."),
        None => "The PBX has not said at which number.".to_owned(),
    };
    let fetch = place.is_some().then(|| Button { label: "Fetch".into(), act: Act::FetchParked(call.clone()) });
    Notice {
        about: About::Parked(call),
        title: shown.map_or_else(|| "Parked".to_owned(), |place| format!("Parked at {place}")),
        body: format!("{now}\n{how}"),
        buttons: fetch.into_iter().collect(),
        press: Act::Window(Some(WindowView::Calls)),
        weight: Weight::Lasting,
    }
}

/// Tells why a request failed; `concerning` is the text or number it was about, shortened here.
pub fn trouble(trouble: &Trouble, concerning: Option<&str>) -> Notice {
    let concerning = concerning.map(shorten).filter(|text| !text.is_empty());
    let mut lines: Vec<String> = concerning.into_iter().map(|text| format!("“{text}”")).collect();
    lines.extend(trouble.remedy.clone());
    Notice {
        about: About::Trouble,
        title: trouble.text.clone(),
        body: lines.join("\n"),
        buttons: Vec::new(),
        press: Act::Window(None),
        weight: Weight::Passing,
    }
}

/// Enough of a text or link to recognise it, and nothing secret of it.
fn shorten(text: &str) -> String {
    const ENOUGH: usize = 40;
    let text = tidy(&links::shown(text));
    if text.chars().count() <= ENOUGH { text } else { text.chars().take(ENOUGH - 1).chain(['…']).collect() }
}
