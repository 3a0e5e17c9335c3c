//! `remit prune`: drops notifications and the data of events that need not be kept, in steps.

use std::io::Write as _;

use clap::Args;
use time::{Duration, OffsetDateTime};
use tokio_postgres::Client;

use crate::base::clock;
use crate::base::command_line::unwritten;
use crate::base::complaint::Complaint;
use crate::cli::ledger_id;
use crate::sql::contract::ops::{self, Pruned};
use crate::sql::pools;
use crate::sql::pools::Config;

/// How many rows of each kind a step drops: some tenths of a second of work.
const STEP_ROWS: i32 = 20_000;
/// A hundred years.
const AGE_DAYS_MAX: i64 = 36_500;

/// What is asked for.
#[derive(Debug, Args)]
pub struct Options {
    /// How old what is dropped is at least, in days, such as 400d
    #[arg(long, value_name = "DAYS", value_parser = age)]
    older_than: Duration,
    /// Of this ledger alone; default: of every ledger
    #[arg(long = "ledger", value_name = "ID", value_parser = ledger_id)]
    ledger_id: Option<i64>,
    /// Why, for the audit log, 1 to 200 characters
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    reason: String,
}

/// Runs the command. What was dropped before an error stays dropped.
///
/// # Errors
/// What kept it from dropping.
pub async fn run(config: &Config, options: &Options) -> Result<(), Complaint> {
    let before = clock::now() - options.older_than;
    let (client, _driver) = pools::connect_telling(config, |told| eprintln!("{told}")).await?;
    let mut total = Pruned::default();
    for head in ops::log_head(&client, options.ledger_id).await? {
        let dropped = ledger(&client, head.ledger_id, before, &options.reason).await?;
        total.add(dropped);
    }
    let said = writeln!(
        std::io::stdout(),
        "Dropped {} notifications, and the data of {} blocks of the log.",
        total.notifications,
        total.details
    );
    said.map_err(|error| unwritten(&error))
}

/// Drops what a ledger has, step by step, until a step finds nothing.
async fn ledger(
    client: &Client,
    ledger_id: i64,
    before: OffsetDateTime,
    reason: &str,
) -> Result<Pruned, Complaint> {
    let mut total = Pruned::default();
    loop {
        let found = ops::prune(client, ledger_id, before, STEP_ROWS, reason).await?;
        if found.is_nothing() {
            return Ok(total);
        }
        total.add(found);
        let (notifications, details) = (total.notifications, total.details);
        eprintln!("ledger {ledger_id}: {notifications} notifications and {details} blocks so far");
    }
}

/// The value of `--older-than`.
fn age(text: &str) -> Result<Duration, &'static str> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    days.filter(|days| (1..=AGE_DAYS_MAX).contains(days))
        .map(Duration::days)
        .ok_or("must be a number of days from 1 to 36500, such as 400d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_of_days() {
        assert_eq!(age("400d"), Ok(Duration::days(400)));
        assert_eq!(age("36500d"), Ok(Duration::days(36_500)));
        for wrong in [
            "",
            "d",
            "400",
            "0d",
            "-1d",
            "36501d",
            "1.5d",
            "400h",
            "99999999999999999999d",
        ] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }
}
