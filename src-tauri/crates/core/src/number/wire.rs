//! From a number to the digits that the PBX gets, and from those that it sends to a number.

use super::chars;
use super::library::{Known, Tables, Written};
use super::plan::{Plan, Send};
use super::reading;

/// Country code of the North American Numbering Plan.
const NORTH_AMERICA: i32 = 1;
/// The trunk prefix there, which its own spelling leaves out.
const NORTH_AMERICA_TRUNK: &str = "1";

/// The international prefix of most countries.
const ANY_PREFIX: &str = "00";

/// Writes an external number the way a plan wants it.
pub(super) fn external(known: &Known, tables: &Tables, plan: &Plan) -> String {
    let number = match plan.send() {
        _ if is_home_only(known) => chars::digits_of(&tables.national_form(known)),
        Send::E164 => known.e164.clone(),
        Send::Prefix => with_prefix(known, tables, plan),
        Send::National => national(known, tables, plan).unwrap_or_else(|| with_prefix(known, tables, plan)),
    };
    format!("{}{number}", plan.outside_prefix().unwrap_or_default())
}

/// Tells whether a number can be called from inside its country only, so that it has no form for elsewhere.
///
/// Source: MIC (Japan), numbers that begin with 00: free calls of carriers, such as 0066 and 0077.
fn is_home_only(known: &Known) -> bool {
    known.e164.starts_with("+810")
}

/// National digits with trunk prefix, inside the plan's own country code.
fn national(known: &Known, tables: &Tables, plan: &Plan) -> Option<String> {
    let home = tables.code_of(plan.region()?)?;
    if home != known.code || !known.valid {
        return None;
    }
    let digits = chars::digits_of(&tables.national_form(known));
    if digits.is_empty() {
        return None;
    }
    Some(if known.code == NORTH_AMERICA { format!("{NORTH_AMERICA_TRUNK}{digits}") } else { digits })
}

/// All digits behind the international prefix of the plan's country.
///
/// `00` where no country is set, and where a country has no single prefix because a carrier is chosen with it, such as
/// Brazil: the PBX or its provider puts the carrier in, as the key `send = "00"` says in so many digits.
/// Source of `00`: ITU-T E.123 and the recommendation of ITU-T E.164 for all countries.
fn with_prefix(known: &Known, tables: &Tables, plan: &Plan) -> String {
    let all = known.e164.trim_start_matches('+');
    let own = plan.region().and_then(|region| prefix(region, tables));
    format!("{}{all}", own.as_deref().unwrap_or(ANY_PREFIX))
}

/// The one international prefix of a region, taken from how it writes a number of another country.
pub(super) fn prefix(region: rlibphonenumber::Region, tables: &Tables) -> Option<String> {
    let home = tables.code_of(region)?;
    let sample = if home == 49 { "33123456789" } else { "4930123456" };
    let known = tables.international(sample)?;
    let form = tables.abroad_form(&known, region);
    let digits = chars::digits_of(&form);
    if form.starts_with('+') { None } else { digits.strip_suffix(sample).filter(|p| !p.is_empty()).map(str::to_owned) }
}

/// Reads a number that the PBX sent, in whatever spelling, into its E.164 form.
pub(super) fn incoming(digits: &str, plus: bool, tables: &Tables, plan: &Plan) -> Option<Known> {
    let valid = |known: &Known| known.valid;
    if plus {
        return tables.international(digits);
    }
    let Some(region) = plan.region() else {
        return digits.strip_prefix("00").and_then(|rest| tables.international(rest)).filter(valid);
    };
    let direct = tables.national(digits, region).filter(valid);
    // A number that is complete as it stands wins over one behind a prefix, and that over a lost plus.
    let (sure, guess) = match direct {
        Some(known) if known.written == Written::CodeAlone => (None, Some(known)),
        Some(known) if known.written == Written::National && !reading::is_complete(digits, &known, region, tables) => {
            (None, Some(known))
        }
        other => (other, None),
    };
    let behind_line = || {
        let rest = plan.outside_prefix().and_then(|prefix| digits.strip_prefix(prefix))?;
        if let Some(rest) = rest.strip_prefix('+') {
            return tables.international(rest);
        }
        tables.national(rest, region).filter(valid)
    };
    let lost_plus = guess.clone().filter(|known| known.written == Written::CodeAlone);
    sure.or_else(behind_line)
        .or(lost_plus)
        .or_else(|| reading::local(digits, region, tables, plan))
        .or(guess)
        .or_else(|| tables.international(digits).filter(|known| known.valid && digits.len() > 10))
}
