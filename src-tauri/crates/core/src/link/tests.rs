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

fn for_now(why: Reason) -> LinkInput {
    LinkInput::Failed(why.of_an_account_that_worked(), None)
}

/// When the next attempt begins, with the effects of its beginning checked.
fn next_attempt(link: &mut Link, now: &mut Instant) -> Duration {
    let at = link.deadline().expect("waiting has an end");
    let pause = at - std::mem::replace(now, at);
    assert_eq!(link.step(LinkInput::Tick, at, 0.5), [LinkEffect::Open, LinkEffect::Changed]);
    pause
}

#[test]
fn an_account_that_has_worked_is_tried_again_slowly_after_a_refusal_that_may_pass() {
    for why in [Reason::UnknownTenantOrUser, Reason::ApiSwitchedOff, Reason::Forbidden, Reason::NotAPbx] {
        let mut now = Instant::now();
        let mut link = online(now);
        let mut pauses = vec![];
        for _ in 0..7 {
            let effects = link.step(for_now(why.clone()), now, 0.0);
            assert_eq!(effects, [LinkEffect::Close, LinkEffect::Changed], "{why:?}");
            let told = link.why().expect("the reason is told meanwhile");
            assert_eq!((told.code(), told.text()), (why.code(), why.text()));
            assert!(told.advice().contains("tries again by itself"), "{why:?}");
            pauses.push(next_attempt(&mut link, &mut now).as_secs());
        }
        assert_eq!(pauses, [60, 120, 240, 480, 600, 600, 600], "{why:?}");
        // It may be right at any moment, and once it has held the next refusal begins anew.
        link.step(LinkInput::Synced, now, 0.5);
        now += STABLE_AFTER;
        link.step(LinkInput::Heard, now, 0.5);
        link.step(LinkInput::Tick, now, 0.5);
        link.step(for_now(why.clone()), now, 0.0);
        assert_eq!(next_attempt(&mut link, &mut now).as_secs(), 60, "{why:?}");
        // Waking and a wish end this waiting too.
        link.step(for_now(why.clone()), now, 0.0);
        assert!(link.step(LinkInput::RetryNow, now, 0.5).contains(&LinkEffect::Open), "{why:?}");
    }
}

#[test]
fn desks_that_were_refused_together_do_not_come_back_at_once() {
    let now = Instant::now();
    let waits = |jitter| {
        let mut link = online(now);
        link.step(for_now(Reason::ApiSwitchedOff), now, jitter);
        link.deadline().expect("waiting has an end") - now
    };
    assert_eq!((waits(0.0).as_secs(), waits(1.0).as_secs()), (60, 69));
}

#[test]
fn a_refusal_that_may_be_the_password_is_tried_once_more_after_a_minute_and_then_stops() {
    let mut now = Instant::now();
    let mut link = online(now);
    link.step(for_now(Reason::SignInDenied), now, 0.0);
    let told = link.why().expect("the reason is told meanwhile");
    assert_eq!(told.code(), crate::Code::CredentialsRefused);
    // Nothing makes that sooner: a password sent again and again locks accounts.
    for input in [LinkInput::Woke, LinkInput::NetworkChanged, LinkInput::RetryNow] {
        assert_eq!(link.step(input, now + Duration::from_secs(10), 0.5), []);
    }
    assert_eq!(next_attempt(&mut link, &mut now).as_secs(), 60);
    // What else happens in between does not make it forgotten.
    link.step(LinkInput::Failed(Reason::Dropped, None), now, 0.5);
    next_attempt(&mut link, &mut now);
    link.step(for_now(Reason::UnknownTenantOrUser), now, 0.5);
    next_attempt(&mut link, &mut now);
    link.step(for_now(Reason::SignInDenied), now, 0.5);
    assert_eq!(link, Link::Stopped { why: Reason::CredentialsRefused });
    // A change of the network a moment before does not make it sooner either.
    let mut link = online(now);
    link.step(LinkInput::Woke, now, 0.5);
    link.step(LinkInput::NetworkChanged, now + Duration::from_secs(1), 0.5);
    link.step(for_now(Reason::SignInDenied), now + Duration::from_secs(2), 0.0);
    assert_eq!(link.deadline(), Some(now + Duration::from_secs(62)));
}

#[test]
fn a_clear_refusal_of_the_password_and_any_refusal_of_a_new_account_stop() {
    let now = Instant::now();
    let mut link = online(now);
    link.step(for_now(Reason::CredentialsRefused), now, 0.0);
    assert_eq!(link, Link::Stopped { why: Reason::CredentialsRefused });
    for why in [Reason::UnknownTenantOrUser, Reason::ApiSwitchedOff, Reason::Forbidden, Reason::NotAPbx, Reason::SignInDenied] {
        let mut link = Link::new();
        link.step(LinkInput::SignIn, now, 0.5);
        link.step(LinkInput::Failed(why.clone(), None), now, 0.5);
        assert!(matches!(&link, Link::Stopped { why: told } if told.code() == why.code()), "{why:?}");
    }
}

#[derive(Clone, Debug)]
enum Move {
    SignIn,
    SignOut,
    Stop,
    SignedIn,
    Synced,
    Heard,
    Probed,
    Dropped,
    Refused,
    ForNow,
    Denied,
    Expired,
    Busy,
    /// Busy, and to be left alone for so many seconds.
    BusyFor(u64),
    TooMany,
    Woke,
    NetworkChanged,
    Retry,
    Tick,
    /// A tick in the very moment it is due.
    DueTick,
}

fn moves() -> impl Strategy<Value = Vec<(Move, u64, f64)>> {
    let one = prop_oneof![
        1 => Just(Move::SignIn),
        1 => Just(Move::SignOut),
        1 => Just(Move::Stop),
        3 => Just(Move::SignedIn),
        3 => Just(Move::Synced),
        2 => Just(Move::Heard),
        1 => Just(Move::Probed),
        1 => Just(Move::Dropped),
        1 => Just(Move::Refused),
        1 => Just(Move::ForNow),
        1 => Just(Move::Denied),
        1 => Just(Move::Expired),
        1 => Just(Move::Busy),
        1 => prop_oneof![0u64..100, Just(4_000), Just(u64::MAX)].prop_map(Move::BusyFor),
        1 => Just(Move::TooMany),
        1 => Just(Move::Woke),
        1 => Just(Move::NetworkChanged),
        1 => Just(Move::Retry),
        2 => Just(Move::Tick),
        3 => Just(Move::DueTick),
    ];
    prop::collection::vec((one, 0u64..40_000, 0.0f64..=1.0), 1..80)
}

/// The longest time a server may ask to be left alone for, and what is added so that desks do not come together.
const LONGEST_WAIT: Duration = Duration::from_secs(3600 + 15);

proptest! {
    #[test]
    fn never_two_sockets_and_always_a_deadline_while_something_is_awaited(moves in moves()) {
        let mut now = Instant::now();
        let mut link = Link::new();
        let mut open = false;
        // Nobody wants it to be online: signed out, stopped, or not signed in again since only the user can help.
        let mut unwanted = true;
        // What the server asked for, as long as nothing ends the waiting early.
        let mut left_alone_until = None;
        let mut longest_wait = Duration::from_secs(75);
        let mut hastened_at: Option<Instant> = None;
        // Something happened in this attempt that has to wait for its five seconds.
        let mut may_be_cut = false;
        // A password that may be wrong is not sent before, whatever happens.
        let mut not_before: Option<Instant> = None;
        for (step, millis, jitter) in moves {
            now += Duration::from_millis(millis);
            if let (Move::DueTick, Some(due)) = (&step, link.deadline()) {
                now = now.max(due);
            }
            let was_up = link.is_up();
            let (mut hasty, mut after) = (false, None);
            let input = match step {
                Move::SignIn => { (unwanted, hastened_at, left_alone_until, not_before) = (false, None, None, None); LinkInput::SignIn }
                Move::SignOut => { unwanted = true; LinkInput::SignOut(None) }
                Move::Stop => { unwanted = true; LinkInput::Stop(Reason::KeyringLocked) }
                Move::SignedIn => LinkInput::SignedIn,
                Move::Synced => LinkInput::Synced,
                Move::Heard => LinkInput::Heard,
                Move::Probed => LinkInput::Probed,
                Move::Dropped => LinkInput::Failed(Reason::Dropped, None),
                Move::Refused => LinkInput::Failed(Reason::CredentialsRefused, None),
                Move::ForNow => for_now(Reason::ApiSwitchedOff),
                Move::Denied => for_now(Reason::SignInDenied),
                Move::Expired => LinkInput::Failed(Reason::SessionExpired, None),
                Move::Busy => LinkInput::Failed(Reason::ServerBusy, None),
                Move::BusyFor(secs) => {
                    after = Some(Duration::from_secs(secs)).filter(|_| was_up);
                    LinkInput::Failed(Reason::ServerBusy, Some(Duration::from_secs(secs)))
                }
                Move::TooMany => LinkInput::Failed(Reason::TooManySessions, None),
                Move::Woke => { hasty = true; LinkInput::Woke }
                Move::NetworkChanged => { hasty = true; LinkInput::NetworkChanged }
                Move::Retry => { hasty = true; LinkInput::RetryNow }
                Move::Tick | Move::DueTick => LinkInput::Tick,
            };
            let probed = matches!(input, LinkInput::Probed);
            let silent_before = if let Link::Online { silent_at, .. } = &link { Some(*silent_at) } else { None };
            let effects = link.step(input, now, jitter);
            unwanted |= matches!(link, Link::Stopped { .. });
            if hasty {
                // From now on waiting may end before the server's time.
                (left_alone_until, may_be_cut) = (None, true);
                if effects.contains(&LinkEffect::Open) {
                    let too_soon = hastened_at.is_some_and(|at| now - at < HASTE_LIMIT);
                    prop_assert!(!too_soon, "hastened twice in five seconds");
                    hastened_at = Some(now);
                }
            }
            for effect in effects {
                match effect {
                    LinkEffect::Open => {
                        prop_assert!(!open, "a second socket");
                        prop_assert!(!unwanted, "opened though nobody wants it");
                        prop_assert!(left_alone_until.is_none_or(|until| now >= until), "before the server may be asked again");
                        prop_assert!(not_before.take().is_none_or(|at| now >= at), "a password that may be wrong, too soon");
                        (open, may_be_cut) = (true, false);
                        (left_alone_until, longest_wait) = (None, Duration::from_secs(75));
                    }
                    LinkEffect::Close => open = false,
                    LinkEffect::Changed => {}
                }
            }
            prop_assert_eq!(open, link.is_up());
            match &link {
                Link::SignedOut { .. } | Link::Stopped { .. } => {
                    prop_assert!(unwanted);
                    prop_assert_eq!(link.deadline(), None);
                    left_alone_until = None;
                }
                Link::Waiting { retry_at, why, .. } => {
                    if matches!(why, Reason::ForNow(_)) {
                        longest_wait = longest_wait.max(LONGEST_DOUBT.mul_f64(1.15));
                    }
                    if why.is_doubtful_denial() && was_up {
                        not_before = Some(now + Duration::from_secs(60));
                    }
                    if let Some(after) = after {
                        // What happened to the network just before still counts, and nothing else ends it early.
                        longest_wait = LONGEST_WAIT;
                        left_alone_until = Some(*retry_at);
                        let least = after.clamp(LEAST_DELAY, LONGEST_WAIT - Duration::from_secs(15));
                        prop_assert!(may_be_cut || *retry_at >= now + least, "sooner than the server said");
                    }
                    prop_assert!(*retry_at - now <= longest_wait);
                    prop_assert_eq!(link.deadline(), Some(*retry_at));
                }
                Link::Online { silent_at, .. } => {
                    let due = link.deadline();
                    prop_assert!(due.is_some_and(|due| due <= *silent_at) && *silent_at - now.min(*silent_at) <= SILENCE_LIMIT);
                    if probed && silent_before.is_some() {
                        prop_assert!(*silent_at <= now + PROBE_LIMIT, "a probe is waited for too long");
                        prop_assert!(Some(*silent_at) <= silent_before, "a probe is no sign of life");
                    }
                }
                Link::Opening { .. } | Link::Syncing { .. } => prop_assert!(link.deadline().is_some()),
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
