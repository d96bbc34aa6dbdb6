//! One packet of the manager interface: lines of a key and a value.

use std::borrow::Cow;

use phone_core::Party;

/// Most lines that are looked at; an honest packet has about a hundred, the list of all actions three hundred.
const MOST_LINES: usize = 2_000;

/// A packet as it arrived, its lines in order.
pub struct Packet<'a> {
    lines: Vec<(&'a str, &'a str)>,
}

/// The name of the event that a packet tells, without looking at the rest of it; none for an answer.
///
/// An event may also have a line `Response`, and the `ActionID` of a question.
pub fn event_name(text: &str) -> Option<&str> {
    let name = |line: &'_ str| line.get(..6).is_some_and(|key| key.eq_ignore_ascii_case("Event:"));
    text.split("\r\n").find(|line| name(line)).and_then(|line| line.get(6..)).map(str::trim)
}

impl<'a> Packet<'a> {
    /// Reads a packet; a line without a colon is none.
    pub fn read(text: &'a str) -> Self {
        let line = |line: &'a str| line.split_once(':').map(|(key, value)| (key.trim(), value.trim()));
        Self { lines: text.split("\r\n").filter_map(line).take(MOST_LINES).collect() }
    }

    /// All lines.
    pub fn lines(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.lines.iter().copied()
    }

    /// The first value of a key, also an empty one.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.lines.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| *value)
    }

    /// The value of a key that says something.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).filter(|value| says_something(value))
    }

    /// The same for a key in the group of a channel, such as `Dest` or `Transferee`.
    pub fn text_of(&self, group: &str, key: &str) -> Option<&'a str> {
        self.get_of(group, key).filter(|value| says_something(value))
    }

    /// The first value of a key in a group, also an empty one.
    pub fn get_of(&self, group: &str, key: &str) -> Option<&'a str> {
        let fits = |name: &str| {
            name.len() == group.len() + key.len()
                && name.get(..group.len()).is_some_and(|front| front.eq_ignore_ascii_case(group))
                && name.get(group.len()..).is_some_and(|rest| rest.eq_ignore_ascii_case(key))
        };
        self.lines.iter().find(|(name, _)| fits(name)).map(|(_, value)| *value)
    }

    /// Name and number under keys such as `CallerID` or `DestConnectedLine`; none when the packet has neither key.
    pub fn party(&self, group: &str, which: &str) -> Option<Party> {
        let (number, name) = match which {
            "CallerID" => ("CallerIDNum", "CallerIDName"),
            _ => ("ConnectedLineNum", "ConnectedLineName"),
        };
        let (number, name) = (self.get_of(group, number), self.get_of(group, name));
        if number.is_none() && name.is_none() {
            return None;
        }
        let some = |value: Option<&str>| value.filter(|value| says_something(value)).map(str::to_owned);
        Some(Party { number: some(number), name: some(name) })
    }

    /// The question that it belongs to.
    pub fn action_id(&self) -> Option<u64> {
        self.get("ActionID")?.parse().ok()
    }

    /// An answer that is a yes.
    pub fn is_success(&self) -> bool {
        self.get("Response").is_some_and(|word| word.eq_ignore_ascii_case("Success"))
    }

    /// What an answer says in words.
    pub fn message(&self) -> &'a str {
        self.text("Message").unwrap_or_default()
    }
}

/// `<unknown>` and nothing are how the server writes that it does not know.
fn says_something(value: &str) -> bool {
    !value.is_empty() && value != "<unknown>"
}

/// One action to be sent.
pub struct Action(String);

impl Action {
    /// An action by its name.
    pub fn new(name: &'static str, id: u64) -> Self {
        Self(format!("Action: {name}\r\nActionID: {id}\r\n"))
    }

    /// Adds a line. A line break in the value would begin another line, so it is taken out, as all other controls are.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Self {
        let value: Cow<'_, str> = if value.contains(|c: char| c.is_control()) {
            value.chars().filter(|c| !c.is_control()).collect::<String>().into()
        } else {
            value.into()
        };
        self.0.push_str(key);
        self.0.push_str(": ");
        self.0.push_str(&value);
        self.0.push_str("\r\n");
        self
    }

    /// The text to be sent.
    pub fn text(mut self) -> String {
        self.0.push_str("\r\n");
        self.0
    }
}
