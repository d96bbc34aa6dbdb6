//! What is printed: for people, or exactly one JSON document.

use std::io::{self, IsTerminal, Write};

use phone_core::call::tidy;
use phone_core::number::{Offer, country_name};
use phone_core::view::AccountView;
use phone_core::{Code, Reason, Trouble};
use serde::Serialize;

use crate::failure::{Failure, status};

/// Where and how results are told.
pub struct Output {
    json: bool,
    colours: bool,
}

/// How a word is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As any other.
    Plain,
    /// All is well.
    Good,
    /// Something goes on.
    Lively,
    /// Something is wrong.
    Bad,
    /// Less important.
    Quiet,
}

/// One cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell(pub String, pub Tone);

impl Cell {
    /// A plain cell; what comes from the network is made harmless.
    pub fn of(text: impl AsRef<str>) -> Self {
        Self(tidy(text.as_ref()), Tone::Plain)
    }

    /// A cell with a meaning.
    pub fn toned(text: impl AsRef<str>, tone: Tone) -> Self {
        Self(tidy(text.as_ref()), tone)
    }
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    error: &'a Trouble,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a AccountView>,
}

impl Output {
    /// Prints JSON, or for people.
    pub fn new(json: bool) -> Self {
        let colours = !json && io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        Self { json, colours }
    }

    /// Tells whether JSON is wanted.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints the document, or runs what prints for people.
    ///
    /// # Errors
    /// When it cannot be written; a reader that went away has seen enough.
    pub fn show(&self, document: &impl Serialize, for_people: impl FnOnce(&mut Vec<u8>)) -> Result<(), Failure> {
        let mut text = Vec::new();
        if self.json {
            text = serde_json::to_vec(document).unwrap_or_default();
            text.push(b'\n');
        } else {
            for_people(&mut text);
        }
        self.write(&text).or_else(unwritten)
    }

    /// Prints that something was done, as [`Output::show`] does.
    ///
    /// # Errors
    /// When it cannot be written. The status is then that of an unknown outcome: whoever reads only what is printed must
    /// not believe that nothing was done, and do it again.
    pub fn confirm(&self, document: &impl Serialize, for_people: impl FnOnce(&mut Vec<u8>)) -> Result<(), Failure> {
        self.show(document, for_people).map_err(|mut failure| {
            failure.status = status(Code::OutcomeUnknown);
            failure.trouble.text = "It is done, but the result could not be written.".to_owned();
            failure
        })
    }

    /// Prints one line of a stream.
    ///
    /// # Errors
    /// When the reader went away.
    pub fn line(&self, text: &str) -> io::Result<()> {
        self.write(format!("{text}\n").as_bytes())
    }

    /// Writes bytes to standard output at once.
    ///
    /// # Errors
    /// When the reader went away.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// Prints a message for people to standard error.
    pub fn message(&self, text: &str) {
        writeln!(io::stderr().lock(), "trayphonectl: {text}").ok();
    }

    /// Tells why a command failed.
    pub fn failure(&self, failure: &Failure) {
        if failure.told {
            return;
        }
        if self.json {
            let document = ErrorDocument { error: &failure.trouble, account: failure.account.as_deref() };
            if let Err(unwritten) = self.show(&document, |_| {}) {
                let mut lines = in_words(&failure.trouble);
                if unwritten.trouble.detail != failure.trouble.detail {
                    lines.extend(in_words(&unwritten.trouble));
                }
                lines.iter().for_each(|line| self.message(line));
            }
            return;
        }
        for line in in_words(&failure.trouble) {
            self.message(&line);
        }
    }

    /// A text, coloured when it goes to a terminal.
    pub fn paint(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Plain => return text.to_owned(),
            Tone::Good => "32",
            Tone::Lively => "33",
            Tone::Bad => "31",
            Tone::Quiet => "2",
        };
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Writes rows with aligned columns; columns that are empty everywhere are left out.
    pub fn table(&self, to: &mut Vec<u8>, rows: &[Vec<Cell>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.0.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
                line.push_str(&self.paint(&cell.0, cell.1));
                line.extend(std::iter::repeat_n(' ', width - cell.0.chars().count() + 2));
            }
            to.extend_from_slice(line.trim_end().as_bytes());
            to.push(b'\n');
        }
    }
}

/// What it means that something could not be printed.
///
/// # Errors
/// Unless the reader went away, which ends a program quietly.
pub fn unwritten(error: io::Error) -> Result<(), Failure> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    let mut failure = Failure::from(Reason::NotAvailable).because(error);
    failure.trouble.text = "The result could not be written.".to_owned();
    failure.trouble.remedy = None;
    Err(failure)
}

/// What happened, what to do, and what may help whoever is asked.
/// A number in question, as it would be dialled and as people write it.
fn offered(offer: &Offer) -> String {
    let country = offer.country.as_deref().and_then(country_name).map(|name| format!(", {name}")).unwrap_or_default();
    let behind = offer.extension.as_deref().map(|digits| format!(", then {digits}")).unwrap_or_default();
    format!("  {}  ({}{country}{behind})", tidy(&offer.dial), tidy(&offer.shown))
}

fn in_words(trouble: &Trouble) -> Vec<String> {
    if let (Code::WrongUsage, Some(detail)) = (trouble.code, &trouble.detail) {
        // Here the detail is what people need; the rest would only stand in its way.
        return vec![detail.trim().to_owned()];
    }
    let mut first = trouble.text.clone();
    if let Some(detail) = &trouble.detail {
        first.push_str(&format!(" ({})", detail.trim()));
    }
    let mut lines = vec![first];
    if let Some(sha256) = &trouble.certificate_sha256 {
        lines.push(format!("Its fingerprint (SHA-256): {}", fingerprint(sha256)));
    }
    lines.extend(trouble.offers.iter().map(offered));
    lines.extend(trouble.remedy.clone());
    lines
}

/// A fingerprint as people compare it.
fn fingerprint(hex: &str) -> String {
    let pairs = hex.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).to_uppercase());
    pairs.collect::<Vec<_>>().join(":")
}

/// The name of a value in the contract, with blanks between its words.
pub fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(|name| name.replace('_', " "))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_hostile_text_is_harmless() {
        let output = Output { json: false, colours: false };
        let mut text = Vec::new();
        let rows = [
            vec![Cell::of("a"), Cell::of(""), Cell::of("x\u{1b}[31m\ny")],
            vec![Cell::of("long"), Cell::of(""), Cell::toned("z", Tone::Bad)],
        ];
        output.table(&mut text, &rows);
        assert_eq!(String::from_utf8(text).expect("text"), "a     x[31m y\nlong  z\n");
    }

    #[test]
    fn an_unknown_certificate_is_told_with_its_fingerprint() {
        let lines = in_words(&Reason::CertificateUnknown { sha256: "ab12".into() }.into());
        assert!(lines.iter().any(|line| line.ends_with("AB:12")), "{lines:?}");
    }

    #[test]
    fn a_failure_is_one_json_document() {
        let failure = Failure::usage("no");
        let document = ErrorDocument { error: &failure.trouble, account: None };
        let read: serde_json::Value = serde_json::to_value(&document).expect("JSON");
        assert_eq!(read["error"]["code"], "wrong_usage");
        assert!(read["error"]["certificate_sha256"].is_null());
        assert!(read.get("account").is_none());
    }
}
