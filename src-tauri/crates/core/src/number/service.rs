//! Short numbers of services by country, which the library's tables do not have.

use rlibphonenumber::Region;

/// What a short number costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// No more than a usual call.
    Usual,
    /// Directory enquiries and the like, which may cost many times as much.
    Costly,
}

use Service::{Costly, Usual};

/// Patterns by country, `X` for any digit; the most special comes first.
const TABLE: &[(&str, &[(&str, Service)])] = &[
    // European harmonised numbers of social value. Source: Commission Decision 2007/116/EC.
    ("EU", &[("116000", Usual), ("116006", Usual), ("116016", Usual), ("116111", Usual), ("116117", Usual), ("116123", Usual)]),
    // Bundesnetzagentur, Nummernbereiche: 115, 116, 118.
    ("DE", &[("115", Usual), ("116116", Usual), ("118XX", Costly), ("1180XX", Costly)]),
    // RTR, Nummernbereiche: 118, 111 to 149 of network operators, 1450 health.
    ("AT", &[("1450", Usual), ("1484", Usual), ("118XXX", Costly), ("120", Usual), ("123", Usual)]),
    // BAKOM: 18xy directory enquiries, short numbers 1xx.
    ("CH", &[("18XX", Costly), ("140", Usual), ("142", Usual), ("161", Usual), ("162", Usual), ("163", Usual), ("187", Usual)]),
    // ARCEP: 118XYZ, 10XY, 3BPQ.
    ("FR", &[("118XXX", Costly), ("10XX", Usual), ("3XXX", Usual)]),
    // MIMIT: 12XY, 1500, 117, 19X of operators.
    ("IT", &[("12XX", Costly), ("1500", Usual), ("187", Usual), ("190", Usual), ("119", Usual), ("155", Usual), ("159", Usual)]),
    // CNMC: 118AB, 010, 012, 060.
    ("ES", &[("118XX", Costly), ("010", Usual), ("012", Usual), ("024", Usual), ("060", Usual), ("1004", Usual)]),
    // Ofcom: 118XXX, 101, 105, 111, 119, 123.
    ("GB", &[("118XXX", Costly), ("101", Usual), ("105", Usual), ("111", Usual), ("119", Usual), ("123", Usual), ("150", Usual)]),
    // NANPA N11 codes.
    ("US", &[("211", Usual), ("311", Usual), ("411", Costly), ("511", Usual), ("611", Usual), ("711", Usual), ("811", Usual)]),
    ("CA", &[("211", Usual), ("311", Usual), ("411", Costly), ("511", Usual), ("611", Usual), ("711", Usual), ("811", Usual)]),
    // Autoriteit Consument & Markt: 14 and an area code for town halls, 18XY directory enquiries, 144 animals.
    ("NL", &[("140XX", Usual), ("140XXX", Usual), ("18XX", Costly), ("144", Usual)]),
    // UKE: 118XXX, 19XXX, 116.
    ("PL", &[("118XXX", Costly), ("19XXX", Usual), ("981", Usual), ("983", Usual), ("989", Usual)]),
    // PTS: 118XXX, 11414 police, 11313 information, 1177 health.
    ("SE", &[("118XXX", Costly), ("11414", Usual), ("11313", Usual), ("1177", Usual), ("90XXX", Usual)]),
    // MIC: 104 enquiries, 117 time, 171, 177 weather, 188 and 189 help lines.
    ("JP", &[("104", Costly), ("115", Costly), ("117", Usual), ("171", Usual), ("177", Usual), ("188", Usual), ("189", Usual)]),
    // DoT: 139 railways, 181 women, 198 complaints, 1909 do not call, 1930 fraud.
    (
        "IN",
        &[("139", Usual), ("181", Usual), ("198", Usual), ("199", Usual), ("1909", Usual), ("1930", Usual), ("155260", Usual)],
    ),
    // ANATEL: 10X, 13X to 16X services of public interest.
    (
        "BR",
        &[
            ("100", Usual),
            ("102", Costly),
            ("103XX", Usual),
            ("1052", Usual),
            ("13X", Usual),
            ("14X", Usual),
            ("15X", Usual),
            ("16X", Usual),
            ("1746", Usual),
        ],
    ),
];

/// Countries of the EU and others that use its 116 numbers.
const EU: &str = "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK";

/// Finds a short number of a country.
pub(super) fn of(digits: &str, region: Region) -> Option<Service> {
    let letters = region.as_region_str();
    let union = EU.split(' ').any(|country| country == &*letters);
    let lists = TABLE.iter().filter(|(country, _)| *country == &*letters || (*country == "EU" && union));
    lists.flat_map(|(_, numbers)| numbers.iter()).find(|(pattern, _)| fits(pattern, digits)).map(|(_, service)| *service)
}

fn fits(pattern: &str, digits: &str) -> bool {
    pattern.len() == digits.len() && pattern.bytes().zip(digits.bytes()).all(|(p, d)| p == b'X' || p == d)
}
