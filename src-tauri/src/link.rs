//! The way to the agent: connects, hands its streams to the page, and comes back by itself when it was lost.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use phone_control::client::{Client, Notice, Notices};
use phone_control::protocol::{Nothing, OpenWindowParams, QuestionReply, Stream, method};
use phone_core::{Code, Reason, Trouble};
use serde::Serialize;
use serde_json::value::RawValue;
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::{Notify, watch};

use crate::{ask, window};

/// Delay before the first new attempt; it doubles up to [`LONGEST_WAIT`]. Nobody but this machine is asked.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// How long a started agent may take until it answers.
const START: Duration = Duration::from_secs(10);

/// What the page is told of the agent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AgentNews {
    /// Nothing is known yet.
    Looking,
    /// It answers.
    Running {
        /// Its version.
        version: String,
        /// A newer one is installed.
        restart_needed: bool,
    },
    /// It does not answer.
    Gone {
        /// Why, when there is more to say than that it does not run.
        trouble: Option<Trouble>,
    },
}

/// The agent as this program sees it.
pub struct Agent {
    socket: PathBuf,
    client: Mutex<Option<Client>>,
    /// The page listens now, perhaps not for the first time.
    attached: Notify,
    /// Somebody wants the next attempt at once.
    hurry: Notify,
    news: watch::Sender<AgentNews>,
}

impl Agent {
    /// An agent that nobody has looked for yet.
    pub fn at(socket: PathBuf) -> Self {
        Self {
            socket,
            client: Mutex::new(None),
            attached: Notify::new(),
            hurry: Notify::new(),
            news: watch::Sender::new(AgentNews::Looking),
        }
    }

    /// The connection.
    ///
    /// # Errors
    /// `no_agent` while there is none.
    pub fn client(&self) -> Result<Client, Trouble> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| Reason::NoAgent.into())
    }

    /// Hands a request on as it is, and its answer back unread.
    ///
    /// # Errors
    /// What the agent says; `no_agent` without one.
    pub async fn ask(&self, method: &str, params: &serde_json::Map<String, serde_json::Value>) -> Result<Box<RawValue>, Trouble> {
        self.client()?.call_raw(method, params).await
    }

    /// The page listens: from now on it is told everything, from the beginning.
    pub fn attach(&self) {
        self.attached.notify_one();
    }

    /// What is known of the agent, where it runs.
    pub fn running(&self) -> Option<AgentNews> {
        Some(self.news.borrow().clone()).filter(|news| matches!(news, AgentNews::Running { .. }))
    }

    /// Waits until the agent answers after it was started.
    ///
    /// # Errors
    /// `no_agent` when it does not within ten seconds.
    pub async fn wait_for_start(&self) -> Result<(), Trouble> {
        self.hurry.notify_one();
        let mut news = self.news.subscribe();
        let running = news.wait_for(|news| matches!(news, AgentNews::Running { .. }));
        match tokio::time::timeout(START, running).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(not_started("It does not answer.".to_owned())),
        }
    }

    fn put(&self, client: Option<Client>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    fn tell(&self, app: &AppHandle, news: AgentNews) {
        // A page that is being closed hears nothing.
        app.emit("agent", &news).ok();
        self.news.send_replace(news);
    }
}

/// Says that the agent could not be started.
pub fn not_started(detail: String) -> Trouble {
    Trouble {
        code: Code::NoAgent,
        text: "Trayphone could not be started.".to_owned(),
        remedy: Some("Start it from the menu of applications.".to_owned()),
        detail: Some(detail),
        certificate_sha256: None,
        offers: Box::default(),
    }
}

/// Why following has ended.
enum End {
    Lost,
    /// The page began anew, so it has to be told everything again.
    AttachedAgain,
}

/// Follows the agent for as long as this program runs.
pub async fn follow(app: AppHandle) {
    let agent = app.state::<Agent>();
    // Whoever talks before the page listens is not heard.
    agent.attached.notified().await;
    let mut wait = FIRST_WAIT;
    loop {
        match Client::connect(&agent.socket, "trayphone-window").await {
            Ok((client, notices)) => {
                wait = FIRST_WAIT;
                agent.put(Some(client.clone()));
                let welcome = client.welcome();
                let version = welcome.agent_version.clone();
                agent.tell(&app, AgentNews::Running { version, restart_needed: welcome.restart_needed });
                // One that came while nobody listened waits.
                let asking = app.clone();
                let asked = client.clone();
                tauri::async_runtime::spawn(async move {
                    let reply = asked.call::<QuestionReply>(method::QUESTION, &Nothing {}).await;
                    if reply.is_ok_and(|reply| reply.question.is_some()) {
                        ask::open(&asking);
                    }
                });
                let end = listen(&app, &agent, client, notices).await;
                agent.put(None);
                if matches!(end, End::AttachedAgain) {
                    continue;
                }
                agent.tell(&app, AgentNews::Gone { trouble: None });
            }
            Err(trouble) => {
                let plain = trouble.code == Code::NoAgent && trouble.detail.is_none();
                let news = AgentNews::Gone { trouble: (!plain).then_some(trouble) };
                if *agent.news.borrow() != news {
                    agent.tell(&app, news);
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            () = agent.hurry.notified() => wait = FIRST_WAIT,
            () = agent.attached.notified() => agent.tell(&app, AgentNews::Gone { trouble: None }),
        }
    }
}

async fn listen(app: &AppHandle, agent: &Agent, client: Client, mut notices: Notices) -> End {
    let streams = [Stream::View, Stream::Presence, Stream::CallEvent, Stream::Show];
    let subscribed = client.subscribe(&streams);
    tokio::pin!(subscribed);
    let mut asked = false;
    loop {
        tokio::select! {
            // The answer may come behind the first notices, so both are waited for.
            answer = &mut subscribed, if !asked => {
                asked = true;
                if answer.is_err() {
                    return End::Lost;
                }
            }
            notice = notices.recv() => match notice {
                Some(notice) => deliver(app, &notice),
                None => return End::Lost,
            },
            () = agent.attached.notified() => return End::AttachedAgain,
        }
    }
}

/// Gives a notice to the page as it came: one event for each stream.
fn deliver(app: &AppHandle, notice: &Notice) {
    let text = notice.params.get();
    match notice.method.as_str() {
        stream @ (method::VIEW | method::PRESENCE | method::CALL_EVENT) => {
            app.emit_str(stream, text.to_owned()).ok();
        }
        method::SHOW => {
            let wish: OpenWindowParams = serde_json::from_str(text).unwrap_or_default();
            window::show(app, wish);
        }
        // A newer agent may tell more.
        _ => {}
    }
}
