//! What PostgreSQL and Redis hold, read by their owner.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;

use serde_json::Value;
use testbed::session::Session;
use tokio_postgres::{Config, Row};
use uuid::Uuid;

use crate::model::JournalRow;

/// A wallet's row.
#[derive(Debug, Clone)]
pub struct WalletRow {
    pub id: Uuid,
    /// The issuance wallet has none.
    pub user_id: Option<Uuid>,
    pub currency: String,
    pub balance: i64,
    pub held: i64,
    pub floor: Option<i64>,
    pub version: i64,
    pub created_at_us: i64,
}

/// A user's row.
#[derive(Debug, Clone)]
pub struct UserRow {
    pub name: String,
    pub created_at_us: i64,
}

/// A hold's row.
#[derive(Debug, Clone)]
pub struct HoldRow {
    pub id: Uuid,
    pub amount: i64,
    pub captured: i64,
    pub closed_by: Option<String>,
    pub version: i64,
    pub expires_us: Option<i64>,
}

/// An event that the broker has not confirmed: by its number, or by its position.
#[derive(Debug, Clone, Copy)]
pub enum Waiting {
    InOutbox(i64),
    InLog(i64),
}

/// Everything that the checker compares with.
pub struct Books {
    pub journal: BTreeMap<Uuid, JournalRow>,
    /// Rows of the journal that are in another ledger, or have the id of another row.
    pub strays: Vec<String>,
    pub wallets: HashMap<Uuid, WalletRow>,
    pub users: HashMap<Uuid, UserRow>,
    pub holds: HashMap<Uuid, HoldRow>,
    /// What was reversed of a transfer, and by what.
    pub reversed: HashMap<Uuid, (i64, Vec<Uuid>)>,
    /// Event, and the subject that it tells of.
    pub notifications: Vec<(Uuid, Uuid)>,
    /// How many events the broker has not confirmed.
    pub unpublished: i64,
    /// What `verify()` found.
    pub verified: Vec<String>,
    /// Sessions of the programs: role, and what is known of each.
    pub sessions: Vec<(String, String)>,
}

const MICROSECONDS: &str = "(extract(epoch from created_at) * 1000000)::bigint";

/// The owner's session.
pub struct Owner(Session);

impl Deref for Owner {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Owner {
    /// Connects.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn connect(config: &Config) -> Result<Self, String> {
        Session::connect(config).await.map(Self)
    }

    /// How many events the broker has not confirmed: of the outbox and of the log.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn unpublished(&self) -> Result<i64, String> {
        self.number(
            "select (select count(*) from remit.outbox)
                    + (select coalesce(sum(remit.log_position(l.ledger_id) - coalesce(c.position, 0)), 0)::bigint
                         from remit.ledgers l
                         left join remit.cursors c on c.ledger_id = l.ledger_id and c.channel = 'broker')",
        )
        .await
    }

    /// What waits for longest. A row that a session is moving to the log right now does not wait
    /// any more.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn oldest(&self) -> Result<Option<Waiting>, String> {
        let (confirmed, head) = self.broker_cursor().await?;
        if confirmed < head {
            return Ok(Some(Waiting::InLog(confirmed + 1)));
        }
        let query = "select id from remit.outbox order by id limit 1 for key share skip locked";
        let rows = self.rows(query, &[]).await?;
        Ok(rows.first().map(|row| Waiting::InOutbox(row.get(0))))
    }

    /// What has become of what waited: None once the broker has confirmed it.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn still_waits(&self, waiting: Waiting) -> Result<Option<Waiting>, String> {
        let (confirmed, head) = self.broker_cursor().await?;
        match waiting {
            Waiting::InLog(position) => Ok((position > confirmed).then_some(waiting)),
            Waiting::InOutbox(id) => {
                let query = "select exists (select from remit.outbox where id = $1)";
                let rows = self.rows(query, &[&id]).await?;
                let is_there = rows.first().is_some_and(|row| row.get(0));
                // What has left it by now is somewhere in the log.
                let moved = if is_there {
                    waiting
                } else {
                    Waiting::InLog(head)
                };
                Ok(Some(moved))
            }
        }
    }

    /// How far the broker's cursor is in the first ledger's log, and where that ends.
    async fn broker_cursor(&self) -> Result<(i64, i64), String> {
        let query = "
            select coalesce((select c.position from remit.cursors c where c.ledger_id = 1 and c.channel = 'broker'), 0),
                   remit.log_position(1)";
        let rows = self.rows(query, &[]).await?;
        let row = rows.first().ok_or("no row")?;
        Ok((row.get(0), row.get(1)))
    }

    /// How many rows of the journal have no notification yet.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn unnotified(&self) -> Result<i64, String> {
        self.number(
            "select (select count(*) from remit.transfers) - (select count(distinct subject_id) from remit.notifications where type ~ '^(transfer|hold)[.]')",
        )
        .await
    }

    /// Reads all.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn books(&self) -> Result<Books, String> {
        let (journal, strays) = self.journal().await?;
        Ok(Books {
            journal,
            strays,
            wallets: self.wallets().await?,
            users: self.users().await?,
            holds: self.holds().await?,
            reversed: self.reversed().await?,
            notifications: self.notifications().await?,
            unpublished: self.unpublished().await?,
            verified: self.verified().await?,
            sessions: self.sessions().await?,
        })
    }

    async fn journal(&self) -> Result<(BTreeMap<Uuid, JournalRow>, Vec<String>), String> {
        let query = format!(
            "select id, outcome::text, source_id, target_id, amount, currency, source_version, source_balance,
                    target_version, target_balance, reference, metadata, request_id, {MICROSECONDS}, ledger_id,
                    to_jsonb(terms), amount_asked, to_jsonb(effect)
               from remit.transfers"
        );
        let (mut journal, mut strays) = (BTreeMap::new(), Vec::new());
        for row in self.rows(&query, &[]).await? {
            let (id, ledger_id): (Uuid, i64) = (row.get(0), row.get(14));
            if ledger_id != 1 || journal.insert(id, journal_row(&row)).is_some() {
                strays.push(format!("ledger {ledger_id}, transfer {id}"));
            }
        }
        Ok((journal, strays))
    }

    async fn wallets(&self) -> Result<HashMap<Uuid, WalletRow>, String> {
        let query = format!(
            "select id, user_id, currency, balance, floor, version, {MICROSECONDS}, held
               from remit.wallets where ledger_id = 1"
        );
        let rows = self.rows(&query, &[]).await?;
        let rows = rows.iter().map(|row| WalletRow {
            id: row.get(0),
            user_id: row.get(1),
            currency: row.get(2),
            balance: row.get(3),
            floor: row.get(4),
            version: row.get(5),
            created_at_us: row.get(6),
            held: row.get(7),
        });
        Ok(rows.map(|row| (row.id, row)).collect())
    }

    async fn users(&self) -> Result<HashMap<Uuid, UserRow>, String> {
        let query = format!("select id, name, {MICROSECONDS} from remit.users where ledger_id = 1");
        let rows = self.rows(&query, &[]).await?;
        let rows = rows.iter().map(|row| {
            let user = UserRow {
                name: row.get(1),
                created_at_us: row.get(2),
            };
            (row.get(0), user)
        });
        Ok(rows.collect())
    }

    async fn holds(&self) -> Result<HashMap<Uuid, HoldRow>, String> {
        let query = "select id, amount, captured, closed_by::text, version,
                            (extract(epoch from expires_at) * 1000000)::bigint
                       from remit.holds where ledger_id = 1";
        let rows = self.rows(query, &[]).await?;
        let rows = rows.iter().map(|row| HoldRow {
            id: row.get(0),
            amount: row.get(1),
            captured: row.get(2),
            closed_by: row.get(3),
            version: row.get(4),
            expires_us: row.get(5),
        });
        Ok(rows.map(|row| (row.id, row)).collect())
    }

    async fn reversed(&self) -> Result<HashMap<Uuid, (i64, Vec<Uuid>)>, String> {
        let query = "select transfer_id, amount, reversal_ids from remit.reversed_transfers where ledger_id = 1";
        let rows = self.rows(query, &[]).await?;
        let rows = rows
            .iter()
            .map(|row| (row.get(0), (row.get(1), row.get(2))));
        Ok(rows.collect())
    }

    /// How many open holds have an end that is yet to be written.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn unexpired(&self) -> Result<i64, String> {
        self.number("select count(*) from remit.holds where is_open and expires_at is not null")
            .await
    }

    async fn notifications(&self) -> Result<Vec<(Uuid, Uuid)>, String> {
        let query = "select event_id, subject_id from remit.notifications where type ~ '^(transfer|hold)[.]'";
        let rows = self.rows(query, &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    async fn verified(&self) -> Result<Vec<String>, String> {
        let query = "select to_jsonb(v) from remit_ops_v1.verify() v";
        let rows = self.rows(query, &[]).await?;
        let texts = rows.iter().map(|row| row.get::<_, Value>(0).to_string());
        Ok(texts.collect())
    }

    async fn sessions(&self) -> Result<Vec<(String, String)>, String> {
        let query = "select usename::text, concat_ws(' ', pid, state, wait_event, backend_start, state_change, query)
                       from pg_stat_activity
                      where datname = current_database() and usename in ('remit_server', 'remit_worker')";
        let rows = self.rows(query, &[]).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }
}

fn journal_row(row: &Row) -> JournalRow {
    JournalRow {
        id: row.get(0),
        outcome: row.get(1),
        source_id: row.get(2),
        target_id: row.get(3),
        amount: row.get(4),
        currency: row.get(5),
        source_version: row.get(6),
        source_balance: row.get(7),
        target_version: row.get(8),
        target_balance: row.get(9),
        reference: row.get(10),
        metadata: row.get(11),
        request_id: row.get(12),
        created_at_us: row.get(13),
        terms: row.get::<_, Option<Value>>(15).unwrap_or_default(),
        amount_asked: row.get(16),
        effect: row.get::<_, Option<Value>>(17).unwrap_or_default(),
    }
}

/// What Redis has of a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachedWallet {
    pub version: i64,
    pub balance: i64,
    pub held: i64,
}

/// The wallets of the cache, past Remit: those that Remit would read, whose keys begin like this.
///
/// # Errors
/// Redis is away.
pub async fn cached_wallets(
    redis: &redis::Client,
    prefix: &str,
    ids: impl Iterator<Item = Uuid>,
) -> redis::RedisResult<HashMap<Uuid, CachedWallet>> {
    let mut connection = redis.get_multiplexed_async_connection().await?;
    let mut cached = HashMap::new();
    for id in ids {
        type Parts = (Option<i64>, Option<i64>, Option<i64>, Option<String>);
        let parts: Parts = redis::cmd("HMGET")
            .arg(format!("{prefix}:1:{id}"))
            .arg(&["version", "balance", "held", "filled"])
            .query_async(&mut connection)
            .await?;
        if let (Some(version), Some(balance), Some(held), Some(_)) = parts {
            let wallet = CachedWallet {
                version,
                balance,
                held,
            };
            cached.insert(id, wallet);
        }
    }
    Ok(cached)
}
