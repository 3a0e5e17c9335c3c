//! `remit verify`: checks the books and their log; exports the heads of the log, to check them
//! later.

use std::collections::BTreeSet;
use std::fs;
use std::io::{IsTerminal as _, Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;

use clap::Args;
use futures_util::TryStreamExt;
use serde::Serialize;
use serde_json::json;
use tokio_postgres::Client;

use crate::base::command_line::unwritten;
use crate::base::complaint::Complaint;
use crate::cli::ledger_id;
use crate::sql::contract::ops::{self, LogHead, Violation};
use crate::sql::fault::complaint;
use crate::sql::pools;
use crate::sql::pools::Config;
use crate::sql::session;

/// The exit status when the books are wrong, as that of the operators' scripts.
const BROKEN: u8 = 3;
/// How many bytes the hash of a head has.
const HASH_BYTES: usize = 32;

/// What is asked for.
#[derive(Debug, Args)]
pub struct Options {
    /// Of this ledger alone; default: of every ledger
    #[arg(long = "ledger", value_name = "ID", value_parser = ledger_id)]
    ledger_id: Option<i64>,
    /// Print the heads of the log, a line of JSON each, to be kept elsewhere
    #[arg(long)]
    export: bool,
    /// Check as well that the log still has the heads that --export wrote
    #[arg(long, value_name = "FILE", conflicts_with = "export")]
    head: Option<PathBuf>,
}

/// Runs the command. Its exit status is 0 when the books are right, and 3 when they are not.
///
/// # Errors
/// What kept it from checking.
pub async fn run(config: &Config, options: &Options) -> Result<ExitCode, Complaint> {
    let is_right = check_or_export(config, options, &mut stdout().lock()).await?;
    Ok(ExitCode::from(if is_right { 0 } else { BROKEN }))
}

/// Checks or exports, and writes what it found. Whether all is right.
async fn check_or_export(
    config: &Config,
    options: &Options,
    output: &mut impl Write,
) -> Result<bool, Complaint> {
    // Read before anything connects, so that a wrong file is said at once.
    let kept = match &options.head {
        Some(file) => heads_of(file, options.ledger_id)?,
        None => Vec::new(),
    };
    let (client, _driver) = pools::connect_telling(config, |told| eprintln!("{told}")).await?;
    for warning in session::durability(&client).await? {
        eprintln!("remit: warning: {warning}");
    }
    if stderr().is_terminal() {
        ops::progress_ask(&client).await.map_err(failed)?;
    }
    // Read before the check, so that the check covers at least these heads.
    let heads = ops::log_head(&client, options.ledger_id).await?;
    if options.export {
        for head in heads {
            write_line(output, &head)?;
        }
        return Ok(true);
    }
    let mut violations = check(&client, &kept, output).await?;
    violations += check_ledgers(&heads, &kept, output)?;
    violations += verify(&client, options.ledger_id, output).await?;
    if violations == 0 {
        let said = sentence(options, &heads, &kept);
        writeln!(output, "{said}").map_err(|error| unwritten(&error))?;
    }
    Ok(violations == 0)
}

/// Checks that the heads of an export are still there. How many are not.
async fn check(
    client: &Client,
    kept: &[LogHead],
    output: &mut impl Write,
) -> Result<usize, Complaint> {
    let mut count = 0;
    for head in kept {
        let found = ops::log_check(client, head.ledger_id, head.block, &head.hash).await;
        for violation in found? {
            write_line(output, &violation)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Checks that each ledger of an export has a log. How many have none.
fn check_ledgers(
    heads: &[LogHead],
    kept: &[LogHead],
    output: &mut impl Write,
) -> Result<usize, Complaint> {
    let ledgers: BTreeSet<i64> = kept.iter().map(|head| head.ledger_id).collect();
    let is_there = |id: &i64| heads.iter().any(|head| head.ledger_id == *id);
    let mut count = 0;
    for ledger_id in ledgers.into_iter().filter(|id| !is_there(id)) {
        let violation = Violation {
            ledger_id,
            rule: "exported_ledger_is_there".to_owned(),
            subject: format!("ledger {ledger_id}"),
            detail: json!({}),
        };
        write_line(output, &violation)?;
        count += 1;
    }
    Ok(count)
}

/// Checks the books. Gives how many violations there are.
async fn verify(
    client: &Client,
    ledger_id: Option<i64>,
    output: &mut impl Write,
) -> Result<usize, Complaint> {
    let rows = ops::verify(client, ledger_id).await.map_err(failed)?;
    let mut rows = pin!(rows);
    let mut count = 0;
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let violation: Violation = row.try_get(0).map_err(failed)?;
        write_line(output, &violation)?;
        count += 1;
    }
    Ok(count)
}

/// What is said when all is right.
fn sentence(options: &Options, heads: &[LogHead], kept: &[LogHead]) -> String {
    let scope = match options.ledger_id {
        Some(id) => format!("ledger {id}"),
        None => "every ledger".to_owned(),
    };
    let events: i64 = heads.iter().map(|head| head.position).sum();
    let logged = match heads {
        [] => "no event is in the log yet".to_owned(),
        [head] => format!(
            "{events} events in the log, head {} at block {}",
            hex::encode(&head.hash),
            head.block
        ),
        heads => format!("{events} events in the logs of {} ledgers", heads.len()),
    };
    format!(
        "The books of {scope} are right: {logged}{}.",
        held(heads, kept)
    )
}

/// What is said of an export that the log still has.
fn held(heads: &[LogHead], kept: &[LogHead]) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let is_kept = |head: &&LogHead| kept.iter().any(|one| one.ledger_id == head.ledger_id);
    let lacking = heads.iter().filter(|head| !is_kept(head));
    let lacking: Vec<String> = lacking.map(|head| head.ledger_id.to_string()).collect();
    let exception = match lacking.as_slice() {
        [] => String::new(),
        [id] => format!(", but for ledger {id}, of which it has no head"),
        ids => format!(
            ", but for ledgers {}, of which it has no heads",
            ids.join(", ")
        ),
    };
    format!(", and the log has the heads that were exported{exception}")
}

/// The heads in a file, of one ledger or of all.
fn heads_of(file: &Path, ledger_id: Option<i64>) -> Result<Vec<LogHead>, Complaint> {
    let name = file.display();
    let wrong = |fault: String| {
        let advice = "name a file that `remit verify --export` wrote";
        Complaint::new(format!("{name}: {fault}"), advice)
    };
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let mut heads = parse_heads(&text).map_err(wrong)?;
    heads.retain(|head| ledger_id.is_none_or(|id| head.ledger_id == id));
    if heads.is_empty() {
        return Err(wrong("there is no head to check in it".to_owned()));
    }
    Ok(heads)
}

fn parse_heads(text: &str) -> Result<Vec<LogHead>, String> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let heads = lines.map(|(number, line)| {
        let head = match serde_json::from_str::<LogHead>(line) {
            // As a worker that is killed leaves it, which says nothing of the log.
            Err(error) if error.is_eof() => {
                eprintln!("remit: warning: line {number} is torn: it is passed over");
                return Ok(None);
            }
            head => head.ok(),
        };
        let head = head
            .filter(|head| head.block >= 1 && head.hash.len() == HASH_BYTES)
            .ok_or_else(|| format!("line {number}: not a head that remit verify --export wrote"));
        head.map(Some)
    });
    heads.filter_map(Result::transpose).collect()
}

fn write_line(output: &mut impl Write, value: &impl Serialize) -> Result<(), Complaint> {
    let line = serde_json::to_string(value).expect("a mirror has text for keys");
    writeln!(output, "{line}").map_err(|error| unwritten(&error))
}

fn failed(error: tokio_postgres::Error) -> Complaint {
    complaint("verifying", &error)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli;

    #[test]
    fn options_come_in_any_order_and_each_once() {
        let parsed = |line: &str| {
            let words = ["remit", "verify"]
                .into_iter()
                .chain(line.split_whitespace());
            match cli::Arguments::try_parse_from(words).map(|arguments| arguments.command) {
                Ok(cli::Command::Verify(options)) => Some(options),
                _ => None,
            }
        };
        for line in ["--ledger 7 --head heads", "--head heads --ledger 7"] {
            let options = parsed(line).expect(line);
            assert_eq!(options.ledger_id, Some(7));
            assert!(options.head.is_some() && !options.export);
        }
        let all = parsed("").expect("nothing need be said");
        assert!(all.ledger_id.is_none() && all.head.is_none() && !all.export);
        assert!(parsed("--export --ledger 2").is_some_and(|options| options.export));
        for wrong in [
            "7",
            "--ledger",
            "--ledger 0",
            "--ledger 01",
            "--ledger all",
            "--ledger 1 --ledger 1",
            "--head",
            "--head=",
            "--export --export",
            "--export --head heads",
        ] {
            assert!(parsed(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_file_of_heads_is_read_whole_or_refused() {
        let hash = hex::encode([0xa5; HASH_BYTES]);
        let line = |block: i64, hash: &str| {
            format!(
                r#"{{"ledger_id":1,"block":{block},"position":9,"hash":"{hash}","created_at":"2026-11-22T22:19:35.128422Z"}}"#
            )
        };
        let good = format!("{}\n\n{}\n", line(1, &hash), line(2, &hash));
        assert_eq!(parse_heads(&good).map(|heads| heads.len()), Ok(2));
        let whole = line(3, &hash);
        let torn = format!("{}\n{good}{}", &whole[..9], &whole[..whole.len() - 1]);
        assert_eq!(parse_heads(&torn).map(|heads| heads.len()), Ok(2));
        let plus = format!("+{}", &hash[1..]);
        for wrong in [
            line(0, &hash),
            line(1, &hash[2..]),
            line(1, &plus),
            "{}".to_owned(),
        ] {
            let error = parse_heads(&format!("{good}{wrong}")).expect_err(&wrong);
            assert!(error.starts_with("line 4:"), "{error}");
        }
    }
}
