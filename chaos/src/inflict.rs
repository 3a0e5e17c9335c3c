//! Does what a schedule says, and measures how long Remit takes to come back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use testbed::proxy::Side;
use testbed::services::Part;
use tokio::time::sleep;

use crate::diary::{Diary, Inflicted};
use crate::fault::{Fault, Kind, Lane, Link, Schedule};
use crate::hub::Hub;
use crate::probe::Probe;
use crate::relay::Watch;
use crate::rule::Rule;
use crate::stage::Stage;

/// How long an event is waited for: to come, as a broken way of the money may let none through, and
/// to leave.
const WAIT_S_MAX: u64 = 30;

/// One of the two sequences of faults.
pub struct Inflictor {
    pub stage: Arc<Stage>,
    pub hub: Arc<Hub>,
    pub probe: Arc<Probe>,
    pub diary: Arc<Diary>,
    pub lane: Lane,
    /// How long Remit may take from a part being back until a transfer succeeds and the oldest
    /// event is gone.
    pub recovery_max: Duration,
}

impl Inflictor {
    /// Follows a schedule until this time, and in any case until each kind had its turn.
    ///
    /// # Errors
    /// A server does not come back: the run means nothing.
    pub async fn run(&self, mut schedule: Schedule, until: Instant) -> Result<(), String> {
        while !schedule.is_complete() || (Instant::now() < until && !schedule.is_empty()) {
            let fault = schedule.draw();
            sleep(Duration::from_millis(fault.pause_ms)).await;
            self.one(&fault).await?;
        }
        sleep(until.saturating_duration_since(Instant::now())).await;
        Ok(())
    }

    async fn one(&self, fault: &Fault) -> Result<(), String> {
        let name = fault.to_string();
        let line = |what: &str| serde_json::json!({"fault": name, "is": what});
        self.hub.history.line(line("begins"));
        self.diary.set(self.lane, Some((fault.kind, name.clone())));
        self.inflict(fault).await?;
        let recovering = format!("{name}: recovering");
        self.diary.set(self.lane, Some((fault.kind, recovering)));
        self.hub.history.line(line("over"));
        let inflicted = self.recovery(fault.kind).await;
        let mut recovered = line("recovered");
        recovered["recovery_ms"] = serde_json::json!(inflicted.recovery.as_millis());
        recovered["oldest_event_ms"] =
            serde_json::json!(inflicted.oldest_event.map(|took| took.as_millis()));
        self.hub.history.line(recovered);
        self.diary.set(self.lane, None);
        self.diary.add(inflicted);
        Ok(())
    }

    async fn recovery(&self, kind: Kind) -> Inflicted {
        let (recovery, oldest_event) =
            tokio::join!(self.first_success(kind), self.oldest_event(kind));
        Inflicted {
            kind,
            recovery,
            oldest_event,
        }
    }

    async fn first_success(&self, kind: Kind) -> Duration {
        let start = Instant::now();
        let recovery = self.probe.first_success().await;
        // On the way of the events, what breaks the way of the money meanwhile is not this fault's.
        let counts = self.lane == Lane::Money || self.diary.money_is_whole(start);
        if counts && recovery > self.recovery_max {
            let detail = format!("{kind}: {} ms", recovery.as_millis());
            self.hub.violate(Rule::RecoversInTime, detail);
        }
        recovery
    }

    /// How long it takes until the relay is at work again. Nobody waits for that on the way of the
    /// money.
    async fn oldest_event(&self, kind: Kind) -> Option<Duration> {
        if self.lane == Lane::Money {
            return None;
        }
        let (start, wait_max) = (Instant::now(), Duration::from_secs(WAIT_S_MAX));
        let mut watch = Watch::new(&self.stage);
        let mut longest = Duration::ZERO;
        while !watch.is_gone().await && longest < wait_max {
            match watch.seen_at() {
                None if start.elapsed() > wait_max => return None,
                None => {}
                // Each break of PostgreSQL or Redis is another fault's: the relay has its time
                // anew.
                Some(seen_at) => longest = longest.max(self.diary.stores_whole(seen_at)),
            }
        }
        if longest > self.recovery_max {
            let ms = longest.as_millis();
            let detail = format!("{kind}: the oldest event waited for {ms} ms");
            self.hub.violate(Rule::RecoversInTime, detail);
        }
        Some(start.elapsed())
    }

    /// Breaks something; returns when it is whole again.
    async fn inflict(&self, fault: &Fault) -> Result<(), String> {
        let (stage, services) = (&self.stage, &self.stage.services);
        let lasts = Duration::from_millis(fault.lasts_ms);
        match fault.kind {
            Kind::KillServer => stage.kill_server()?,
            Kind::KillWorker => stage.kill_worker()?,
            Kind::ReloadNginx => stage.reload_nginx(),
            Kind::FlushRedis => services.flush_redis().await?,
            Kind::KillBackend => stage.kill_backend().await?,
            Kind::StopPostgres => {
                // What `pg_ctl stop -m immediate` sends.
                services.end(Part::Postgres, "QUIT").await?;
                self.without_postgres(fault).await?;
                services.resume(Part::Postgres).await?;
            }
            Kind::RestartRedis => {
                services.end(Part::Redis, end_signal(fault)).await?;
                services.resume(Part::Redis).await?;
            }
            Kind::FreezeRedis | Kind::StumbleRedis => self.freeze(Part::Redis, fault).await?,
            Kind::RefuseWrites => stage.refuse_writes(false, lasts).await?,
            Kind::EvictRedis => stage.refuse_writes(true, lasts).await?,
            Kind::OlderDump => stage.older_dump(lasts).await?,
            Kind::StopServer => stage.stop_server(lasts).await,
            Kind::FreezePostgres => self.freeze(Part::Postgres, fault).await?,
            Kind::RestartBroker => {
                services.end(Part::Rabbitmq, end_signal(fault)).await?;
                services.resume(Part::Rabbitmq).await?;
            }
            Kind::BrokerAway => {
                stage.proxy(Link::WorkerBroker).cut();
                self.last(fault).await?;
                stage.proxy(Link::WorkerBroker).resume();
            }
            Kind::Cut(link) => {
                stage.proxy(link).cut();
                match link {
                    Link::ServerDatabase => self.without_postgres(fault).await?,
                    _ => self.last(fault).await?,
                }
                stage.proxy(link).resume();
            }
            Kind::Delay(link) => {
                let delay = Duration::from_millis(fault.delay_ms);
                stage.proxy(link).delay(delay);
                self.last(fault).await?;
                stage.proxy(link).resume();
            }
            Kind::HalfClose(link) => {
                stage.proxy(link).half_close(fault.told);
                self.last(fault).await?;
            }
        }
        Ok(())
    }

    /// Lets all processes of a server stand still.
    async fn freeze(&self, part: Part, fault: &Fault) -> Result<(), String> {
        self.stage.services.signal_all(part, "STOP")?;
        let lasted = match part {
            Part::Postgres => self.without_postgres(fault).await,
            _ => self.last(fault).await,
        };
        self.stage.services.signal_all(part, "CONT")?;
        lasted
    }

    /// Lets a fault last that keeps the server from PostgreSQL.
    async fn without_postgres(&self, fault: &Fault) -> Result<(), String> {
        self.hub.away.begin();
        let lasted = self.last(fault).await;
        self.hub.away.end();
        lasted
    }

    /// Lets a fault last, and kills in its middle what the schedule says.
    async fn last(&self, fault: &Fault) -> Result<(), String> {
        let half = Duration::from_millis(fault.lasts_ms / 2);
        sleep(half).await;
        match fault.kill {
            Some(Kind::KillServer) => self.stage.kill_server()?,
            Some(_) => self.stage.kill_worker()?,
            None => {}
        }
        sleep(half).await;
        Ok(())
    }
}

/// How a server is ended that is started again.
fn end_signal(fault: &Fault) -> &'static str {
    match fault.told {
        Side::Near => "KILL",
        Side::Far => "TERM",
    }
}
