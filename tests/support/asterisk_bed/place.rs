//! Where the programs lie, and which ports a bed may use.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};

/// Variable that names the folder with Asterisk and the phones.
const ROOT: &str = "ASTERISK_ROOT";

/// The folder with Asterisk and the phones.
///
/// # Panics
/// When it is not there, or this is not root.
pub fn root() -> PathBuf {
    let lacks = lacks();
    let help = "run `.make/asterisk.sh build` as root, or leave out the tests named `real_pbx`";
    assert!(lacks.is_none(), "{}: {help}", lacks.unwrap_or_default());
    folder().expect("a folder, as nothing lacks")
}

/// Why there can be no real Asterisk here, unless there can.
pub fn lacks() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("a real Asterisk runs by chroot, which needs root".to_owned());
    }
    let Some(folder) = folder() else {
        return Some(format!("this program lies outside of the build, and {ROOT} does not say where Asterisk is"));
    };
    (!folder.join(".trayphone-asterisk").is_file()).then(|| format!("no Asterisk in {}", folder.display()))
}

fn folder() -> Option<PathBuf> {
    std::env::var_os(ROOT).filter(|place| !place.is_empty()).map(PathBuf::from).or_else(beside_the_build)
}

/// `asterisk` in the folder that holds `debug` or `release`, in which this program lies.
fn beside_the_build() -> Option<PathBuf> {
    let program = std::env::current_exe().expect("the path of this program");
    let profile = program.ancestors().find(|folder| folder.ends_with("debug") || folder.ends_with("release"));
    Some(profile.and_then(Path::parent)?.join("asterisk"))
}

/// The version of Asterisk that is installed in `root`, such as `22.10.1`.
pub(super) fn installed_version(root: &Path) -> String {
    let packages = fs::read_to_string(root.join("var/lib/dpkg/status")).expect("the list of packages in the root");
    let entry = packages.split("\n\n").find(|entry| entry.starts_with("Package: asterisk\n")).expect("Asterisk in that list");
    let version = entry.lines().find_map(|line| line.strip_prefix("Version: ")).expect("its version");
    let version = version.split_once(':').map_or(version, |(_, version)| version);
    version.chars().take_while(|sign| sign.is_ascii_digit() || *sign == '.').collect()
}

/// How many phones a bed can have.
pub(super) const PHONES: u16 = 14;

/// Ports of one bed lie side by side; below those that the system gives to connections.
const FIRST: u16 = 20_000;
const LAST: u16 = 31_400;
const WIDTH: u16 = 600;

/// The ports of one bed: nobody else has them while this exists.
#[derive(Debug)]
pub(super) struct Ports {
    base: u16,
    // Holding the first port keeps other beds away from the rest.
    _claim: TcpListener,
}

impl Ports {
    /// Takes the first ports that are all free, so that what a killed test left behind does not matter.
    pub(super) fn claim() -> Self {
        let free = |base: &u16| {
            let claim = TcpListener::bind((Ipv4Addr::LOCALHOST, *base)).ok()?;
            let ports = Self { base: *base, _claim: claim };
            ports.are_free().then_some(ports)
        };
        (FIRST..=LAST).step_by(usize::from(WIDTH)).find_map(|base| free(&base)).expect("free ports for an Asterisk")
    }

    fn are_free(&self) -> bool {
        let tcp = [self.ami(), self.ami_tls()].into_iter().chain((0..PHONES).map(|phone| self.control(phone)));
        let udp = [self.sip(), self.scripted()].into_iter().chain((0..PHONES).map(|phone| self.phone(phone)));
        tcp.into_iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
            && udp.into_iter().all(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    }

    pub(super) fn sip(&self) -> u16 {
        self.base + 1
    }

    pub(super) fn ami(&self) -> u16 {
        self.base + 2
    }

    pub(super) fn ami_tls(&self) -> u16 {
        self.base + 3
    }

    /// SIP of the scripted phone.
    pub(super) fn scripted(&self) -> u16 {
        self.base + 4
    }

    /// SIP of a phone; it takes the next one as well.
    pub(super) fn phone(&self, phone: u16) -> u16 {
        self.base + 20 + 4 * phone
    }

    /// Where a phone takes commands.
    pub(super) fn control(&self, phone: u16) -> u16 {
        self.base + 80 + phone
    }

    /// First and last port of Asterisk's media.
    pub(super) fn media(&self) -> (u16, u16) {
        (self.base + 100, self.base + 319)
    }

    /// First and last port of a phone's media.
    pub(super) fn phone_media(&self, phone: u16) -> (u16, u16) {
        let first = self.base + 320 + 20 * phone;
        (first, first + 18)
    }
}
