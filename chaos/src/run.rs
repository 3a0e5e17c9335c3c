//! A run from its first wallet to its report.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join;
use futures_util::{StreamExt, stream};
use testbed::words::with_causes;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use crate::check::{Checked, check};
use crate::client::Client;
use crate::diary::Diary;
use crate::end::{check_at_rest, drain};
use crate::fault::{Lane, Schedule};
use crate::history::History;
use crate::http::Http;
use crate::hub::Hub;
use crate::inflict::Inflictor;
use crate::look::Look;
use crate::options::Options;
use crate::probe::Probe;
use crate::report::{Report, numbers};
use crate::rule::{Rule, Violation};
use crate::script::Script;
use crate::sql::Sql;
use crate::stage::Stage;
use crate::tap::Tap;
use crate::world::{NewUser, World};

/// How long clients have for their last answers once nothing breaks any more.
const SETTLE_S_MAX: u64 = 60;
/// Less than the time between two lines of progress.
const LOOK_MS_MAX: u64 = 500;

/// A run that is under way.
struct Run {
    options: Options,
    stage: Arc<Stage>,
    hub: Arc<Hub>,
    tap: Tap,
    probe: Arc<Probe>,
    diary: Arc<Diary>,
}

/// Does all that the options say.
///
/// # Errors
/// The run could not be carried out, so that it says nothing about Remit.
pub async fn run(options: Options) -> Result<Report, String> {
    let stage = Arc::new(Stage::make(&options).await?);
    let log = stage.folder.join("history.jsonl");
    let history = History::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let http = Http::new(stage.services.port("nginx"), &stage.api_key);
    let hub = Arc::new(Hub::new(http, Sql::new(stage.operator()), history));
    let amqp = stage.services.amqp_url(
        "remit",
        "rabbitmq",
        stage.services.port("rabbitmq"),
        &stage.vhost,
    )?;
    // Before the worker publishes anything.
    let tap = Tap::open(&amqp)
        .await
        .map_err(|error| with_causes(&error))?;
    let run = Run {
        probe: Arc::new(Probe::new(
            Arc::clone(&hub),
            options.seed,
            &World::new(options.seed),
        )),
        tap,
        diary: Arc::default(),
        options,
        stage,
        hub,
    };
    let log_start = read(&postgres_log(&run.stage))?.len();
    let hub = Arc::clone(&run.hub);
    let violate = move |violation: Violation| hub.history.violate(violation);
    run.stage.start(&run.options, violate).await?;
    match run.carry_out(log_start).await {
        Ok(checked) => run.finish(checked).await,
        Err(error) => Err(format!("{error}{}", run.found_so_far())),
    }
}

impl Run {
    async fn carry_out(&self, log_start: usize) -> Result<Checked, String> {
        self.load().await?;
        self.check(log_start).await
    }

    /// The violations of a run that did not come to its end, whose record is kept.
    fn found_so_far(&self) -> String {
        self.hub.history.flush();
        let found = self.hub.history.violations().into_iter();
        let found = found.flat_map(|(.., first)| first);
        found
            .map(|violation| format!("\n    {}: {}", violation.rule, violation.detail))
            .collect()
    }

    async fn load(&self) -> Result<(), String> {
        self.make_world().await;
        let mut clients = JoinSet::new();
        for number in 0..self.options.clients {
            let script = Script::new(self.options.seed, number, self.options.mix);
            clients.spawn(Client::new(Arc::clone(&self.hub), number).run(script));
        }
        let progress = self
            .options
            .is_verbose
            .then(|| tokio::spawn(self.progress()));
        let until = Instant::now() + Duration::from_secs(self.options.seconds);
        let lane = |lane: Lane| async move {
            let kinds = match lane {
                Lane::Money => self.options.money_faults.clone(),
                Lane::Events => self.options.events_faults.clone(),
            };
            let schedule = Schedule::of(self.options.seed, lane, self.options.pace, kinds);
            self.inflictor(lane).run(schedule, until).await
        };
        let lanes = try_join(lane(Lane::Money), lane(Lane::Events)).await;
        self.stage.wake();
        self.hub.end_load();
        let settling = async {
            let mut ended = Ok(());
            while let Some(client) = clients.join_next().await {
                ended = ended.and(client);
            }
            self.probe.settle().await;
            ended.map_err(|error| format!("a client: {error}"))
        };
        tokio::pin!(settling);
        let limit = Duration::from_secs(SETTLE_S_MAX);
        let settled = match timeout(limit, &mut settling).await {
            Ok(settled) => settled,
            Err(_) => {
                self.hub.give_up();
                settling.await
            }
        };
        if let Some(progress) = progress {
            progress.abort();
        }
        lanes.and(settled)?;
        self.stage.require_use()
    }

    fn inflictor(&self, lane: Lane) -> Inflictor {
        Inflictor {
            stage: Arc::clone(&self.stage),
            hub: Arc::clone(&self.hub),
            probe: Arc::clone(&self.probe),
            diary: Arc::clone(&self.diary),
            lane,
            recovery_max: Duration::from_secs(self.options.recovery_s_max),
        }
    }

    /// The users and wallets that all scripts count on.
    async fn make_world(&self) {
        let world = World::new(self.options.seed);
        let client = || Client::new(Arc::clone(&self.hub), 0);
        for (number, id) in (1..).zip(&world.users) {
            let name = format!("First {number}");
            client().user(&NewUser { id: *id, name }).await;
        }
        let wallets = world.wallets().map(|wallet| {
            let mut client = client();
            async move { client.wallet(wallet).await }
        });
        // A few at a time: all of them wait for the issuance wallet.
        let made = stream::iter(wallets).buffer_unordered(4);
        made.collect::<Vec<()>>().await;
    }

    /// A line each second.
    fn progress(&self) -> impl Future<Output = ()> + Send + 'static {
        let (hub, diary, stage) = (
            Arc::clone(&self.hub),
            Arc::clone(&self.diary),
            Arc::clone(&self.stage),
        );
        async move {
            let mut look = Look::new(&stage, LOOK_MS_MAX);
            let mut ticks = interval(Duration::from_secs(1));
            loop {
                ticks.tick().await;
                let depth = look.ask(async |owner| owner.unpublished().await).await;
                let depth = depth.map_or("?".to_owned(), |depth| depth.to_string());
                let seconds = hub.history.elapsed_ms() / 1_000;
                let numbers = numbers(&hub.history);
                println!(
                    "{seconds:>4} s  {numbers}  unpublished {depth:<6} {}",
                    diary.current()
                );
            }
        }
    }

    async fn check(&self, log_start: usize) -> Result<Checked, String> {
        let owner = self.stage.owner().await?;
        let still = Duration::from_secs(self.options.still_s_max);
        drain(&self.tap, &owner, still).await;
        let books = owner.books().await?;
        if books.journal.values().all(|row| !row.is_posted()) {
            return Err("no money moved, so that nothing was shown".to_owned());
        }
        check_at_rest(&self.hub, &self.stage, &books).await?;
        let checked = check(&self.hub.history, &books, &self.tap.deliveries());
        let missing = checked.missing();
        // A run that is aimed at a bug has not all of it.
        if self.options.planted.is_none() && !missing.is_empty() {
            return Err(format!("the run had none of: {}", missing.join(", ")));
        }
        let log = read(&postgres_log(&self.stage))?;
        let since = log.get(log_start..).ok_or("the log of PostgreSQL shrank")?;
        for line in lines_with("deadlock detected", since) {
            self.hub.violate(Rule::NoDeadlock, line);
        }
        for name in ["remit.log", "remit-worker.log"] {
            let log = read(&self.stage.folder.join(name))?;
            for line in lines_with("panicked at", &log) {
                let detail = format!("{name}: {line}");
                self.hub.violate(Rule::ProgramsStayUp, detail);
            }
        }
        Ok(checked)
    }

    async fn finish(self, checked: Checked) -> Result<Report, String> {
        let report = Report::of(
            self.options.seed,
            &self.hub.history,
            &self.diary.inflicted(),
            self.hub.away.longest(),
            &checked,
        );
        self.hub.history.flush();
        if let Some(bug) = self.options.planted {
            bug.uproot(&self.stage.owner().await?).await?;
        }
        let is_kept = !report.violations.is_empty() && self.options.planted.is_none();
        self.stage.end(is_kept).await?;
        let text = if is_kept {
            format!(
                "{}kept: {}, database {}\n",
                report.text,
                self.stage.folder.display(),
                self.stage.database
            )
        } else {
            report.text
        };
        Ok(Report { text, ..report })
    }
}

fn postgres_log(stage: &Stage) -> PathBuf {
    stage.services.folder.path.join("log/postgres.log")
}

fn read(log: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(log).map_err(|error| format!("{}: {error}", log.display()))
}

fn lines_with(words: &str, log: &[u8]) -> Vec<String> {
    let log = String::from_utf8_lossy(log);
    let lines = log.lines().filter(|line| line.contains(words));
    lines.map(str::to_owned).collect()
}
