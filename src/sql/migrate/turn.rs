//! One migration of a database at a time, and who holds what it waits for.
//!
//! refinery takes no lock of its own. The lock of a turn is on refinery's table, which only the
//! owner may lock: an advisory lock any login could take. A session of its own holds it, in a
//! transaction, while another one migrates.

use std::pin::pin;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::base::complaint::Complaint;
use crate::sql::fault::complaint;

/// How often a migration that goes on looks what it waits for.
const LOOK_MS: u64 = 1_000;

/// Makes refinery's table as refinery does, so that it can be locked before.
const TABLE: &str = "
    do $$
    begin
        if to_regclass('public.refinery_schema_history') is null then
            create table public.refinery_schema_history (
                version integer primary key, name varchar(255), applied_on varchar(255), checksum varchar(255));
        end if;
    exception
        when duplicate_table or unique_violation then
            null; -- Another migration makes it.
    end;
    $$;
";
/// Only one session has it at a time, and rows may be written meanwhile.
const LOCK: &str = "
    begin;
    lock table public.refinery_schema_history in share update exclusive mode;
";
/// A superuser, or another login that may, acts as the owner: one owner has all that Remit makes.
const ACT_AS_OWNER: &str = "
    select set_config('role', pg_get_userbyid(c.relowner), false)
      from pg_class c where c.oid = 'public.refinery_schema_history'::regclass
";
/// In a transaction PostgreSQL shows the sessions of the first look again and again.
const LOOK_ANEW: &str = "select pg_stat_clear_snapshot()";
const HOLDERS: &str = "
    select coalesce(string_agg(format('process %s (role %s, %s)', a.pid, a.usename,
                                      coalesce(nullif(a.application_name, ''), 'no name')), ' and ' order by a.pid), '')
      from pg_stat_activity a where a.pid = any (pg_blocking_pids($1))
";

/// The session that holds the lock, and the task that drives it.
pub struct Turn {
    holder: Client,
    _driver: JoinHandle<()>,
}

impl Turn {
    /// Waits for the turn. Meanwhile the `client`, which is to migrate, looks who has it.
    ///
    /// # Errors
    /// Another session holds the lock for too long, or this login may not take it.
    pub async fn take(
        client: &Client,
        (holder, driver): (Client, JoinHandle<()>),
        tell: fn(&str),
    ) -> Result<Self, Complaint> {
        let refused = |error| complaint("waiting for other migrations", &error);
        holder.batch_execute(TABLE).await.map_err(refused)?;
        act_as_owner(&holder).await?;
        let taken = async { holder.batch_execute(LOCK).await.map_err(refused) };
        watched(taken, client, process(&holder).await?, tell).await?;
        Ok(Self {
            holder,
            _driver: driver,
        })
    }

    /// Does the work of a session in this turn, and tells who holds what it waits for.
    ///
    /// # Errors
    /// The work's.
    pub async fn work<T>(
        &self,
        process: i32,
        work: impl Future<Output = Result<T, Complaint>>,
        tell: fn(&str),
    ) -> Result<T, Complaint> {
        watched(work, &self.holder, process, tell).await
    }
}

/// Lets a session act as the owner of all that is Remit's.
///
/// # Errors
/// Its login is no member of that role.
pub async fn act_as_owner(client: &Client) -> Result<(), Complaint> {
    let acts = client.query_one(ACT_AS_OWNER, &[]).await;
    let refused = |error| complaint("acting as the owner of Remit's tables", &error);
    acts.map(drop).map_err(refused)
}

/// The number of a session's process.
///
/// # Errors
/// PostgreSQL is away.
pub async fn process(client: &Client) -> Result<i32, Complaint> {
    let row = client.query_one("select pg_backend_pid()", &[]).await;
    let row = row.map_err(|error| complaint("asking PostgreSQL for a process", &error))?;
    Ok(row.get(0))
}

async fn watched<T>(
    work: impl Future<Output = Result<T, Complaint>>,
    watcher: &Client,
    process: i32,
    tell: fn(&str),
) -> Result<T, Complaint> {
    let mut work = pin!(work);
    let mut last = String::new();
    loop {
        if let Ok(result) = timeout(Duration::from_millis(LOOK_MS), &mut work).await {
            return result.map_err(|complaint| named(complaint, &last));
        }
        // Where the watcher's session has ended, the work's will say more.
        let holders = holders(watcher, process).await.unwrap_or_default();
        if !holders.is_empty() && holders != last {
            tell(&format!("waiting for {holders}"));
        }
        last = holders;
    }
}

async fn holders(watcher: &Client, process: i32) -> Result<String, tokio_postgres::Error> {
    watcher.batch_execute(LOOK_ANEW).await?;
    let row = watcher.query_one(HOLDERS, &[&process]).await?;
    Ok(row.get(0))
}

/// Names who held up what a migration waited for in vain.
fn named(complaint: Complaint, holders: &str) -> Complaint {
    let lines = complaint.lines().iter();
    Complaint::of_lines(lines.map(|line| {
        if line.contains("SQLSTATE 55P03") && !holders.is_empty() {
            format!("waited in vain for {holders}: {line}")
        } else {
            line.clone()
        }
    }))
}
