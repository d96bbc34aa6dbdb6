//! A network of its own for some programs of a session, whose addresses the test gives and takes.

use super::programs::Running;
use super::session::Session;
use super::waiting::{PATIENCE, wait_for};

/// A network namespace; it goes with the last program in it.
#[derive(Debug)]
pub struct Network {
    holder: Running,
    as_root: bool,
}

impl Network {
    /// Makes a network with nothing but its loopback interface, which is up.
    ///
    /// # Panics
    /// When this machine lets nobody make one: it takes root, or namespaces of users.
    pub async fn start(session: &Session) -> Self {
        let (uid, gid) = ids();
        let as_root = uid == 0;
        let mut command = session.command("unshare");
        command.args(if as_root { &["--net"][..] } else { &["--user", "--map-root-user", "--net"] });
        command.args(["sh", "-c", "echo ready; exec sleep infinity"]);
        let mut holder = session.spawn("network", command);
        wait_for("a network namespace, which takes root or user namespaces", PATIENCE, async || {
            assert!(
                holder.is_running(),
                "this machine lets user {uid}:{gid} make no network of its own: {}; run the tests as root, or allow \
                 user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0)",
                holder.log()
            );
            holder.log().contains("ready").then_some(())
        })
        .await;
        let network = Self { holder, as_root };
        network.ip(session, &["link", "set", "lo", "up"]).await;
        network
    }

    /// What stands before a command line that shall run in this network, as the user of the tests.
    pub fn within(&self) -> Vec<String> {
        let mut words = self.enter();
        if !self.as_root {
            let (uid, gid) = ids();
            // Who enters a namespace of users is its root, and the message bus would take that for another user.
            words.extend(["unshare".to_owned(), "--user".to_owned()]);
            words.extend([format!("--map-user={uid}"), format!("--map-group={gid}"), "--".to_owned()]);
        }
        words
    }

    /// Runs `ip` in this network.
    pub async fn ip(&self, session: &Session, arguments: &[&str]) {
        let words = self.enter();
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["ip"]).chain(arguments.iter().copied()).collect();
        let (program, rest) = words.split_first().expect("a program");
        let done = session.run(program, rest).await;
        assert!(done.success, "ip {}: {}", arguments.join(" "), done.stderr);
    }

    fn enter(&self) -> Vec<String> {
        let of = |kind: &str| format!("/proc/{}/ns/{kind}", self.holder.pid());
        let mut words = vec!["nsenter".to_owned()];
        if !self.as_root {
            words.push(format!("--user={}", of("user")));
        }
        words.extend([format!("--net={}", of("net")), "--".to_owned()]);
        words
    }
}

fn ids() -> (u32, u32) {
    (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw())
}
