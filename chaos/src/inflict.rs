//! Does what a schedule says, and measures how long Remit takes to come back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::fault::{Fault, Kind, Lane, Link, Schedule};
use crate::hub::Hub;
use crate::probe::Probe;
use crate::proxy::Side;
use crate::rule::Rule;
use crate::services::Part;
use crate::stage::Stage;
use crate::tap::Tap;

/// How long a fault on the way of the events waits for the next event.
const EVENT_S_MAX: u64 = 30;
/// How often that looks.
const EVENT_STEP_MS: u64 = 20;

/// A fault that was inflicted, and how long it took until transfers and events went through again.
#[derive(Debug, Clone)]
pub struct Inflicted {
    pub kind: Kind,
    pub recovery: Duration,
    /// Measured on the way of the events alone.
    pub next_event: Option<Duration>,
}

/// What is broken at the moment, and what was.
#[derive(Default)]
pub struct Diary {
    pub current: Mutex<[Option<String>; 2]>,
    pub inflicted: Mutex<Vec<Inflicted>>,
    /// Grows whenever the way of the money is broken or mended.
    money_changes: AtomicUsize,
}

impl Diary {
    fn set(&self, lane: Lane, fault: Option<String>) {
        lock(&self.current)[lane as usize] = fault;
        if lane == Lane::Money {
            self.money_changes.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether nothing on the way of the money is broken.
    fn money_is_whole(&self) -> bool {
        lock(&self.current)[Lane::Money as usize].is_none()
    }

    /// In words.
    pub fn current(&self) -> String {
        let current = lock(&self.current);
        let words: Vec<_> = current.iter().flatten().map(String::as_str).collect();
        words.join(", ")
    }

    /// All that was inflicted.
    pub fn inflicted(&self) -> Vec<Inflicted> {
        lock(&self.inflicted).clone()
    }
}

/// One of the two sequences of faults.
pub struct Inflictor {
    pub stage: Arc<Stage>,
    pub hub: Arc<Hub>,
    pub tap: Arc<Tap>,
    pub probe: Arc<Probe>,
    pub diary: Arc<Diary>,
    pub lane: Lane,
    /// How long Remit may take from a part being back until a transfer succeeds.
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
        self.diary.set(self.lane, Some(name.clone()));
        self.inflict(fault).await?;
        self.diary
            .set(self.lane, Some(format!("{name}: recovering")));
        self.hub.history.line(line("over"));
        let inflicted = self.recovery(fault.kind).await;
        let mut recovered = line("recovered");
        recovered["recovery_ms"] = serde_json::json!(inflicted.recovery.as_millis());
        self.hub.history.line(recovered);
        self.diary.set(self.lane, None);
        lock(&self.diary.inflicted).push(inflicted);
        Ok(())
    }

    async fn recovery(&self, kind: Kind) -> Inflicted {
        let changes = || self.diary.money_changes.load(Ordering::Relaxed);
        let changes_before = changes();
        let first_success = async {
            let recovery = self.probe.first_success().await;
            // On the way of the events, what breaks the way of the money meanwhile is not this fault's.
            let counts = self.lane == Lane::Money
                || (changes() == changes_before && self.diary.money_is_whole());
            if counts && recovery > self.recovery_max {
                let detail = format!("{kind}: {} ms", recovery.as_millis());
                self.hub.violate(Rule::RecoversInTime, detail);
            }
            recovery
        };
        let (recovery, next_event) = tokio::join!(first_success, self.next_event(kind));
        Inflicted {
            kind,
            recovery,
            next_event,
        }
    }

    /// How long it takes until the broker passes on an event. Nobody waits for that on the way of the money.
    async fn next_event(&self, kind: Kind) -> Option<Duration> {
        if self.lane == Lane::Money {
            return None;
        }
        let (start, before) = (Instant::now(), self.tap.count());
        let (step, mut whole) = (Duration::from_millis(EVENT_STEP_MS), Duration::ZERO);
        while self.tap.count() == before && start.elapsed() < Duration::from_secs(EVENT_S_MAX) {
            sleep(step).await;
            // What breaks the way of the money meanwhile is not this fault's: that time does not count.
            if self.diary.money_is_whole() {
                whole += step;
            }
        }
        if whole > self.recovery_max {
            let detail = format!("{kind}: no event for {} ms", whole.as_millis());
            self.hub.violate(Rule::RecoversInTime, detail);
        }
        Some(start.elapsed())
    }

    /// Breaks something; returns when it is whole again.
    async fn inflict(&self, fault: &Fault) -> Result<(), String> {
        let (stage, services) = (&self.stage, &self.stage.services);
        match fault.kind {
            Kind::KillServer => stage.kill_server()?,
            Kind::KillWorker => stage.kill_worker()?,
            Kind::ReloadNginx => stage.reload_nginx(),
            Kind::FlushRedis => stage.flush_redis().await?,
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
            Kind::FreezeRedis => self.freeze(Part::Redis, fault).await?,
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
