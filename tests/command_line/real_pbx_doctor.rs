//! The self-examination of accounts at a real Asterisk; needs root and the folder of `.make/asterisk.sh`.

use phone_tests::asterisk_bed::{AmiUser, Bed, Options};

use super::doctor::{added, check, problems, says};
use super::*;

/// An agent that is signed in as this user with these keys.
async fn examined(bed: &Bed, user: AmiUser, keys: &[&str]) -> Agent {
    let agent = Agent::start().await;
    let (url, pin) = (format!("amis://{}", bed.ami_tls()), bed.certificate_sha256());
    let mut more = vec!["--pin", &pin, "--set", "extension=100"];
    more.extend(keys.iter().flat_map(|key| ["--set", key]));
    added(&agent, &url, user.name(), &user.secret(), &more).await;
    agent
}

#[tokio::test]
async fn rights_are_right_when_they_are_the_least() {
    let bed = Bed::start(Options::default()).await;
    let _phone = bed.phone("100").await;
    let agent = examined(&bed, AmiUser::Tray, &[]).await;
    assert_eq!(problems(&agent).await, [""; 0]);
    let further = check(&agent, "further rights office").await;
    assert!(further["text"].as_str().is_some_and(|text| text.contains("listen to calls of others")), "{further}");

    let agent = examined(&bed, AmiUser::TrayCommand, &[]).await;
    assert_eq!(problems(&agent).await, ["further rights office"]);
    says(&check(&agent, "further rights office").await, &["with command it can run any command"], "Take command out of write");

    let agent = examined(&bed, AmiUser::Admin, &[]).await;
    let further = check(&agent, "further rights office").await;
    says(&further, &["with command", "with config", "with system"], "Take command and config and system out");

    let agent = examined(&bed, AmiUser::TrayCall, &[]).await;
    assert_eq!(problems(&agent).await, ["rights office"]);
    says(&check(&agent, "rights office").await, &["without reporting"], "write = call,originate,reporting");

    let agent = examined(&bed, AmiUser::TraySystem, &["answer=notify-endpoint"]).await;
    assert_eq!(problems(&agent).await, [""; 0]);
}

#[tokio::test]
async fn what_is_wrong_at_the_pbx_is_named() {
    let bed = Bed::start(Options::default()).await;
    // Nobody has a phone here, and one name is no phone's at all.
    let keys = ["device=PJSIP/100,PJSIP/1000", "context=from-nowhere"];
    let agent = examined(&bed, AmiUser::Tray, &keys).await;
    assert_eq!(problems(&agent).await, ["number office", "phone PJSIP/100 office", "phone PJSIP/1000 office"]);
    says(&check(&agent, "number office").await, &["from-nowhere does not know your number 100"], "context=");
    says(&check(&agent, "phone PJSIP/100 office").await, &["is not registered"], "Switch the phone on");
    says(&check(&agent, "phone PJSIP/1000 office").await, &["knows no phone"], "pjsip show endpoints");
}
