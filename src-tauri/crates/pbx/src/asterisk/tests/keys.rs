//! Account keys: what is taken, what is told, and what an own leg is.

use super::super::keys::{Keys, check, device_of};
use super::talk::account;

#[test]
fn the_own_extension_and_phone_follow_from_the_user_name() {
    let keys = Keys::of(&account(&[]));
    assert_eq!(
        (keys.extension.as_str(), keys.devices, keys.context.as_str()),
        ("100", vec!["PJSIP/100".to_owned()], "from-internal")
    );
    let keys = Keys::of(&account(&[("device", "PJSIP/204-desk,SIP/204"), ("extension", "204"), ("context", "office")]));
    assert_eq!((keys.devices.len(), keys.context.as_str()), (2, "office"));
    let mut named = account(&[]);
    named.user = Some("mara".to_owned());
    assert!(check(&named).expect_err("no extension").contains("extension is needed"));
    named.keys.insert("extension".to_owned(), "204".to_owned());
    assert_eq!(check(&named), Ok(()));
    named.url = "amis://tray204:secret@pbx.example".parse().expect("an address");
    assert_eq!(check(&named), Err("the address holds no user and no password".to_owned()));
}

#[test]
fn a_wrong_key_or_value_is_told_in_one_sentence() {
    let good = [
        ("device", "PJSIP/204-desk,SIP/204"),
        ("extension", "204"),
        ("own_numbers", "204, +4930555204"),
        ("context", "from-internal"),
        ("ring", "local"),
        ("answer", "notify-endpoint"),
        ("hold", "dialplan"),
        ("atxfer", "off"),
        ("allow_plain", "true"),
        ("plan.country", "DE"),
    ];
    for (key, value) in good {
        assert_eq!(check(&account(&[(key, value)])), Ok(()), "{key}={value}");
    }
    let wrong = [
        ("device", "PJSIP/204&PJSIP/205"),
        ("device", "204"),
        ("device", "Local/204@from-internal"),
        ("extension", "2O4"),
        ("own_numbers", "mara"),
        ("context", "a,b"),
        ("context", "a\r\nAction: Logoff"),
        ("ring", "all"),
        ("answer", "yes"),
        ("hold", "yes"),
        ("atxfer", "on"),
        ("colour", "red"),
    ];
    for (key, value) in wrong {
        let said = check(&account(&[(key, value)])).expect_err(value);
        assert!(said.contains(key) && !said.contains('\n'), "{said}");
    }
}

#[test]
fn an_own_leg_is_told_by_its_whole_device() {
    assert_eq!(device_of("PJSIP/204-desk-0000001a"), Some("PJSIP/204-desk"));
    assert_eq!(device_of("Local/204@from-internal-00000003;1"), None);
    assert_eq!(device_of("Local/204@from-internal-00000003"), None);
    assert_eq!(device_of("PJSIP/204"), None);
    let keys = Keys::of(&account(&[("device", "PJSIP/204")]));
    assert_eq!(keys.own_device("PJSIP/204-0000001a"), Some("PJSIP/204"));
    assert_eq!(keys.own_device("PJSIP/204-desk-0000001a"), None);
    assert_eq!(keys.own_device("PJSIP/2041-0000001a"), None);
}
