//! Killed in the middle of writing: whatever was told as kept is there afterwards.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

/// Where the program that is killed writes; without it, it is no test.
const WHERE: &str = "TRAYPHONE_KILLED_IN";
/// How often it is killed; 200 are the promise.
const OFTEN: &str = "TRAYPHONE_KILLS";

/// What is killed: it opens the history, writes calls and the PBX's list, and says what is kept, over and over.
#[test]
fn the_program_that_is_killed() {
    let Some(dir) = std::env::var_os(WHERE) else { return };
    let dir = Path::new(&dir);
    let mut out = std::io::stdout().lock();
    let taken = all(&open(dir)).first().map_or(0, |call| call.started_at.as_second() - THEN);
    let mut second = taken + 60;
    loop {
        let mut store = open(dir);
        for _ in 0..3 {
            let calls = [0, 20, 40].map(|more| ours(&format!("c{second}.{more}"), "+4930555001", second + more));
            store.add(&calls, at(second)).expect("kept");
            for call in &calls {
                writeln!(out, "kept {}", call.id.0).expect("heard");
            }
            out.flush().expect("heard");
            let list: Vec<CallRecord> =
                (0..6).map(|n| theirs(&format!("p{}", second + n * 10), "030555001", second + n * 10)).collect();
            store.told(&office(), SignedDuration::ZERO, &list, at(second)).expect("taken over");
            store.note(&calls[0].id, Some("a note")).expect("written");
            writeln!(out, "noted {}", calls[0].id.0).expect("heard");
            store.delete(&[calls[1].id.clone()]).expect("removed");
            writeln!(out, "gone {}", calls[1].id.0).expect("heard");
            out.flush().expect("heard");
            second += 120;
        }
    }
}

#[test]
fn no_call_that_was_told_as_kept_is_lost_however_often_it_is_killed() {
    let kills: u32 = std::env::var(OFTEN).ok().and_then(|often| often.parse().ok()).unwrap_or(20);
    let dir = tempfile::tempdir().expect("a folder");
    let (mut kept, mut noted, mut gone) = (HashSet::new(), HashSet::new(), HashSet::new());
    for round in 0..kills {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "--nocapture", "history::tests::killed::the_program_that_is_killed"])
            .env(WHERE, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut lines = BufReader::new(child.stdout.take().expect("its words")).lines();
        let mut hear = |line: &str| {
            let Some((what, id)) = line.split_once(' ') else { return };
            match what {
                "kept" => kept.insert(id.to_owned()),
                "noted" => noted.insert(id.to_owned()),
                "gone" => gone.insert(id.to_owned()),
                _ => false,
            };
        };
        // At another moment each time, from its first word on: that many words later.
        for line in lines.by_ref().map_while(Result::ok).filter(|line| line.starts_with("kept ")).take(1) {
            hear(&line);
        }
        for line in lines.by_ref().map_while(Result::ok).take(usize::try_from(round * 7 % 23).expect("small")) {
            hear(&line);
        }
        // A little into what comes after that word.
        std::thread::park_timeout(Duration::from_micros(u64::from(round * 137 % 3_000)));
        child.kill().expect("killed");
        child.wait().expect("over");
        lines.map_while(Result::ok).for_each(|line| hear(&line));
        let store = open(dir.path());
        let mut found = std::collections::HashMap::new();
        let mut wanted = Wanted { limit: 500, ..Wanted::default() };
        loop {
            let page = store.page(&wanted, &[], at(0)).expect("read");
            for call in page.calls {
                assert!(found.insert(call.id.0.clone(), call).is_none(), "none stands twice");
            }
            wanted.before = page.next;
            if wanted.before.is_none() {
                break;
            }
        }
        for id in kept.difference(&gone) {
            // Of each three the second one is removed, perhaps before the word of it was heard.
            assert!(found.contains_key(id) || id.ends_with(".20"), "{id} is lost in round {round}");
        }
        for id in &noted {
            assert_eq!(found.get(id).and_then(|call| call.note.as_deref()), Some("a note"), "{id} in round {round}");
        }
        assert!(gone.iter().all(|id| !found.contains_key(id)), "round {round}");
    }
    assert!(kept.len() >= kills as usize);
}
