//! What Asterisk is told: phones, numbers, rights. Generated anew for each bed.

use super::place::Ports;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Somebody in the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The number, which is also the device: `PJSIP/<number>`.
    pub number: String,
    /// What others see.
    pub name: String,
}

impl Extension {
    /// Somebody with this number and name.
    pub fn new(number: impl Into<String>, name: impl Into<String>) -> Self {
        Self { number: number.into(), name: name.into() }
    }
}

/// How a bed is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// People whose phones register.
    pub people: Vec<Extension>,
    /// The one with the scripted phone, which needs no registration.
    pub scripted: Extension,
    /// Numbers that ring several people at once.
    pub groups: Vec<(String, Vec<String>)>,
    /// How long a phone rings, in seconds.
    pub rings_s: u32,
    /// How often Asterisk asks a phone whether it is there, in seconds.
    pub looks_every_s: u32,
}

impl Default for Options {
    /// 100 Alice, 101 Bob and 102 Carol; 103 Dave has the scripted phone; 610 rings Alice and Bob.
    fn default() -> Self {
        let people = [("100", "Alice Example"), ("101", "Bob Example"), ("102", "Carol Example")];
        Self {
            people: people.map(|(number, name)| Extension::new(number, name)).to_vec(),
            scripted: Extension::new("103", "Dave Example"),
            groups: vec![("610".to_owned(), vec!["100".to_owned(), "101".to_owned()])],
            rings_s: 20,
            looks_every_s: 2,
        }
    }
}

impl Options {
    fn everybody(&self) -> impl Iterator<Item = &Extension> {
        self.people.iter().chain([&self.scripted])
    }
}

/// Users of the manager interface, by what they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AmiUser {
    /// Everything; the bed's own.
    Admin,
    /// The least that the product asks for: reads calls; writes call, originate and reporting.
    Tray,
    /// The same and `system`, which the NOTIFY for answer and hold needs.
    TraySystem,
    /// The same and `agent`, for members of queues.
    TrayAgent,
    /// The same as [`AmiUser::Tray`] and `command`, which nobody should have.
    TrayCommand,
    /// Without `reporting`: neither versions nor the database can be read.
    TrayCall,
    /// Can only look.
    TrayReader,
    /// Like [`AmiUser::Tray`], with one session at a time.
    TraySingle,
    /// Like [`AmiUser::Tray`], from an address that is not this one.
    TrayElsewhere,
}

impl AmiUser {
    const ALL: [Self; 9] = [
        Self::Admin,
        Self::Tray,
        Self::TraySystem,
        Self::TrayAgent,
        Self::TrayCommand,
        Self::TrayCall,
        Self::TrayReader,
        Self::TraySingle,
        Self::TrayElsewhere,
    ];

    /// The name to sign in with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Tray => "tray",
            Self::TraySystem => "tray-system",
            Self::TrayAgent => "tray-agent",
            Self::TrayCommand => "tray-command",
            Self::TrayCall => "tray-call",
            Self::TrayReader => "tray-reader",
            Self::TraySingle => "tray-single",
            Self::TrayElsewhere => "tray-elsewhere",
        }
    }

    /// The secret to sign in with.
    pub fn secret(self) -> String {
        format!("{}-secret", self.name())
    }

    /// Classes of events and of actions.
    fn rights(self) -> (&'static str, &'static str) {
        match self {
            Self::Admin => ("all", "all"),
            Self::Tray | Self::TraySingle | Self::TrayElsewhere => ("call", "call,originate,reporting"),
            Self::TraySystem => ("call", "call,originate,reporting,system"),
            Self::TrayAgent => ("call,agent", "call,originate,reporting,agent"),
            Self::TrayCommand => ("call", "call,originate,reporting,command"),
            Self::TrayCall => ("call", "call,originate"),
            Self::TrayReader => ("call", ""),
        }
    }

    fn more(self) -> &'static str {
        match self {
            Self::TraySingle => "allowmultiplelogin = no\n",
            // A network that RFC 5737 keeps for documentation.
            Self::TrayElsewhere => "deny = 0.0.0.0/0.0.0.0\npermit = 192.0.2.0/255.255.255.0\n",
            Self::Admin
            | Self::Tray
            | Self::TraySystem
            | Self::TrayAgent
            | Self::TrayCommand
            | Self::TrayCall
            | Self::TrayReader => "",
        }
    }
}

/// The password of a person's phone.
pub(super) fn phone_password(number: &str) -> String {
    format!("phone-{number}")
}

/// What the files depend on besides the options.
pub(super) struct Circumstances<'a> {
    /// The bed's folder as this process sees it.
    pub(super) folder: &'a Path,
    /// The same as Asterisk sees it.
    pub(super) inside: &'a str,
    /// Of Asterisk, such as `22.10.1`.
    pub(super) version: &'a str,
    pub(super) ports: &'a Ports,
    pub(super) certificate: &'a str,
    pub(super) key: &'a str,
}

/// Writes everything that Asterisk reads.
pub(super) fn write(options: &Options, here: &Circumstances<'_>) {
    for folder in ["etc", "lib/keys", "spool", "run", "log", "keys", "music"] {
        fs::create_dir_all(here.folder.join(folder)).expect("a folder for Asterisk");
    }
    let file = |name: &str, text: &str| fs::write(here.folder.join(name), text).expect("a file for Asterisk");
    file("keys/certificate.pem", here.certificate);
    file("keys/key.pem", here.key);
    // Two seconds of silence in µ-law, where 255 means zero: without any music there would be no event about it.
    fs::write(here.folder.join("music/silence.ulaw"), [255; 16_000]).expect("music");

    file("etc/asterisk.conf", &start(here.inside));
    file("etc/modules.conf", &modules(here.version));
    file("etc/manager.conf", &manager(here));
    file("etc/pjsip.conf", &phones(options, here.ports));
    file("etc/extensions.conf", &numbers(options));
    file("etc/logger.conf", "[logfiles]\nconsole => notice,warning,error\n");
    file("etc/features.conf", "[featuremap]\natxfer => *2\nblindxfer => ##\n");
    file(
        "etc/res_parking.conf",
        "[general]\n[default]\ncontext => parkedcalls\nparkext => 70\nparkpos => 71-79\nparkingtime => 45\n",
    );
    file("etc/musiconhold.conf", &format!("[default]\nmode = files\ndirectory = {}/music\n", here.inside));
    // The module that sends NOTIFY loads only with a file of its own; these are what its actions may be called by.
    file("etc/pjsip_notify.conf", "[talk]\nEvent => talk\n[hold]\nEvent => hold\n");
    file("etc/queues.conf", &queue(options));
    file("etc/cdr.conf", "[general]\nenable = yes\n");
    file("etc/cdr_manager.conf", "[general]\nenabled = yes\n");
    let (first, last) = here.ports.media();
    file("etc/rtp.conf", &format!("[general]\nrtpstart = {first}\nrtpend = {last}\n"));
    // Missing files are complained about at every start.
    for name in ["acl", "ccss", "cel", "codecs", "http", "indications", "pjproject", "stasis", "udptl"] {
        file(&format!("etc/{name}.conf"), "");
    }
}

fn start(inside: &str) -> String {
    let mut text = "[directories]\nastdatadir => /usr/share/asterisk\n".to_owned();
    for (name, folder) in [
        ("astetcdir", "etc"),
        ("astvarlibdir", "lib"),
        ("astdbdir", "lib"),
        ("astkeydir", "lib"),
        ("astspooldir", "spool"),
        ("astrundir", "run"),
        ("astlogdir", "log"),
    ] {
        let _ = writeln!(text, "{name} => {inside}/{folder}");
    }
    text + "[options]\nsystemname = bed\n"
}

/// Up to 16 the default modules are taken, as their list differs too much; later only what is needed, which starts quicker.
fn modules(version: &str) -> String {
    const NEEDED: &[&str] = &[
        // Time, settings, database.
        "res_timing_timerfd res_sorcery_config res_sorcery_memory res_sorcery_astdb res_crypto",
        // Phones by SIP.
        "res_pjproject res_pjsip res_pjsip_session res_pjsip_registrar res_pjsip_authenticator_digest chan_pjsip",
        "res_pjsip_endpoint_identifier_user res_pjsip_sdp_rtp res_rtp_asterisk res_pjsip_caller_id res_pjsip_nat",
        "res_pjsip_rfc3326 res_pjsip_pubsub res_pjsip_refer res_pjsip_notify res_pjsip_header_funcs res_pjsip_dtmf_info",
        // Media. The spoken prompts are GSM; without them an attended transfer fails without a word.
        "bridge_simple bridge_holding bridge_softmix bridge_builtin_features bridge_native_rtp",
        "codec_ulaw codec_gsm format_pcm format_gsm res_musiconhold",
        // What numbers do.
        "pbx_config app_dial app_db app_queue app_echo app_playback app_directed_pickup app_stack app_exec app_verbose",
        "app_chanspy app_originate res_parking",
        // Without this one there is no action PlayDTMF.
        "app_senddtmf",
        "func_db func_logic func_callerid func_channel func_devstate func_presencestate func_dialplan func_extstate",
        "func_strings func_pjsip_aor func_pjsip_contact func_pjsip_endpoint",
        // What the manager interface tells.
        "res_manager_devicestate res_manager_presencestate cdr_manager",
    ];
    if major(version) < 18 {
        return "[modules]\nautoload = yes\n".to_owned();
    }
    let mut text = "[modules]\nautoload = no\n".to_owned();
    for name in NEEDED.iter().flat_map(|line| line.split(' ')) {
        let _ = writeln!(text, "load = {name}.so");
    }
    text
}

fn major(version: &str) -> u32 {
    version.split('.').next().and_then(|number| number.parse().ok()).expect("a version of Asterisk")
}

fn manager(here: &Circumstances<'_>) -> String {
    let (ports, inside) = (here.ports, here.inside);
    let mut text = format!(
        "[general]\nenabled = yes\nwebenabled = no\nbindaddr = 127.0.0.1\nport = {}\ntlsenable = yes\n\
         tlsbindaddr = 127.0.0.1:{}\ntlscertfile = {inside}/keys/certificate.pem\ntlsprivatekey = {inside}/keys/key.pem\n",
        ports.ami(),
        ports.ami_tls(),
    );
    for user in AmiUser::ALL {
        let (read, write) = user.rights();
        let _ = write!(text, "[{}]\nsecret = {}\nread = {read}\nwrite = {write}\n{}", user.name(), user.secret(), user.more());
    }
    text
}

fn phones(options: &Options, ports: &Ports) -> String {
    let mut text = format!(
        "[global]\ntype = global\ndefault_outbound_endpoint = sender\n\
         [transport]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:{}\n\
         [sender]\ntype = endpoint\ncontext = nowhere\ndisallow = all\nallow = ulaw\n",
        ports.sip()
    );
    let device = |person: &Extension| {
        let Extension { number, name } = person;
        format!(
            "[{number}]\ntype = endpoint\naors = {number}\ncontext = from-internal\ncallerid = \"{name}\" <{number}>\n\
             disallow = all\nallow = ulaw\ndirect_media = no\nmedia_address = 127.0.0.1\nbind_rtp_to_media_address = yes\n"
        )
    };
    let looks = options.looks_every_s;
    for person in &options.people {
        let (number, password) = (&person.number, phone_password(&person.number));
        let _ = write!(
            text,
            "{}auth = {number}\n[{number}]\ntype = auth\nauth_type = userpass\nusername = {number}\npassword = {password}\n\
             [{number}]\ntype = aor\nmax_contacts = 4\nminimum_expiration = 20\nqualify_frequency = {looks}\n",
            device(person)
        );
    }
    let (number, place) = (&options.scripted.number, ports.scripted());
    let _ = write!(
        text,
        "{}[{number}]\ntype = aor\ncontact = sip:{number}@127.0.0.1:{place}\nqualify_frequency = {looks}\n",
        device(&options.scripted)
    );
    text
}

fn queue(options: &Options) -> String {
    let mut text = "[general]\n[sales]\nstrategy = ringall\nringinuse = no\n".to_owned();
    // The last of the people sells.
    if let Some(Extension { number, name }) = options.people.last() {
        let _ = writeln!(text, "member => PJSIP/{number},0,{name}");
    }
    text
}

/// The dial plan: people, groups, codes, and numbers that behave in a certain way.
fn numbers(options: &Options) -> String {
    let mut text = "[from-internal]\ninclude => parkedcalls\n".to_owned();
    let rings = options.rings_s;
    for Extension { number, .. } in options.everybody() {
        let _ = write!(
            text,
            "exten => {number},hint,PJSIP/{number}&Custom:DND{number},CustomPresence:{number}\n\
             exten => {number},1,GotoIf($[\"${{DB(DND/{number})}}\" = \"YES\"]?dnd)\n\
             \x20same => n,GotoIf($[\"${{DB(CF/{number})}}\" != \"\"]?forward)\n\
             \x20same => n,Set(PHONES=${{PJSIP_DIAL_CONTACTS({number})}})\n\
             \x20same => n,GotoIf($[\"${{PHONES}}\" = \"\"]?nobody)\n\
             \x20same => n,Dial(${{PHONES}},{rings},tTkK)\n\
             \x20same => n,Hangup()\n\
             \x20same => n(dnd),Busy(2)\n\
             \x20same => n(forward),Goto(from-internal,${{DB(CF/{number})}},1)\n\
             \x20same => n(nobody),Congestion(2)\n\
             exten => 55{number},1,Dial(PJSIP/{number},{rings})\n\
             exten => **{number},1,Pickup({number}&PJSIP/{number})\n"
        );
    }
    for (number, members) in &options.groups {
        let members: Vec<_> = members.iter().map(|member| format!("Local/{member}@from-internal")).collect();
        let _ = writeln!(text, "exten => {number},1,Dial({},{rings},tTkK)", members.join("&"));
    }
    text + OTHER_NUMBERS
}

/// What depends on no option. The texts of the codes follow the usual ones: 78 and 79, 72 and 73.
const OTHER_NUMBERS: &str = r#"exten => 600,1,Answer()
 same => n,Queue(sales,,,,60)
; Busy, and answered after a second by nobody's phone.
exten => _8.,1,Busy(3)
exten => _9.,1,Ringing()
 same => n,Wait(1)
 same => n,Answer()
 same => n,Wait(600)
; Do not disturb, on and off.
exten => *78,1,Answer()
 same => n,Set(DB(DND/${CALLERID(num)})=YES)
 same => n,Set(DEVICE_STATE(Custom:DND${CALLERID(num)})=BUSY)
 same => n,Hangup()
exten => *79,1,Answer()
 same => n,Set(GONE=${DB_DELETE(DND/${CALLERID(num)})})
 same => n,Set(DEVICE_STATE(Custom:DND${CALLERID(num)})=UNAVAILABLE)
 same => n,Hangup()
; Every call to another number, on and off.
exten => _*72X.,1,Answer()
 same => n,Set(DB(CF/${CALLERID(num)})=${EXTEN:3})
 same => n,Hangup()
exten => *73,1,Answer()
 same => n,Set(GONE=${DB_DELETE(CF/${CALLERID(num)})})
 same => n,Hangup()

[from-outside]
exten => _X.,1,Goto(from-internal,${EXTEN},1)

; The far end of a call from outside: it talks until somebody hangs up.
[outside-leg]
exten => s,1,Answer()
 same => n,Wait(600)

; Answer at the own phone without the right `system`: the call is dialled anew with a header that some phones obey.
[tray-answer]
exten => _X.,1,Dial(${PJSIP_DIAL_CONTACTS(${EXTEN})},15,tTkKb(tray-answer^header^1))
exten => header,1,Set(PJSIP_HEADER(add,Call-Info)=<sip:127.0.0.1>\;answer-after=0)
 same => n,Return()

; The same and hold, by a NOTIFY to the phone.
[tray-notify]
exten => _talk.,1,Answer()
 same => n,PJSIPNotify(<${PJSIP_CONTACT(${PJSIP_AOR(${EXTEN:4},contact)},uri)}>,&Event=talk)
 same => n,Hangup()
exten => _hold.,1,Answer()
 same => n,PJSIPNotify(<${PJSIP_CONTACT(${PJSIP_AOR(${EXTEN:4},contact)},uri)}>,&Event=hold)
 same => n,Hangup()
"#;
