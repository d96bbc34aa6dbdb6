//! Emergency numbers. They are dialled on the phone or in the window, never from here.

use rlibphonenumber::Region;

use super::plan::Plan;

/// Emergency numbers of every network, whatever the country.
///
/// Source: 3GPP TS 22.101 (ETSI TS 122 101), clause 10.1.1: 112 and 911 always; without a SIM also 000, 08, 110, 118, 119, 999.
/// 08, 118 and 119 are ordinary short numbers in many countries and stand only with theirs.
const EVERYWHERE: &[&str] = &["112", "911", "999", "000", "110"];
/// Those of them that stay emergency numbers even where a plan has an internal number of the same digits.
const ALWAYS: &[&str] = &["112", "911"];

/// Emergency numbers by country; 112 is one in all of the EU (Directive (EU) 2018/1972, article 109).
const TABLE: &[(&str, &str)] = &[
    // Bundesnetzagentur, Verordnung über Notrufverbindungen § 1: 110, 112.
    ("DE", "110 112"),
    // RTR, Öffentliche Kurzrufnummern für Notrufdienste (KEM-V 2009 §§ 17 to 22): all of these.
    ("AT", "112 122 128 133 140 141 142 144 147"),
    // Verordnung über die Adressierungselemente (SR 784.104) art. 28: 112, police 117, fire 118, health 144, poison 145, help by
    // telephone 143 and 147; 1414 Rega and 1415 Air-Glaciers are rescue services on short numbers of the BAKOM.
    ("CH", "112 117 118 143 144 145 147 1414 1415"),
    ("LI", "112 117 118 143 144 147 1414"),
    // ARCEP, liste des numéros d'urgence (décision 02-1179 as amended, 116111 by 2017-1251): all of these.
    ("FR", "15 17 18 112 114 115 116000 116111 116117 119 191 196 197"),
    // D.Lgs. 259/2003 art. 76 and AGCOM, Piano di numerazione (delibera 9/03/CIR as amended): 112, 113, 114, 115, 118; 117
    // (customs police), 1515 (forests), 1522 (violence) and 1530 (at sea) are public services of the same plan.
    ("IT", "112 113 114 115 117 118 1515 1522 1530"),
    // Real Decreto 903/1997 (112); Plan Nacional de Numeración, guide of the ministry, short numbers of public help: health 061,
    // civil guard 062, fire 080 and 085, 088, police 091 and 092, violence 016, suicide 024.
    ("ES", "112 016 024 061 062 080 085 088 091 092"),
    // Ofcom, General Condition A3: 112, 999; 18000 is the relay service's way to 999.
    ("GB", "112 999 18000"),
    ("IE", "112 999"),
    // FCC, 47 CFR 9.4 (911) and 52.200 (988).
    ("US", "911 988 933"),
    // CRTC, Telecom Decision 2022-234 (988) and 911.
    ("CA", "911 988"),
    // Autoriteit Consument & Markt, Nummerplan telefoon- en ISDN-diensten: 112; 113 is suicide prevention.
    ("NL", "112 113"),
    ("BE", "100 101 102 106 107 112"),
    ("LU", "112 113"),
    // UKE, Tablice Numerów Kierowania Alarmowego: 112, 984, 985, 986, 987, 991 to 999 (989 there is health information).
    ("PL", "112 984 985 986 987 991 992 993 994 995 996 997 998 999"),
    // PTS, Svensk nummerplan för telefoni: 112; 90000 is the old one and still listed (libphonenumber, ShortNumberMetadata).
    ("SE", "112 90000"),
    ("DK", "112"),
    ("NO", "110 112 113"),
    ("FI", "112"),
    ("CZ", "112 150 155 156 158"),
    ("SK", "112 150 155 158 159"),
    ("HU", "104 105 107 112"),
    ("PT", "112 115 117"),
    ("GR", "100 108 112 166 199"),
    ("TR", "110 112 122 155 156 158 177"),
    ("UA", "101 102 103 104 112"),
    ("RU", "01 02 03 04 101 102 103 104 112"),
    // MIC, 電気通信番号計画 no. 4 (before: 電気通信番号規則): police 110, coast guard 118, fire 119.
    ("JP", "110 118 119"),
    ("CN", "110 119 120 122 12395"),
    ("KR", "112 119 111 113 117 118 122 125 127"),
    // DoT, National Numbering Plan annex IV and its letter of 2015 on 112: 100, 101, 102, 108, 112; 1091 women, 1098 children,
    // 1033 roads, 104 health.
    ("IN", "100 101 102 104 108 112 1033 1091 1098"),
    // ANATEL, Serviços de Utilidade Pública e de Emergência: 112 and 911 (mobile), 128, 190 to 194, 197, 198, 199; 188 CVV, 180
    // and 181 help lines, 185 at sea.
    ("BR", "112 128 180 181 185 188 190 191 192 193 194 197 198 199 911"),
    ("AR", "100 101 103 106 107 911"),
    ("MX", "911"),
    // ACMA, Telecommunications Numbering Plan 2025: 000, 106, 112.
    ("AU", "000 106 112"),
    ("NZ", "111 112"),
    ("ZA", "112 10111 10177 107"),
    ("IL", "100 101 102 112"),
    ("AE", "112 995 996 997 998 999 911"),
    ("SG", "993 995 999 112"),
    ("HK", "112 992 999"),
];

/// Emergency numbers of all other countries, besides those of every network.
///
/// Source: Android Open Source Project, `packages/services/Telephony/ecc/input/eccdata.txt` (police, ambulance, fire of each
/// country); subscriber numbers in it are left out.
const REST: &str = "AD 116 118;AF 119;AL 127 128 129;AM 101 102 103;AO 113 115;BA 122 123 124;BB 211 311 511;BF 17 18;\
    BG 150 160 166;BJ 117 118;BN 991 993 995;BO 118 119;BS 919;BT 112 113;BW 997 998;BY 101 102 103;CD 118;CF 117;CG 118;\
    CI 170 180 185;CL 131 132 133;CM 117 118 119;CO 123;CU 104 105 106;CV 130 131 132;DJ 17 18;DZ 14 17 1548;EG 122 123 180;\
    ET 991;FJ 917;GA 177;GE 112;GF 15 17 18;GH 191 192 193;GI 190 199;GM 116 117 118;GN 122 1717;GP 15 17 18;GQ 113 115;\
    GT 120 123;GW 113 117 118;GY 912 913;HR 192 193 194 195;HT 114 115 116;ID 113 118 119;IQ 104 115 122 130;IR 115 125;\
    KE 112;KG 101 102 103;KH 117 118 119;KI 192 193 194;KM 17 18;KN 333;KZ 101 102 103;LA 1190 1191 1195;LK 119;\
    LS 121 122 123;LY 1515;MA 15 19 150 190;MC 15 17 18;MD 901 902 903;ME 122 123 124;MG 117 118;MK 192 193 194;ML 15 17 18;\
    MM 191 192 199;MN 101 102 103;MQ 15 17 18;MR 117 118;MU 114 115;MV 102 118 119;MW 997 998;MZ 117 119 198;NA 10111;\
    NC 15 17 18;NE 15 17 18;NG 199;NI 115 118 128;NP 100 101 102;NR 111;OM 9999;PA 103 104;PE 105 106 116;PF 15 17 18;PG 111;\
    PK 15 16 115;PM 15 17 18;PS 100 101 102;RE 15 17 18;RS 192 193 194;RW 111;SA 997 998;SB 988;SD 333;SI 113;SL 019;\
    SM 113 115 118;SN 15 17 18;SO 888;SR 115;SV 913;SY 110 113;SZ 933;TD 17 18;TG 117 118;TH 191 199 1669;TJ 101 102 103;\
    TK 111;TM 001 002 003;TN 190 197 198;TO 922 933;TT 990;TW 119;UZ 101 102 103;VA 113 115 118;VN 113 114 115;VU 111 113;\
    WF 15 17 18;XK 192 193 194;YE 199;YT 15 17 18;ZM 991 993;ZW 993 995";

/// What hides or shows the own number, glued in front of the number called.
///
/// Sources: Ofcom (141, 1470), NTT (184, 186), NANPA vertical service codes in pulse form (1167, 1182), Orange (3651), ACMA
/// (1831, 1832), OFCA (133).
const GLUED: &[(&str, &[&str])] = &[
    ("GB", &["141", "1470"]),
    ("IE", &["141", "142"]),
    ("JP", &["184", "186"]),
    ("US", &["1167", "1182"]),
    ("CA", &["1167", "1182"]),
    ("FR", &["3651"]),
    ("AU", &["1831", "1832"]),
    ("HK", &["133"]),
];

/// Tells whether a number is an emergency number of the plan's country, plainly or behind a prefix or code.
///
/// Takes digits with `*` and `#`; a `+` must have been taken off. Where somebody chose each digit, a nine in front is the
/// outside line only if the plan says so, or if what follows is an emergency number that everybody knows.
pub(super) fn is_emergency(dialled: &str, code: Option<i32>, plan: &Plan, by_hand: bool) -> bool {
    let with_codes = dialled.contains(['*', '#']);
    let bare: String = dialled.chars().filter(char::is_ascii_digit).collect();
    // Two digits behind a star are a code of their own, such as `*18`.
    if (bare.len() > 2 || !dialled.starts_with(['*', '#'])) && hidden(&bare, code, plan, by_hand) {
        return true;
    }
    if !with_codes {
        return false;
    }
    let parts: Vec<&str> = dialled.split(['*', '#']).filter(|part| !part.is_empty()).collect();
    let behind = parts.iter().enumerate().any(|(place, part)| (place > 0 || part.len() > 2) && hidden(part, code, plan, by_hand));
    // `*67911`: a code of two digits and the number without anything between.
    behind || parts.first().and_then(|part| part.get(2..)).is_some_and(|rest| rest.len() > 2 && hidden(rest, code, plan, by_hand))
}

/// Longest digits in which an emergency number is looked for behind several prefixes.
const MOST_HIDDEN: usize = 12;

/// Tells whether digits are one behind prefixes: for the line, abroad, long distance, or the country itself.
///
/// Several may stand in a row, in any order: whoever dials one too many still means the same. What is left behind them is
/// always an end of the digits, so each end is looked at once.
fn hidden(digits: &str, code: Option<i32>, plan: &Plan, by_hand: bool) -> bool {
    let country = code.map(|code| code.to_string());
    let nine = (!by_hand || plan.outside_prefix() == Some("9")).then_some("9");
    let trunk = (code == Some(1)).then_some("1");
    let fronts = || ["0"].into_iter().chain(nine).chain(trunk).chain(plan.outside_prefix()).chain(country.as_deref());
    let mut ends = vec![digits];
    let mut next = 0;
    while let Some(end) = ends.get(next).copied() {
        next += 1;
        if once(end, code, plan, by_hand) {
            return true;
        }
        if end.len() > MOST_HIDDEN || plan.is_extension(end) {
            continue;
        }
        for rest in fronts().filter_map(|front| end.strip_prefix(front)).filter(|rest| rest.len() > 2) {
            if !ends.iter().any(|known| known.len() == rest.len()) {
                ends.push(rest);
            }
        }
    }
    false
}

fn once(digits: &str, code: Option<i32>, plan: &Plan, by_hand: bool) -> bool {
    if listed(digits, plan) && !(plan.is_extension(digits) && !own(digits, plan) && !ALWAYS.contains(&digits)) {
        return true;
    }
    // A digit for the outside line, a trunk zero or the country code must not hide an emergency number.
    let nine = digits.strip_prefix('9').is_some_and(|rest| !by_hand || ALWAYS.contains(&rest)).then_some("9");
    let lines = ["0", "00"].into_iter().chain(nine).chain(plan.outside_prefix());
    let behind_line = lines.filter_map(|line| digits.strip_prefix(line)).any(|rest| rest.len() > 2 && listed(rest, plan));
    let glued = glued(plan).filter_map(|front| digits.strip_prefix(*front)).any(|rest| listed(rest, plan));
    let short_behind_line =
        plan.outside_prefix().and_then(|line| digits.strip_prefix(line)).is_some_and(|rest| listed(rest, plan));
    let abroad = code.is_some_and(|code| {
        let code = code.to_string();
        let rest = digits.strip_prefix("00").unwrap_or(digits).strip_prefix(code.as_str());
        rest.map(|rest| rest.strip_prefix('0').unwrap_or(rest)).is_some_and(|rest| rest.len() > 2 && listed(rest, plan))
    });
    (behind_line && !plan.is_extension(digits)) || glued || short_behind_line || abroad
}

/// Tells whether digits are an emergency number of every network.
pub(super) fn is_everywhere(digits: &str) -> bool {
    EVERYWHERE.contains(&digits)
}

/// Most digits of an emergency number, such as 116000.
const LONGEST: usize = 6;

fn listed(digits: &str, plan: &Plan) -> bool {
    digits.len() <= LONGEST && (EVERYWHERE.contains(&digits) || own(digits, plan))
}

fn own(digits: &str, plan: &Plan) -> bool {
    plan.region().is_some_and(|region| of(region).any(|number| number == digits))
}

fn of(region: Region) -> impl Iterator<Item = &'static str> {
    let letters = region.as_region_str();
    countries().filter(move |(country, _)| *country == &*letters).flat_map(|(_, numbers)| numbers.split(' '))
}

/// All countries with their numbers.
fn countries() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().copied().chain(REST.split(';').filter_map(|line| line.split_once(' ')))
}

fn glued(plan: &Plan) -> impl Iterator<Item = &'static &'static str> {
    let letters = plan.region().map(|region| region.as_region_str());
    let list = GLUED.iter().find(|(country, _)| letters.as_ref().is_some_and(|l| *country == &**l));
    list.map_or(&[][..], |(_, list)| *list).iter()
}

/// Tells whether digits are an emergency number in some country; for plans that name none.
pub(super) fn is_anywhere(digits: &str) -> bool {
    countries().any(|(_, numbers)| numbers.split(' ').any(|number| number == digits))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn plan(country: &str, keys: &[(&str, &str)]) -> Plan {
        let mut plan = Plan::default();
        plan.set("country", country).unwrap();
        for (key, value) in keys {
            plan.set(key, value).unwrap();
        }
        plan
    }

    #[test]
    fn each_country_has_its_own_and_the_general_ones() {
        for (country, numbers) in [
            ("DE", "110 112 911 0112 0110 00112 *31#112 #31#110 112# *112* *21*112# *31112"),
            ("AT", "112 122 133 140 144 0144"),
            ("CH", "112 117 118 144 1414 *31#117"),
            ("FR", "15 17 18 112 114 115 119 196 *31#17 #31#15 365117"),
            ("IT", "112 113 115 118"),
            ("ES", "112 061 062 080 091 092 016"),
            ("GB", "999 112 141999 1470999 9999"),
            ("US", "911 9911 988 *67911 *82911 1167911"),
            ("NL", "112"),
            ("PL", "112 997 998 999"),
            ("SE", "112 90000"),
            ("JP", "110 118 119 184110 186119"),
            ("IN", "100 101 102 108 112"),
            ("BR", "190 192 193 188"),
            ("NC", "15 17 18"),
            ("TH", "191 1669 199"),
            ("XK", "112 192"),
        ] {
            for number in numbers.split(' ') {
                assert!(is_emergency(number, None, &plan(country, &[]), false), "{country} {number}");
            }
        }
    }

    #[test]
    fn no_emergency_number_is_longer_than_looked_for() {
        let longest =
            countries().flat_map(|(_, numbers)| numbers.split(' ')).chain(EVERYWHERE.iter().copied()).map(str::len).max();
        assert_eq!(longest, Some(LONGEST));
    }

    #[test]
    fn every_country_is_one_and_stands_once() {
        let mut seen = Vec::new();
        for (country, numbers) in countries() {
            assert!(!seen.contains(&country) && crate::number::plan::country(country).is_some(), "{country}");
            assert!(numbers.split(' ').all(|n| (2..=6).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit())), "{country}");
            seen.push(country);
        }
        assert!(seen.len() > 150, "{}", seen.len());
    }

    #[test]
    fn ordinary_numbers_and_codes_are_none() {
        for (country, numbers) in [
            ("DE", "115 116117 0301120 1120 03011 *97 *21*0301234567# #31# 19222 144"),
            ("FR", "*18 *15# 3949 10 0115 0118"),
            ("US", "411 611 112233 *98 110110"),
            ("GB", "101 111 105 118500"),
        ] {
            for number in numbers.split(' ') {
                // 0115 and 0118 are behind a trunk zero in France.
                let expected = number == "0115";
                assert_eq!(is_emergency(number, None, &plan(country, &[]), false), expected, "{country} {number}");
            }
        }
    }

    #[test]
    fn a_plan_may_own_the_digits_of_a_foreign_emergency_number_only() {
        let extensions = [("extensions", "100-199")];
        assert!(!is_emergency("110", None, &plan("US", &extensions), false));
        assert!(is_emergency("112", None, &plan("US", &extensions), false));
        assert!(is_emergency("110", None, &plan("DE", &extensions), false));
        assert!(is_emergency("7112", None, &plan("DE", &[("outside_prefix", "7")]), false));
        assert!(is_emergency("49112", Some(49), &plan("DE", &[]), false));
        assert!(is_anywhere("144") && !is_anywhere("207"));
    }
}
