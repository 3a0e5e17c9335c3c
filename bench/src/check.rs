//! What must be true after each load: nothing is measured that was not done right.

use std::time::{Duration, Instant};

use testbed::session::Session;
use tokio::time::sleep;

use crate::stand::Stand;

/// How long the events of a load may take to arrive everywhere.
const DRAIN_S_MAX: u64 = 240;
/// Where the relay publishes.
const EXCHANGE: &str = "remit.events";
/// The broker counts every five seconds.
const COUNT_S_MAX: u64 = 20;
const STEP_MS: u64 = 50;

/// What the books said before a load.
pub struct Before {
    transfers: i64,
    /// The last event that has a notification: ids are in the order of time.
    last_event: String,
    notified: i64,
    sum: i64,
}

impl Before {
    /// Reads them.
    ///
    /// # Errors
    /// PostgreSQL or the broker is away.
    pub async fn read(stand: &Stand) -> Result<Self, String> {
        let owner = stand.owner().await?;
        Ok(Self {
            transfers: owner.number(TRANSFERS).await?,
            last_event: owner.text(LAST_EVENT).await?,
            notified: owner.number(NOTIFIED).await?,
            sum: owner.number(SUM).await?,
        })
    }

    /// Compares them with the books after a load that acknowledged so many transfers, once all
    /// events have arrived, and the broker has counted them.
    ///
    /// # Errors
    /// Something is wrong.
    pub async fn check(&self, stand: &mut Stand, posted: u64) -> Result<(), String> {
        let owner = stand.owner().await?;
        let transfers = self.posted(&owner).await?;
        if u64::try_from(transfers) != Ok(posted) {
            return Err(format!(
                "{posted} transfers were acknowledged, {transfers} are in the journal"
            ));
        }
        self.await_events(&owner, posted).await?;
        let notified = owner.number(NOTIFIED).await? - self.notified;
        if notified != transfers {
            return Err(format!(
                "{transfers} transfers have {notified} notifications"
            ));
        }
        self.check_books(&owner).await?;
        stand.events += posted;
        count_events(stand).await
    }

    /// Waits until the events of so many transfers are published and have their notifications.
    ///
    /// # Errors
    /// They do not.
    pub async fn await_events(&self, owner: &Session, posted: u64) -> Result<(), String> {
        let posted = i64::try_from(posted).map_err(|error| error.to_string())?;
        let recorded = format!(
            "select count(*) from remit.notifications where ledger_id = 1 and event_id > '{}' and type ~ '^(transfer|hold)[.]'",
            self.last_event
        );
        await_number(
            owner,
            UNPUBLISHED,
            0,
            "ledgers have events that are not published",
        )
        .await?;
        await_number(owner, &recorded, posted, "notifications are recorded").await
    }

    /// How many transfers have come into the journal since.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn posted(&self, owner: &Session) -> Result<i64, String> {
        Ok(owner.number(TRANSFERS).await? - self.transfers)
    }

    /// Whether the balances sum to what they did, and the books agree with each other.
    ///
    /// # Errors
    /// They do not.
    pub async fn check_books(&self, owner: &Session) -> Result<(), String> {
        let sum = owner.number(SUM).await?;
        if sum != self.sum {
            return Err(format!("balances sum to {sum}, and to {} before", self.sum));
        }
        let violations = owner
            .number("select count(*) from remit_ops_v1.verify()")
            .await?;
        if violations > 0 {
            return Err(format!("verify() finds {violations} violations"));
        }
        Ok(())
    }
}

/// Holds the events of all loads so far against the broker's own count of what was published. Of a
/// connection that ends before it has counted, it may forget what came last.
async fn count_events(stand: &mut Stand) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let events = stand.services.published(&stand.vhost, EXCHANGE).await?;
        if events >= stand.events {
            // What came twice and is counted already must not stand for one that is lost later.
            stand.events = events;
            return Ok(());
        }
        if start.elapsed() > Duration::from_secs(COUNT_S_MAX) {
            let expected = stand.events;
            return Err(format!("the broker counted {events} events of {expected}"));
        }
        sleep(Duration::from_millis(STEP_MS)).await;
    }
}

/// How many seconds the oldest event has waited.
///
/// # Errors
/// PostgreSQL is away.
pub async fn outbox_lag_s(owner: &Session) -> Result<f64, String> {
    Ok(owner.number(LAG_MS).await? as f64 / 1_000.0)
}

const TRANSFERS: &str = "select count(*) from remit.transfers where outcome = 'posted'";
const SUM: &str =
    "select coalesce(sum(balance), 0)::bigint from remit.wallets where user_id is not null";
/// Cheap, as it is asked while processor time is counted.
const UNPUBLISHED: &str = "select (select count(*) from (select from remit.outbox limit 1) o)
                                  + (select count(*) from remit_worker_v1.cursors_behind('broker'))";
const LAST_EVENT: &str = "select coalesce((select event_id::text from remit.notifications where ledger_id = 1
                            order by event_id desc limit 1), '00000000-0000-0000-0000-000000000000')";
const NOTIFIED: &str =
    "select count(distinct subject_id) from remit.notifications where type ~ '^(transfer|hold)[.]'";
const LAG_MS: &str =
    "select coalesce(1000 * extract(epoch from clock_timestamp() - min(created_at)), 0)::bigint
                        from remit.outbox";

async fn await_number(
    owner: &Session,
    query: &str,
    expected: i64,
    what: &str,
) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let count = owner.number(query).await?;
        if count == expected {
            return Ok(());
        }
        if start.elapsed() > Duration::from_secs(DRAIN_S_MAX) {
            return Err(format!("{count} {what}, not {expected}"));
        }
        sleep(Duration::from_millis(STEP_MS)).await;
    }
}
