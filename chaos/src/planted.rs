//! Bugs that are put into a private Remit, so that the checker shows that it finds them.

use crate::books::Owner;
use crate::fault::{Kind, Link};
use crate::options::Options;
use crate::rule::Rule;
use crate::script::Mix;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// `transfers_post` does not look its ids up, and finds a new id for one that is taken.
    SkipLookup,
    /// `transfers_post` waits for its wallets in the order of the requests.
    UnorderedLocks,
    /// PostgreSQL answers before a commit is on the disk.
    CommitLater,
    /// The relay removes events before the broker has them.
    SettleFirst,
    /// The cache takes any version for the newest.
    CacheAnyVersion,
    /// The answers in Redis are given to any content.
    AnswerAnyContent,
    /// Server and worker take their time to start.
    StartLate,
}

impl Bug {
    pub const ALL: [Self; 7] = [
        Self::SkipLookup,
        Self::UnorderedLocks,
        Self::CommitLater,
        Self::SettleFirst,
        Self::CacheAnyVersion,
        Self::AnswerAnyContent,
        Self::StartLate,
    ];

    /// The name under which programs built with the feature `planted` know it. None where it is SQL.
    pub fn program(self) -> Option<&'static str> {
        match self {
            Self::SettleFirst => Some("settle_first"),
            Self::CacheAnyVersion => Some("cache_any_version"),
            Self::AnswerAnyContent => Some("answer_any_content"),
            Self::StartLate => Some("start_late"),
            Self::SkipLookup | Self::UnorderedLocks | Self::CommitLater => None,
        }
    }

    /// The rule that must find it.
    pub fn rule(self) -> Rule {
        match self {
            Self::SkipLookup => Rule::OneEffectPerKey,
            Self::UnorderedLocks => Rule::NoDeadlock,
            Self::CommitLater => Rule::AcknowledgedOnce,
            Self::SettleFirst => Rule::EventMissing,
            Self::CacheAnyVersion => Rule::OwnWritesRead,
            Self::AnswerAnyContent => Rule::ReuseRefused,
            Self::StartLate => Rule::RecoversInTime,
        }
    }

    /// Aims a run at the bug, so that it is short.
    pub fn aim(self, options: &mut Options) {
        options.planted = Some(self);
        options.seconds = 3;
        options.still_s_max = 3;
        options.money_faults = Vec::new();
        options.events_faults = Vec::new();
        options.mix = Mix {
            hot_transfers: 20,
            ..Mix::NONE
        };
        match self {
            Self::SkipLookup => options.mix.agains = 20,
            Self::UnorderedLocks => {
                options.mix = Mix {
                    twins: 20,
                    ..options.mix
                }
            }
            Self::CommitLater => {
                // What is lost is what was answered between the last write to the disk and the stop.
                options.money_faults = vec![Kind::StopPostgres; 3];
                options.pace.pause_ms = (800, 1_500);
            }
            Self::SettleFirst => {
                // Nearly a third of them kill the worker while events are on their way.
                options.events_faults = vec![Kind::Delay(Link::WorkerBroker); 8];
                options.pace.link_ms = (400, 800);
            }
            Self::CacheAnyVersion => {
                // What the worker writes late is old.
                options.mix.reads = 40;
                options.events_faults = vec![
                    Kind::Delay(Link::WorkerRedis),
                    Kind::Delay(Link::WorkerDatabase),
                ];
                options.pace.link_ms = (800, 1_500);
            }
            Self::AnswerAnyContent => options.mix.reuses = 20,
            Self::StartLate => {
                options.money_faults = vec![Kind::KillServer];
                options.events_faults = vec![Kind::KillWorker];
                options.recovery_s_max = 2;
            }
        }
    }

    /// Puts it into the database, where it is SQL.
    ///
    /// # Errors
    /// The functions no longer look as they did: the patch has to follow them.
    pub async fn plant(self, owner: &Owner, database: &str) -> Result<(), String> {
        let text = |error: tokio_postgres::Error| format!("{error:?}");
        match self {
            Self::SkipLookup => patch(owner, SKIP_LOOKUP).await,
            Self::UnorderedLocks => {
                patch(owner, UNORDERED_LOCKS).await?;
                // Sooner than in a second, so that the run is short.
                let soon = format!("alter database {database} set deadlock_timeout = '50ms'");
                owner.execute(&soon).await.map_err(text)
            }
            Self::CommitLater => {
                let later = format!("alter database {database} set synchronous_commit = off");
                owner.execute(&later).await.map_err(text)?;
                let much = "alter system set wal_writer_delay = '10s'";
                owner.execute(much).await.map_err(text)?;
                owner.execute("select pg_reload_conf()").await.map_err(text)
            }
            Self::SettleFirst
            | Self::CacheAnyVersion
            | Self::AnswerAnyContent
            | Self::StartLate => Ok(()),
        }
    }

    /// Takes away what other databases of the server would feel.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn uproot(self, owner: &Owner) -> Result<(), String> {
        let text = |error: tokio_postgres::Error| format!("{error:?}");
        if self == Self::CommitLater {
            owner
                .execute("alter system reset wal_writer_delay")
                .await
                .map_err(text)?;
            owner
                .execute("select pg_reload_conf()")
                .await
                .map_err(text)?;
        }
        Ok(())
    }
}

/// A function below `transfers_post`, what to find in it, and what to put in its place.
type Patch = [(&'static str, &'static str, &'static str); 2];

const SKIP_LOOKUP: Patch = [
    (
        "transfers_draft",
        "where t.ledger_id = transfers_draft.ledger_id and t.id = u.id",
        "where false",
    ),
    (
        "transfers_store",
        "select transfers_store.ledger_id, s.id, s.outcome",
        "select transfers_store.ledger_id,
                case when exists (select from remit.transfers x where x.ledger_id = transfers_store.ledger_id and x.id = s.id)
                     then gen_random_uuid() else s.id end, s.outcome",
    ),
];

const UNORDERED_LOCKS: Patch = [
    (
        "wallets_lock",
        "    select array_agg((w.ctid,",
        "    for i in 1 .. cardinality(admitted.requests) loop
             perform from remit.wallets w
               where w.ledger_id = wallets_lock.ledger_id and w.id = admitted.requests[i].source_id for no key update;
             perform pg_sleep(0.002); -- So that a run of seconds meets what a day would.
             perform from remit.wallets w
               where w.ledger_id = wallets_lock.ledger_id and w.id = admitted.requests[i].target_id for no key update;
         end loop;
         select array_agg((w.ctid,",
    ),
    (
        "wallets_lock",
        "for no key update skip locked",
        "for no key update",
    ),
];

async fn patch(owner: &Owner, patch: Patch) -> Result<(), String> {
    let text = |error: tokio_postgres::Error| format!("{error:?}");
    for (name, old, new) in patch {
        let query = format!(
            "select pg_get_functiondef(p.oid) from pg_proc p
              where p.pronamespace = 'remit'::regnamespace and p.proname = '{name}'"
        );
        let function = owner.text(&query).await.map_err(text)?;
        if function.matches(old).count() != 1 {
            return Err(format!("{name} has no single place that reads: {old}"));
        }
        let function = function.replace(old, new);
        owner.execute(&function).await.map_err(text)?;
    }
    Ok(())
}
