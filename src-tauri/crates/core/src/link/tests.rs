#![expect(clippy::disallowed_methods, reason = "tests need one real instant to begin with")]

use proptest::prelude::*;

use super::*;

fn online(now: Instant) -> Link {
    let mut link = Link::new();
    link.step(LinkInput::SignIn, now, 0.5);
    link.step(LinkInput::SignedIn, now, 0.5);
    link.step(LinkInput::Synced, now, 0.5);
    assert!(link.is_online());
    link
}

#[test]
fn refused_credentials_stop_the_loop() {
    let now = Instant::now();
    let mut link = Link::new();
    link.step(LinkInput::SignIn, now, 0.0);
    let effects = link.step(LinkInput::Failed(Reason::CredentialsRefused, None), now, 0.0);
    assert_eq!(effects, [LinkEffect::Close, LinkEffect::Changed]);
    assert!(matches!(link, Link::Stopped { .. }));
    assert_eq!(link.deadline(), None);
    assert_eq!(link.step(LinkInput::RetryNow, now, 0.0), []);
    assert_eq!(link.step(LinkInput::Woke, now, 0.0), []);
}

#[test]
fn a_silent_link_is_noticed_in_less_than_35_seconds() {
    let now = Instant::now();
    let mut link = online(now);
    let at = link.deadline().expect("an online link watches for silence");
    assert!(at - now < Duration::from_secs(35));
    link.step(LinkInput::Tick, at, 0.0);
    assert!(matches!(link, Link::Waiting { why: Reason::Silent, .. }));
}

#[test]
fn a_pbx_that_accepts_and_drops_is_not_hammered() {
    let mut now = Instant::now();
    let mut link = Link::new();
    link.step(LinkInput::SignIn, now, 0.5);
    let mut opened = 0;
    let begin = now;
    while now - begin < Duration::from_secs(120) {
        link.step(LinkInput::Synced, now, 0.5);
        link.step(LinkInput::Failed(Reason::Dropped, None), now, 0.5);
        now = link.deadline().expect("waiting has an end");
        link.step(LinkInput::Tick, now, 0.5);
        opened += 1;
    }
    assert!(opened < 30, "{opened} attempts in two minutes");
}

#[test]
fn a_link_that_held_starts_over_with_short_delays() {
    let now = Instant::now();
    let mut link = online(now);
    let later = now + Duration::from_secs(1000);
    link.step(LinkInput::Heard, later, 0.5);
    link.step(LinkInput::Failed(Reason::Dropped, None), later, 1.0);
    let at = link.deadline().expect("waiting has an end");
    assert!(at - later <= Duration::from_secs(1));
}

#[test]
fn an_expired_session_is_renewed_without_a_delay_once() {
    let now = Instant::now();
    let mut link = online(now);
    let later = now + Duration::from_secs(40);
    link.step(LinkInput::Heard, later, 0.5);
    link.step(LinkInput::Tick, later, 0.5);
    let effects = link.step(LinkInput::Failed(Reason::SessionExpired, None), later, 0.5);
    assert_eq!(effects, [LinkEffect::Close, LinkEffect::Open, LinkEffect::Changed]);
    link.step(LinkInput::Synced, later, 0.5);
    link.step(LinkInput::Failed(Reason::SessionExpired, None), later, 0.5);
    assert!(matches!(link, Link::Waiting { .. }));
}

#[test]
fn a_session_that_runs_out_soon_after_the_sign_in_is_renewed_at_once_but_only_once() {
    let mut now = Instant::now();
    let mut link = online(now);
    let expired = || LinkInput::Failed(Reason::SessionExpired, None);
    // In the first seconds, with the failures before not forgotten.
    let effects = link.step(expired(), now + Duration::from_secs(2), 0.5);
    assert_eq!(effects, [LinkEffect::Close, LinkEffect::Open, LinkEffect::Changed]);
    // A server that expires every session is met with the usual delays.
    let mut opened = 0;
    let end = now + Duration::from_secs(120);
    while now < end {
        link.step(LinkInput::Synced, now, 0.5);
        link.step(expired(), now, 0.5);
        assert!(matches!(link, Link::Waiting { .. }));
        now = link.deadline().expect("waiting has an end");
        link.step(LinkInput::Tick, now, 0.5);
        opened += 1;
    }
    assert!(opened < 30, "{opened} attempts in two minutes");
    // Once the link has held, the next one is renewed at once again.
    link.step(LinkInput::Synced, now, 0.5);
    let later = now + STABLE_AFTER;
    link.step(LinkInput::Heard, later, 0.5);
    link.step(LinkInput::Tick, later, 0.5);
    assert!(link.step(expired(), later, 0.5).contains(&LinkEffect::Open));
}

#[test]
fn a_certificate_out_of_date_is_looked_at_again_about_once_a_minute() {
    let sha256 = || "ab".repeat(32);
    for why in [Reason::CertificateExpired { sha256: sha256() }, Reason::CertificateNotYetValid { sha256: sha256() }] {
        let now = Instant::now();
        let mut link = Link::new();
        link.step(LinkInput::SignIn, now, 0.5);
        link.step(LinkInput::Failed(why.clone(), None), now, 0.5);
        assert_eq!(link.deadline(), Some(now + Duration::from_secs(60)), "{why:?}");
        assert!(link.step(LinkInput::Tick, now + Duration::from_secs(60), 0.5).contains(&LinkEffect::Open));
        // Nobody is asked to accept it, and the clock is named, which may be what is wrong.
        assert_eq!(why.certificate_sha256(), None);
        assert!(why.text().contains("clock of this computer") || why.advice().contains("clock of this computer"));
        assert!(why.advice().contains("again by itself"));
    }
    for why in [Reason::CertificateUnknown { sha256: sha256() }, Reason::CertificateChanged { sha256: sha256() }] {
        let now = Instant::now();
        let mut link = Link::new();
        link.step(LinkInput::SignIn, now, 0.5);
        link.step(LinkInput::Failed(why.clone(), None), now, 0.5);
        assert_eq!(link.deadline(), None, "a question waits for its answer");
        assert!(why.certificate_sha256().is_some());
    }
}

#[test]
fn a_servers_retry_after_wins() {
    let now = Instant::now();
    let mut link = online(now);
    link.step(LinkInput::Failed(Reason::ServerBusy, Some(Duration::from_secs(7))), now, 0.0);
    assert_eq!(link.deadline(), Some(now + Duration::from_secs(7)));
    let mut other = online(now);
    other.step(LinkInput::Failed(Reason::ServerBusy, Some(Duration::from_secs(7))), now, 1.0);
    assert_eq!(other.deadline(), Some(now + Duration::from_secs(14)), "desks that were told the same time are spread");
}

#[test]
fn waking_ends_waiting_at_once_but_not_twice_in_five_seconds() {
    let now = Instant::now();
    let mut link = online(now);
    link.step(LinkInput::Failed(Reason::Dropped, None), now, 0.5);
    assert!(link.step(LinkInput::Woke, now, 0.5).contains(&LinkEffect::Open));
    link.step(LinkInput::Failed(Reason::NetworkDown, None), now, 0.5);
    assert!(!link.step(LinkInput::Woke, now + Duration::from_secs(4), 0.5).contains(&LinkEffect::Open));
    assert!(link.step(LinkInput::Woke, now + Duration::from_secs(6), 0.5).contains(&LinkEffect::Open));
}

#[test]
fn what_happens_too_soon_after_the_last_time_counts_when_the_five_seconds_are_over() {
    let now = Instant::now();
    let later = |secs| now + Duration::from_secs(secs);
    let due = later(5);
    // While it waits, however long the server said.
    for input in [LinkInput::Woke, LinkInput::NetworkChanged, LinkInput::RetryNow] {
        let mut link = online(now);
        link.step(LinkInput::Failed(Reason::Dropped, None), now, 0.5);
        assert!(link.step(LinkInput::Woke, now, 0.5).contains(&LinkEffect::Open));
        link.step(LinkInput::Failed(Reason::ServerBusy, Some(Duration::from_secs(600))), later(1), 0.5);
        assert_eq!(link.step(input, later(2), 0.5), [LinkEffect::Changed], "the time of the next try is shown");
        assert_eq!(link.deadline(), Some(due));
        assert!(link.step(LinkInput::Tick, due, 0.5).contains(&LinkEffect::Open));
    }
    // While an attempt is under way that may hang on an address that is gone.
    let mut link = online(now);
    link.step(LinkInput::Woke, now, 0.5);
    assert_eq!(link.step(LinkInput::NetworkChanged, later(2), 0.5), []);
    assert_eq!(link.deadline(), Some(due));
    let mut failing = link.clone();
    assert_eq!(link.step(LinkInput::Tick, due, 0.5), [LinkEffect::Close, LinkEffect::Open, LinkEffect::Changed]);
    assert_eq!(link.deadline(), Some(due + OPEN_LIMIT), "once");
    failing.step(LinkInput::Failed(Reason::ServerBusy, Some(Duration::from_secs(600))), later(3), 0.5);
    assert_eq!(failing.deadline(), Some(due));
    // Not when the attempt has got through since.
    let mut link = online(now);
    link.step(LinkInput::Woke, now, 0.5);
    link.step(LinkInput::NetworkChanged, later(2), 0.5);
    link.step(LinkInput::SignedIn, later(3), 0.5);
    link.step(LinkInput::Synced, later(3), 0.5);
    assert!(!link.step(LinkInput::Tick, due, 0.5).contains(&LinkEffect::Open));
    // A link that is online sits on an address that is gone.
    assert_eq!(link.step(LinkInput::NetworkChanged, later(4), 0.5), []);
    assert_eq!(link.deadline(), Some(due));
    assert_eq!(link.step(LinkInput::Tick, due, 0.5), [LinkEffect::Close, LinkEffect::Open, LinkEffect::Changed]);
}

#[test]
fn a_wish_to_try_now_leaves_a_link_alone_that_is_online() {
    let now = Instant::now();
    let mut link = online(now);
    assert_eq!(link.step(LinkInput::RetryNow, now + Duration::from_secs(10), 0.5), []);
    assert!(link.is_online());
    // An attempt that hangs is begun anew.
    link.step(LinkInput::Woke, now + Duration::from_secs(10), 0.5);
    assert!(link.step(LinkInput::RetryNow, now + Duration::from_secs(20), 0.5).contains(&LinkEffect::Open));
}

#[derive(Clone, Debug)]
enum Move {
    SignIn,
    SignOut,
    SignedIn,
    Synced,
    Heard,
    Dropped,
    Refused,
    Expired,
    Busy,
    Woke,
    Retry,
    Tick,
}

fn moves() -> impl Strategy<Value = Vec<(Move, u64, f64)>> {
    let one = prop_oneof![
        Just(Move::SignIn),
        Just(Move::SignOut),
        Just(Move::SignedIn),
        Just(Move::Synced),
        Just(Move::Heard),
        Just(Move::Dropped),
        Just(Move::Refused),
        Just(Move::Expired),
        Just(Move::Busy),
        Just(Move::Woke),
        Just(Move::Retry),
        Just(Move::Tick),
    ];
    prop::collection::vec((one, 0u64..40_000, 0.0f64..=1.0), 1..80)
}

proptest! {
    #[test]
    fn never_two_sockets_and_always_a_deadline_while_something_is_awaited(moves in moves()) {
        let mut now = Instant::now();
        let mut link = Link::new();
        let mut open = false;
        let mut signed_out = true;
        for (step, millis, jitter) in moves {
            now += Duration::from_millis(millis);
            let input = match step {
                Move::SignIn => { signed_out = false; LinkInput::SignIn }
                Move::SignOut => { signed_out = true; LinkInput::SignOut(None) }
                Move::SignedIn => LinkInput::SignedIn,
                Move::Synced => LinkInput::Synced,
                Move::Heard => LinkInput::Heard,
                Move::Dropped => LinkInput::Failed(Reason::Dropped, None),
                Move::Refused => LinkInput::Failed(Reason::CredentialsRefused, None),
                Move::Expired => LinkInput::Failed(Reason::SessionExpired, None),
                Move::Busy => LinkInput::Failed(Reason::ServerBusy, None),
                Move::Woke => LinkInput::Woke,
                Move::Retry => LinkInput::RetryNow,
                Move::Tick => LinkInput::Tick,
            };
            for effect in link.step(input, now, jitter) {
                match effect {
                    LinkEffect::Open => {
                        prop_assert!(!open, "a second socket");
                        prop_assert!(!signed_out, "opened after sign-out");
                        open = true;
                    }
                    LinkEffect::Close => open = false,
                    LinkEffect::Changed => {}
                }
            }
            prop_assert_eq!(open, link.is_up());
            match &link {
                Link::SignedOut { .. } | Link::Stopped { .. } => prop_assert_eq!(link.deadline(), None),
                Link::Waiting { retry_at, .. } => prop_assert!(*retry_at - now <= Duration::from_secs(75)),
                Link::Opening { .. } | Link::Syncing { .. } | Link::Online { .. } => prop_assert!(link.deadline().is_some()),
            }
        }
    }

    #[test]
    fn a_delay_keeps_its_bounds(so_far in 0u64..10_000, jitter in 0.0f64..=1.0) {
        let drawn = delay(Duration::from_secs(so_far), jitter);
        let bound = Duration::from_secs(so_far.clamp(1, if so_far > 300 { 60 } else { 15 }));
        prop_assert!(drawn >= LEAST_DELAY && drawn <= bound);
    }
}
