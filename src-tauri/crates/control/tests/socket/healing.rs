//! The socket's file is deleted under a running agent: it comes back, and nobody becomes a second agent.

use std::path::Path;
use std::time::Duration;

use phone_control::client::blocking;
use phone_control::protocol::{Nothing, method};
use phone_control::{BindError, Client, bind};

use crate::support::{Stage, within};

fn delete(path: &Path) {
    let folder = path.parent().expect("a folder");
    std::fs::remove_dir_all(folder).expect("deleted");
}

#[tokio::test]
async fn a_deleted_socket_comes_back_for_everybody() {
    let stage = Stage::new();
    let (before, _notices) = stage.client().await;
    delete(&stage.path);
    // A script of the user's own knows nothing but the path.
    let came_back = async {
        while tokio::net::UnixStream::connect(&stage.path).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    within(came_back).await;
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&stage.path).expect("there").permissions()) & 0o777;
    assert_eq!(mode, 0o600);
    let (after, _notices) = stage.client().await;
    after.view().await.expect("who comes later is served");
    before.view().await.expect("who was there is still served");
}

#[tokio::test]
async fn our_own_programs_find_the_agent_right_after_the_deletion() {
    for _ in 0..20 {
        let stage = Stage::new();
        delete(&stage.path);
        let (client, _notices) = within(Client::connect(&stage.path, "test")).await.expect("the agent runs");
        client.view().await.expect("served");
        delete(&stage.path);
        let path = stage.path.clone();
        let ask = move || blocking::call(&path, "test", method::GET_VIEW, &Nothing {}, Duration::from_secs(5));
        tokio::task::spawn_blocking(ask).await.expect("no panic").expect("the agent runs");
    }
}

#[tokio::test]
async fn a_second_start_does_not_become_a_second_agent() {
    let stage = Stage::new();
    delete(&stage.path);
    // Nothing else runs on this thread until the next await, so the first agent had no chance to notice.
    assert!(matches!(bind(&stage.path), Err(BindError::AlreadyRunning)));
    let (client, _notices) = stage.client().await;
    client.view().await.expect("the first agent serves");
    std::fs::remove_file(&stage.path).expect("deleted");
    std::fs::remove_file(stage.path.with_extension("sock.lock")).expect("deleted");
    assert!(matches!(bind(&stage.path), Err(BindError::AlreadyRunning)));
}

#[tokio::test]
async fn the_place_is_free_once_the_agent_ended_whatever_was_deleted() {
    let mut stage = Stage::new();
    delete(&stage.path);
    stage.end();
    let free = async {
        while let Err(error) = bind(&stage.path) {
            assert!(matches!(error, BindError::AlreadyRunning));
            tokio::task::yield_now().await;
        }
    };
    within(free).await;
}

#[tokio::test]
async fn a_file_in_its_place_is_left_alone() {
    let stage = Stage::new();
    std::fs::remove_file(&stage.path).expect("deleted");
    std::fs::write(&stage.path, "a letter").expect("a file");
    assert!(Client::connect(&stage.path, "test").await.is_err());
    assert_eq!(std::fs::read_to_string(&stage.path).expect("still there"), "a letter");
    assert!(matches!(bind(&stage.path), Err(BindError::AlreadyRunning)));
    std::fs::remove_file(&stage.path).expect("deleted");
    let (client, _notices) = stage.client().await;
    client.view().await.expect("the agent is back");
}
