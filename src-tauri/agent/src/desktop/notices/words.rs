//! Words of the notices that do not follow from a view: questions before dialling, and requests that failed.

use phone_core::call::tidy;
use phone_core::{AccountName, Trouble};

use super::{About, Button, Notice, Weight};
use crate::desktop::Act;

/// Asks whether a link may dial; `number` is what would be dialled.
pub fn link_question(uri: &str, number: &str) -> Notice {
    ask(number, "A link wants to call this number.", Act::DialLink(uri.to_owned()))
}

/// Offers a link that could not be dialled in time.
pub fn link_too_late(uri: &str, number: &str) -> Notice {
    ask(number, "A link wanted to call this number while Trayphone was offline.", Act::RetryLink(uri.to_owned()))
}

/// Asks whether a selected text may be dialled; `number` is what would be dialled.
pub fn text_question(text: &str, number: &str) -> Notice {
    ask(number, "This is what the selected text seems to mean.", Act::DialText(text.to_owned()))
}

/// Asks whether a number of the menu or of a notice may be dialled.
pub fn question(number: &str, account: Option<AccountName>) -> Notice {
    let act = Act::Dial { number: number.to_owned(), account, yes: true };
    ask(number, "This number rings only after a yes.", act)
}

fn ask(number: &str, why: &str, yes: Act) -> Notice {
    Notice {
        about: About::Question,
        title: format!("Call {}?", tidy(number)),
        body: why.to_owned(),
        buttons: vec![Button { label: "Call", act: yes }, Button { label: "Cancel", act: Act::Nothing }],
        // A press beside the buttons must not dial.
        press: Act::Nothing,
        weight: Weight::Urgent,
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

/// Enough of a text to recognise it.
fn shorten(text: &str) -> String {
    const ENOUGH: usize = 40;
    let text = tidy(text);
    if text.chars().count() <= ENOUGH { text } else { text.chars().take(ENOUGH - 1).chain(['…']).collect() }
}
