//! One list of what people do with their calls, against every PBX there is: fakes of each kind, and the real thing.
//!
//! A scenario knows calls and people only. A kind passes it, or its office declares what it lacks.

#[path = "office/conversations.rs"]
mod conversations;
#[path = "office/desk.rs"]
mod desk;
#[path = "office/elsewhere.rs"]
mod elsewhere;
#[path = "office/moves.rs"]
mod moves;
#[path = "office/trouble.rs"]
mod trouble;

use phone_tests::asterisk::Release;
use phone_tests::office::asterisk::AtAsterisk;
use phone_tests::office::real_asterisk::AtRealAsterisk;
use phone_tests::office::vodia::AtVodia;
use phone_tests::vodia::Generation;

/// The shared list, for one office.
macro_rules! office {
    ($name:ident, $start:expr) => {
        office!($name, $start, conversations: [
            a_click_dials_once_and_the_other_side_rings,
            a_dial_that_nobody_takes_is_given_up_from_here,
            a_call_is_taken_at_the_phone,
            a_call_is_answered_from_here,
            a_call_taken_at_the_second_phone_is_one_call,
            a_call_is_declined_at_the_phone,
            a_call_is_declined_from_here,
            a_caller_who_gives_up_is_missed,
            a_call_is_held_and_taken_back_at_the_phone,
            a_call_is_held_and_taken_back_from_here,
            two_calls_at_once_are_two_calls,
            tones_arrive,
            fifty_calls_leave_nothing_behind,
            colleagues_are_seen_ringing_talking_and_free,
            nobody_disturbs_who_does_not_want_to_be
        ], moves: [
            a_call_is_handed_on_without_asking,
            a_ringing_call_is_sent_on,
            a_call_that_is_handed_to_us_shows_who_it_is,
            a_call_is_handed_on_after_asking,
            somebody_who_was_asked_says_no,
            two_calls_are_joined,
            a_call_is_parked_and_fetched,
            a_colleagues_call_is_taken
        ], elsewhere: [
            calls_go_where_they_were_sent
        ], trouble: [
            a_pbx_that_stops_in_mid_call_leaves_no_ghost,
            a_pbx_that_is_killed_in_mid_call_leaves_no_ghost,
            a_phone_without_power_is_seen
        ]);
    };
    ($name:ident, $start:expr, $($file:ident: [$($scenario:ident),*]),*) => {
        mod $name {
            use super::*;
            $($(
                #[tokio::test]
                async fn $scenario() {
                    $file::$scenario(&$start.await).await;
                }
            )*)*
        }
    };
}

office!(vodia_1, AtVodia::start(Generation::G1));
office!(vodia_2, AtVodia::start(Generation::G2));
office!(vodia_3, AtVodia::start(Generation::G3));
office!(asterisk_16, AtAsterisk::start(Release::V16));
office!(asterisk_22, AtAsterisk::start(Release::V22));
office!(real_pbx, AtRealAsterisk::start());
// Answering by dialling the phone anew ends what is done with a second phone, so it has offices of its own.
office!(asterisk_16_that_answers, AtAsterisk::that_answers(Release::V16), conversations: [a_call_is_answered_from_here], moves: [a_ringing_call_is_sent_on]);
office!(asterisk_22_that_answers, AtAsterisk::that_answers(Release::V22), conversations: [a_call_is_answered_from_here], moves: [a_ringing_call_is_sent_on]);
office!(real_pbx_that_answers, AtRealAsterisk::that_answers(), conversations: [a_call_is_answered_from_here], moves: [a_ringing_call_is_sent_on]);
