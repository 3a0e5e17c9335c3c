//! `remit-worker replay`.

use clap::Args;
use remit::base::complaint::Complaint;
use remit::sql::pools::Config;
use remit::types::parse_ledger_id;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::reason;
use crate::broker::Address;
use crate::contract::Session;
use crate::replay::{self, Target, Window};

/// What is asked for.
#[derive(Debug, Args)]
pub struct Options {
    /// The ledger
    #[arg(long = "ledger", value_name = "ID", required_unless_present = "aside", value_parser = ledger_id)]
    ledger_id: Option<i64>,
    /// The moment at or after which an event had its place in the log (RFC 3339)
    #[arg(long, value_name = "MOMENT", required_unless_present = "aside", value_parser = moment)]
    from: Option<OffsetDateTime>,
    /// The moment before which it had
    #[arg(long, value_name = "MOMENT", required_unless_present = "aside", value_parser = moment)]
    to: Option<OffsetDateTime>,
    /// Of this type alone, such as transfer.posted; may be given again
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// To this exchange, with the types as routing keys; default: to the queue remit.replay
    #[arg(long, value_name = "NAME")]
    exchange: Option<String>,
    /// What was set aside, to the exchange remit.events; what is confirmed is aside no longer
    #[arg(long, conflicts_with_all = ["from", "to", "types", "exchange"])]
    aside: bool,
    /// Count the events, and publish none
    #[arg(long)]
    dry_run: bool,
    /// Why, for the audit log, 1 to 200 characters
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = reason)]
    reason: String,
}

impl Options {
    /// What to publish again. None: what was set aside.
    fn window(&self) -> Option<Window> {
        Some(Window {
            ledger_id: self.ledger_id?,
            since: self.from?,
            until: self.to?,
            types: self.types.clone(),
        })
    }

    fn target(&self) -> Target {
        let exchange = self.exchange.clone();
        exchange.map_or(Target::Queue, Target::Exchange)
    }
}

/// Publishes it, and says on stderr how much it was.
pub async fn obey(
    options: &Options,
    (postgres, broker): (Config, Address),
) -> Result<(), Complaint> {
    let session = Session::connect(&postgres).await?;
    let (reason, dry_run) = (&options.reason, options.dry_run);
    let count = match options.window() {
        Some(window) => {
            let target = options.target();
            replay::window(&session, &broker, &window, &target, reason, dry_run).await
        }
        None => replay::aside(&session, &broker, options.ledger_id, reason, dry_run).await,
    }?;
    let done = if dry_run { "to publish" } else { "published" };
    eprintln!("{count} events {done}");
    Ok(())
}

fn ledger_id(text: &str) -> Result<i64, &'static str> {
    parse_ledger_id(text).ok_or("must be a number from 1, without sign and leading zeros")
}

fn moment(text: &str) -> Result<OffsetDateTime, &'static str> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "must be a moment such as 2026-11-30T00:00:00Z")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Arguments {
        #[command(flatten)]
        options: Options,
    }

    fn parsed(line: &str) -> Option<Options> {
        let words = ["replay"].into_iter().chain(line.split_whitespace());
        let parsed = Arguments::try_parse_from(words).ok()?;
        Some(parsed.options)
    }

    const WINDOW: &str =
        "--ledger 7 --from 2026-11-30T00:00:00Z --to 2026-11-30T02:00:00+01:00 --reason why";

    #[test]
    fn a_window_has_two_moments_any_types_and_one_target() {
        let options = parsed(WINDOW).expect("a window");
        let window = options.window().expect("it is one");
        assert_eq!(window.ledger_id, 7);
        assert_eq!((window.until - window.since).whole_hours(), 1);
        assert!(window.types.is_empty());
        assert_eq!(options.target(), Target::Queue);
        let more = format!("{WINDOW} --type transfer.posted --type wallet.frozen --exchange x");
        let options = parsed(&more).expect("a window");
        let window = options.window().expect("it is one");
        assert_eq!(window.types, ["transfer.posted", "wallet.frozen"]);
        assert_eq!(options.target(), Target::Exchange("x".to_owned()));
    }

    #[test]
    fn what_was_set_aside_has_no_window() {
        for line in ["--aside --reason why", "--aside --ledger 1 --reason why"] {
            let options = parsed(line).expect(line);
            assert!(options.window().is_none(), "{line}");
        }
    }

    #[test]
    fn half_a_window_or_a_moment_that_is_none_is_refused() {
        for line in [
            "--reason why",
            "--ledger 1 --from 2026-11-30T00:00:00Z --reason why",
            "--ledger 1 --from 2026-11-30 --to 2026-12-01 --reason why",
            "--ledger 0 --from 2026-11-30T00:00:00Z --to 2026-12-01T00:00:00Z --reason why",
            "--ledger 1 --from 2026-11-30T00:00:00Z --to 2026-12-01T00:00:00Z",
            "--aside --exchange x --reason why",
            "--aside --from 2026-11-30T00:00:00Z --reason why",
        ] {
            assert!(parsed(line).is_none(), "{line}");
        }
    }
}
