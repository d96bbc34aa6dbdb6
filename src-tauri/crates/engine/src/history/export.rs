//! Ended calls as a table for other programs.
//!
//! RFC 4180, UTF-8, with a line of headings. A cell that a spreadsheet would take for a formula gets an apostrophe in front;
//! a number is no formula: written with a plus, it stands there with its digits alone.

use jiff::tz::TimeZone;
use phone_core::view::CallRecord;

use super::row::{direction_name, outcome_name, source_name};

/// The headings, each the name of a column.
pub(super) const HEADINGS: &str = "started,ended,direction,outcome,number,name,account,talked_s,via,note,source,id\r\n";

/// One call as a line; times are those of `zone`, with their distance from UTC.
pub(super) fn line(call: &CallRecord, zone: &TimeZone) -> String {
    let time = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let talked = call.connected_at.zip(call.ended_at).map(|(from, to)| to.duration_since(from).as_secs().max(0).to_string());
    let via = call.via.as_ref().and_then(|via| via.name.as_deref().or(via.number.as_deref()));
    let cells = [
        time(call.started_at),
        call.ended_at.map(time).unwrap_or_default(),
        direction_name(call.direction).to_owned(),
        outcome_name(call.outcome).to_owned(),
        number(call.remote.number.as_deref().unwrap_or_default()),
        text(call.remote.name.as_deref().unwrap_or_default()),
        text(call.account.as_str()),
        talked.unwrap_or_default(),
        number(via.unwrap_or_default()),
        text(call.note.as_deref().unwrap_or_default()),
        source_name(call.source).to_owned(),
        text(&call.id.0),
    ];
    let mut line = cells.map(|cell| quoted(&cell)).join(",");
    line.push_str("\r\n");
    line
}

/// A cell that may hold a number.
fn number(cell: &str) -> String {
    let written = |c: char| c.is_ascii_digit() || " -/().\u{a0}".contains(c);
    match cell.trim().strip_prefix('+') {
        Some(rest) if rest.chars().all(written) && rest.chars().any(|c| c.is_ascii_digit()) => {
            std::iter::once('+').chain(rest.chars().filter(char::is_ascii_digit)).collect()
        }
        _ => text(cell),
    }
}

/// A cell of untrusted text.
///
/// Source: OWASP, CSV Injection.
fn text(cell: &str) -> String {
    let formula = cell
        .trim_start_matches(' ')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

/// Source: RFC 4180, section 2.
fn quoted(cell: &str) -> String {
    let plain: String = cell.chars().filter(|c| *c != '\0').collect();
    if plain.contains([',', '"', '\r', '\n', ';', '\t']) { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_numbers_stay_numbers() {
        for (cell, wanted) in [
            ("+4930555001", "+4930555001"),
            ("+49 (30) 555-001", "+4930555001"),
            ("030 555001", "030 555001"),
            ("*21#", "*21#"),
            ("=1+1", "'=1+1"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("+1*2", "'+1*2"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("  =1", "'  =1"),
            ("+", "'+"),
            ("anonymous", "anonymous"),
            ("", ""),
        ] {
            assert_eq!(number(cell), wanted, "{cell}");
        }
        assert_eq!(text("+4930555001"), "'+4930555001", "a name is no number");
        assert_eq!(quoted("a \"b\", c\nd"), "\"a \"\"b\"\", c\nd\"");
    }
}
