//! What digits mean under a plan: their kind, their E.164 form and what is dialled for them.

use rlibphonenumber::{PhoneNumberType, Region};

use super::library::{Known, Tables, Written};
use super::plan::Plan;
use super::policy::Doubt;
use super::service::Service;
use super::{Kind, alike, emergency, service, wire};
use crate::request::Source;

/// Most digits of a telephone number; what a plan adds is not selected. Source: ITU-T E.164.
pub(super) const E164_DIGITS: usize = 15;
/// Most digits without a code: E.164's, behind a prefix for the line and an international one.
const MOST_PLAIN: usize = 24;
/// Most digits of anything dialled, codes included.
pub(super) const MOST_DIGITS: usize = 40;

/// The digits of one number as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Digits {
    /// Whether a `+` stands in front.
    pub(super) plus: bool,
    /// Digits, `*` and `#`.
    pub(super) dialled: String,
    /// A `(0)` behind the country code was written and left out of `dialled` unless the country keeps it.
    pub(super) zero_marked: bool,
}

impl Digits {
    fn count(&self) -> usize {
        self.dialled.bytes().filter(u8::is_ascii_digit).count()
    }
}

/// What digits mean.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) kind: Kind,
    pub(super) e164: Option<String>,
    pub(super) dial: Option<String>,
    pub(super) doubt: Option<Doubt>,
    /// In another country than the plan's.
    pub(super) abroad: bool,
    /// Main region, for a Durchwahl.
    pub(super) region: Option<Region>,
    /// Whether the tables know it as a number of its country.
    pub(super) valid: bool,
    /// Whether somebody in the country would have to write it this way: with `+`, a prefix or a trunk digit.
    pub(super) marked: bool,
}

impl Reading {
    fn bare(kind: Kind, dial: Option<String>, doubt: Option<Doubt>) -> Self {
        Self { kind, e164: None, dial, doubt, abroad: false, region: None, valid: false, marked: false }
    }

    /// A number for help.
    pub(super) fn emergency() -> Self {
        Self::bare(Kind::Emergency, None, None)
    }

    /// Not a telephone number.
    pub(super) fn none(doubt: Doubt) -> Self {
        Self::bare(Kind::NotANumber, None, Some(doubt))
    }
}

/// Reads digits under a plan.
pub(super) fn read(digits: &Digits, source: Source, tables: &Tables, plan: &Plan) -> Reading {
    let dialled = digits.dialled.as_str();
    let home = plan.region().and_then(|region| tables.code_of(region));
    if digits.count() == 0 || dialled.len() > MOST_DIGITS {
        return Reading::none(Doubt::NotOne);
    }
    let abroad = || digits.plus && alike::country_code(dialled).is_some_and(|(_, rest)| emergency::is_everywhere(rest));
    if emergency::is_emergency(dialled, home, plan, source.is_by_hand()) || abroad() {
        return Reading::bare(Kind::Emergency, None, None);
    }
    if dialled.contains(['*', '#']) {
        return match digits.plus {
            true => Reading::none(Doubt::NotOne),
            false => Reading::bare(Kind::FeatureCode, Some(dialled.to_owned()), None),
        };
    }
    if digits.plus {
        return international(digits, tables, plan);
    }
    if dialled.len() > MOST_PLAIN {
        return Reading::none(Doubt::NotOne);
    }
    if plan.is_extension(dialled) {
        return Reading { marked: true, ..Reading::bare(Kind::Extension, Some(dialled.to_owned()), None) };
    }
    match plan.region() {
        Some(region) => national(digits, region, tables, plan),
        None => homeless(digits, tables, plan),
    }
}

fn international(digits: &Digits, tables: &Tables, plan: &Plan) -> Reading {
    let dialled = digits.dialled.as_str();
    if !(5..=17).contains(&dialled.len()) || dialled.starts_with('0') {
        return Reading::none(Doubt::NotOne);
    }
    let Some(known) = tables.international(dialled) else {
        // Seven digits behind a plus may be a number of a country that the tables do not know; never rung unasked.
        let e164 = format!("+{dialled}");
        let fits = (7..=E164_DIGITS).contains(&dialled.len());
        let doubt = Some(Doubt::Unknown);
        return if fits { Reading::bare(Kind::International, Some(e164), doubt) } else { Reading::none(Doubt::NotOne) };
    };
    let changed = known.e164.strip_prefix('+') != Some(dialled);
    // A trunk digit behind the country code is certain only in brackets.
    let doubt = (changed && !digits.zero_marked).then_some(Doubt::TrunkDigit);
    if !known.valid && dialled.len() > E164_DIGITS {
        return Reading::none(Doubt::NotOne);
    }
    finish(known, doubt, true, tables, plan)
}

/// Reads digits without a plus under a plan that names the country.
fn national(digits: &Digits, region: Region, tables: &Tables, plan: &Plan) -> Reading {
    let dialled = digits.dialled.as_str();
    let stands = || Some(dialled.to_owned());
    if let Some(kind) = service::of(dialled, region) {
        let kind = if kind == Service::Costly { Kind::Premium } else { Kind::Service };
        let dial = Some(format!("{}{dialled}", plan.outside_prefix().unwrap_or_default()));
        // Three or four digits can be anything.
        let doubt = (dialled.len() < 5).then_some(Doubt::Short);
        return Reading::bare(kind, dial, doubt);
    }
    // Where a carrier is chosen with the prefix it may be left out: `0055 11` is Brazil, though 55 may be a carrier.
    let abroad = dialled.strip_prefix("00").and_then(|rest| tables.international(rest)).filter(|known| known.valid);
    if let Some(known) = abroad.as_ref().filter(|_| wire::prefix(region, tables).is_none()) {
        return finish(known.clone(), Some(Doubt::ForeignPrefix), true, tables, plan);
    }
    let known = tables.national(dialled, region);
    if let Some(known) = &known
        && known.valid
        && (known.written == Written::Plus || known.written == Written::Prefix)
    {
        let changed = !dialled.ends_with(known.e164.trim_start_matches('+'));
        let doubt = (changed && !digits.zero_marked).then_some(Doubt::TrunkDigit);
        return finish(known.clone(), doubt, true, tables, plan);
    }
    if let Some(known) = &known
        && known.valid
        && known.written == Written::National
        && is_complete(dialled, known, region, tables)
    {
        let marked = tables.trunk(region).is_some_and(|trunk| dialled.starts_with(&trunk)) || dialled.starts_with('0');
        // Anything but the trunk prefix in front of the number, such as a carrier code or a digit too many, is asked about.
        let front = dialled.strip_suffix(tables.significant(known).as_str());
        // Brazil's own spelling of some numbers has a zero that the others lack.
        let usual = front.is_some_and(|front| front.is_empty() || tables.trunk(region).is_some_and(|trunk| trunk == front))
            || super::chars::digits_of(&tables.national_form(known)) == dialled;
        return finish(known.clone(), (!usual).then_some(Doubt::TrunkDigit), marked, tables, plan);
    }
    if let Some(rest) = plan.outside_prefix().and_then(|prefix| dialled.strip_prefix(prefix)) {
        // Typed or received with the digit for the outside line.
        let outside = tables.national(rest, region).filter(|known| known.valid && known.written != Written::CodeAlone);
        if let Some(outside) = outside
            && (outside.written != Written::National || is_complete(rest, &outside, region, tables))
        {
            return finish(outside, Some(Doubt::OutsidePrefix), true, tables, plan);
        }
    }
    if let Some(local) = local(dialled, region, tables, plan) {
        return finish(local, Some(Doubt::Local), false, tables, plan);
    }
    match known {
        // `4930123456` is most likely a number whose plus was lost, and `301234567` one whose zero was.
        Some(known) if known.valid && known.written == Written::CodeAlone => {
            finish(known, Some(Doubt::PlusMissing), false, tables, plan)
        }
        Some(known) if known.valid && known.written == Written::National => {
            Reading { region: known.region, ..Reading::bare(Kind::National, stands(), Some(Doubt::TrunkMissing)) }
        }
        Some(known) if known.possible && (known.written == Written::Plus || known.written == Written::Prefix) => {
            finish(known, Some(Doubt::Unknown), true, tables, plan)
        }
        Some(_) | None => {
            let short = dialled.len() < 7;
            match abroad {
                // The prefix of most countries, though perhaps not of this one.
                Some(_) => Reading::bare(Kind::National, stands(), Some(Doubt::ForeignPrefix)),
                None => Reading::bare(Kind::National, stands(), Some(if short { Doubt::Short } else { Doubt::Unknown })),
            }
        }
    }
}

/// Reads digits without a plus when nobody said which country they belong to.
fn homeless(digits: &Digits, tables: &Tables, plan: &Plan) -> Reading {
    let dialled = digits.dialled.as_str();
    let stands = Some(dialled.to_owned());
    let abroad = dialled.strip_prefix("00").and_then(|rest| tables.international(rest)).filter(|known| known.valid);
    if let Some(known) = abroad {
        let changed = !dialled.ends_with(known.e164.trim_start_matches('+'));
        let doubt = (changed && !digits.zero_marked).then_some(Doubt::TrunkDigit);
        return finish(known, doubt, true, tables, plan);
    }
    if emergency::is_anywhere(dialled) {
        return Reading::bare(Kind::National, stands, Some(Doubt::EmergencyElsewhere));
    }
    let clear = dialled.starts_with('0') && !dialled.starts_with("00") && (7..=E164_DIGITS).contains(&dialled.len());
    let doubt = match dialled.len() {
        _ if clear => None,
        0..=6 => Some(Doubt::Short),
        _ => Some(Doubt::NoCountry),
    };
    Reading { marked: clear, ..Reading::bare(Kind::National, stands, doubt) }
}

/// Tells whether digits have the trunk prefix where their country writes one.
pub(super) fn is_complete(dialled: &str, known: &Known, region: Region, tables: &Tables) -> bool {
    let form = super::chars::digits_of(&tables.national_form(known));
    let with_trunk =
        || tables.trunk(region).is_some_and(|t| dialled.strip_prefix(t.as_str()) == Some(&*tables.significant(known)));
    let at_home = tables.code_of(region) == Some(known.code);
    at_home && (form == dialled || with_trunk() || tables.is_complete(dialled, Some(region)))
}

/// A local number completed with the area code of the plan.
pub(super) fn local(dialled: &str, region: Region, tables: &Tables, plan: &Plan) -> Option<Known> {
    let area = plan.area_code()?;
    if dialled.starts_with('0') || dialled.len() < 3 {
        return None;
    }
    let trunk = tables.trunk(region).unwrap_or_default();
    let complete = if area.starts_with(&trunk) { format!("{area}{dialled}") } else { format!("{trunk}{area}{dialled}") };
    let known = tables.national(&complete, region)?;
    (known.valid && known.written == Written::National).then_some(known)
}

fn finish(known: Known, doubt: Option<Doubt>, marked: bool, tables: &Tables, plan: &Plan) -> Reading {
    let home = plan.region().and_then(|region| tables.code_of(region));
    let abroad = home.is_some_and(|home| home != known.code) || !is_same_country(&known, plan);
    let region = known.region.or_else(|| tables.region_of_code(known.code));
    let e164 = Some(known.e164.clone()).filter(|e164| (known.valid || known.possible) && e164.len() <= E164_DIGITS + 1);
    let usual = match known.written {
        Written::Plus | Written::Prefix => Kind::International,
        Written::National | Written::CodeAlone => Kind::National,
    };
    // An own number must not become an emergency number on the wire.
    let own = plan.own(&known.e164).filter(|own| !emergency::is_emergency(own, None, plan, false));
    if let Some(own) = own {
        let dial = Some(own.to_owned());
        return Reading { e164, doubt, region, marked, valid: true, ..Reading::bare(Kind::Extension, dial, None) };
    }
    let kind = match known.purpose {
        PhoneNumberType::PremiumRate => Kind::Premium,
        _ if is_satellite(&known) => Kind::Satellite,
        PhoneNumberType::FixedLine
        | PhoneNumberType::Mobile
        | PhoneNumberType::FixedLineOrMobile
        | PhoneNumberType::TollFree
        | PhoneNumberType::SharedCost
        | PhoneNumberType::VoIP
        | PhoneNumberType::PersonalNumber
        | PhoneNumberType::Pager
        | PhoneNumberType::UAN
        | PhoneNumberType::VoiceMail
        | PhoneNumberType::Unknown => usual,
    };
    let doubt = doubt.or((!known.valid).then_some(Doubt::Unknown));
    let dial = Some(wire::external(&known, tables, plan));
    Reading { kind, e164, dial, doubt, abroad, region, valid: known.valid, marked }
}

fn is_same_country(known: &Known, plan: &Plan) -> bool {
    match (known.region, plan.region()) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    }
}

/// Satellite networks and the shared international codes, calls to which cost like those to satellites.
///
/// Source: ITU-T E.164 assigned country codes: 870 Inmarsat, 881 and 882 and 883 international networks.
fn is_satellite(known: &Known) -> bool {
    matches!(known.code, 870 | 881 | 882 | 883)
}
