//! Bugs that are put into a private Remit, so that the checker shows that it finds them.

use crate::books::Owner;
use crate::rule::Rule;

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

    /// Puts it into the database, where it is SQL.
    ///
    /// # Errors
    /// The functions no longer look as they did: the patch has to follow them.
    pub async fn plant(self, owner: &Owner, database: &str) -> Result<(), String> {
        match self {
            Self::SkipLookup => patch(owner, SKIP_LOOKUP).await,
            Self::UnorderedLocks => {
                patch(owner, UNORDERED_LOCKS).await?;
                // Sooner than in a second, so that the run is short.
                let soon = format!("alter database {database} set deadlock_timeout = '50ms'");
                owner.execute(&soon).await
            }
            Self::CommitLater => {
                let later = format!("alter database {database} set synchronous_commit = off");
                owner.execute(&later).await?;
                let much = "alter system set wal_writer_delay = '10s'";
                owner.execute(much).await?;
                owner.execute("select pg_reload_conf()").await
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
        if self == Self::CommitLater {
            owner.execute("alter system reset wal_writer_delay").await?;
            owner.execute("select pg_reload_conf()").await?;
        }
        Ok(())
    }
}

/// What to find in `transfers_post`, and what to put in its place.
type Patch = [(&'static str, &'static str); 2];

const SKIP_LOOKUP: Patch = [
    (
        "where t.ledger_id = transfers_post.ledger_id and t.id = u.id",
        "where false",
    ),
    (
        "select transfers_post.ledger_id, d.id, d.outcome, d.source_id, d.target_id, d.amount, d.currency,
           d.source_version",
        "select transfers_post.ledger_id,
                case when exists (select from remit.transfers x where x.ledger_id = transfers_post.ledger_id and x.id = d.id)
                     then gen_random_uuid() else d.id end, d.outcome, d.source_id, d.target_id, d.amount, d.currency,
                d.source_version",
    ),
];

const UNORDERED_LOCKS: Patch = [
    (
        "    select array_agg((w.ctid,",
        "    for i in 1 .. request_count loop
             perform from remit.wallets w
               where w.ledger_id = transfers_post.ledger_id and w.id = requests[i].source_id for no key update;
             perform pg_sleep(0.002); -- So that a run of seconds meets what a day would.
             perform from remit.wallets w
               where w.ledger_id = transfers_post.ledger_id and w.id = requests[i].target_id for no key update;
         end loop;
         select array_agg((w.ctid,",
    ),
    ("for no key update skip locked", "for no key update"),
];

async fn patch(owner: &Owner, patch: Patch) -> Result<(), String> {
    let query = "select pg_get_functiondef(p.oid) from pg_proc p
                  where p.pronamespace = 'remit_v1'::regnamespace and p.proname = 'transfers_post'";
    let mut function = owner.text(query).await?;
    for (old, new) in patch {
        if function.matches(old).count() != 1 {
            return Err(format!(
                "transfers_post has no single place that reads: {old}"
            ));
        }
        function = function.replace(old, new);
    }
    owner.execute(&function).await
}
