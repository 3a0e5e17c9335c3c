//! `remit keys`: an operator's door to API keys, through the same functions as `POST /keys`.

use std::io::Write;
use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::base::command_line::unwritten;
use crate::base::complaint::Complaint;
use crate::base::metrics::Metrics;
use crate::cli::{help, ledger_id, refusal};
use crate::sql::contract::{self, By};
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::sql::pools;
use crate::sql::pools::Config;
use crate::sql::pulse::Pulse;
use crate::types::{KeyRequest, KeyScope, parse_uuid};

/// Keys that are read at a time.
const PAGE_SIZE: i32 = 1_000;

/// What to do, in which ledger.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The ledger
    #[arg(long = "ledger", value_name = "ID", global = true, default_value_t = 1, value_parser = ledger_id)]
    ledger_id: i64,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a new key, which is shown this once and stored nowhere
    #[command(after_help = help("remit keys create --name billing --scope service --reason 'the billing job'"))]
    Create {
        /// What the key is for, 1 to 200 characters
        #[arg(long, allow_hyphen_values = true)]
        name: String,
        /// What the key may do
        #[arg(long, value_parser = scope())]
        scope: KeyScope,
        /// Whom a key of the scope user is bound to
        #[arg(long, value_name = "UUID", value_parser = user_id, required_if_eq("scope", "user"))]
        user: Option<Uuid>,
        /// Such as 2030-01-31T12:00:00Z; without it the key lasts until it is revoked
        #[arg(long, value_name = "TIME", value_parser = moment)]
        expires_at: Option<OffsetDateTime>,
        #[command(flatten)]
        why: Why,
    },
    /// Print a line of JSON for each key, oldest first; none of them holds the key itself
    #[command(after_help = help("remit keys list --ledger 1"))]
    List,
    /// End a key for good: every server refuses it within 5 seconds
    #[command(after_help = help("remit keys revoke 018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69 --reason 'the job is gone'"))]
    Revoke {
        /// The key's id
        #[arg(value_parser = key_id)]
        id: Uuid,
        #[command(flatten)]
        why: Why,
    },
}

#[derive(Debug, Args)]
struct Why {
    /// Why, for the audit log, 1 to 200 characters
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    reason: String,
}

/// Does it.
///
/// # Errors
/// What went wrong, in a sentence.
pub async fn run(
    Arguments { ledger_id, command }: Arguments,
    config: &Config,
) -> Result<(), Complaint> {
    let pool = pools::pool(config, 1, pools::LOCK_TIMEOUT_MS);
    drop(pools::first(&pool, config).await?);
    let database = Database::new(pool, Vec::new(), Pulse::assumed(), Arc::new(Metrics::new()));
    let by = By::session(ledger_id);
    match command {
        Command::Create {
            name,
            scope,
            user: user_id,
            expires_at,
            why,
        } => {
            let request = KeyRequest {
                name,
                scope,
                user_id,
                expires_at,
            };
            let created = contract::key_create(&database, by, &request, Some(&why.reason));
            let user = user_id.map(|id| id.to_string()).unwrap_or_default();
            let created = created.await;
            let created = created.map_err(|failure| explain(failure, ledger_id, &user))?;
            print(created.secret.reveal())?;
            let (id, scope) = (created.id, <&str>::from(created.scope));
            eprintln!("Key {id} of scope {scope} in ledger {ledger_id}: shown this once.");
            Ok(())
        }
        Command::List => list(&database, ledger_id).await,
        Command::Revoke { id, why } => {
            let revoked = contract::key_revoke(&database, by, id, Some(&why.reason));
            let revoked = revoked.await;
            let revoked =
                revoked.map_err(|failure| explain(failure, ledger_id, &id.to_string()))?;
            eprintln!("Key {} is revoked.", revoked.id);
            Ok(())
        }
    }
}

async fn list(database: &Database, ledger_id: i64) -> Result<(), Complaint> {
    let by = By::session(ledger_id);
    let (mut after_at, mut after_id) = (None, None);
    loop {
        let keys = contract::key_list(database, by, after_at, after_id, PAGE_SIZE);
        let keys = keys.await;
        let keys = keys.map_err(|failure| explain(failure, ledger_id, ""))?;
        for key in &keys {
            print(&json!(key).to_string())?;
        }
        match keys.last() {
            Some(last) => (after_at, after_id) = (Some(last.created_at), Some(last.id)),
            None => return Ok(()),
        }
    }
}

/// A line on standard output, which may have been closed.
fn print(line: &str) -> Result<(), Complaint> {
    let written = writeln!(std::io::stdout(), "{line}");
    written.map_err(|error| unwritten(&error))
}

/// What is said of a call about this key or user that failed.
fn explain(failure: Failure, ledger_id: i64, subject: &str) -> Complaint {
    match failure {
        Failure::Refused(refused) => refusal::complaint(refused, ledger_id, subject),
        failure => {
            let advice = "see that PostgreSQL is well, and list the keys before you try again";
            Complaint::new(format!("PostgreSQL: {}", failure.cause()), advice)
        }
    }
}

fn scope() -> impl TypedValueParser<Value = KeyScope> {
    let scopes = [
        (
            "user",
            "sees one user's wallets and spends from them (needs --user)",
        ),
        ("reader", "sees the ledger"),
        ("service", "also makes users, wallets and transfers"),
        ("admin", "also manages keys, ledgers, freezes and limits"),
    ];
    let scopes = scopes.map(|(name, meaning)| PossibleValue::new(name).help(meaning));
    PossibleValuesParser::new(scopes).try_map(|name| name.parse())
}

fn user_id(text: &str) -> Result<Uuid, &'static str> {
    parse_uuid(text).ok_or("must be a UUID")
}

fn key_id(text: &str) -> Result<Uuid, &'static str> {
    parse_uuid(text).ok_or("the id of a key is a UUID, as `remit keys list` shows it")
}

fn moment(text: &str) -> Result<OffsetDateTime, &'static str> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| "must be a time such as 2030-01-31T12:00:00Z")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli;

    fn parsed(line: &str) -> Result<Arguments, String> {
        let words = ["remit", "keys"].into_iter().chain(line.split_whitespace());
        match cli::Arguments::try_parse_from(words) {
            Ok(cli::Arguments {
                command: cli::Command::Keys(arguments),
            }) => Ok(arguments),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_command_has_its_options_in_any_order() {
        let line = "create --reason r --scope user --ledger 7 --name -n \
                    --user 018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69 --expires-at 2030-01-31T12:00:00Z";
        let create = parsed(line).expect("it is right");
        assert_eq!(create.ledger_id, 7);
        let is_whole = matches!(
            create.command,
            Command::Create {
                scope: KeyScope::User,
                user: Some(_),
                expires_at: Some(_),
                ..
            }
        );
        assert!(is_whole, "{line}");
        let list = parsed("list").expect("it is right");
        assert!(list.ledger_id == 1 && matches!(list.command, Command::List));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, named) in [
            ("", "create, list or revoke"),
            ("delete", "delete"),
            ("create --scope admin --reason r", "--name"),
            ("create --name n --reason r", "--scope"),
            ("create --name n --scope root --reason r", "--scope"),
            ("create --name n --scope admin", "--reason"),
            ("create --name n --scope user --reason r", "--user"),
            ("create --name n --name m", "--name"),
            (
                "create --name n --scope admin --reason r --user 7",
                "--user",
            ),
            (
                "create --name n --scope admin --reason r --expires-at 2030",
                "--expires-at",
            ),
            ("list --ledger 0", "--ledger"),
            ("list --ledger", "--ledger"),
            ("list --limit 5", "--limit"),
            ("list all", "all"),
            ("revoke 7 --reason r", "UUID"),
            ("revoke 018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69", "--reason"),
        ] {
            let error = parsed(line).expect_err(line);
            assert!(error.contains(named), "{line}: {error}");
        }
    }
}
