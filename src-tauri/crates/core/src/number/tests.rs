//! The table of cases and what must hold for all of them.
#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;

mod plain;

use super::*;

/// Plan, source (`s`elected, `t`yped, `l`ink), text, and what is offered: kind, verdict, digits, digits for after the answer.
/// What is no number may be left out or listed, so that it does not appear here.
const CASES: &[(&str, char, &str, &str)] = &[
    // Germany
    ("DE", 's', "+49 30 123456", "int:d:+4930123456"),
    ("DE", 's', "Tel. +49 30 123456", "int:d:+4930123456"),
    ("DE", 's', "030 1234567", "nat:d:+49301234567"),
    ("DE", 's', "(030) 123 45 67", "nat:d:+49301234567"),
    ("DE", 's', "030/1234567", "nat:d:+49301234567"),
    ("DE", 's', "0301234567", "nat:d:+49301234567"),
    ("DE", 's', "030 23125-0", "nat:d:+4930231250"),
    ("DE", 's', "+49 (0) 30 23125-0", "int:d:+4930231250"),
    ("DE", 's', "030 23125 DW 207", "nat:d:+493023125207"),
    ("DE", 's', "030 23125-0, Durchwahl 207", "nat:d:+493023125207"),
    ("DE", 's', "0049 30 123456", "int:d:+4930123456"),
    ("DE", 's', "+49 030 123456", "int:a:+4930123456"),
    ("DE", 's', "49 30 1234567", "nat:a:+49301234567"),
    ("DE", 's', "0171 1234567 oder 0172 7654321", "nat:a:+491711234567 nat:a:+491727654321"),
    ("DE", 's', "0171 1234567, +49 171 1234567", "nat:d:+491711234567"),
    ("DE", 's', "030 1234-56/57", "nat:a:+4930123456"),
    ("DE", 's', "030 1234-50 bis 59", "nat:a:+4930123450"),
    ("DE", 't', "030 1234-56/57", "nat:a:+4930123456"),
    ("", 't', "+49 302312 / 5001", "int:a:+493023125001"),
    ("", 's', "Tel. +49 3023 1.25001", "int:d:+493023125001"),
    ("NC", 's', "20.12.34", ""),
    ("NC", 't', "20.12.34", "nat:a:+687201234"),
    ("DE", 's', "0800 REISE 00", "nat:a:+498007347300"),
    ("DE", 's', "0900 1 234567", "prem:a:+499001234567"),
    ("DE", 's', "+881 6 12345678", "sat:a:+881612345678"),
    ("DE", 's', "110", "emg:r"),
    ("DE", 's', "Notruf 112", "emg:r"),
    ("DE", 's', "115", "svc:a:115"),
    ("DE", 's', "116117", "svc:d:116117"),
    ("DE", 's', "11833", "prem:a:11833"),
    ("DE", 's', "*21*0301234567#", "code:r"),
    ("DE", 't', "*21*0301234567#", "code:d:*21*0301234567#"),
    ("DE", 't', "*31#112", "emg:r"),
    ("DE", 't', "112", "emg:r"),
    ("DE", 't', "0112", "emg:r"),
    ("DE", 't', "1234", "nat:d:1234"),
    ("DE", 't', "0900 1 234567", "prem:a:+499001234567"),
    ("DE", 't', "030 1234567", "nat:d:+49301234567"),
    ("DE", 's', "21.11.2026", ""),
    ("DE", 's', "2026-11-21 10:30", ""),
    ("DE", 's', "192.168.10.1", ""),
    ("DE", 's', "1.234,56 €", ""),
    ("DE", 's', "DE89 3704 0044 0532 0130 00", ""),
    ("DE", 's', "Rechnung 2026-4711 vom 21.11.2026, 119,00 EUR", ""),
    ("DE", 's', "Bestellnr. 0301234567", "nat:a:+49301234567"),
    ("DE", 's', "Kundennummer 4711 0815", ""),
    ("DE", 's', "USt-IdNr. DE123456789", ""),
    ("DE", 's', "ISBN 978-3-16-148410-0", ""),
    ("DE", 's', "Steuernummer 013/815/08153", ""),
    ("DE", 's', "52.520008, 13.404954", ""),
    ("DE", 's', "https://example.com/id/0301234567", ""),
    ("DE", 's', "0301234567@t-online.de", ""),
    ("DE", 's', "+49\u{a0}30\u{2009}123\u{ad}456", "int:d:+4930123456"),
    ("DE", 's', "\u{202d}＋４９ ３０ １２３４５６\u{202c}", "int:d:+4930123456"),
    ("DE", 's', "030 – 1234567", "nat:d:+49301234567"),
    ("DE", 's', "+49 30\n1234567", "int:d:+49301234567"),
    ("DE", 's', "Meier\t030 1234567\tBerlin", "nat:d:+49301234567"),
    ("DE", 's', "Rufen Sie 030 1234567 an.", "nat:d:+49301234567"),
    ("DE", 's', "Fax: 030 1234567", "nat:a:+49301234567"),
    ("DE", 's', "030 1234567 10:30", "nat:d:+49301234567"),
    ("DE", 's', "hello world", ""),
    ("DE", 's', "4711", "nat:a:4711"),
    ("DE", 's', "+49 30 1234567 ext. 101", "int:d:+49301234567:101"),
    ("DE", 'l', "tel:+49-30-123456", "int:a:+4930123456"),
    ("DE", 'l', "tel:%2B49301234567", "int:a:+49301234567"),
    ("DE", 'l', "TEL:(030)1234567", "nat:a:+49301234567"),
    ("DE", 'l', "tel:+49(0)30123456", "int:a:+4930123456"),
    ("DE", 'l', "tel:%252B4930123456", "int:a:+4930123456"),
    ("DE", 'l', "tel:+4930123456;ext=101", "int:a:+4930123456:101"),
    ("DE", 'l', "tel:+4930123456;isub=1411", "int:a:+4930123456"),
    ("DE", 'l', "tel:0301234567;phone-context=+49", "int:a:+49301234567"),
    ("DE", 'l', "tel:7042;phone-context=example.com", "nat:a:7042"),
    ("DE", 'l', "tel:110;phone-context=+49", "emg:r"),
    ("DE", 'l', "tel:112", "emg:r"),
    ("DE", 'l', "tel:+49112", "emg:r"),
    ("DE", 'l', "tel:*21*0301234567%23", "code:r"),
    ("DE", 'l', "tel:*31%23110", "emg:r"),
    ("DE", 'l', "tel:21.11.2026", "nat:a:21112026"),
    ("DE", 'l', "callto:+4930123456", "int:a:+4930123456"),
    ("DE", 'l', "callto:echo123", ""),
    ("DE", 'l', "sip:+4930123456@pbx.example;user=phone", "int:a:+4930123456"),
    ("DE", 'l', "sip:mara@pbx.example", "uri:a:sip:mara@pbx.example"),
    ("DE", 'l', "sips:112@pbx.example", "emg:r"),
    ("DE", 'l', "pbx:dial?number=+4930123456&account=office", "int:a:+4930123456"),
    ("DE", 'l', "pbx:dial?number=1&number=2", ""),
    ("DE", 'l', "pbx:pair?url=https://pbx.example&secret=x", ""),
    ("DE", 'l', "https://pbx.example/remote_call.htm?user=204&pass=x&dest=0301234567", "nat:a:+49301234567"),
    ("DE", 'l', "tel:0;phone-context=+49;tel:1", ""),
    // Austria
    ("AT", 's', "01 2345678", "nat:d:+4312345678"),
    ("AT", 's', "+43 1 234 56 DW 207", "int:d:+43123456207"),
    ("AT", 's', "01/234 56 Kl. 20", "nat:d:+4312345620"),
    ("AT", 's', "0664 1234567", "nat:d:+436641234567"),
    ("AT", 's', "144", "emg:r"),
    ("AT", 'l', "tel:0133", "emg:r"),
    ("AT", 's', "ATU12345678", ""),
    ("AT", 's', "0900 123456", "prem:a:+43900123456"),
    // Switzerland
    ("CH", 's', "044 668 18 00", "nat:d:+41446681800"),
    ("CH", 's', "044.668.18.00", "nat:d:+41446681800"),
    ("CH", 's', "+41 79 123 45 67 / 68", "int:a:+41791234567"),
    ("CH", 's', "CHF 1'234.50", ""),
    ("CH", 's', "CHE-123.456.789", ""),
    ("CH", 't', "117", "emg:r"),
    ("CH", 's', "0901 234 567", "prem:a:+41901234567"),
    // France
    ("FR", 's', "01 23 45 67 89", "nat:d:+33123456789"),
    ("FR", 's', "01.23.45.67.89", "nat:d:+33123456789"),
    ("FR", 's', "Tél. : 06 12 34 56 78", "nat:d:+33612345678"),
    ("FR", 't', "17", "emg:r"),
    ("FR", 't', "#31#17", "emg:r"),
    ("FR", 's', "3949", "svc:a:3949"),
    ("FR", 's', "SIRET 732 829 320 00074", ""),
    ("FR", 's', "facture n° 0123456789", "nat:a:+33123456789"),
    ("FR", 's', "0899 12 34 56", "prem:a:+33899123456"),
    // Italy
    ("IT", 's', "02 1234 5678", "nat:d:+390212345678"),
    ("IT", 's', "+39 (0)2 12345678", "int:d:+390212345678"),
    ("IT", 's', "333 123 4567", "nat:d:+393331234567"),
    ("IT", 's', "3331234567", "nat:a:+393331234567"),
    ("IT", 's', "Cell. 3331234567", "nat:d:+393331234567"),
    ("IT", 't', "113", "emg:r"),
    ("IT", 's', "899 123456", "prem:a:+39899123456"),
    ("IT", 's', "P.IVA 01234567890", "nat:a:+3901234567890"),
    // Spain
    ("ES", 's', "912 34 56 78", "nat:d:+34912345678"),
    ("ES", 's', "Tel. 91 234 56 78", "nat:d:+34912345678"),
    ("ES", 's', "912345678", "nat:a:+34912345678"),
    ("ES", 't', "912345678", "nat:d:+34912345678"),
    ("ES", 'l', "tel:091", "emg:r"),
    ("ES", 's', "803 123 456", "prem:a:+34803123456"),
    // United Kingdom
    ("GB", 's', "020 7946 0958", "nat:d:+442079460958"),
    ("GB", 's', "+44 (0)20 7946 0958", "int:d:+442079460958"),
    ("GB", 's', "020 7946 0958 ext 12", "nat:d:+442079460958:12"),
    ("GB", 't', "999", "emg:r"),
    ("GB", 't', "141999", "emg:r"),
    ("GB", 's', "118500", "prem:a:118500"),
    ("GB", 's', "0909 879 0000", "prem:a:+449098790000"),
    ("GB", 's', "£1,234.56", ""),
    // United States
    ("US", 's', "(650) 253-0000", "nat:d:+16502530000"),
    ("US", 's', "650-253-0000", "nat:d:+16502530000"),
    ("US", 's', "1-650-253-0000", "nat:d:+16502530000"),
    ("US", 's', "650.253.0000 x101", "nat:d:+16502530000:101"),
    ("US", 's', "6502530000", "nat:a:+16502530000"),
    ("US", 's', "1-800-FLOWERS", "nat:a:+18003569377"),
    ("US", 's', "011 49 30 1234567", "int:d:+49301234567"),
    ("US", 's', "order no. 650-253-0000", ""),
    ("US", 's', "(530) 583-6985 x302/x2303", "nat:a:+15305836985:302"),
    ("US", 's', "900 234 5678", "prem:a:+19002345678"),
    ("US", 't', "911", "emg:r"),
    ("US", 't', "9911", "emg:r"),
    ("US", 't', "*67911", "emg:r"),
    ("US", 't', "*98", "code:d:*98"),
    ("US", 't', "411", "prem:a:411"),
    ("US", 's', "4111 1111 1111 1111", ""),
    ("US", 'l', "tel:863-1234;phone-context=+1-914", "int:a:+19148631234"),
    ("US", 'l', "tel:+1-201-555-0123", "int:a:+12015550123"),
    ("US", 'l', "tel:863-1234;phone-context=+1-914-555", ""),
    // Netherlands
    ("NL", 's', "020 123 4567", "nat:d:+31201234567"),
    ("NL", 's', "06-12345678", "nat:d:+31612345678"),
    ("NL", 's', "NL91 ABNA 0417 1643 00", ""),
    ("NL", 's', "0900 1234567", "prem:a:+319001234567"),
    ("NL", 'l', "tel:112", "emg:r"),
    // Poland
    ("PL", 's', "22 123 45 67", "nat:d:+48221234567"),
    ("PL", 's', "600 123 456", "nat:d:+48600123456"),
    ("PL", 's', "600123456", "nat:a:+48600123456"),
    ("PL", 's', "NIP 123-456-32-18", ""),
    ("PL", 't', "997", "emg:r"),
    ("PL", 's', "701 234 567", "prem:a:+48701234567"),
    // Sweden
    ("SE", 's', "08-123 456 78", "nat:d:+46812345678"),
    ("SE", 's', "070-123 45 67", "nat:d:+46701234567"),
    ("SE", 's', "11414", "svc:d:11414"),
    ("SE", 't', "90000", "emg:r"),
    ("SE", 's', "0900 123 4567", "prem:a:+469001234567"),
    // Japan
    ("JP", 's', "03-1234-5678", "nat:d:+81312345678"),
    ("JP", 's', "電話番号：０３－１２３４－５６７８", "nat:d:+81312345678"),
    ("JP", 's', "090-1234-5678", "nat:d:+819012345678"),
    ("JP", 's', "010 49 30 1234567", "int:d:+49301234567"),
    ("JP", 't', "119", "emg:r"),
    ("JP", 't', "184110", "emg:r"),
    ("JP", 's', "〒100-0001", ""),
    // India
    ("IN", 's', "098765 43210", "nat:d:+919876543210"),
    ("IN", 's', "98765 43210", "nat:d:+919876543210"),
    ("IN", 's', "९८७६५ ४३२१०", "nat:d:+919876543210"),
    ("IN", 's', "022 2778 1234", "nat:d:+912227781234"),
    ("IN", 't', "100", "emg:r"),
    ("IN", 's', "Aadhaar 1234 5678 9012", ""),
    // Brazil
    ("BR", 's', "(11) 2345-6789", "nat:d:+551123456789"),
    ("BR", 's', "(11) 91234-5678", "nat:d:+5511912345678"),
    ("BR", 's', "+55 11 91234-5678 ramal 12", "int:d:+5511912345678:12"),
    ("BR", 's', "CPF 123.456.789-09", ""),
    ("BR", 't', "190", "emg:r"),
    // No country
    ("", 's', "+49 30 123456", "int:d:+4930123456"),
    ("", 's', "0049 30 123456", "int:d:+4930123456"),
    ("", 's', "030 1234567", "nat:d:0301234567"),
    ("", 's', "030 1234567 030 7654321", "nat:a:0301234567 nat:a:0307654321"),
    ("", 's', "4711", "nat:a:4711"),
    ("", 't', "204", "nat:d:204"),
    ("", 't', "144", "nat:a:144"),
    ("", 's', "10-12", ""),
    ("", 's', "21 11 2026", "nat:a:21112026"),
    ("", 's', "3.5", ""),
    ("", 's', "order 4711 0815", ""),
    ("", 'l', "tel:1-1-2", "emg:r"),
    ("", 'l', "tel:+112", "emg:r"),
    // An office with internal numbers
    ("office", 's', "204", "ext:d:204"),
    ("office", 's', "204 205", "ext:a:204 ext:a:205"),
    ("office", 't', "204 / 205", "ext:a:204 ext:a:205"),
    ("office", 's', "Durchwahl 204 205", "ext:a:204 ext:a:205"),
    ("office", 't', "204 112", "nat:a:0030204112"),
    ("office", 's', "+49 30 1234 207", "ext:d:207"),
    ("office", 's', "030 1234-207", "ext:d:207"),
    ("office", 's', "030 1234567", "nat:d:00301234567"),
    ("office", 's', "+43 1 2345678", "int:d:0004312345678"),
    ("office", 's', "Tel. 7654321", "nat:d:00307654321"),
    ("office", 's', "7654321", "nat:a:00307654321"),
    ("office", 't', "7654321", "nat:d:00307654321"),
    ("office", 't', "0 030 7654321", "nat:d:00307654321"),
    ("office", 't', "116117", "svc:d:0116117"),
    ("office", 'l', "tel:207", "ext:a:207"),
    ("office", 'l', "tel:0110", "emg:r"),
    ("office", 't', "*97", "code:d:*97"),
    ("office", 's', "Durchwahl 207", "ext:d:207"),
    ("switched", 'l', "tel:+49-30-123456", "int:d:004930123456"),
    ("switched", 's', "+43 1 2345678", "int:a:004312345678"),
    ("switched", 't', "0900 1 234567", "prem:d:00499001234567"),
];

fn plan(name: &str) -> Plan {
    let keys: &[(&str, &str)] = match name {
        "" => &[],
        "office" => &[
            ("country", "DE"),
            ("area_code", "30"),
            ("outside_prefix", "0"),
            ("main_number", "+49301234"),
            ("extensions", "200-299, 7XX"),
        ],
        "switched" => {
            &[("country", "DE"), ("send", "00"), ("ask_links", "false"), ("ask_premium", "false"), ("ask_international", "true")]
        }
        country => &[("country", country)],
    };
    let mut plan = Plan::default();
    for (key, value) in keys {
        plan.set(key, value).unwrap();
    }
    plan
}

fn source(letter: char) -> Source {
    match letter {
        's' => Source::Text,
        't' => Source::Typed,
        _ => Source::Link,
    }
}

fn told(candidate: &Candidate) -> String {
    let kind = match candidate.kind {
        Kind::International => "int",
        Kind::National => "nat",
        Kind::Extension => "ext",
        Kind::Service => "svc",
        Kind::FeatureCode => "code",
        Kind::Emergency => "emg",
        Kind::Premium => "prem",
        Kind::Satellite => "sat",
        Kind::Uri => "uri",
        Kind::NotANumber => "not",
    };
    let verdict = match candidate.verdict {
        Verdict::Dial => "d",
        Verdict::Ask => "a",
        Verdict::Refuse => "r",
    };
    [Some(kind), Some(verdict), candidate.dial.as_deref(), candidate.extension.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(":")
}

#[test]
fn every_case_of_the_table_is_read_as_it_says() {
    let mut numbers = Numbers::default();
    let mut wrong = vec![];
    for (name, from, text, expected) in CASES {
        let found = numbers.candidates(text, source(*from), &plan(name));
        let all: Vec<String> = found.iter().filter(|c| c.kind != Kind::NotANumber).map(told).collect();
        if all.join(" ") != *expected {
            wrong.push(format!(
                "{name} {from} {text:?}: expected {expected:?}, found {:?} {:?}",
                all.join(" "),
                found.iter().map(|c| (&c.text, &c.why)).collect::<Vec<_>>()
            ));
        }
        for candidate in &found {
            let cut: String = text.chars().skip(candidate.start).take(candidate.end - candidate.start).collect();
            assert_eq!(cut, candidate.text, "{text}");
            assert_eq!(candidate.verdict == Verdict::Dial, candidate.why.is_none(), "{text}");
        }
    }
    assert!(CASES.len() >= 120);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_one_number_is_given_only_as_the_policy_says() {
    let mut numbers = Numbers::default();
    let plan = plan("DE");
    let Err(Reason::PolicyAsk(offer)) = numbers.target("tel:+4930123456", Source::Link, &Yes::No, &plan) else {
        panic!("a link asks")
    };
    assert_eq!((offer.dial.as_str(), offer.shown.as_str(), offer.country.as_deref()), ("+4930123456", "030 123456", Some("DE")));
    let target = numbers.target("tel:+4930123456;ext=7", Source::Link, &Yes::Any, &plan).unwrap();
    assert_eq!(
        (target.dial.as_str(), target.shown.as_str(), target.post_dial.as_deref()),
        ("+4930123456", "030 123456", Some("7"))
    );
    for yes in [Yes::No, Yes::Any] {
        assert!(matches!(numbers.target("112", Source::Typed, &yes, &plan), Err(Reason::EmergencyNumber)));
        assert!(matches!(numbers.target("*21*0301234567#", Source::Text, &yes, &plan), Err(Reason::PolicyRefuse(_))));
        assert!(
            matches!(numbers.target("0171 1234567 und 0172 7654321", Source::Typed, &yes, &plan), Err(Reason::SeveralNumbers(n)) if n.len() == 2)
        );
        for text in ["", "Ann Example", "21.11.2026", "+49 30 123456 12345678901234"] {
            assert!(numbers.target(text, Source::Text, &yes, &plan).is_err(), "{text}");
        }
    }
    numbers.rest();
    assert!(!numbers.is_loaded());
}

#[test]
fn callers_match_however_they_are_written() {
    let mut numbers = Numbers::default();
    let office = plan("office");
    for (a, b) in [
        ("+4930555001", "030555001"),
        ("0030555001", "030555001"),
        ("004930555001", "+49 (30) 555001"),
        ("0004930555001", "+4930555001"),
        ("4930555001", "+4930555001"),
        ("204", "+49301234204"),
        ("sip:+4930555001@pbx.example", "030555001"),
    ] {
        assert!(numbers.same(a, b, &office), "{a} {b} {} {}", numbers.canonical(a, &office), numbers.canonical(b, &office));
    }
    for (a, b) in [("204", "1204"), ("+4930555001", "+4930555002"), ("", "204"), ("", ""), ("204", "205"), ("Ann", "Mara")] {
        assert!(!numbers.same(a, b, &office), "{a} {b}");
    }
    assert!(numbers.same("+4930555001", "030555001", &Plan::default()));
    let shown = numbers.shown("+4930555001", &office);
    assert_eq!(
        (shown.text.as_str(), shown.e164.as_deref(), shown.region.as_deref()),
        ("030 555001", Some("+4930555001"), Some("DE"))
    );
    assert_eq!(numbers.shown("+16502530000", &office).text, "+1 650-253-0000");
    assert_eq!(numbers.shown("204", &office).text, "204");
}

#[test]
fn our_own_links_hide_their_secret() {
    let link = Link::of("pbx:pair?url=https%3A%2F%2Fpbx.example&user=204&secret=Sample-Pw9").unwrap();
    assert!(!format!("{link:?}").contains("Sample"));
    assert!(matches!(link, Link::Pair { secret: Some(secret), .. } if secret.expose() == "Sample-Pw9"));
    assert!(
        matches!(Link::of("PBX:dial?number=%2B49301&account=office"), Some(Link::Dial { number, account: Some(account) }) if number == "+49301" && account == "office")
    );
    assert_eq!(Link::of("pbx:dial?number=1&number=2"), None);
    assert_eq!(scheme("https://pbx.example/remote_call.htm?dest=1").map(|s| s.0), Some("https"));
    assert_eq!(scheme("https://pbx.example/"), None);
}

proptest! {
    #[test]
    fn no_text_panics_and_places_are_right(text in r"[0-9+*#()/. ,;:x\-\n\tA-Za-z\u{a0}\u{ff10}-\u{ff19}€%=@?&]{0,80}") {
        let mut numbers = Numbers::default();
        let signs: Vec<char> = text.chars().collect();
        for source in [Source::Typed, Source::Text, Source::Link] {
            for candidate in numbers.candidates(&text, source, &plan("DE")) {
                let cut: String = signs[candidate.start..candidate.end].iter().collect();
                prop_assert_eq!(&cut, &candidate.text);
            }
        }
    }
}
