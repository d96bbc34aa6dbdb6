//! What of a link may stand on a screen, in a log or in the window: never a query, a password or who signs in.

use phone_core::number::scheme;

/// What begins something that nobody needs to recognise a link by: parameters, and the values of keys.
const MORE: &[char] = &['?', '&', '='];

/// What may be shown of a text that somebody wanted to dial: of links what a person recognises, all else as it is.
///
/// Of web addresses that is the host and the path, of our own links what they do, of all others the number or address.
pub fn shown(text: &str) -> String {
    if let Some((scheme, rest)) = scheme(text) {
        return one(scheme, rest);
    }
    let word = |word: &str| match word.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", web(rest)),
        None => word.to_owned(),
    };
    text.split_inclusive(char::is_whitespace)
        .map(|part| {
            let end = part.trim_end_matches(char::is_whitespace).len();
            part.split_at_checked(end).map_or_else(|| word(part), |(text, blank)| word(text) + blank)
        })
        .collect()
}

/// The same link for the window's field, without what nobody needs for dialling; none where it dials nothing.
///
/// It leads to the same number by the same rules.
pub fn for_window(link: &str) -> Option<String> {
    let Some((scheme, rest)) = scheme(link) else { return Some(link.to_owned()) };
    let kind = scheme.to_ascii_lowercase();
    match kind.as_str() {
        "http" | "https" => {
            let (_, query) = rest.split_once('?')?;
            let mut numbers = query.split('&').filter_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                key.eq_ignore_ascii_case("dest").then_some(value)
            });
            // Named twice it names nothing.
            let number = numbers.next().filter(|_| numbers.next().is_none())?;
            Some(format!("pbx:dial?number={number}"))
        }
        "sip" | "sips" => {
            let rest = rest.trim().trim_start_matches('/');
            let address = rest.split('?').next().unwrap_or_default();
            let Some((user, host)) = address.split_once('@') else { return Some(format!("{kind}:{address}")) };
            let user = user.split(':').next().unwrap_or_default();
            Some(format!("{kind}:{user}@{}", host.split(';').next().unwrap_or_default()))
        }
        "pbx" => one(scheme, rest).to_ascii_lowercase().ends_with(":dial").then(|| link.to_owned()),
        _ => Some(link.to_owned()),
    }
}

fn one(scheme: &str, rest: &str) -> String {
    if let Some(rest) = rest.strip_prefix("//")
        && scheme.to_ascii_lowercase().starts_with("http")
    {
        return format!("{scheme}://{}", web(rest));
    }
    let rest = rest.trim().trim_start_matches('/');
    if scheme.eq_ignore_ascii_case("pbx") {
        let what = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        let known = ["dial", "pair", "test"].iter().any(|known| known.eq_ignore_ascii_case(what));
        return if known { format!("{scheme}:{what}") } else { format!("{scheme}:…") };
    }
    let whole = before(rest, MORE);
    let user = before(whole, &[':', '@', ';']);
    match whole.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}:{user}@{}", before(host, &[':', ';', '/'])),
        None => format!("{scheme}:{user}"),
    }
}

/// Host and path of what follows the two slashes.
fn web(rest: &str) -> String {
    let whole = before(rest, &['?', '#', ';']);
    // An at sign ends who signs in, wherever it stands.
    let (host, path) = match whole.rsplit_once('@') {
        Some((_, place)) => place.split_once('/').unwrap_or((place, "")),
        None => whole.split_once('/').unwrap_or((whole, "")),
    };
    // A colon begins a port, or a password that was cut off.
    let host = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') && !port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if path.is_empty() { host.to_owned() } else { format!("{host}/{path}") }
}

/// What stands before the first of these signs, also where it is written as a percent code, once or several times.
fn before<'a>(text: &'a str, signs: &[char]) -> &'a str {
    let is_one = |at: usize, c: char| {
        signs.contains(&c) || (c == '%' && text.get(at + 1..).and_then(coded).is_some_and(|c| signs.contains(&c)))
    };
    let end = text.char_indices().find(|(at, c)| is_one(*at, *c)).map(|(at, _)| at);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// The sign that the two digits after a percent sign stand for.
fn coded(mut digits: &str) -> Option<char> {
    while let Some(again) = digits.strip_prefix("25") {
        digits = again;
    }
    u8::from_str_radix(digits.get(..2)?, 16).ok().map(char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_in_a_link_is_never_shown() {
        let table = [
            ("https://pbx.example/remote_call.htm?user=204&auth=geheim&dest=0301234", "https://pbx.example/remote_call.htm"),
            ("https://204:geheim@pbx.example:8443/remote_call.htm?dest=1", "https://pbx.example:8443/remote_call.htm"),
            ("HTTPS://204:ge?heim@pbx.example/remote_call.htm", "HTTPS://204"),
            ("https://204:x/geheim@pbx.example/remote_call.htm#geheim", "https://pbx.example/remote_call.htm"),
            ("http://[::1]:80/remote_call.htm;session=geheim", "http://[::1]:80/remote_call.htm"),
            ("pbx:pair?url=https://pbx.example&user=204&secret=geheim", "pbx:pair"),
            ("PBX://pair/?secret=geheim", "PBX:pair"),
            ("pbx:pair%3Fsecret%3Dgeheim", "pbx:pair"),
            ("pbx:geheim", "pbx:…"),
            ("pbx:dial?number=204&account=office", "pbx:dial"),
            ("sip:204:geheim@pbx.example;transport=tls?Subject=geheim", "sip:204@pbx.example"),
            ("sips:204%3ageheim@pbx.example", "sips:204@pbx.example"),
            ("sip:204:ge;heim@pbx.example", "sip:204@pbx.example"),
            ("sip:204:ge?heim@pbx.example", "sip:204"),
            ("tel:+4930123?auth=geheim", "tel:+4930123"),
            ("tel:+4930123%3Fauth=geheim", "tel:+4930123"),
            ("tel:+4930123%253fauth%253dgeheim", "tel:+4930123"),
            ("tel:+4930123;auth=geheim", "tel:+4930123"),
            ("tel:+4930123#auth=geheim", "tel:+4930123#auth"),
            (" callto://mara.beispiel ", "callto:mara.beispiel"),
            ("tel:*21*0049123%23", "tel:*21*0049123%23"),
            ("tel:+49 30 1234-567", "tel:+49 30 1234-567"),
            ("see https://a:geheim@h.example/x?auth=geheim\nor 0301234 = x?", "see https://h.example/x\nor 0301234 = x?"),
            ("order no. 4711", "order no. 4711"),
            ("tel:%", "tel:%"),
            ("tel:%é", "tel:%é"),
            ("", ""),
        ];
        for (link, expected) in table {
            assert_eq!(shown(link), expected, "{link}");
            assert!(!shown(link).contains("geheim"), "{link}");
        }
    }

    #[test]
    fn the_window_gets_the_number_of_a_link_and_nothing_secret() {
        let table = [
            (
                "https://pbx.example/remote_call.htm?user=204&auth=geheim&DEST=%2B4930%20123",
                Some("pbx:dial?number=%2B4930%20123"),
            ),
            ("https://pbx.example/remote_call.htm?auth=geheim&dest=1&dest=2", None),
            ("https://pbx.example/remote_call.htm?auth=geheim", None),
            ("sip:204:geheim@pbx.example;transport=tls?Subject=geheim", Some("sip:204@pbx.example")),
            ("sip:204;phone-context=+49:geheim@pbx.example", Some("sip:204;phone-context=+49@pbx.example")),
            ("pbx:pair?secret=geheim", None),
            ("pbx:dial?number=204&account=office", Some("pbx:dial?number=204&account=office")),
            ("tel:+49 30 123;ext=4", Some("tel:+49 30 123;ext=4")),
            ("030 1234", Some("030 1234")),
        ];
        for (link, expected) in table {
            assert_eq!(for_window(link).as_deref(), expected, "{link}");
        }
    }
}
