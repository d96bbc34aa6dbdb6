//! Rules that hold without any dial plan, or with a short one.

use proptest::prelude::*;

use super::*;

fn dial(text: &str, source: Source) -> Result<String, Reason> {
    target(text, source, true, &Plan::default())
}

fn target(text: &str, source: Source, yes: bool, plan: &Plan) -> Result<String, Reason> {
    Numbers::default().target(text, source, &yes.into(), plan).map(|target| target.dial)
}

fn candidates(text: &str, source: Source, plan: &Plan) -> Vec<Candidate> {
    Numbers::default().candidates(text, source, plan)
}

fn with(keys: &[(&str, &str)]) -> Plan {
    let mut plan = Plan::default();
    for (key, value) in keys {
        plan.set(key, value).expect("a key of a plan");
    }
    plan
}

#[test]
fn links_are_read_as_rfc_3966_and_the_wild_write_them() {
    for (text, digits) in [
        ("tel:+49-30-123456", "+4930123456"),
        ("tel:%2B49301234567", "+49301234567"),
        ("tel:+49%2030%201234567", "+49301234567"),
        ("tel:+43%201%20234567", "+431234567"),
        ("TEL:(030)1234567", "0301234567"),
        ("tel://+4930123456", "+4930123456"),
        ("tel:+49(0)30123456", "+4930123456"),
        ("tel:%252B4930123456", "+4930123456"),
        ("callto:+4930123456", "+4930123456"),
        ("sip:+4930123456@pbx.example;user=phone", "+4930123456"),
        ("pbx:dial?number=+4930123456&account=office", "+4930123456"),
        ("pbx:dial?number=%2B4930123456", "+4930123456"),
    ] {
        assert_eq!(dial(text, Source::Link).as_deref(), Ok(digits), "{text}");
    }
}

#[test]
fn what_is_not_clearly_one_number_is_never_dialled() {
    for text in [
        "",
        "   ",
        "hello",
        "tel:",
        "tel:abc",
        "21.11.2026",
        "2026-11-21",
        "192.168.10.1",
        "12.50",
        "+49 30 123456 and +49 30 654321",
        "0301234567\n0307654321",
        "order 4711 0815",
        "pbx:dial?number=1&number=2",
    ] {
        assert!(dial(text, Source::Text).is_err(), "{text}");
    }
}

#[test]
fn a_link_asks_before_it_dials() {
    let plan = Plan::default();
    assert!(
        matches!(target("tel:+4930123456", Source::Link, false, &plan), Err(Reason::PolicyAsk(offer)) if offer.dial == "+4930123456")
    );
    assert_eq!(target("+49 30 123456", Source::Text, false, &plan), Ok("+4930123456".into()));
}

#[test]
fn codes_and_emergency_numbers_never_come_from_a_link() {
    for text in ["tel:*21*0301234567%23", "tel:112", "tel:0112", "tel:911", "tel:+112", "tel:1-1-2"] {
        let answer = dial(text, Source::Link);
        assert!(matches!(answer, Err(Reason::PolicyRefuse(_) | Reason::EmergencyNumber)), "{text} {answer:?}");
    }
    assert_eq!(dial("*97", Source::Typed).as_deref(), Ok("*97"));
    assert!(matches!(dial("112", Source::Typed), Err(Reason::PolicyRefuse(_) | Reason::EmergencyNumber)));
}

#[test]
fn what_may_be_something_else_is_asked_about() {
    let plan = with(&[("extensions", "2XX")]);
    for text in ["21 11 2026", "4711", "555-1234", "0151 1234 0567"] {
        assert!(matches!(target(text, Source::Text, false, &plan), Err(Reason::PolicyAsk(_))), "{text}");
    }
    for text in ["3.5", "100.000", "1.000.000", "4111 1111 1111 1111"] {
        assert!(matches!(target(text, Source::Text, true, &plan), Err(Reason::NumberNotUsable(_))), "{text}");
    }
    for text in ["030 1234567", "+49 30 1234567", "204", "(030) 23125-0"] {
        assert!(target(text, Source::Text, false, &plan).is_ok(), "{text}");
    }
}

#[test]
fn several_numbers_are_never_dialled_as_one() {
    let plan = with(&[("extensions", "2XX,30000-30999")]);
    for text in [
        "030 1234567 030 7654321",
        "030/1234567 - 030/7654321",
        "(030) 1234567 (030) 7654321",
        "0301234567 0307654321",
        "1234567 7654321",
        "204 205",
        "204\u{a0}205",
        "\u{ff12}\u{ff10}\u{ff14} \u{ff12}\u{ff10}\u{ff15}",
        "204-205",
        "204 / 205",
        "200 201 202",
        "30001 30002",
        "204 030 1234567",
        "10-12",
        "2/3",
        "2 3",
    ] {
        for source in [Source::Typed, Source::Pressed, Source::Text] {
            for yes in [false, true] {
                let answer = target(text, source, yes, &plan);
                assert!(answer.is_err(), "{text} {source:?} {answer:?}");
            }
        }
    }
    // One number, however it is written.
    for (text, digits) in [
        ("01 23 45 67 89", "0123456789"),
        ("030 1234", "0301234"),
        ("030 1234567", "0301234567"),
        ("0151 12345678", "015112345678"),
        ("(030) 23125-0", "030231250"),
        ("0800 000 0123", "08000000123"),
        ("01234 567890", "01234567890"),
        ("12 34 56", "123456"),
        ("+1 555 010 0123", "+15550100123"),
        ("0 204", "0204"),
    ] {
        assert_eq!(target(text, Source::Typed, false, &plan).as_deref(), Ok(digits), "{text}");
    }
    // Nobody can say; whoever says yes has read the digits.
    for text in ["555-1234", "0151 1234 0567", "31 0301234567"] {
        assert!(matches!(target(text, Source::Typed, false, &plan), Err(Reason::PolicyAsk(_))), "{text}");
    }
}

#[test]
fn the_zero_in_brackets_is_dropped_only_where_it_is_not_dialled() {
    for (text, digits) in [
        ("+49 ( 0 )30 1234567", "+49301234567"),
        ("+49 (0) 30 1234567", "+49301234567"),
        ("0049 (0)30 1234567", "+49301234567"),
        ("+43 (0)1 234567", "+431234567"),
        ("+39 (0)6 1234 5678", "+390612345678"),
        ("0039 ( 0 )6 1234 5678", "+390612345678"),
        ("+378 (0)549 123456", "+3780549123456"),
        ("+379 (0)6 12345678", "+3790612345678"),
    ] {
        assert_eq!(dial(text, Source::Typed).as_deref(), Ok(digits), "{text}");
    }
}

#[test]
fn an_address_of_another_server_is_asked_about_with_its_name() {
    let plan = Plan::default().with_hosts(["tenant.example".into(), "pbx.example".into()]);
    for source in [Source::Typed, Source::Pressed, Source::Text, Source::Link] {
        let asked = target("sip:204@evil.example;user=phone", source, false, &plan);
        assert!(matches!(&asked, Err(Reason::PolicyAsk(offer)) if offer.text.contains("evil.example")), "{source:?} {asked:?}");
        assert_eq!(target("sip:204@evil.example", source, true, &plan).as_deref(), Ok("204"));
    }
    for text in ["sip:204@tenant.example", "sips:204@PBX.example:5061;transport=tls", "sip:+4930123456@evil.example"] {
        assert!(target(text, Source::Typed, false, &plan).is_ok(), "{text}");
    }
    // Where the own names are not known, none is the own one.
    assert!(matches!(target("sip:204@pbx.example", Source::Typed, false, &Plan::default()), Err(Reason::PolicyAsk(_))));
}

#[test]
fn emergency_numbers_hide_behind_no_code() {
    for text in ["112#", "#112", "*31#112", "*112*", "0112#"] {
        assert!(matches!(dial(text, Source::Typed), Err(Reason::PolicyRefuse(_) | Reason::EmergencyNumber)), "{text}");
    }
    // The trunk zero is left out as the country's own plan says.
    assert_eq!(dial("tel:0301234567;phone-context=+49", Source::Link).as_deref(), Ok("+49301234567"));
    assert!(dial("tel:112;phone-context=+49", Source::Link).is_err());
}

#[test]
fn a_labelled_selection_keeps_its_offsets() {
    let found = candidates("Tel. +49 30 123456", Source::Text, &Plan::default());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].start, found[0].end, found[0].text.as_str()), (5, 18, "+49 30 123456"));
    assert_eq!(found[0].dial.as_deref(), Some("+4930123456"));
}

#[test]
fn a_link_of_our_own_may_name_its_account() {
    assert_eq!(account_of("pbx:dial?number=+4930123456&account=office").as_deref(), Some("office"));
    assert_eq!(account_of("PBX://dial?account=b%C3%BCro&number=204").as_deref(), Some("büro"));
    for link in ["pbx:dial?number=204", "pbx:dial?number=204&account=", "tel:204;account=office", "204", ""] {
        assert_eq!(account_of(link), None, "{link}");
    }
    assert_eq!(account_of("pbx:dial?number=204&account=a&account=b"), None);
}

#[test]
fn an_extension_that_looks_like_an_emergency_number_can_be_typed_where_the_plan_says_so() {
    let plan = |extensions: &[&str], outside: Option<&str>| {
        with(&[("country", "DE"), ("outside_prefix", outside.unwrap_or_default()), ("extensions", &extensions.join(","))])
    };
    for (text, plan, rings) in [
        // The country's own emergency numbers are nothing else, whatever the plan says.
        ("110", plan(&[], None), false),
        ("110", plan(&["100-199"], None), false),
        ("110", plan(&["1XX"], None), false),
        ("110", plan(&["110"], None), false),
        ("112", plan(&["200-299"], Some("0")), false),
        // Nobody said that nine is the outside line.
        ("9000", plan(&[], None), true),
        ("9110", plan(&[], Some("0")), true),
        ("9999", plan(&["9XXX"], None), true),
        // It is, or the number is one that everybody knows.
        ("9110", plan(&[], Some("9")), false),
        ("9110", plan(&["9000-9999"], Some("9")), false),
        ("9112", plan(&[], None), false),
        ("9911", plan(&[], None), false),
        ("9911", plan(&["9911"], None), true),
        ("0112", plan(&[], None), false),
        ("0112", plan(&["0112"], None), true),
        ("00112", plan(&[], Some("0")), false),
    ] {
        let answer = target(text, Source::Typed, true, &plan);
        assert_eq!(answer.is_ok(), rings, "{text} {plan:?} {answer:?}");
        if !rings {
            assert!(matches!(answer, Err(Reason::PolicyRefuse(_) | Reason::EmergencyNumber)), "{text} {answer:?}");
        }
    }
    for text in ["tel:9110", "tel:9999", "tel:9000"] {
        let answer = target(text, Source::Link, true, &Plan::default());
        assert!(matches!(answer, Err(Reason::PolicyRefuse(_) | Reason::EmergencyNumber)), "{text} {answer:?}");
    }
}

#[test]
fn two_numbers_written_as_one_are_never_joined() {
    let plans = [
        with(&[("country", "DE"), ("area_code", "30")]),
        with(&[("country", "DE")]),
        with(&[("country", "AT"), ("area_code", "1")]),
    ];
    for text in [
        "030 23125-0/-15",
        "+49 30 23125-0 / -15",
        "Tel.: 089 99998-0/-12",
        "01 58058-0/-12",
        "+49 30 23125-56/-570",
        "030 23125-0 -15",
        "Tel. 1234-56/57",
        "Tel. 23125-56/57",
        "tel:+49-30-23125-56/57",
        "tel:+493023125001/2",
    ] {
        for plan in &plans {
            for source in [Source::Typed, Source::Text, Source::Link] {
                let plan = plan.clone().trusting_links();
                let begun = target(text, source, false, &plan);
                assert!(begun.is_err(), "{text} {source:?} {begun:?}");
            }
        }
    }
    // What the first one is, is offered; never the digits of both.
    let found = candidates("030 23125-0/-15", Source::Text, &with(&[("country", "DE")]));
    assert_eq!(found[0].dial.as_deref(), Some("+4930231250"));
    for text in ["030/1234567", "+49 30/1234-567", "0301/234567"] {
        assert!(target(text, Source::Text, false, &with(&[("country", "DE")])).is_ok(), "{text}");
    }
}

#[test]
fn what_stands_behind_a_number_is_not_dialled_with_it() {
    let german = with(&[("country", "DE"), ("area_code", "30"), ("extensions", "200-299")]);
    for text in [
        "030 123456 10117 Berlin",
        "030 123456 2. OG",
        "Tel. 030 1234567 (8-17)",
        "030 123456 - 10117 Berlin",
        "030 123456\t10117",
        "030 123456   10117 Berlin",
        "+49 30 123456 10117 Berlin",
        "030 123456 9-17",
        "Tel. 030 123456 8 bis 17 Uhr",
        "Tel. 030 123456 24 h",
        "030 1234567 2024",
        "030 123456 [1]",
        "030 123456 1)",
        "Mara Beispiel 030 123456 207",
        "0170 1234567 2. OG",
        "030 123456 10-12",
        "030 123456-10...12",
        "030 1234567-69",
        "030 123456-0/-12",
        "030 123 xxx",
        "030 1234?",
    ] {
        let begun = target(text, Source::Text, false, &german);
        assert!(begun.is_err(), "{text} {begun:?}");
    }
    for text in
        ["030 123456", "030 23125-001", "+49 30 23125 - 207", "0171 392 00 12", "030.23125.001", "Tel. 030 123456, 10117 Berlin"]
    {
        assert!(target(text, Source::Text, false, &german).is_ok(), "{text}");
    }
}

#[test]
fn words_that_stand_before_anything_prove_nothing() {
    let german = with(&[("country", "DE"), ("area_code", "30"), ("extensions", "200-299")]);
    for text in [
        "Office 365",
        "see p. 207",
        "Home 127.0.0.1",
        "Kontakt: Mara Beispiel\nBüro 302\n10117 Berlin",
        "Kontakt 10117 Berlin",
        "Büro 3.02",
        "Zimmer T 1207",
        "Bus M 29",
        "p 0.05",
        "t 12345",
        "Microsoft Office 2019",
        "Support 2024",
        "GSM 1800",
        "Telefonrechnung 2024",
        "Handyrechnung 123456",
        "Anruf 14.30",
        "Telefon 8-12 und 13-17",
        "SMS 123456",
        "PIN direkt 1234",
        "Tel. 0049",
        "Tel. 030",
        "SN: 0170 1234567",
        "Akte 0301234567",
        "Dossier 0301234567",
        "Telefonrechnung Nr. 0301234567",
    ] {
        let begun = target(text, Source::Text, false, &german);
        assert!(begun.is_err(), "{text} {begun:?}");
    }
    for text in ["Office 030 123456", "Mara Beispiel, Büro: +49 30 123456", "Tel. 207", "Durchwahl: 207", "207"] {
        assert!(target(text, Source::Text, false, &german).is_ok(), "{text}");
    }
}

#[test]
fn emergency_numbers_hide_behind_no_prefixes_and_no_extension() {
    let german = with(&[("country", "DE"), ("outside_prefix", "0")]);
    let american = with(&[("country", "US"), ("outside_prefix", "9")]);
    for (text, plan) in [
        ("000112", &german),
        ("00049112", &german),
        ("004900112", &german),
        ("91911", &american),
        ("9-1-911", &american),
        ("+49112", &Plan::default()),
        ("tel:0,112", &german),
        ("tel:11;ext=2", &german),
        ("112/110", &german),
        ("112 112", &german),
    ] {
        for source in [Source::Typed, Source::Text, Source::Link] {
            let begun = target(text, source, true, plan);
            assert!(begun.is_err(), "{text} {source:?} {begun:?}");
        }
    }
    for text in ["sip:112;ext=a@h", "sip:112%00@h", "sip:+112;ext=a@h", "sip:112!@h"] {
        assert!(target(text, Source::Link, true, &german).is_err(), "{text}");
    }
    // A code is dialled whole or not at all.
    for text in ["*31#+49 30 123456", "*21*+49 30 123456#"] {
        let begun = target(text, Source::Typed, true, &german);
        assert!(begun.is_err(), "{text} {begun:?}");
    }
    assert_eq!(target("*97", Source::Typed, false, &german).as_deref(), Ok("*97"));
}

#[test]
fn a_typed_number_that_begins_like_an_emergency_number_is_dialled_whole() {
    for (text, digits) in [("999 12345", "99912345"), ("911 555 0123", "9115550123"), ("110 22 33", "1102233")] {
        assert_eq!(target(text, Source::Typed, false, &Plan::default()).as_deref(), Ok(digits), "{text}");
    }
}

#[test]
fn many_zeros_are_looked_through_once() {
    let plan = with(&[("country", "DE"), ("outside_prefix", "0")]);
    // Each of these digits can be one prefix after another; what is left is looked at once, not in every order.
    let mut looks = 0;
    for _ in 0..2_000 {
        looks += usize::from(emergency::is_emergency("000000000009", Some(49), &plan, false));
    }
    assert_eq!(looks, 0);
    assert!(emergency::is_emergency("000000000112", Some(49), &plan, false));
}

#[test]
fn what_a_link_says_and_nobody_dials_is_told() {
    let plan = Plan::default().trusting_links();
    let why = |text: &str| match target(text, Source::Link, false, &plan) {
        Err(Reason::PolicyAsk(offer)) => offer.why.unwrap_or_default(),
        Err(Reason::NumberNotUsable(why)) => why.to_owned(),
        other => format!("{other:?}"),
    };
    for (text, part) in [
        ("tel:+4930123456;isub=1411", "subaddress"),
        ("sip:+4930123456;isub=1411@pbx.example", "subaddress"),
        ("tel:+4930123456;wait=5", "Something behind this number"),
        ("tel:+4930123456;postd=pp22", "after the answer"),
        ("tel:+4930123456;m-foo", "demands something"),
    ] {
        assert!(why(text).contains(part), "{text} {}", why(text));
    }
    for text in ["tel:+4930123456;npdi;rn=+4930;cic=+49", "tel:+4930123456;tgrp=a;trunk-context=b.example"] {
        assert!(target(text, Source::Link, false, &plan).is_ok(), "{text}");
    }
}

#[test]
fn short_numbers_beside_others_are_not_guessed() {
    let office = with(&[("country", "DE"), ("area_code", "30"), ("extensions", "200-299")]);
    let american = with(&[("country", "US"), ("area_code", "212")]);
    for (text, plan) in [
        ("Tel. 2312556 oder 2312557", &office),
        ("Phone: 736-5000 or 736-5001", &american),
        ("Tel. 204 oder 205", &office),
        ("DW 204, 205", &office),
    ] {
        let begun = target(text, Source::Text, false, plan);
        assert!(begun.is_err(), "{text} {begun:?}");
    }
    for text in ["Tel. 204", "Tel. 204, Zimmer 12", "DW 207"] {
        assert!(target(text, Source::Text, false, &office).is_ok(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_only_its_own_digits_are_dialled(text in ".{0,60}") {
        for source in [Source::Typed, Source::Text, Source::Link] {
            if let Ok(digits) = target(&text, source, true, &Plan::default()) {
                prop_assert!(digits.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b)));
            }
        }
    }

    #[test]
    fn separators_never_change_the_digits(digits in "[1-9][1-9][0-9]{8,12}", cut in 1usize..8) {
        let text = format!("+{} ({}) {}", &digits[..1], &digits[1..cut + 1], &digits[cut + 1..]);
        // A zero that the country does not dial behind its code is asked about, never left out in silence.
        if let Ok(dialled) = target(&text, Source::Text, false, &Plan::default()) {
            prop_assert_eq!(dialled, format!("+{digits}"));
        }
    }
}
