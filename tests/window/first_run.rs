//! The first run: what is asked, what is refused, and that nothing typed is lost except a password.

use phone_tests::desktop::{Drive, PATIENCE};
use phone_tests::vodia::{FakeVodia, Generation, Tls};

use crate::support::{USER, fake};
use crate::{FIELD, desk, first_start};

#[tokio::test]
async fn the_sign_in_form_says_what_is_wrong_and_ends_in_a_working_phone() {
    let session = desk().await;
    let pbx = FakeVodia::start(fake(Generation::G3).tls(Tls::SelfSigned)).await.expect("a fake PBX");
    let (agent, page) = first_start(&session, &Drive::new()).await;
    page.find("heading", "Sign in to your phone system").await;
    page.focus_is("Address").await;

    // An empty form is not sent, and says so at the fields themselves.
    page.press("button", "Sign in").await;
    page.shows("Please fill this in.").await;
    page.focus_is("Address").await;
    let address = page.find("textbox", "Address").await;
    assert_eq!(page.attribute(&address, "aria-invalid").await.as_deref(), Some("true"));
    page.type_into("Address", "not an address").await;
    page.press("button", "Sign in").await;
    page.shows("This is not an address.").await;

    // A server that nobody vouches for is asked about before any password goes to it.
    page.clear("Address").await;
    page.type_into("Address", &pbx.url()).await;
    page.type_into("Extension", USER.0).await;
    page.type_into("Password", "not-the-password").await;
    page.press("button", "Sign in").await;
    page.find("heading", "Is this your phone system?").await;
    let fingerprint = pbx.certificate_sha256().expect("a certificate").to_ascii_lowercase();
    let shown: String = page.text().await.to_ascii_lowercase().chars().filter(char::is_ascii_hexdigit).collect();
    assert!(shown.contains(&fingerprint), "the whole fingerprint is shown: {fingerprint} in {shown}");
    assert!(pbx.sign_ins().is_empty(), "no password goes to a server that nobody vouches for");
    assert_eq!(page.value("Password").await, "", "a password is not kept in the page");
    assert_eq!(page.value("Address").await, pbx.url());
    page.focus_is("Password").await;

    // A wrong password is said to be one; the certificate is not asked about again.
    page.type_into("Password", "not-the-password").await;
    page.press("button", "Accept this certificate and sign in").await;
    page.gone("heading", "Is this your phone system?").await;
    page.find_begins("button", "Sign in").await;
    page.shows("Enter the password again; it was not kept.").await;
    assert!(!pbx.sign_ins().is_empty() && pbx.sign_ins().iter().all(|sign_in| !sign_in.accepted));
    assert!(agent.view().accounts.is_empty());

    page.type_into("Password", USER.1).await;
    page.press("button", "Sign in").await;
    agent.online().await;
    page.find("combobox", FIELD).await;
    page.focus_is(FIELD).await;
    page.shows("Ann Example").await;
    page.type_into(FIELD, "207").await;
    page.shows("Call 207").await;
    session.key("Return").await;
    let dial = pbx.wait_for_dial(1, PATIENCE).await.expect("a dial");
    assert_eq!((dial.number.as_str(), pbx.dials().len()), ("207", 1));
    agent.ends_well(&pbx).await;
}
