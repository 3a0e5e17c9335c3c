//! Performs the scripts of two sessions in the order that a schedule says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use testbed::poll::SOON;
use testbed::postgres::Database;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::answer::Answer;
use crate::book;
use crate::call::Call;
use crate::history::{History, Transaction};

/// How long to wait before looking again whether a call has ended or is blocked.
const LOOK: Duration = Duration::from_millis(1);

/// A transaction of one call, and how it ends.
#[derive(Debug, Clone)]
pub struct Step {
    pub call: Call,
    pub is_committed: bool,
}

pub type Script = Vec<Step>;

/// Two sessions, and one that watches them.
pub struct Stage {
    pub watcher: Client,
    sessions: [(Arc<Client>, i32); 2],
}

impl Stage {
    pub async fn of(database: &Database) -> Self {
        let session = async || {
            let client = database.connect().await;
            let prepare = "set deadlock_timeout = '50ms'";
            client.batch_execute(prepare).await.expect("the owner may");
            let row = client.query_one("select pg_backend_pid()", &[]).await;
            (Arc::new(client), row.expect("it has one").get(0))
        };
        Self {
            watcher: database.connect().await,
            sessions: [session().await, session().await],
        }
    }

    async fn is_blocked(&self, session: usize) -> bool {
        let query = "select cardinality(pg_blocking_pids($1)) > 0";
        let row = self
            .watcher
            .query_one(query, &[&self.sessions[session].1])
            .await;
        row.expect("anybody may ask").get(0)
    }
}

/// A session on its way through its script.
struct Actor {
    client: Arc<Client>,
    script: Script,
    /// The call that has not been answered.
    running: Option<JoinHandle<Answer>>,
    /// Its transaction, open since then.
    began: Option<usize>,
    answer: Option<Answer>,
    done: Vec<Transaction>,
}

impl Actor {
    fn step(&self) -> Option<&Step> {
        self.script.get(self.done.len())
    }

    fn can_move(&self) -> bool {
        self.running.is_none() && self.step().is_some()
    }

    /// Makes the call of its step.
    fn call(&mut self, ledger: i64) {
        let client = Arc::clone(&self.client);
        let call = self.script[self.done.len()].call.clone();
        self.running = Some(tokio::spawn(async move {
            book::attempt(&client, ledger, &call).await
        }));
    }

    /// Takes the answer. One that says that another session used the id at this moment is no
    /// answer: the contract of `transfers_post` is to call again.
    fn answered(&mut self, answer: Answer, ledger: i64) {
        let call = &self.script[self.done.len()].call;
        let is_race =
            matches!(&answer, Answer::Refused(code, _) if code == "23505" || code == "40P01");
        if is_race && matches!(call, Call::TransfersPost(..)) {
            self.call(ledger);
            return;
        }
        self.answer = Some(answer);
    }

    /// Begins a transaction with its call, or ends it.
    async fn advance(&mut self, now: usize, ledger: i64) {
        if self.began.is_some() {
            return self.end(now).await;
        }
        let begun = self.client.batch_execute("begin").await;
        begun.expect("no transaction is open");
        self.began = Some(now);
        self.call(ledger);
    }

    /// Ends its transaction.
    async fn end(&mut self, now: usize) {
        let step = self.script[self.done.len()].clone();
        let end = if step.is_committed {
            "commit"
        } else {
            "rollback"
        };
        self.client
            .batch_execute(end)
            .await
            .expect("a transaction is open");
        self.done.push(Transaction {
            call: step.call,
            answer: self.answer.take().expect("it was answered"),
            is_committed: step.is_committed,
            began: self.began.take().expect("a transaction is open"),
            ended: now,
        });
    }
}

/// Performs the scripts. Who cannot take the step that the schedule gives him leaves it to the
/// other one.
///
/// # Errors
/// The sessions wait for each other, and PostgreSQL does not see it.
pub async fn perform(
    stage: &Stage,
    ledger: i64,
    scripts: &[Script; 2],
    schedule: &[usize],
) -> Result<History, String> {
    let mut actors = [0, 1].map(|session| Actor {
        client: Arc::clone(&stage.sessions[session].0),
        script: scripts[session].clone(),
        running: None,
        began: None,
        answer: None,
        done: vec![],
    });
    let mut turns = schedule.iter().copied().cycle();
    let (mut now, mut moved_at) = (0, Instant::now());
    while actors.iter().any(|actor| actor.step().is_some()) {
        let turn = turns.next().unwrap_or(0);
        let mover = [turn, 1 - turn]
            .into_iter()
            .find(|session| actors[*session].can_move());
        if let Some(session) = mover {
            (now, moved_at) = (now + 1, Instant::now());
            actors[session].advance(now, ledger).await;
        } else if moved_at.elapsed() > SOON {
            return Err("the sessions wait for each other for ever".to_owned());
        }
        for (session, actor) in actors.iter_mut().enumerate() {
            settle(stage, session, actor, ledger).await;
        }
    }
    Ok(actors.map(|actor| actor.done))
}

/// Waits until a session's call is answered or waits for the other session.
async fn settle(stage: &Stage, session: usize, actor: &mut Actor, ledger: i64) {
    let start = Instant::now();
    while let Some(running) = actor.running.take() {
        if running.is_finished() {
            let answer = running.await.expect("an attempt does not panic");
            actor.answered(answer, ledger);
            continue;
        }
        actor.running = Some(running);
        if stage.is_blocked(session).await {
            return;
        }
        assert!(start.elapsed() < SOON, "a call neither ends nor is blocked");
        tokio::time::sleep(LOOK).await;
    }
}
