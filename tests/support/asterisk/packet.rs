//! Packets: how they are written, and how strictly what a client writes is read (section 2).

/// One packet: its lines in order. Keys may repeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packet {
    fields: Vec<(String, String)>,
}

impl Packet {
    /// Begins an event of a class.
    pub(super) fn event(name: &str, class: &str) -> Self {
        Self::default().with("Event", name).with("Privilege", format!("{class},all"))
    }

    /// Begins an answer, with the id of the action if it had one.
    pub(super) fn response(word: &str, action_id: &str) -> Self {
        let packet = Self::default().with("Response", word);
        if action_id.is_empty() { packet } else { packet.with("ActionID", action_id) }
    }

    /// Adds a line.
    #[must_use]
    pub(super) fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.fields.push((key.to_owned(), value.into()));
        self
    }

    /// Adds lines.
    #[must_use]
    pub(super) fn with_all(mut self, fields: Vec<(String, String)>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Returns the first value of a key, in any case of its letters; empty when there is none.
    pub fn get(&self, key: &str) -> &str {
        self.fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map_or("", |(_, value)| value)
    }

    /// Returns all values of a key.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// Returns whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.all(key).next().is_some()
    }

    /// Returns all lines.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// Writes it as the server does; `bare` leaves out the blank of empty values.
    pub(super) fn text(&self, bare: bool) -> String {
        let mut text = String::with_capacity(self.fields.len() * 32);
        for (key, value) in &self.fields {
            text.push_str(key);
            text.push_str(if bare && value.is_empty() { ":" } else { ": " });
            text.push_str(value);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text
    }
}

/// Longest line a server reads.
const LONGEST_LINE: usize = 1024;

/// Takes the first whole packet out of what a client has written, and says what was wrong with it.
///
/// As the server does, it also takes a bare line feed for the end of a line; that the client wrote one is among the sins.
pub(super) fn take(buffer: &mut Vec<u8>) -> Option<(Packet, Vec<String>)> {
    let mut from = 0;
    let mut lines: Vec<(usize, usize)> = Vec::new();
    while let Some(length) = buffer.get(from..)?.iter().position(|byte| *byte == b'\n') {
        let line = (from, from + length);
        from += length + 1;
        let text = buffer.get(line.0..line.1)?;
        if text.strip_suffix(b"\r").unwrap_or(text).is_empty() {
            let packet = read(buffer, &lines, from);
            buffer.drain(..from);
            return Some(packet);
        }
        lines.push(line);
    }
    None
}

fn read(buffer: &[u8], lines: &[(usize, usize)], end: usize) -> (Packet, Vec<String>) {
    let (mut packet, mut sins) = (Packet::default(), Vec::new());
    if !buffer.get(..end).is_some_and(|bytes| bytes.ends_with(b"\r\n")) {
        sins.push("a packet ends with a bare line feed".to_owned());
    }
    for (from, to) in lines {
        let bytes = buffer.get(*from..*to).unwrap_or_default();
        let Some(bytes) = bytes.strip_suffix(b"\r") else {
            sins.push("a line ends with a bare line feed".to_owned());
            add(&mut packet, bytes, &mut sins);
            continue;
        };
        add(&mut packet, bytes, &mut sins);
    }
    if lines.is_empty() {
        sins.push("an empty packet".to_owned());
    }
    (packet, sins)
}

fn add(packet: &mut Packet, line: &[u8], sins: &mut Vec<String>) {
    let Ok(text) = std::str::from_utf8(line) else {
        sins.push("a line is not UTF-8".to_owned());
        return;
    };
    if text.len() > LONGEST_LINE {
        sins.push(format!("a line of {} bytes", text.len()));
    }
    if text.contains(['\r', '\0']) {
        sins.push("a control character inside a line".to_owned());
    }
    match text.split_once(':') {
        Some((key, value)) => {
            if key.is_empty() || key.contains(' ') {
                sins.push(format!("`{key}` is no key"));
            }
            packet.fields.push((key.to_owned(), value.trim().to_owned()));
        }
        None => sins.push("a line without a colon".to_owned()),
    }
}
