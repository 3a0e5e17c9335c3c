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
    CursorFirst,
    /// An older version of a wallet comes over a newer one in the cache.
    CacheAnyVersion,
    /// The answer to a key is given to any content.
    AnswerAnyContent,
    /// Server and worker take their time to start again.
    StartLate,
    /// A hold gives for a second more than its time.
    ExpireLate,
    /// What the legs of a refused group did before the one that was refused stays done.
    KeepLegs,
    /// What Redis did not take closes no generation of the cache: all go on to read the old one.
    OldGeneration,
}

impl Bug {
    pub const ALL: [Self; 10] = [
        Self::SkipLookup,
        Self::UnorderedLocks,
        Self::CommitLater,
        Self::CursorFirst,
        Self::CacheAnyVersion,
        Self::AnswerAnyContent,
        Self::StartLate,
        Self::ExpireLate,
        Self::KeepLegs,
        Self::OldGeneration,
    ];

    /// The rule that must find it.
    pub fn rule(self) -> Rule {
        match self {
            Self::SkipLookup => Rule::OneEffectPerKey,
            Self::UnorderedLocks => Rule::NoDeadlock,
            Self::CommitLater => Rule::AcknowledgedOnce,
            Self::CursorFirst => Rule::EventMissing,
            Self::CacheAnyVersion => Rule::OwnWritesRead,
            Self::AnswerAnyContent => Rule::ReuseRefused,
            Self::StartLate => Rule::RecoversInTime,
            Self::ExpireLate => Rule::HoldsFollow,
            Self::KeepLegs => Rule::GroupsWhole,
            Self::OldGeneration => Rule::AcknowledgedRead,
        }
    }

    /// Puts it into the database, where it is SQL.
    ///
    /// # Errors
    /// The functions no longer look as they did: the patch has to follow them.
    pub async fn plant(self, owner: &Owner, database: &str) -> Result<(), String> {
        match self {
            Self::SkipLookup => patch(owner, &SKIP_LOOKUP).await,
            Self::UnorderedLocks => {
                patch(owner, &UNORDERED_LOCKS).await?;
                // Before the server gives up a lock (`POST_LOCK_TIMEOUT_MS`).
                let soon = format!("alter database {database} set deadlock_timeout = '5ms'");
                owner.execute(&soon).await
            }
            Self::CommitLater => {
                owner.execute(COMMIT_LATER).await?;
                let much = "alter system set wal_writer_delay = '10s'";
                owner.execute(much).await?;
                owner.execute("select pg_reload_conf()").await
            }
            Self::OldGeneration => owner.execute(OLD_GENERATION).await,
            Self::CursorFirst => owner.execute(CURSOR_FIRST).await,
            Self::ExpireLate => patch(owner, &EXPIRE_LATE).await,
            Self::KeepLegs => patch(owner, &KEEP_LEGS).await,
            Self::AnswerAnyContent => patch(owner, &ANSWER_ANY_CONTENT).await,
            // The stage plants these.
            Self::CacheAnyVersion | Self::StartLate => Ok(()),
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

/// The sessions of server and worker pin the setting. It is changed within a transaction.
const COMMIT_LATER: &str = "
    create function remit.commit_later() returns trigger language plpgsql as $$
    begin
        perform set_config('synchronous_commit', 'off', true);
        return null;
    end;
    $$;
    create trigger commit_later after insert on remit.outbox
        for each statement execute function remit.commit_later();";

/// What to find in the functions of the core, and what to put in its place.
type Patch = (&'static str, &'static str);

const SKIP_LOOKUP: [Patch; 2] = [
    (
        "where t.ledger_id = transfers_draft.ledger_id and t.id = u.id",
        "where false",
    ),
    (
        "select transfers_store.ledger_id, s.id, s.outcome",
        "select transfers_store.ledger_id,
                case when exists (select from remit.transfers x where x.ledger_id = transfers_store.ledger_id and x.id = s.id)
                     then gen_random_uuid() else s.id end, s.outcome",
    ),
];

const UNORDERED_LOCKS: [Patch; 2] = [
    (
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
    ("for no key update skip locked", "for no key update"),
];

const ANSWER_ANY_CONTENT: [Patch; 1] = [(
    "is_same := (stored.source_id,",
    "is_same := true or (stored.source_id,",
)];

const EXPIRE_LATE: [Patch; 1] = [(
    "locked := remit.holds_expire(wallets_lock.ledger_id, locked);",
    "if (select min(u) from unnest(locked.held_untils) u) <= locked.moment - interval '1 second' then
         locked := remit.holds_expire(wallets_lock.ledger_id, locked);
     end if;",
)];

/// What is restored is what was there before the leg that was refused.
const KEEP_LEGS: [Patch; 2] = [
    (
        "if (draft.terms).group_place = 1 then",
        "if (draft.terms).group_place > 0 then",
    ),
    (
        "if i <> failed and (i < failed or not is_stored",
        "if i > failed and (not is_stored",
    ),
];

/// The broker's cursor is past what is appended before the broker has it.
const CURSOR_FIRST: &str = "
    create schema planted;
    alter function remit_worker_v1.outbox_append(integer, bigint, remit_worker_v1.cursor[]) set schema planted;
    create function remit_worker_v1.outbox_append(
            row_limit integer, floor_id bigint default 0, confirmed remit_worker_v1.cursor[] default '{}')
        returns setof remit_v1.event
        language plpgsql
        security definer
    as $$
    begin
        return query select * from planted.outbox_append(row_limit, floor_id, confirmed);
        perform remit.cursors_move(array[row(1, 'broker', remit.log_position(1))::remit_worker_v1.cursor]);
    end;
    $$;
    grant execute on function remit_worker_v1.outbox_append(integer, bigint, remit_worker_v1.cursor[]) to remit_worker";

/// No generation is ever closed.
const OLD_GENERATION: &str = "
    create or replace function remit_ops_v1.cache_close() returns remit_ops_v1.cache_state
        language sql
        security definer
    as 'select remit_ops_v1.cache_state()'";

/// Patches the functions of the core, wherever in them a text stands.
async fn patch(owner: &Owner, patches: &[Patch]) -> Result<(), String> {
    let query = "select pg_get_functiondef(p.oid) from pg_proc p
                  where p.pronamespace in ('remit'::regnamespace, 'remit_v1'::regnamespace)
                    and strpos(p.prosrc, $1) > 0";
    for (old, new) in patches {
        let rows = owner.rows(query, &[old]).await?;
        let functions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let is_single = |function: &&String| function.matches(old).count() == 1;
        let [function] = &functions[..] else {
            return Err(format!("no single function reads: {old}"));
        };
        let function = Some(function).filter(is_single);
        let function = function.ok_or_else(|| format!("no single place reads: {old}"))?;
        owner.execute(&function.replace(old, new)).await?;
    }
    Ok(())
}
