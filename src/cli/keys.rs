//! `remit keys`: an operator's door to API keys, through the same functions as `POST /keys`.

use std::io::Write;
use std::sync::Arc;

use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::base::metrics::Metrics;
use crate::http::problem::{Code, Problem};
use crate::sql::contract::{self, By};
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::sql::pools;
use crate::sql::pools::Config;
use crate::sql::pulse::Pulse;
use crate::types::{KeyRequest, KeyScope};
use crate::types::{parse_ledger_id, parse_uuid};

/// The ledger of a command that names none.
const LEDGER_ID_DEFAULT: i64 = 1;
/// Keys that are read at a time.
const PAGE_SIZE: i32 = 1_000;

/// What `remit keys --help` says.
pub const HELP: &str = "\
Makes, lists and revokes API keys.

Usage:
  remit keys create --name NAME --scope SCOPE --reason TEXT [--user UUID] [--ledger ID] [--expires-at TIME]
      Prints the new key, which is shown this once and stored nowhere.
  remit keys list [--ledger ID]
      Prints a line of JSON for each key, oldest first. None of them holds the key itself.
  remit keys revoke ID --reason TEXT [--ledger ID]
      Ends a key for good: every server refuses it within 5 seconds.

Options:
  --name NAME        what the key is for, 1 to 200 characters
  --scope SCOPE      user    sees one user's wallets and spends from them (needs --user)
                     reader  sees the ledger
                     service also makes users, wallets and transfers
                     admin   also manages keys, ledgers, freezes and limits
  --user UUID        whom a key of the scope user is bound to
  --ledger ID        the ledger; default 1
  --expires-at TIME  such as 2030-01-31T12:00:00Z; without it the key lasts until it is revoked
  --reason TEXT      why, for the audit log, 1 to 200 characters

Environment:
  DATABASE_URL       postgresql://user:password@host:port/database of an operator or the owner
  REMIT_TLS_CA_FILE  certificates (PEM) that TLS to it trusts; default: the system's

Example:
  remit keys create --name billing --scope service --reason 'the billing job'
";

/// What to do.
#[derive(Debug)]
pub enum Command {
    Create {
        ledger_id: i64,
        request: KeyRequest,
        reason: String,
    },
    List {
        ledger_id: i64,
    },
    Revoke {
        ledger_id: i64,
        key_id: Uuid,
        reason: String,
    },
    Help,
}

/// Reads the arguments after `keys`.
///
/// # Errors
/// What is wrong with them.
pub fn parse(arguments: &[&str]) -> Result<Command, String> {
    if arguments
        .iter()
        .any(|word| matches!(*word, "-h" | "--help"))
    {
        return Ok(Command::Help);
    }
    match arguments {
        ["create", rest @ ..] => {
            let mut options = Options::parse(rest)?;
            let command = Command::Create {
                ledger_id: options.ledger_id()?,
                request: KeyRequest {
                    name: options.required("--name")?,
                    scope: scope(&options.required("--scope")?)?,
                    user_id: options.uuid("--user")?,
                    expires_at: options.moment("--expires-at")?,
                },
                reason: options.required("--reason")?,
            };
            options.finish().map(|()| command)
        }
        ["list", rest @ ..] => {
            let mut options = Options::parse(rest)?;
            let ledger_id = options.ledger_id()?;
            options.finish().map(|()| Command::List { ledger_id })
        }
        ["revoke", id, rest @ ..] => {
            let mut options = Options::parse(rest)?;
            let command = Command::Revoke {
                ledger_id: options.ledger_id()?,
                key_id: parse_uuid(id)
                    .ok_or("the id of a key is a UUID, as `remit keys list` shows it")?,
                reason: options.required("--reason")?,
            };
            options.finish().map(|()| command)
        }
        _ => Err("expected create, list or revoke ID; see remit keys --help".to_owned()),
    }
}

/// Does it.
///
/// # Errors
/// What went wrong, in a sentence.
pub async fn run(command: Command, config: &Config) -> Result<(), String> {
    let database = Database::new(
        pools::pool(config, 1),
        Pulse::assumed(),
        Arc::new(Metrics::new()),
    );
    match command {
        Command::Create {
            ledger_id,
            request,
            reason,
        } => {
            let created =
                contract::key_create(&database, By::session(ledger_id), &request, Some(&reason));
            let created = created.await.map_err(explain)?;
            print(created.secret.reveal())?;
            let (id, scope) = (created.id, <&str>::from(created.scope));
            eprintln!("Key {id} of scope {scope} in ledger {ledger_id}: shown this once.");
        }
        Command::List { ledger_id } => list(&database, ledger_id).await?,
        Command::Revoke {
            ledger_id,
            key_id,
            reason,
        } => {
            let revoked =
                contract::key_revoke(&database, By::session(ledger_id), key_id, Some(&reason));
            let revoked = revoked.await.map_err(explain)?;
            eprintln!("Key {} is revoked.", revoked.id);
        }
        Command::Help => print(HELP)?,
    }
    Ok(())
}

async fn list(database: &Database, ledger_id: i64) -> Result<(), String> {
    let (mut after_at, mut after_id) = (None, None);
    loop {
        let keys = contract::key_list(
            database,
            By::session(ledger_id),
            after_at,
            after_id,
            PAGE_SIZE,
        );
        let keys = keys.await.map_err(explain)?;
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
fn print(line: &str) -> Result<(), String> {
    let written = writeln!(std::io::stdout(), "{line}");
    written.map_err(|error| format!("writing to standard output: {error}"))
}

fn explain(failure: Failure) -> String {
    let refusal = match failure {
        Failure::Refused(refusal) => Problem::from(refusal),
        failure => return failure.cause().to_owned(),
    };
    if refusal.code == Code::Unauthenticated {
        return "DATABASE_URL must be the login of an operator or of the owner".to_owned();
    }
    let field = refusal.pointer.unwrap_or_default();
    let field = field.trim_start_matches('/');
    format!("{} {field} {}", refusal.code.title(), refusal.detail).replace("  ", " ")
}

fn scope(name: &str) -> Result<KeyScope, String> {
    name.parse()
        .map_err(|_| "--scope is user, reader, service or admin".to_owned())
}

/// The options of a command, each with its value, taken one by one.
struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    fn parse(words: &[&'a str]) -> Result<Self, String> {
        let mut options: Vec<(&str, &str)> = Vec::new();
        for pair in words.chunks(2) {
            match *pair {
                [name, value] if name.starts_with("--") => {
                    if options.iter().any(|(other, _)| *other == name) {
                        return Err(format!("{name} may be there once"));
                    }
                    options.push((name, value));
                }
                [name] if name.starts_with("--") => return Err(format!("{name} needs a value")),
                // It may be a secret that went astray: it is not repeated.
                _ => return Err("an option begins with --; see remit keys --help".to_owned()),
            }
        }
        Ok(Self(options))
    }

    fn optional(&mut self, name: &str) -> Option<&'a str> {
        let place = self.0.iter().position(|(option, _)| *option == name)?;
        Some(self.0.swap_remove(place).1)
    }

    fn required(&mut self, name: &str) -> Result<String, String> {
        let value = self.optional(name).map(ToOwned::to_owned);
        value.ok_or_else(|| format!("{name} is required; see remit keys --help"))
    }

    fn uuid(&mut self, name: &str) -> Result<Option<Uuid>, String> {
        let parse = |text| parse_uuid(text).ok_or_else(|| format!("{name} is a UUID"));
        self.optional(name).map(parse).transpose()
    }

    fn moment(&mut self, name: &str) -> Result<Option<OffsetDateTime>, String> {
        let parse = |text| OffsetDateTime::parse(text, &Rfc3339);
        let moment = self.optional(name).map(parse).transpose();
        moment.map_err(|_| format!("{name} is a time such as 2030-01-31T12:00:00Z"))
    }

    fn ledger_id(&mut self) -> Result<i64, String> {
        let Some(text) = self.optional("--ledger") else {
            return Ok(LEDGER_ID_DEFAULT);
        };
        let id = parse_ledger_id(text);
        id.ok_or_else(|| "--ledger is a positive integer".to_owned())
    }

    fn finish(self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("{name} is no option of this command")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        parse(&words).expect_err(line)
    }

    #[test]
    fn a_command_has_its_options_in_any_order() {
        let line = "create --reason r --scope user --ledger 7 --name n \
                    --user 018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69 --expires-at 2030-01-31T12:00:00Z";
        let words: Vec<&str> = line.split_whitespace().collect();
        let Ok(Command::Create {
            ledger_id, request, ..
        }) = parse(&words)
        else {
            panic!("{line}");
        };
        assert_eq!((ledger_id, request.scope), (7, KeyScope::User));
        assert!(request.user_id.is_some() && request.expires_at.is_some());
        assert!(matches!(
            parse(&["list"]),
            Ok(Command::List { ledger_id: 1 })
        ));
        assert!(matches!(parse(&["revoke", "--help"]), Ok(Command::Help)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, named) in [
            ("", "create, list or revoke"),
            ("delete", "create, list or revoke"),
            ("create --scope admin --reason r", "--name"),
            ("create --name n --reason r", "--scope"),
            ("create --name n --scope root --reason r", "--scope"),
            ("create --name n --scope admin", "--reason"),
            ("create --name n --name m", "--name may be there once"),
            (
                "create --name n --scope admin --reason r --user 7",
                "--user",
            ),
            (
                "create --name n --scope admin --reason r --expires-at 2030",
                "--expires-at",
            ),
            ("list --ledger 0", "--ledger"),
            ("list --ledger", "--ledger needs a value"),
            ("list --limit 5", "--limit"),
            ("list all", "--"),
            ("revoke 7 --reason r", "UUID"),
            ("revoke 018f4e9c-7d3b-4c55-9a7e-2f1d3c4b5a69", "--reason"),
        ] {
            assert!(error(line).contains(named), "{line}: {}", error(line));
        }
    }
}
