//! The command line.

use std::io;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use remit::base::command_line::{self, number, uuid, wrong_settings};
use remit::base::complaint::Complaint;
use remit::base::environment::Environment;
use remit::base::version::VERSION;
use remit::sql::pools::Config as PostgresConfig;
use uuid::Uuid;

mod replay;

use crate::broker::Address;
use crate::config::{self, Config};
use crate::contract::Session;
use crate::dead::{self, Selection};
use crate::supervisor::Part;
use crate::{health, supervisor};

/// How many dead letters are listed or replayed when the command does not say.
const LIMIT_DEFAULT: u32 = 100;
/// How long a reason may be, as `remit.reason_check` has it.
const REASON_CHARACTERS_MAX: usize = 200;

const HELP: &str = "\
Examples:
  remit-worker dead list --limit 5
  remit-worker dead replay --id 0b1f6a52-6c0e-4d0e-9a53-6d5a3f0c9b11 --reason 'ticket 4711'
  remit-worker replay --ledger 1 --from 2026-11-30T00:00:00Z --to 2026-12-01T00:00:00Z --type transfer.posted --reason 'ticket 4711'
  remit-worker replay --aside --reason 'ticket 4711'
  NOTIFY_FAIL_RATE=0.2 remit-worker --notifier

Environment:
  DATABASE_URL          postgresql://remit_worker:password@host:port/database
  REDIS_URL             redis://user:password@host:port/0
  AMQP_URL              amqp://user:password@host:port/%2f
                        (for TLS: ?sslmode=require, rediss://, amqps://)
  REMIT_TLS_CA_FILE     certificates (PEM) that TLS to the servers trusts; default: the system's
  REMIT_WORKER_LISTEN   address and port where GET /metrics is answered, to anyone; default: nowhere
  REMIT_HEADS_URL       where the heads of the logs are exported to each half a minute: file:///path, which is only
                        appended to, or https://host/path, which gets a POST; default: nowhere
  REMIT_LOG             error, warn, info (the default), debug or off
  NOTIFY_ATTEMPTS_MAX   attempts before a notification is dead, 1 to 10 (default 6)
  NOTIFY_BACKOFF_MS     the delay after the first failed attempt, which then doubles (default 1000)
  NOTIFY_FAIL_RATE      the share of deliveries that fail on purpose, 0 to 1 (default 0)
  REMIT_WEBHOOK_SECRET  what the secrets of webhooks are derived from; the server's, 32 characters or more
  REMIT_WEBHOOK_NETWORKS  networks that webhooks may reach beside public addresses, such as 10.1.0.0/16
  REMIT_WEBHOOK_HTTP    true: webhooks may have URLs of http, for development (default false)

`dead list` needs AMQP_URL alone, `dead replay`, `replay` and `health` also DATABASE_URL. For `dead replay` and `replay`
it is an operator's login, which the audit log names. A running worker prints JSON lines.";

/// Drains Remit's outbox into RabbitMQ and delivers notifications, until SIGTERM or SIGINT
#[derive(Debug, Parser)]
#[command(name = "remit-worker", version = VERSION, after_help = HELP, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Run the relay alone
    #[arg(long, group = "alone")]
    relay: bool,
    /// Run the notifier alone
    #[arg(long, group = "alone")]
    notifier: bool,
    /// Send webhooks alone
    #[arg(long, group = "alone")]
    webhooks: bool,
    /// Check the settings, and end
    #[arg(long)]
    check: bool,
}

impl Arguments {
    /// The part that is to run, if not all.
    fn alone(&self) -> Option<Part> {
        let parts = [
            (self.relay, Part::Relay),
            (self.notifier, Part::Notifier),
            (self.webhooks, Part::Webhooks),
        ];
        let chosen = parts.into_iter().find(|(is_chosen, _)| *is_chosen);
        chosen.map(|(_, part)| part)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show dead letters, or send them again
    #[command(subcommand, after_help = HELP)]
    Dead(Dead),
    /// Publish a past window of a ledger's log again, once the audit log has who, which and why
    ///
    /// A message has the id that it had and the header remit-replay. It goes to the queue
    /// remit.replay, which holds at most a million messages, or to an exchange. A replay that was
    /// interrupted may be run again: what is published twice has one id.
    #[command(after_help = HELP)]
    Replay(replay::Options),
    /// Ask whether some relay leads and gets on, and some notifier consumes; exit status 0 or 1
    #[command(after_help = HELP)]
    Health,
}

#[derive(Debug, Subcommand)]
enum Dead {
    /// Print the oldest dead letters, a line of JSON each
    #[command(after_help = HELP)]
    List {
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = LIMIT_DEFAULT, value_parser = number::<u32>)]
        limit: u32,
    },
    /// Move dead letters back to the notifier, once the audit log has who, which and why
    #[command(after_help = HELP)]
    Replay(Replay),
}

#[derive(Debug, Args)]
struct Replay {
    /// So many of the oldest; default: 100
    #[arg(long, value_name = "N", group = "selection", value_parser = number::<u32>)]
    limit: Option<u32>,
    /// Those of one event
    #[arg(long, value_name = "EVENT_ID", group = "selection", value_parser = uuid)]
    id: Option<Uuid>,
    /// All that are there now
    #[arg(long, group = "selection")]
    all: bool,
    /// Why, for the audit log, 1 to 200 characters
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = reason)]
    reason: String,
}

impl Replay {
    fn selection(&self) -> Selection {
        match (self.id, self.all) {
            (Some(id), _) => Selection::Event(id),
            (None, true) => Selection::All,
            (None, false) => Selection::Oldest(self.limit.unwrap_or(LIMIT_DEFAULT)),
        }
    }
}

fn reason(text: &str) -> Result<String, String> {
    if (1..=REASON_CHARACTERS_MAX).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be 1 to {REASON_CHARACTERS_MAX} characters"))
    }
}

/// Reads the arguments and obeys.
pub fn main() -> ExitCode {
    match command_line::read::<Arguments>() {
        Ok(arguments) => command_line::run("remit-worker", obey(arguments)),
        Err(error) => ExitCode::from(command_line::say(&error)),
    }
}

async fn obey(arguments: Arguments) -> Result<ExitCode, Complaint> {
    let environment = Environment::of_process();
    let wrong = wrong_settings("remit-worker");
    let alone = arguments.alone();
    match arguments.command {
        None => {
            let config = Config::read(environment).map_err(wrong)?;
            if !arguments.check {
                supervisor::work(config, alone).await?;
            }
        }
        Some(Command::Dead(Dead::List { limit })) => {
            let broker = config::read_broker(environment).map_err(wrong)?;
            dead::list(&broker, limit, &mut io::stdout()).await?;
        }
        Some(Command::Dead(Dead::Replay(replay))) => {
            let name = "remit-worker dead replay";
            let servers = config::read_servers(environment, name).map_err(wrong)?;
            let moved = obey_replay(&replay, servers).await?;
            eprintln!("{moved} moved");
        }
        Some(Command::Replay(again)) => {
            let servers = config::read_servers(environment, "remit-worker replay");
            replay::obey(&again, servers.map_err(wrong)?).await?;
        }
        Some(Command::Health) => {
            let servers = config::read_servers(environment, config::APPLICATION_NAME);
            let (postgres, broker) = servers.map_err(wrong)?;
            health::check(&postgres, &broker).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn obey_replay(
    replay: &Replay,
    (postgres, broker): (PostgresConfig, Address),
) -> Result<usize, Complaint> {
    let audit = Session::connect(&postgres).await?;
    let (selection, reason) = (replay.selection(), &replay.reason);
    let moved = dead::replay(&broker, &audit, selection, reason, &mut io::stdout()).await?;
    match selection {
        Selection::Event(id) if moved == 0 => Err(Complaint::new(
            format!("no dead letter is of the event {id}"),
            "`remit-worker dead list` shows those that are there",
        )),
        _ => Ok(moved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(["remit-worker"].into_iter().chain(line.split_whitespace()))
    }

    fn replay(line: &str) -> Option<(Selection, String)> {
        match parsed(&format!("dead replay {line}")).ok()?.command? {
            Command::Dead(Dead::Replay(replay)) => Some((replay.selection(), replay.reason)),
            _ => None,
        }
    }

    #[test]
    fn the_parts_run_together_or_apart() {
        for (line, chosen) in [
            ("", None),
            ("--relay", Some(Part::Relay)),
            ("--notifier", Some(Part::Notifier)),
            ("--webhooks", Some(Part::Webhooks)),
        ] {
            let run = parsed(line).expect(line);
            assert!(run.command.is_none());
            assert_eq!(run.alone(), chosen, "{line}");
        }
    }

    #[test]
    fn dead_letters_are_chosen_by_number_id_or_all() {
        let listed = |line| match parsed(line).ok()?.command? {
            Command::Dead(Dead::List { limit }) => Some(limit),
            _ => None,
        };
        assert_eq!(listed("dead list"), Some(100));
        assert_eq!(listed("dead list --limit 3"), Some(3));
        let id = Uuid::from_u128(5);
        let chosen = |selection| Some((selection, "why".to_owned()));
        assert_eq!(replay("--reason why"), chosen(Selection::Oldest(100)));
        assert_eq!(
            replay("--limit 3 --reason why"),
            chosen(Selection::Oldest(3))
        );
        assert_eq!(replay("--reason why --all"), chosen(Selection::All));
        assert_eq!(
            replay(&format!("--id {id} --reason why")),
            chosen(Selection::Event(id))
        );
    }

    #[test]
    fn a_replay_has_one_reason_and_one_choice() {
        let long = format!("--reason {}", "x".repeat(201));
        for options in [
            "",
            "--all",
            "--reason",
            "--reason=",
            "--reason why --all --limit 3",
            "--reason why --limit",
            "--reason why --reason why",
            "--reason why now",
            &long,
        ] {
            assert!(replay(options).is_none(), "{options}");
        }
    }

    #[test]
    fn help_is_had_anywhere_and_nonsense_is_refused() {
        for line in ["--help", "dead --help", "dead replay --help", "--version"] {
            assert!(!parsed(line).expect_err(line).use_stderr(), "{line}");
        }
        for line in [
            "dead",
            "dead list --limit x",
            "dead list --limit 05",
            "dead replay --id 5 --reason why",
            "--relay --notifier",
            "--webhooks --notifier",
            "--relay health",
            "run",
        ] {
            assert!(parsed(line).expect_err(line).use_stderr(), "{line}");
        }
    }
}
