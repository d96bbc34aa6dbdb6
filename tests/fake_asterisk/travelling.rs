//! How bytes travel, in which order, and what is left when the server goes (sections 2, 4 and 7.9).

use std::collections::HashSet;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;

/// Takes any certificate; the fingerprint is compared by the test.
#[derive(Debug)]
struct Anyone(rustls::crypto::CryptoProvider);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[tokio::test]
async fn speaks_tls_with_a_certificate_of_its_own() {
    let pbx = FakeAsterisk::start(Options::new(Release::V22).with(|options| options.tls = Tls::SelfSigned)).await.unwrap();
    assert!(pbx.url().starts_with("amis://127.0.0.1:"));
    let provider = rustls::crypto::ring::default_provider();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider.clone()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        .with_no_client_auth();
    let tcp = TcpStream::connect(pbx.addr()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let wire = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let shown = wire.get_ref().1.peer_certificates().unwrap()[0].clone();
    let fingerprint: String = sha2::Sha256::digest(&shown).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(pbx.certificate_sha256(), Some(fingerprint.as_str()));
    let mut client = Client::over(wire).await;
    assert_eq!(client.challenge("tray204", SECRET, "on").await.get("Response"), "Success");
    assert!(pbx.sign_ins()[0].encrypted);
}

/// One of everything, as a client of 100 sees it.
async fn a_busy_minute(options: Options) -> (Vec<Packet>, FakeAsterisk) {
    let (pbx, mut client) = desk(options.extension(Extension::new("100", "Alice").two_phones())).await;
    let call = pbx.ring("101", "", "100");
    assert!(pbx.answer(call, "100-2") && pbx.hold_at_phone(call, "100-2") && pbx.resume_at_phone(call, "100-2"));
    assert!(pbx.blind_transfer_at_phone(call, "100-2", "102") && pbx.answer(call, "102") && pbx.hang_up(call, "101"));
    let call = pbx.ring(MARA, "Mara", "100");
    assert!(pbx.decline(call, "100") && pbx.decline(call, "100-2"));
    let mut told = client.told().await;
    dial(&mut client, "101", "tp-1").await;
    let call = pbx.dials()[0].call.unwrap();
    assert!(pbx.answer(call, "100") && pbx.answer_far(call) && pbx.hang_up_far(call));
    told.extend(client.told().await);
    (told, pbx)
}

#[tokio::test]
async fn topics_overtake_each_other_and_channels_do_not() {
    let (plain, _pbx) = a_busy_minute(plainly(Release::V22)).await;
    let mut orders = HashSet::new();
    for seed in 0..12 {
        let (told, pbx) = a_busy_minute(Options::new(Release::V22).with(|options| options.seed = Some(seed))).await;
        clean(&pbx);
        let (mut all, mut expected) = (shorts(&told), shorts(&plain));
        orders.insert(all.join("\n"));
        all.sort();
        expected.sort();
        assert_eq!(all, expected, "seed {seed} loses or invents something");
        for channel in ["PJSIP/101-00000001", "PJSIP/100-00000002", "PJSIP/100-00000003"] {
            let of = |packets: &[Packet]| -> Vec<String> {
                let own = |packet: &&Packet| packet.get("Channel") == channel && !packet.get("Event").starts_with("Bridge");
                packets.iter().filter(own).map(Packet::short).collect()
            };
            assert_eq!(of(&told), of(&plain), "seed {seed}");
            let first = told.iter().find(|packet| packet.0.iter().any(|(_, value)| value == channel)).unwrap();
            assert_eq!(first.get("Event"), "Newchannel", "seed {seed}: nothing is known of a channel before its birth");
        }
    }
    assert!(orders.len() > 8, "only {} orders", orders.len());
}

#[tokio::test]
async fn lists_have_strangers_inside() {
    let (pbx, mut client) = desk(Options::new(Release::V22)).await;
    pbx.colleagues(60);
    let id = client.ask("ExtensionStateList", &[]).await;
    let seen = client.until(|packet| packet.get("EventList") == "Complete").await;
    assert!(seen.iter().any(|packet| packet.get("ActionID") != id), "an ordinary event among the items");
    assert_eq!(seen.last().unwrap().get("ListItems"), "68");
    clean(&pbx);
}

#[tokio::test]
async fn a_stop_ends_all_calls_and_then_the_sockets() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let mut admin = sign_in(&pbx, "admin", "Admin-Pw9").await;
    let started = client.answer("CoreStatus", &[]).await;
    pbx.set_dnd("102", true);
    talking(&pbx);
    client.told().await;
    let (_, told) = tokio::join!(pbx.stop(), async {
        let mut told = Vec::new();
        while let Some(packet) = client.read().await {
            told.push(packet);
        }
        told
    });
    let ends = shorts(&told);
    for end in ["Hangup [101-1 Up] 16", "Hangup [100-2 Up] 16"] {
        assert!(ends.contains(&end.to_owned()), "{ends:?}");
    }
    assert!(!ends.iter().any(|short| short.starts_with("Shutdown")), "that is for the class `system`");
    admin.until(|packet| packet.get("Event") == "Shutdown").await;
    assert!(TcpStream::connect(pbx.addr()).await.is_err());
    pbx.restart().await.unwrap();
    let mut client = sign_in(&pbx, "tray100", SECRET).await;
    let again = client.answer("CoreStatus", &[]).await;
    let time = |packet: &Packet| (packet.get("CoreStartupDate").to_owned(), packet.get("CoreStartupTime").to_owned());
    assert_ne!(time(&again), time(&started));
    assert!(client.list("CoreShowChannels", &[]).await.is_empty());
    assert!(pbx.look(|state| state.database("DND", "102").is_some()), "the database stays");
    client.until(|packet| packet.short() == "ExtensionStatus 100 0").await;
    clean(&pbx);
}

#[tokio::test]
async fn a_kill_leaves_no_word() {
    let (pbx, mut client) = desk(plainly(Release::V22)).await;
    let call = talking(&pbx);
    let before = leg(&pbx, call, "100");
    client.told().await;
    pbx.kill().await;
    assert!(client.read().await.is_none(), "not a word");
    pbx.restart().await.unwrap();
    let mut client = sign_in(&pbx, "tray100", SECRET).await;
    assert!(client.list("CoreShowChannels", &[]).await.is_empty());
    let call = talking(&pbx);
    assert_ne!(leg(&pbx, call, "100"), before, "ids do not come back");
}

#[tokio::test]
async fn the_connection_breaks_at_a_dial() {
    for (lost, rings) in [(Lost::Request, 0), (Lost::Answer, 1)] {
        let (pbx, mut client) = desk(Options::new(Release::V22)).await;
        pbx.lose_next_originate(lost);
        client.ask("Originate", &[DIAL.as_slice(), &[("Exten", "101"), ("ChannelId", "tp-1")]].concat()).await;
        assert!(client.read().await.is_none(), "no answer");
        assert_eq!(pbx.look(|state| state.legs().count()), rings);
        let mut again = sign_in(&pbx, "tray100", SECRET).await;
        let channels = again.list("CoreShowChannels", &[]).await;
        assert_eq!(channels.iter().any(|it| it.get("Uniqueid") == "tp-1"), rings == 1);
        clean(&pbx);
    }
}

#[tokio::test]
async fn may_fall_silent_and_speak_again() {
    let (pbx, mut client) = desk(Options::new(Release::V22)).await;
    pbx.fall_silent();
    client.ask("Ping", &[]).await;
    pbx.ring("101", "", "100");
    let nothing = tokio::time::timeout(Duration::from_millis(50), client.wire.read_u8()).await;
    assert!(nothing.is_err(), "it is silent");
    pbx.speak_again();
    client.until(|packet| packet.get("Ping") == "Pong").await;
    pbx.cut_connections().await;
    client.ended().await;
    assert_eq!(pbx.look(|state| state.legs().count()), 2, "calls go on");
}

#[tokio::test]
async fn other_people_call_each_other() {
    let (pbx, mut client) = desk(Options::new(Release::V22)).await;
    assert_eq!(pbx.colleagues(40).len(), 40);
    pbx.busy_pbx(6000);
    let ended = |packet: &Packet| packet.get("Event") == "Hangup" && packet.get("Channel").starts_with("PJSIP/3");
    client.until(ended).await;
    client.until(ended).await;
    pbx.calm_down();
    let quiet = async {
        while pbx.wait_for_quiet(Duration::from_millis(10)).await.is_err() {
            drop(client.told().await)
        }
    };
    tokio::time::timeout(SOON, quiet).await.unwrap();
    clean(&pbx);
}

#[tokio::test]
async fn fifty_calls_leave_nothing_behind() {
    let (pbx, mut client) = desk(Options::new(Release::V22)).await;
    for turn in 0..50 {
        let call = pbx.ring(MARA, "", "100");
        assert!(pbx.answer(call, "100") && if turn % 2 == 0 { pbx.hang_up_far(call) } else { pbx.hang_up(call, "100") });
    }
    let told = client.told().await;
    let count = |event: &str| told.iter().filter(|packet| packet.get("Event") == event).count();
    assert_eq!((count("Newchannel"), count("Hangup"), count("BridgeEnter"), count("BridgeLeave")), (100, 100, 100, 100));
    assert_eq!(pbx.look(|state| state.legs().count()), 0);
    clean(&pbx);
}
