//! Lists of associations between links and programs, as texts. A change leaves everything else byte for byte as it was.
//!
//! Source: MIME Applications Associations 1.0.1.

/// What opens a type.
pub const DEFAULTS: &str = "[Default Applications]";
/// Types that a program opens beyond those of its own entry.
pub const ADDED: &str = "[Added Associations]";
/// Types that a program shall not be offered for.
pub const REMOVED: &str = "[Removed Associations]";
/// What the entries of a folder say, gathered.
pub const CACHE: &str = "[MIME Cache]";

/// The desktop entry that a list of associations names first for links of `scheme`.
pub fn handler_of(list: &str, scheme: &str) -> Option<String> {
    handlers_of(list, scheme).into_iter().next()
}

/// All desktop entries that a list of associations names for links of `scheme`, the preferred one first.
pub fn handlers_of(list: &str, scheme: &str) -> Vec<String> {
    entries_of(list, DEFAULTS, scheme)
}

/// The desktop entries that a group of a list names for links of `scheme`.
pub fn entries_of(list: &str, group: &str, scheme: &str) -> Vec<String> {
    let values = lines(list).filter(|line| line.group == group).filter_map(|line| value_of(line.whole, scheme));
    values.flat_map(entries).map(str::to_owned).collect()
}

fn entries(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').map(str::trim).filter(|entry| !entry.is_empty())
}

/// The lines by which a list refuses `entry` for links of `scheme`, with their ends, as they stand.
pub fn refusals_of(list: &str, scheme: &str, entry: &str) -> Vec<String> {
    let lines = lines(list).filter(|line| line.refuses(scheme, entry));
    lines.map(|line| line.whole.to_owned()).collect()
}

/// The list without a refusal of `entry` for links of `scheme`; the line stays, so that it can be put back in its place.
pub fn without_refusal(list: &str, scheme: &str, entry: &str) -> String {
    lines(list)
        .map(|line| if line.refuses(scheme, entry) { not_refused(line.whole, scheme, entry) } else { line.whole.to_owned() })
        .collect()
}

/// The list with the refusals that [`without_refusal`] took out; a line that somebody has changed since stays as it is.
pub fn with_refusals(list: &str, scheme: &str, entry: &str, before: &[String]) -> String {
    let mut before = before.iter().peekable();
    lines(list)
        .map(|line| {
            let is_ours =
                |old: &&String| line.group == REMOVED && not_refused(old, scheme, entry).trim_end() == line.whole.trim_end();
            before.next_if(is_ours).map_or_else(|| line.whole.to_owned(), |old| as_before(old, &line))
        })
        .collect()
}

/// A line of refusals without that of `entry`.
fn not_refused(line: &str, scheme: &str, entry: &str) -> String {
    let others = value_of(line, scheme).unwrap_or_default().split(';').map(str::trim);
    let others: String = others.filter(|other| !other.is_empty() && *other != entry).map(|other| format!("{other};")).collect();
    format!("x-scheme-handler/{scheme}={others}{}", end_of(line))
}

/// What a group of a list says of links of `scheme`: its lines, with their ends, as they stand.
pub fn lines_of(list: &str, group: &str, scheme: &str) -> Vec<String> {
    lines(list).filter(|line| line.says(group, scheme)).map(|line| line.whole.to_owned()).collect()
}

/// Whether a list has a group.
pub fn has_group(list: &str, group: &str) -> bool {
    lines(list).any(|line| line.whole.trim() == group)
}

/// The list with `entry` as what opens links of `scheme`; everything else stays as it was, byte for byte.
pub fn with_handler(list: &str, scheme: &str, entry: &str) -> String {
    with_line(list, DEFAULTS, scheme, entry)
}

/// The list with `entry` first among those that are offered for links of `scheme`.
///
/// What a desktop chooses from, such as the window of the portal through which programs in a sandbox open links, does not
/// look at what opens them by default.
pub fn with_offer(list: &str, scheme: &str, entry: &str) -> String {
    let others = entries_of(list, ADDED, scheme);
    if others.iter().any(|other| other == entry) {
        return list.to_owned();
    }
    let all: String = [entry.to_owned()].into_iter().chain(others).map(|entry| entry + ";").collect();
    with_line(list, ADDED, scheme, &all)
}

fn with_line(list: &str, group: &str, scheme: &str, value: &str) -> String {
    let ours = format!("x-scheme-handler/{scheme}={value}");
    if lines(list).any(|line| line.says(group, scheme)) {
        // Every line of the kind: programs do not agree on which of them counts.
        return lines(list)
            .map(|line| if line.says(group, scheme) { ours.clone() + line.end() } else { line.whole.to_owned() })
            .collect();
    }
    let mut out = String::new();
    let mut done = false;
    for line in lines(list) {
        out.push_str(line.whole);
        if !done && line.whole.trim() == group {
            put_after(&mut out, &ours);
            done = true;
        }
    }
    if !done {
        put_after(&mut out, group);
        put_after(&mut out, &ours);
    }
    out
}

/// The list without `entry` first in a group for links of `scheme`: with the lines of before instead, or with nothing.
///
/// What somebody else has put there meanwhile stays.
pub fn without(list: &str, group: &str, scheme: &str, entry: &str, before: &[String]) -> String {
    if entries_of(list, group, scheme).first().map(String::as_str) != Some(entry) {
        return list.to_owned();
    }
    let mut out = String::new();
    let mut before = before.iter();
    for line in lines(list) {
        let Some(value) = value_of(line.whole, scheme).filter(|_| line.says(group, scheme)) else {
            out.push_str(line.whole);
            continue;
        };
        let others: Vec<&str> = value.split(';').map(str::trim).filter(|other| !other.is_empty() && *other != entry).collect();
        let old = before.next();
        let is_old =
            |old: &&String| others.is_empty() || entries(value_of(old, scheme).unwrap_or_default()).eq(others.iter().copied());
        if let Some(old) = old.filter(is_old) {
            out.push_str(&as_before(old, &line));
        } else if others.is_empty() {
            drop_end(&mut out, &line);
        } else {
            out.push_str(&format!("x-scheme-handler/{scheme}={};{}", others.join(";"), line.end()));
        }
    }
    out
}

/// The list without a group, if that is the last one and holds nothing.
pub fn without_empty(list: &str, group: &str) -> String {
    let mut out = String::new();
    let mut rest = lines(list).peekable();
    while let Some(line) = rest.next() {
        if rest.peek().is_none() && line.whole.trim() == group {
            drop_end(&mut out, &line);
        } else {
            out.push_str(line.whole);
        }
    }
    out
}

/// A line of a list.
struct Line<'a> {
    /// With its end.
    whole: &'a str,
    /// The group it stands in; empty before the first.
    group: &'a str,
}

impl Line<'_> {
    fn says(&self, group: &str, scheme: &str) -> bool {
        self.group == group && value_of(self.whole, scheme).is_some()
    }

    fn refuses(&self, scheme: &str, entry: &str) -> bool {
        let value = value_of(self.whole, scheme).filter(|_| self.group == REMOVED);
        value.is_some_and(|value| value.split(';').any(|other| other.trim() == entry))
    }

    fn end(&self) -> &str {
        end_of(self.whole)
    }
}

fn lines(list: &str) -> impl Iterator<Item = Line<'_>> {
    let mut group = "";
    list.split_inclusive('\n').map(move |whole| {
        if whole.trim_start().starts_with('[') {
            group = whole.trim();
        }
        Line { whole, group }
    })
}

/// A line of before in the place of another one, which may have got an end because something follows it now.
fn as_before(old: &str, line: &Line) -> String {
    if end_of(old).is_empty() { old.to_owned() + line.end() } else { old.to_owned() }
}

fn end_of(line: &str) -> &str {
    line.get(line.trim_end_matches(['\r', '\n']).len()..).unwrap_or_default()
}

fn value_of<'a>(line: &'a str, scheme: &str) -> Option<&'a str> {
    let (key, value) = line.split_once('=')?;
    (key.trim().strip_prefix("x-scheme-handler/")? == scheme).then_some(value.trim())
}

/// Puts one more line behind a text; a text whose last line has no end keeps to that.
fn put_after(text: &mut String, line: &str) {
    let (before, after) = if text.is_empty() || text.ends_with('\n') { ("", "\n") } else { ("\n", "") };
    text.extend([before, line, after]);
}

/// Undoes [`put_after`] where a line is left out: without an end of its own it took that of the line before.
fn drop_end(text: &mut String, left_out: &Line) {
    if left_out.end().is_empty() && text.ends_with('\n') {
        text.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::super::SCHEMES;
    use super::super::entries::ENTRY;
    use super::*;

    #[test]
    fn a_handler_is_put_in_and_everything_else_stays() {
        let others = "# by hand\n[Added Associations]\nx-scheme-handler/tel=other.desktop;\n[Default Applications]\ntext/html=web.desktop\n";
        let table = [
            ("", "[Default Applications]\nx-scheme-handler/tel=trayphone.desktop\n".to_owned()),
            (others, others.replace("cations]\ntext", "cations]\nx-scheme-handler/tel=trayphone.desktop\ntext")),
            (
                "[Default Applications]\nx-scheme-handler/tel = old.desktop;older.desktop\na=b\n",
                "[Default Applications]\nx-scheme-handler/tel=trayphone.desktop\na=b\n".to_owned(),
            ),
        ];
        for (list, expected) in table {
            let changed = with_handler(list, "tel", ENTRY);
            assert_eq!(changed, expected);
            assert_eq!(handler_of(&changed, "tel").as_deref(), Some(ENTRY));
            assert_eq!(with_handler(&changed, "tel", ENTRY), changed, "a second time changes nothing");
        }
    }

    #[test]
    fn taking_a_handler_back_restores_what_was_there_byte_for_byte() {
        for list in [
            "",
            "[Default Applications]\n",
            "[Default Applications]\ntext/html=web.desktop\n",
            "[Default Applications]\nx-scheme-handler/tel=old.desktop\ntext/html=web.desktop\n",
            "[Default Applications]\n x-scheme-handler/tel = old.desktop;older.desktop; \r\ntext/html=web.desktop\r\n",
            "[Default Applications]\nx-scheme-handler/tel=one.desktop\na=b\nx-scheme-handler/tel=two.desktop\n[Added Associations]\n",
            "[Added Associations]\nx-scheme-handler/tel=old.desktop;\n\n",
            "[Added Associations]\n x-scheme-handler/tel = old.desktop ;other.desktop\r\n[Default Applications]\na=b",
            "[Default Applications]\nx-scheme-handler/tel=old.desktop",
            "[Default Applications]",
            "[Added Associations]\nx-scheme-handler/tel=old.desktop;",
            "[Added Associations]\na=b",
        ] {
            let taken = |list: String, scheme: &&str| with_offer(&with_handler(&list, scheme, ENTRY), scheme, ENTRY);
            let changed = SCHEMES.iter().fold(list.to_owned(), taken);
            assert_eq!(handler_of(&changed, "tel").as_deref(), Some(ENTRY), "{list:?}");
            let given = |changed: String, scheme: &&str| {
                let without = |changed: &str, group| without(changed, group, scheme, ENTRY, &lines_of(list, group, scheme));
                without(&without(&changed, ADDED), DEFAULTS)
            };
            let back = SCHEMES.iter().rev().fold(changed, given);
            let back = if has_group(list, ADDED) { back } else { without_empty(&back, ADDED) };
            let back = if has_group(list, DEFAULTS) { back } else { without_empty(&back, DEFAULTS) };
            assert_eq!(back, list);
        }
    }

    #[test]
    fn a_later_choice_of_the_user_stays() {
        let before = ["x-scheme-handler/tel=old.desktop\n".to_owned()];
        let later = "[Default Applications]\nx-scheme-handler/tel=later.desktop;trayphone.desktop\n";
        assert_eq!(without(later, DEFAULTS, "tel", ENTRY, &before), later);
        let more = "[Default Applications]\nx-scheme-handler/tel=trayphone.desktop;later.desktop;\n";
        let expected = "[Default Applications]\nx-scheme-handler/tel=later.desktop;\n";
        assert_eq!(without(more, DEFAULTS, "tel", ENTRY, &before), expected);
    }

    #[test]
    fn the_first_program_of_a_list_counts() {
        let list = "[Default Applications]\nx-scheme-handler/tel=;one.desktop;two.desktop\n";
        assert_eq!(handler_of(list, "tel").as_deref(), Some("one.desktop"));
        assert_eq!(handler_of(list, "callto"), None);
        assert_eq!(handler_of("[Added Associations]\nx-scheme-handler/tel=one.desktop\n", "tel"), None);
    }

    #[test]
    fn a_refusal_is_taken_out_and_put_back_byte_for_byte() {
        for list in [
            "[Removed Associations]\nx-scheme-handler/tel=trayphone.desktop;\n",
            "[Removed Associations]\r\n x-scheme-handler/tel = one.desktop ;trayphone.desktop;two.desktop\r\na=b",
            "[Added Associations]\nx-scheme-handler/tel=trayphone.desktop;\n[Removed Associations]\nx-scheme-handler/tel=trayphone.desktop",
            "[Removed Associations]\nx-scheme-handler/callto=trayphone.desktop;\nx-scheme-handler/tel=other.desktop;\n",
        ] {
            let before = refusals_of(list, "tel", ENTRY);
            let without = without_refusal(list, "tel", ENTRY);
            assert!(refusals_of(&without, "tel", ENTRY).is_empty(), "{without}");
            assert_eq!(entries_of(&without, ADDED, "tel"), entries_of(list, ADDED, "tel"), "only refusals are changed");
            assert_eq!(with_refusals(&without, "tel", ENTRY, &before), list);
        }
        let later = "[Removed Associations]\nx-scheme-handler/tel=later.desktop;\n";
        let before = ["x-scheme-handler/tel=trayphone.desktop;\n".to_owned()];
        assert_eq!(with_refusals(later, "tel", ENTRY, &before), later, "a later choice of the user stays");
    }
}
