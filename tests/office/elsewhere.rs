//! Own calls that go to another number instead of the own phone.

use phone_core::number::Yes;
use phone_core::{Ability, CallState, ForwardWhen, Request};
use phone_tests::office::{Need, Office, Who};

use crate::desk::Desk;

pub async fn calls_go_where_they_were_sent(office: &impl Office) {
    let desk = Desk::at(office).await;
    let carol = office.number(Who::Carol);
    let set = |to: Option<&str>| Request::SetForwarding {
        account: None,
        when: ForwardWhen::Always,
        to: to.map(str::to_owned),
        yes: Yes::No,
    };
    if !office.has(Need::Forward) {
        assert!(desk.engine.ask(set(Some(&carol))).await.is_err(), "not offered and not done");
        assert!(desk.engine.view().borrow().accounts.iter().all(|account| account.forwarding.is_none()), "and not claimed");
        return desk.closes(office, &[]).await;
    }
    let go = |to: Option<String>| {
        move |view: &phone_core::View| {
            view.accounts.iter().all(|account| account.forwarding.as_ref().is_some_and(|known| known.always == to))
        }
    };
    let offered = |view: &phone_core::View| view.accounts.iter().all(|account| account.abilities.has(Ability::ForwardAlways));
    desk.view("forwarding is offered", offered).await;
    desk.view("no call goes elsewhere", go(None)).await;
    desk.does(set(Some(&carol))).await;
    desk.view("calls go to Carol", go(Some(carol.clone()))).await;
    office.reaches(Who::Bob, Who::Me, Who::Carol).await;
    office.answers(Who::Carol).await;
    office.talk(Who::Bob, Who::Carol).await;
    assert!(desk.engine.view().borrow().calls.is_empty(), "it never rang here");
    office.hangs_up(Who::Bob).await;
    office.is_quiet().await;
    assert_eq!(desk.engine.view().borrow().missed, 0);
    desk.does(set(None)).await;
    desk.view("calls come here again", go(None)).await;
    office.calls(Who::Bob, Who::Me).await;
    desk.one(CallState::Ringing).await;
    office.hangs_up(Who::Bob).await;
    desk.none().await;
    office.is_quiet().await;
    assert_eq!(office.complaints(), Vec::<String>::new());
}
