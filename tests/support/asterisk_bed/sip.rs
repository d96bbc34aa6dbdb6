//! Just enough of SIP to read and write its messages.
//!
//! Source: RFC 3261, sections 7 and 25.

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) start: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Message {
    /// A message with this first line and nothing else.
    pub(super) fn new(start: impl Into<String>) -> Self {
        Self { start: start.into(), headers: Vec::new(), body: String::new() }
    }

    /// Reads a message; none if it is not one.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            // A line that begins with a space continues the one before.
            if line.starts_with([' ', '\t']) {
                let (_, value) = headers.last_mut()?;
                value.push(' ');
                value.push_str(line.trim());
            } else {
                let (name, value) = line.split_once(':')?;
                headers.push((long_name(name.trim()), value.trim().to_owned()));
            }
        }
        Some(Self { start, headers, body: body.to_owned() })
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_lowercase(), value.into()));
        self
    }

    /// Adds a session description.
    pub(super) fn with_description(self, description: String) -> Self {
        Self { body: description, ..self.with("content-type", "application/sdp") }
    }

    /// Copies all headers of this name from another message.
    pub(super) fn with_all_of(mut self, other: &Self, name: &str) -> Self {
        self.headers.extend(other.headers.iter().filter(|(header, _)| header == name).cloned());
        self
    }

    /// The first header of this name, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value)
    }

    /// The method of a request; none for a response.
    pub(super) fn method(&self) -> Option<&str> {
        if self.start.starts_with("SIP/2.0 ") { None } else { self.start.split(' ').next() }
    }

    /// The status of a response; none for a request.
    pub(super) fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The text as it goes over the wire.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text + &format!("content-length: {}\r\n\r\n{}", self.body.len(), self.body)
    }
}

/// The name in lower case, of one letter no more.
fn long_name(name: &str) -> String {
    let name = name.to_lowercase();
    let long = match name.as_str() {
        "c" => "content-type",
        "f" => "from",
        "i" => "call-id",
        "l" => "content-length",
        "m" => "contact",
        "o" => "event",
        "t" => "to",
        "v" => "via",
        _ => return name,
    };
    long.to_owned()
}

/// The address between angle brackets, or the whole without parameters.
pub(super) fn address(header: &str) -> &str {
    let inside = header.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(inside, _)| inside);
    inside.unwrap_or_else(|| header.split(';').next().unwrap_or(header)).trim()
}

/// The user of an address, such as `100`.
pub(super) fn user(header: &str) -> &str {
    let address = address(header);
    address.split_once(':').map_or(address, |(_, rest)| rest).split(['@', ';']).next().unwrap_or_default()
}

/// The tag of a From or To header, or nothing.
pub(super) fn tag(header: &str) -> &str {
    header.split(';').find_map(|parameter| parameter.trim().strip_prefix("tag=")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_short_names_and_continued_lines() {
        let text = "INVITE sip:103@127.0.0.1:5060 SIP/2.0\r\nf: \"Alice; A\" <sip:100@127.0.0.1>;tag=a1\r\nTo: sip:103@127.0.0.1;tag=b2\r\n\
                    i: one\r\nCall-Info: <sip:pbx>\r\n ;answer-after=0\r\nl: 3\r\n\r\nv=0";

        let message = Message::read(text.as_bytes()).expect("a message");

        assert_eq!((message.method(), message.status()), (Some("INVITE"), None));
        assert_eq!((user(message.header("from")), tag(message.header("from"))), ("100", "a1"));
        assert_eq!((address(message.header("to")), tag(message.header("to"))), ("sip:103@127.0.0.1", "b2"));
        assert_eq!((message.header("call-id"), message.header("call-info")), ("one", "<sip:pbx> ;answer-after=0"));
        assert_eq!((message.body.as_str(), message.header("subject")), ("v=0", ""));
    }

    #[test]
    fn reads_what_it_wrote_and_refuses_what_is_no_message() {
        let answer = Message::new("SIP/2.0 486 Busy Here").with("call-id", "one").with_description("v=0\r\n".to_owned());

        let read = Message::read(answer.text().as_bytes()).expect("a message");

        assert_eq!((read.status(), read.method(), read.header("content-length")), (Some(486), None, "5"));
        assert_eq!(read.body, "v=0\r\n");
        assert_eq!(Message::read(b"\r\n"), None);
        assert_eq!(Message::read(b"OPTIONS sip:a SIP/2.0\r\nno colon\r\n\r\n"), None);
    }
}
