//! Work on files in the user's folders, beside the one thread that everything else runs on: a folder on a network may hang.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

/// How long somebody waits for files, those before theirs included; whoever asked wants an answer while they still look.
const PATIENCE: Duration = Duration::from_secs(3);

/// One piece of such work at a time, so that a hanging folder takes one thread and not all of them.
#[derive(Clone, Debug, Default)]
pub struct Files {
    turn: Arc<Mutex<()>>,
}

/// The folder did not answer; what was begun may still be done when it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the folder does not answer")]
pub struct Hangs;

impl Files {
    /// Does `work` when its turn comes; what is not begun in time is not done at all.
    ///
    /// # Errors
    /// [`Hangs`] when it is not done in time.
    pub async fn with<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Hangs> {
        let turn = self.turn.clone();
        let done = async move {
            let turn = turn.lock_owned().await;
            let beside = tokio::task::spawn_blocking(move || {
                let done = work();
                drop(turn);
                done
            });
            beside.await
        };
        match tokio::time::timeout(PATIENCE, done).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) | Err(_) => Err(Hangs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_that_hangs_holds_one_thread_and_keeps_nobody_waiting_for_ever() {
        let files = Files::default();
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let (first, second) = tokio::join!(files.with(move || wait.recv().is_ok()), files.with(|| 1));
        assert_eq!((first, second), (Err(Hangs), Err(Hangs)));
        go_on.send(()).expect("it still waits");
        assert_eq!(files.with(|| 2).await, Ok(2));
    }
}
