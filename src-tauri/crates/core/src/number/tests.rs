//! Which text is a number, what is refused, and which spellings mean the same.

use proptest::prelude::*;

use super::*;

fn dial(text: &str, source: Source) -> Result<String, Reason> {
    target(text, source, true, &Plan::default())
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
        ("tel:863-1234;phone-context=+1-914-555", "+19145558631234"),
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
        "sip:mara@pbx.example",
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
    assert_eq!(target("tel:+4930123456", Source::Link, false, &plan), Err(Reason::PolicyAsk("+4930123456".into())));
    assert_eq!(target("+49 30 123456", Source::Text, false, &plan), Ok("+4930123456".into()));
}

#[test]
fn codes_and_emergency_numbers_never_come_from_a_link() {
    for text in ["tel:*21*0301234567%23", "tel:112", "tel:0112", "tel:911", "tel:+112", "tel:1-1-2"] {
        let answer = dial(text, Source::Link);
        assert!(matches!(answer, Err(Reason::PolicyRefuse(_))), "{text} {answer:?}");
    }
    assert_eq!(dial("*97", Source::Typed).as_deref(), Ok("*97"));
    assert!(matches!(dial("112", Source::Typed), Err(Reason::PolicyRefuse(_))));
}

#[test]
fn what_may_be_something_else_is_asked_about() {
    let plan = Plan { extensions: vec!["2XX".into()], ..Plan::default() };
    for text in ["21 11 2026", "4711", "555-1234", "0151 1234 0567"] {
        assert!(matches!(target(text, Source::Text, false, &plan), Err(Reason::PolicyAsk(_))), "{text}");
    }
    for text in ["3.5", "100.000", "1.000.000", "030 1234567 030 7654321", "4111 1111 1111 1111"] {
        assert!(matches!(target(text, Source::Text, true, &plan), Err(Reason::NumberNotUsable(_))), "{text}");
    }
    for text in ["030 1234567", "+49 30 1234567", "204", "(030) 23125-0"] {
        assert!(target(text, Source::Text, false, &plan).is_ok(), "{text}");
    }
}

#[test]
fn several_numbers_are_never_dialled_as_one() {
    let plan = Plan { extensions: vec!["2XX".into(), "30000-30999".into()], ..Plan::default() };
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
                assert!(matches!(&answer, Err(Reason::NumberNotUsable(_))), "{text} {source:?} {answer:?}");
            }
            assert_eq!(candidates(text, source, &plan)[0].dial, None, "{text}");
        }
        assert_eq!(target(text, Source::Typed, true, &plan), Err(Reason::NumberNotUsable(several::SEVERAL)), "{text}");
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
        ("0049 (0)30 1234567", "0049301234567"),
        ("+43 (0)1 234567", "+431234567"),
        ("+39 (0)6 1234 5678", "+390612345678"),
        ("0039 ( 0 )6 1234 5678", "00390612345678"),
        ("+378 (0)549 123456", "+3780549123456"),
        ("+379 (0)6 12345678", "+3790612345678"),
    ] {
        assert_eq!(dial(text, Source::Typed).as_deref(), Ok(digits), "{text}");
    }
    assert!(is_same("+39 (0)6 12345678", "+390612345678"));
    assert!(is_same("+49 ( 0 )30 1234567", "+49301234567"));
}

#[test]
fn an_address_of_another_server_is_asked_about_with_its_name() {
    let plan = Plan { hosts: vec!["tenant.example".into(), "pbx.example".into()], ..Plan::default() };
    for source in [Source::Typed, Source::Pressed, Source::Text, Source::Link] {
        let asked = target("sip:204@evil.example;user=phone", source, false, &plan);
        assert_eq!(asked, Err(Reason::PolicyAsk("204@evil.example".into())), "{source:?}");
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
        assert!(matches!(dial(text, Source::Typed), Err(Reason::PolicyRefuse(_))), "{text}");
    }
    assert!(dial("tel:0301234567;phone-context=+49", Source::Link).is_err());
}

#[test]
fn a_labelled_selection_keeps_its_offsets() {
    let found = candidates("Tel. +49 30 123456", Source::Text, &Plan::default());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].start, found[0].end, found[0].text.as_str()), (5, 18, "+49 30 123456"));
    assert_eq!(found[0].dial.as_deref(), Some("+4930123456"));
}

#[test]
fn one_number_in_national_and_international_form_is_the_same() {
    assert!(may_be_same("+4930555001", "030555001"));
    assert!(may_be_same("0030555001", "+4930555001"));
    assert!(may_be_same("204", "204"));
    assert!(!may_be_same("204", "1204"));
    assert!(!may_be_same("+4930555001", "+4930555002"));
    assert!(!may_be_same("", "204"));
}

#[test]
fn spellings_of_one_number_are_told_from_two_numbers() {
    // The last two columns: good enough for a name, and good enough to do something to a call.
    for (a, b, named, done) in [
        ("+12125550123", "+16465550123", false, false),
        ("+49301234567", "+49891234567", false, false),
        ("+431234567", "+491234567", false, false),
        ("0012125550123", "0016465550123", false, false),
        ("0049301234567", "+49891234567", false, false),
        ("0049301234567", "0043301234567", false, false),
        ("0301234567", "0891234567", false, false),
        ("2125550123", "6465550123", false, false),
        // An area code is never guessed.
        ("5550123", "+12125550123", false, false),
        ("1234567", "0301234567", false, false),
        // A country code is one that exists, and another trunk digit is another number.
        ("2125550123", "+12125550123", true, true),
        ("+2125550123", "12125550123", false, false),
        ("+49 (0)30 1234567", "030 1234567", true, true),
        ("+49 (0)30 1234567", "+49301234567", true, true),
        ("12125550123", "2125550123", true, true),
        ("+49 30 1234567", "030/1234567", true, true),
        ("+49301234567", "0049301234567", true, true),
        ("+49301234567", "49301234567", true, true),
        ("0049301234567", "0301234567", true, true),
        ("+49301234567", "01149301234567", true, true),
        ("+390612345678", "0612345678", true, true),
        ("+74951234567", "84951234567", true, true),
        ("+35312345678", "012345678", true, true),
        // The digit for an outside line is good for a name only.
        ("+49301234567", "00301234567", true, false),
        ("+12125550123", "912125550123", true, false),
        ("+12125550123", "92125550123", true, false),
        ("+49301234567", "0004930 1234567", true, false),
        ("+49301234567", "90301234567", true, false),
        ("204", "0204", false, false),
        ("204", "204", true, true),
    ] {
        for (a, b) in [(a, b), (b, a)] {
            assert_eq!(may_be_same(a, b), named, "{a} {b}");
            assert_eq!(is_same(a, b), done, "{a} {b}");
        }
    }
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
    let plan = |extensions: &[&str], outside: Option<&str>| Plan {
        country: Some("DE".into()),
        outside_prefix: outside.map(str::to_owned),
        extensions: extensions.iter().map(|rule| (*rule).to_owned()).collect(),
        hosts: vec![],
    };
    for (text, plan, rings) in [
        // The emergency numbers themselves: only their very digits in the plan make them an extension.
        ("110", plan(&[], None), false),
        ("110", plan(&["100-199"], None), false),
        ("110", plan(&["1XX"], None), false),
        ("110", plan(&["110"], None), true),
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
            assert!(matches!(answer, Err(Reason::PolicyRefuse(_))), "{text} {answer:?}");
        }
    }
    for text in ["tel:9110", "tel:9999", "tel:9000"] {
        let answer = target(text, Source::Link, true, &Plan::default());
        assert!(matches!(answer, Err(Reason::PolicyRefuse(_))), "{text} {answer:?}");
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
        let expected = format!("+{digits}");
        prop_assert_eq!(dial(&text, Source::Text).ok(), Some(expected));
    }
}
