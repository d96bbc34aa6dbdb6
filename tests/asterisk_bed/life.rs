//! The bed comes, goes, falls over and comes back.

use super::{figure, talk, two_phones};
use phone_tests::asterisk_bed::{AmiUser, Bed, Options, PATIENCE};
use phone_tests::desktop::{wait_for, wait_until};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Longer than Asterisk needs to see that a phone no longer answers.
const NOTICED: Duration = Duration::from_secs(20);

/// Variable that turns `holds_a_bed_when_asked` from nothing into an endless bed.
const HOLD: &str = "TRAYPHONE_TEST_HOLD_BED";

#[tokio::test]
async fn starts_quickly_says_which_it_is_and_leaves_nothing_behind() {
    let since = Instant::now();
    let bed = Bed::start(Options::default()).await;
    figure("Asterisk started", since);
    let since = Instant::now();
    let phone = bed.phone("100").await;
    figure("a phone registered", since);

    let version = bed.asterisk_version().await;
    eprintln!("figure: Asterisk {version}");
    assert!(version.split('.').next().is_some_and(|major| major.parse::<u32>().is_ok_and(|major| major >= 16)), "{version}");
    assert_eq!(bed.processes().len(), 2, "Asterisk and a phone");
    let (ami, processes) = (bed.ami(), bed.processes());

    let since = Instant::now();
    drop((bed, phone));
    figure("all gone", since);
    let gone = |process: &i32| !Path::new(&format!("/proc/{process}")).exists();
    assert!(processes.iter().all(gone));
    assert!(std::net::TcpStream::connect(ami).is_err());
}

#[tokio::test]
async fn leaves_nothing_behind_when_the_test_itself_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = folder.path().join("processes");
    let mut command = Command::new(std::env::current_exe().expect("the path of this test"));
    command.args(["--exact", "real_pbx_life::holds_a_bed_when_asked", "--nocapture"]).env(HOLD, &told);
    let mut victim = command.stdout(Stdio::null()).spawn().expect("this test once more");
    let processes = wait_for("the other test's bed", PATIENCE, async || {
        assert!(matches!(victim.try_wait(), Ok(None)), "the other test ended before its time");
        std::fs::read_to_string(&told).ok().filter(|text| text.ends_with('\n'))
    })
    .await;
    let processes: Vec<_> = processes.split_whitespace().map(|process| Path::new("/proc").join(process)).collect();
    assert!(processes.len() == 2 && processes.iter().all(|process| process.exists()), "{processes:?}");

    victim.kill().expect("the other test can be killed");
    victim.wait().expect("the other test is gone");

    wait_until("all processes to end", PATIENCE, || !processes.iter().any(|process| process.exists())).await;
}

/// The victim of the test above; does nothing otherwise.
#[tokio::test]
async fn holds_a_bed_when_asked() {
    let Ok(told) = std::env::var(HOLD) else { return };
    let bed = Bed::start(Options::default()).await;
    let _phone = bed.phone("100").await;
    let processes: Vec<_> = bed.processes().iter().map(i32::to_string).collect();
    std::fs::write(told, processes.join(" ") + "\n").expect("a word to the other test");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn two_beds_do_not_see_each_other() {
    let (one, other) = (Bed::start(Options::default()).await, Bed::start(Options::default()).await);
    let (alice, bob) = (one.phone("100").await, other.phone("101").await);

    let refused = alice.dial("101").await;

    alice.wait_closed(&refused).await;
    assert_eq!(bob.incoming(), 0);
    assert_ne!(one.ami(), other.ami());
}

#[tokio::test]
async fn listens_on_loopback_only() {
    let (bed, alice, bob) = two_phones().await;
    talk(&alice, &bob).await;

    let sockets = Command::new("ss").args(["-Hlntup"]).stdin(Stdio::null()).output().expect("ss of iproute2").stdout;
    let sockets = String::from_utf8_lossy(&sockets).into_owned();
    let processes = bed.processes();
    let ours = |line: &&str| processes.iter().any(|process| line.contains(&format!("pid={process},")));
    // Left out are Asterisk's socket for asking name servers, at a port that the system chose, and the media of phones,
    // whose sockets are open to all sides during a call, though nobody is told another address than 127.0.0.1.
    let sip = [alice.address().port(), bob.address().port()];
    let offered =
        |line: &&str| line.starts_with("tcp") || sip.contains(&port(line)) || (line.contains("asterisk") && port(line) < 32_768);
    let open: Vec<_> = sockets.lines().filter(ours).filter(offered).collect();
    assert!(open.len() >= 9, "SIP, manager with and without TLS, control ports, media: {open:?}");
    for line in open {
        assert!(place(line).starts_with("127.0.0.1:"), "open to others: {line}");
    }
}

#[tokio::test]
async fn after_a_kill_the_phones_still_believe_and_asterisk_knows_nothing() {
    let (mut bed, alice, bob) = two_phones().await;
    let (out, call) = talk(&alice, &bob).await;

    bed.kill9().await;
    let since = Instant::now();
    bed.restart().await;
    figure("Asterisk started again", since);

    assert_eq!(bed.legs("").await, []);
    assert!(alice.is_established(&out) && bob.is_established(&call), "no phone has noticed");
    alice.hang_up(&out).await;
    bob.hang_up(&call).await;
    bed.wait_registered(&alice).await;
    talk(&bob, &alice).await;
}

#[tokio::test]
async fn a_stop_in_good_order_ends_the_calls_first() {
    let (mut bed, alice, bob) = two_phones().await;
    let (out, call) = talk(&alice, &bob).await;

    let since = Instant::now();
    bed.stop().await;
    figure("Asterisk stopped", since);
    alice.wait_closed(&out).await;
    bob.wait_closed(&call).await;

    bed.restart().await;
    bed.wait_registered(&bob).await;
    talk(&alice, &bob).await;
}

#[tokio::test]
async fn an_unplugged_phone_is_noticed_and_one_switched_off_at_once() {
    let (bed, mut alice, mut bob) = two_phones().await;
    let mark = bed.admin().mark();
    let unavailable = async |device: &str| {
        let fits = [("Device", device), ("State", "UNAVAILABLE")];
        wait_until("Asterisk to notice", NOTICED, || !bed.admin().events(mark, "DeviceStateChange", &fits).is_empty()).await;
    };

    let since = Instant::now();
    bob.switch_off().await;
    unavailable("PJSIP/101").await;
    figure("a phone switched off is unavailable", since);

    let since = Instant::now();
    alice.unplug();
    unavailable("PJSIP/100").await;
    figure("an unplugged phone is unavailable", since);
}

#[tokio::test]
async fn every_manager_user_has_its_rights() {
    let bed = Bed::start(Options::default()).await;
    for (user, may, may_not) in [
        (AmiUser::Tray, "Originate", "PJSIPNotify"),
        (AmiUser::TraySystem, "PJSIPNotify", "Command"),
        (AmiUser::TrayAgent, "QueuePause", "PJSIPNotify"),
        (AmiUser::TrayCall, "Originate", "CoreShowChannels"),
        (AmiUser::TrayReader, "Ping", "Originate"),
    ] {
        let commands = ask(&bed, user).await;
        assert!(commands.contains(&format!("\r\n{may}: ")), "{user:?} may {may}: {commands}");
        assert!(!commands.contains(&format!("\r\n{may_not}: ")), "{user:?} may not {may_not}: {commands}");
    }
    assert!(ask(&bed, AmiUser::TrayElsewhere).await.contains("Authentication failed"));
}

/// Where a line of `ss` says that somebody listens.
fn place(line: &str) -> &str {
    line.split_whitespace().nth(4).unwrap_or_default()
}

fn port(line: &str) -> u16 {
    place(line).rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or_default()
}

/// What a user may do, or why it may not sign in.
async fn ask(bed: &Bed, user: AmiUser) -> String {
    let mut stream = BufReader::new(TcpStream::connect(bed.ami()).await.expect("a connection"));
    let mut greeting = String::new();
    stream.read_line(&mut greeting).await.expect("a greeting");
    assert!(greeting.starts_with("Asterisk Call Manager/"), "{greeting}");
    let (name, secret) = (user.name(), user.secret());
    let text = format!(
        "Action: Login\r\nUsername: {name}\r\nSecret: {secret}\r\n\r\nAction: ListCommands\r\n\r\nAction: Logoff\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).await.expect("sent");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.expect("answers to the end");
    answers
}
