//! What the fuzzer and the replay of its corpus do with one input: everything that reads a number out of a text.

use super::phone;

use std::cell::RefCell;

use phone::number::{Kind, Numbers, Plan, Verdict, Yes, scheme};
use phone::request::Source;

thread_local! {
    /// The library's tables are built once, not for every input.
    static NUMBERS: RefCell<Numbers> = RefCell::default();
}

/// Reads the text from every source under several plans and checks what must hold for any text.
///
/// The first byte chooses the plan.
pub fn look(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(data);
    let plan = plan(*choice);
    let _ = scheme(&text);
    NUMBERS.with_borrow_mut(|numbers| {
        for source in [Source::Typed, Source::Pressed, Source::Text, Source::Link] {
            let found = numbers.candidates(&text, source, &plan);
            for one in &found {
                let slice: String = text.chars().skip(one.start).take(one.end.saturating_sub(one.start)).collect();
                assert_eq!(slice, one.text);
                assert!(one.kind != Kind::Emergency || one.verdict == Verdict::Refuse);
                assert!(source == Source::Typed || one.kind != Kind::FeatureCode || one.verdict == Verdict::Refuse);
                // Plan 3 is the only one that does not ask about links.
                assert!(source != Source::Link || choice % 4 == 3 || one.verdict != Verdict::Dial);
            }
            for yes in [Yes::No, Yes::Any] {
                if let Ok(target) = numbers.target(&text, source, &yes, &plan) {
                    assert!(found.iter().any(|one| one.dial.as_deref() == Some(target.dial.as_str())));
                    assert!(found.iter().filter(|one| one.verdict != Verdict::Refuse).count() == 1);
                }
            }
        }
        let _ = numbers.shown(&text, &plan);
        let _ = numbers.canonical(&text, &plan);
        assert_eq!(numbers.same(&text, "+493023125001", &plan), numbers.same("+493023125001", &text, &plan));
    });
}

fn plan(choice: u8) -> Plan {
    let keys: &[(&str, &str)] = match choice % 4 {
        0 => &[],
        1 => &[("country", "DE"), ("area_code", "30"), ("outside_prefix", "0"), ("send", "national")],
        2 => &[("country", "DE"), ("main_number", "+49301234"), ("extensions", "200-299, 7XX"), ("send", "00")],
        _ => &[("country", "US"), ("outside_prefix", "9"), ("ask_links", "false"), ("ask_premium", "false")],
    };
    let mut plan = Plan::default();
    for (key, value) in keys {
        assert!(plan.set(key, value).is_ok());
    }
    plan
}
