//! From what a number is and where it comes from to what is done: rings, asks, or never.

use super::plan::Plan;
use super::{Kind, Verdict};
use crate::request::Source;

/// Why a number is not certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Not clearly one number at all.
    NotOne,
    /// A date, a sum, an address and the like.
    SomethingElse(&'static str),
    /// No such number in its country's numbering plan.
    Unknown,
    /// A trunk digit stands behind the country code without brackets.
    TrunkDigit,
    /// The trunk digit seems to be missing.
    TrunkMissing,
    /// The plus seems to be missing.
    PlusMissing,
    /// The international prefix of another country.
    ForeignPrefix,
    /// Completed with the plan's area code.
    Local,
    /// The digit for the outside line stands in front already.
    OutsidePrefix,
    /// Too few digits to be certain.
    Short,
    /// Nobody said which country it belongs to.
    NoCountry,
    /// An emergency number in some country.
    EmergencyElsewhere,
    /// Letters of the keypad.
    Letters,
    /// Several distinct numbers stand in the text.
    Several,
    /// Two numbers written as one.
    Range,
    /// A word such as order number stands in front.
    Label,
    /// It is labelled as a fax.
    Fax,
    /// It is written like something else.
    Shape,
    /// A line end stands inside.
    LineBreak,
    /// Digits for after the answer that follow pauses.
    Pauses,
    /// A subaddress, which nothing here can dial.
    Subaddress,
    /// Something else that would be dialled after the number.
    Dropped,
    /// Two parts of a Durchwahl.
    Durchwahl,
    /// The number belongs to another server or network.
    Elsewhere,
    /// An address instead of a number.
    Address,
}

impl Doubt {
    /// One sentence for a person.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::NotOne => "This is not clearly one telephone number.",
            Self::SomethingElse(what) => what,
            Self::Unknown => "There is no such number in the numbering plan of its country.",
            Self::TrunkDigit => "A zero behind the country code may be one too many.",
            Self::TrunkMissing => "The zero or prefix in front may be missing.",
            Self::PlusMissing => "The plus in front of the country code may be missing.",
            Self::ForeignPrefix => "The international prefix is not that of your country.",
            Self::Local => "This may be a local number of your area or something else.",
            Self::OutsidePrefix => "It seems to begin with the digit for the outside line.",
            Self::Short => "This is short and may be something else than a telephone number.",
            Self::NoCountry => "It is not known which country this number belongs to.",
            Self::EmergencyElsewhere => "This is an emergency number in some countries; set the country of the dial plan.",
            Self::Letters => "Letters stand for digits here.",
            Self::Several => "There are several numbers in this text.",
            Self::Range => "This looks like two numbers written as one.",
            Self::Label => "The words in front say that this may be something else than a telephone number.",
            Self::Fax => "This is labelled as a fax number.",
            Self::Shape => "This may be something else than a telephone number.",
            Self::LineBreak => "A line ends inside this number.",
            Self::Pauses => "Digits for after the answer follow.",
            Self::Subaddress => "The subaddress behind this number is not dialled with it.",
            Self::Dropped => "Something behind this number is not dialled with it.",
            Self::Durchwahl => "It is not clear how the Durchwahl continues the number.",
            Self::Elsewhere => "This number belongs to another server.",
            Self::Address => "This is an address; only some PBXs can call it.",
        }
    }

    /// Whether it counts for a number that a person typed.
    ///
    /// A person may type any digits; what they cannot see is how we complete or shorten them.
    fn counts_typed(self) -> bool {
        match self {
            Self::NotOne
            | Self::SomethingElse(_)
            | Self::TrunkDigit
            | Self::ForeignPrefix
            | Self::EmergencyElsewhere
            | Self::PlusMissing
            | Self::Letters
            | Self::Several
            | Self::Range
            | Self::Label
            | Self::Shape
            | Self::LineBreak
            | Self::Pauses
            | Self::Subaddress
            | Self::Dropped
            | Self::Durchwahl
            | Self::Elsewhere
            | Self::Address => true,
            Self::Unknown
            | Self::TrunkMissing
            | Self::Local
            | Self::OutsidePrefix
            | Self::Short
            | Self::NoCountry
            | Self::Fax => false,
        }
    }
}

/// Why emergency numbers are refused; all sources.
pub(crate) const EMERGENCY: &str =
    "This is an emergency number: dial it on the phone, or in the window, which asks for a second press.";
/// Why feature codes are refused from selections and links.
pub(super) const CODE: &str = "Codes with * or # change settings of the PBX; they are dialled only when typed.";
/// Why links ask.
pub(super) const LINK: &str = "A link from another program asks first.";
/// Why premium numbers ask.
const PREMIUM: &str = "Calls to this number may cost much more than usual.";
/// Why satellite numbers ask.
const SATELLITE: &str = "Calls to satellite and international network numbers may cost much more than usual.";
/// Why numbers of other countries ask.
const ABROAD: &str = "This number is in another country.";

/// Judges one number.
pub(super) fn judge(
    kind: Kind,
    source: Source,
    doubt: Option<Doubt>,
    abroad: bool,
    plan: &Plan,
) -> (Verdict, Option<&'static str>) {
    let counting = doubt.filter(|doubt| !source.is_by_hand() || doubt.counts_typed());
    let because = counting.map(Doubt::text);
    let refused = match kind {
        Kind::Emergency => Some(EMERGENCY),
        Kind::FeatureCode if source != Source::Typed => Some(CODE),
        Kind::NotANumber => Some(doubt.unwrap_or(Doubt::NotOne).text()),
        Kind::FeatureCode
        | Kind::International
        | Kind::National
        | Kind::Extension
        | Kind::Service
        | Kind::Premium
        | Kind::Satellite
        | Kind::Uri => None,
    };
    if let Some(why) = refused {
        return (Verdict::Refuse, Some(why));
    }
    let costly = match kind {
        Kind::Premium => Some(PREMIUM),
        Kind::Satellite => Some(SATELLITE),
        Kind::International
        | Kind::National
        | Kind::Extension
        | Kind::Service
        | Kind::FeatureCode
        | Kind::Emergency
        | Kind::Uri
        | Kind::NotANumber => None,
    };
    let ask = costly
        .filter(|_| plan.asks_premium())
        .or(because)
        .or_else(|| (abroad && plan.asks_international()).then_some(ABROAD))
        .or_else(|| (source == Source::Link && plan.asks_links()).then_some(LINK));
    match ask {
        Some(why) => (Verdict::Ask, Some(why)),
        None => (Verdict::Dial, None),
    }
}
