//! The command line.

use std::str::FromStr;

use crate::dead::Selection;

/// How many dead letters are listed or replayed when the command does not say.
const LIMIT_DEFAULT: u32 = 100;
/// How long a reason may be, as `remit.reason_check` has it.
const REASON_CHARACTERS_MAX: usize = 200;

/// What `--help` says.
pub const HELP: &str = "\
Drains Remit's outbox into RabbitMQ and delivers notifications.

Usage:
  remit-worker                  run relay and notifier until SIGTERM or SIGINT
  remit-worker --relay          run the relay alone
  remit-worker --notifier       run the notifier alone
  remit-worker dead list [--limit N]
                                print the oldest dead letters (default 100), a line of JSON each
  remit-worker dead replay [--limit N | --id EVENT_ID | --all] --reason TEXT
                                move dead letters (default: the 100 oldest) back to the notifier;
                                the audit log has who, which and why before any is moved
  remit-worker health           exit 0 when some relay leads and some notifier consumes
  remit-worker --help | --version

Examples:
  remit-worker dead list --limit 5
  remit-worker dead replay --id 0b1f6a52-6c0e-4d0e-9a53-6d5a3f0c9b11 --reason 'ticket 4711'
  NOTIFY_FAIL_RATE=0.2 remit-worker --notifier

Environment:
  DATABASE_URL          postgresql://remit_worker:password@host:port/database
  REDIS_URL             redis://user:password@host:port/0
  AMQP_URL              amqp://user:password@host:port/%2f
                        (for TLS: ?sslmode=require, rediss://, amqps://)
  REMIT_TLS_CA_FILE     certificates (PEM) that TLS to the servers trusts; default: the system's
  REMIT_LOG             error, warn, info (the default), debug or off
  NOTIFY_ATTEMPTS_MAX   attempts before a notification is dead, 1 to 10 (default 6)
  NOTIFY_BACKOFF_MS     the delay after the first failed attempt, which then doubles (default 1000)
  NOTIFY_FAIL_RATE      the share of deliveries that fail on purpose, 0 to 1 (default 0)

`dead list` needs AMQP_URL alone, `dead replay` and `health` also DATABASE_URL. For `dead replay` it may be
an operator's login: the audit log names it. A running worker prints JSON lines.
";

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Run {
        relay: bool,
        notifier: bool,
    },
    DeadList {
        limit: u32,
    },
    DeadReplay {
        selection: Selection,
        reason: String,
    },
    Health,
    Help,
    Version,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// What is wrong with them.
pub fn parse(arguments: &[String]) -> Result<Command, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(Command::Run {
            relay: true,
            notifier: true,
        }),
        ["--relay"] => Ok(Command::Run {
            relay: true,
            notifier: false,
        }),
        ["--notifier"] => Ok(Command::Run {
            relay: false,
            notifier: true,
        }),
        ["health"] => Ok(Command::Health),
        ["--version" | "-V"] => Ok(Command::Version),
        ["dead", "list"] => Ok(Command::DeadList {
            limit: LIMIT_DEFAULT,
        }),
        ["dead", "list", "--limit", limit] => Ok(Command::DeadList {
            limit: value("--limit", limit)?,
        }),
        words if words.iter().any(|word| matches!(*word, "--help" | "-h")) => Ok(Command::Help),
        ["dead", "replay", options @ ..] => replay(options),
        words => Err(format!("cannot understand: {}", words.join(" "))),
    }
}

/// Reads the options of `dead replay`, in any order.
fn replay(options: &[&str]) -> Result<Command, String> {
    let (mut selection, mut reason) = (None, None);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let mut argument = || {
            let argument = options.next().copied();
            argument.ok_or_else(|| format!("{option} takes a value"))
        };
        let is_given = match *option {
            "--all" => selection.replace(Selection::All).is_some(),
            "--limit" => {
                let limit = value(option, argument()?)?;
                selection.replace(Selection::Oldest(limit)).is_some()
            }
            "--id" => {
                let id = value(option, argument()?)?;
                selection.replace(Selection::Event(id)).is_some()
            }
            "--reason" => reason.replace(argument()?.to_owned()).is_some(),
            other => return Err(format!("cannot understand: {other}")),
        };
        if is_given {
            return Err(format!("{option} is one too many"));
        }
    }
    let reason =
        reason.filter(|reason| (1..=REASON_CHARACTERS_MAX).contains(&reason.chars().count()));
    let rule = format!("dead replay needs --reason, 1 to {REASON_CHARACTERS_MAX} characters");
    Ok(Command::DeadReplay {
        selection: selection.unwrap_or(Selection::Oldest(LIMIT_DEFAULT)),
        reason: reason.ok_or(rule)?,
    })
}

fn value<T: FromStr>(option: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{option} cannot be {text}"))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments)
    }

    #[test]
    fn relay_and_notifier_run_together_or_apart() {
        let run = |relay, notifier| Ok(Command::Run { relay, notifier });
        assert_eq!(parsed(""), run(true, true));
        assert_eq!(parsed("--relay"), run(true, false));
        assert_eq!(parsed("--notifier"), run(false, true));
    }

    #[test]
    fn dead_letters_are_chosen_by_number_id_or_all() {
        let id = Uuid::from_u128(5);
        assert_eq!(
            parsed("dead list --limit 3"),
            Ok(Command::DeadList { limit: 3 })
        );
        let replay = |line: &str| parsed(&format!("dead replay {line}"));
        let chosen = |selection| {
            Ok(Command::DeadReplay {
                selection,
                reason: "why".to_owned(),
            })
        };
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
            "--reason why --all --limit 3",
            "--reason why --limit",
            "--reason why --reason why",
            "--reason why now",
            &long,
        ] {
            assert!(
                parsed(&format!("dead replay {options}")).is_err(),
                "{options}"
            );
        }
    }

    #[test]
    fn help_is_had_anywhere_and_nonsense_is_refused() {
        assert_eq!(parsed("dead replay --help"), Ok(Command::Help));
        for line in [
            "dead",
            "dead list --limit x",
            "dead replay --id 5 --reason why",
            "--relay --notifier now",
            "run",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
