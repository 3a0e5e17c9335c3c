//! `remit verify`: checks the books and their chain; exports the chain's heads, to check them
//! later.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::pin::pin;
use std::process::ExitCode;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use tokio_postgres::Client;

use crate::base::environment::Environment;
use crate::cli::config;
use crate::sql::contract::ops::{self, ChainHead, Violation};
use crate::sql::pools;
use crate::sql::pools::Config;

/// The exit status when the books are wrong, as that of the operators' scripts.
const BROKEN: u8 = 3;
/// How many bytes the hash of a block has.
const HASH_BYTES: usize = 32;

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// One ledger, or all.
    ledger_id: Option<i64>,
    /// To print the heads instead of checking anything.
    export: bool,
    /// The name of a file that an export wrote.
    head: Option<String>,
}

/// A chain's head as an export writes it, a line of JSON.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    ledger_id: i64,
    block: i64,
    transfers: i64,
    /// Hexadecimal.
    hash: String,
    created_at: String,
}

/// Runs the command. Its exit status is 0 when the books are right, 3 when they are not, 2 when the
/// arguments are wrong, and 1 when something failed.
pub async fn command(arguments: &[&str]) -> ExitCode {
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("remit verify: {error}\nUsage: see remit --help");
            return ExitCode::from(2);
        }
    };
    let done = match config::verify(Environment::of_process()) {
        Ok(config) => run(&config, &options, &mut io::stdout().lock()).await,
        Err(errors) => Err(errors),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(BROKEN),
        Err(error) => {
            eprintln!("remit verify: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Options {
    /// Reads the arguments after `verify`.
    ///
    /// # Errors
    /// What is wrong with them.
    fn parse(arguments: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let is_given = match *argument {
                "--export" => std::mem::replace(&mut options.export, true),
                "--ledger" => {
                    let id = arguments.next().and_then(|id| id.parse().ok());
                    let id = id.filter(|id| *id >= 1);
                    let id = id.ok_or("--ledger takes the number of a ledger, from 1")?;
                    options.ledger_id.replace(id).is_some()
                }
                "--head" => {
                    let file = arguments.next().filter(|file| !file.is_empty());
                    let file = file.ok_or("--head takes a file that --export wrote")?;
                    options.head.replace((*file).to_owned()).is_some()
                }
                other => return Err(format!("cannot understand {other}")),
            };
            if is_given {
                return Err(format!("{argument} is given twice"));
            }
        }
        if options.export && options.head.is_some() {
            return Err("--export and --head exclude each other".to_owned());
        }
        Ok(options)
    }
}

/// Checks or exports, and writes what it found. True when all is right.
async fn run(config: &Config, options: &Options, output: &mut impl Write) -> Result<bool, String> {
    // Read before anything connects, so that a wrong file is said at once.
    let kept = match &options.head {
        Some(file) => heads_of(file, options.ledger_id)?,
        None => Vec::new(),
    };
    let (client, _driver) = pools::connect(config).await.map_err(failed)?;
    // Read before the check, so that the check covers at least these heads.
    let heads = ops::chain_head(&client, options.ledger_id).await;
    let heads = heads.map_err(failed)?;
    if options.export {
        for head in heads {
            write_line(output, &Head::try_from(head)?)?;
        }
        return Ok(true);
    }
    let mut violations = check(&client, &kept, output).await?;
    violations += verify(&client, options.ledger_id, output).await?;
    if violations == 0 {
        let said = sentence(options, &heads, kept.len());
        writeln!(output, "{said}").map_err(|error| unwritten(&error))?;
    }
    Ok(violations == 0)
}

/// Checks that the blocks of an export are still there. Gives how many are not.
async fn check(client: &Client, kept: &[Head], output: &mut impl Write) -> Result<usize, String> {
    let mut count = 0;
    for head in kept {
        let hash = bytes_of(&head.hash).ok_or("a hash is not hexadecimal")?;
        let found = ops::chain_check(client, head.ledger_id, head.block, &hash).await;
        for violation in found.map_err(failed)? {
            write_line(output, &violation)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Checks the books. Gives how many violations there are.
async fn verify(
    client: &Client,
    ledger_id: Option<i64>,
    output: &mut impl Write,
) -> Result<usize, String> {
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
fn sentence(options: &Options, heads: &[ChainHead], kept: usize) -> String {
    let scope = match options.ledger_id {
        Some(id) => format!("ledger {id}"),
        None => "every ledger".to_owned(),
    };
    let transfers: i64 = heads.iter().map(|head| head.transfers).sum();
    let chained = match heads {
        [] => "no transfer is chained yet".to_owned(),
        [head] => format!(
            "{transfers} transfers chained, head {} of block {}",
            hex(&head.hash),
            head.block
        ),
        heads => format!("{transfers} transfers chained in {} ledgers", heads.len()),
    };
    let kept = match kept {
        0 => "",
        _ => ", and the chain holds what was exported",
    };
    format!("The books of {scope} are right: {chained}{kept}.")
}

/// The heads in a file, of one ledger or of all.
fn heads_of(file: &str, ledger_id: Option<i64>) -> Result<Vec<Head>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let mut heads = parse_heads(&text).map_err(|error| format!("{file}, {error}"))?;
    heads.retain(|head| ledger_id.is_none_or(|id| head.ledger_id == id));
    if heads.is_empty() {
        return Err(format!("{file}: there is no head to check in it"));
    }
    Ok(heads)
}

fn parse_heads(text: &str) -> Result<Vec<Head>, String> {
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let heads = lines.map(|(number, line)| {
        let head: Option<Head> = serde_json::from_str(line).ok();
        head.filter(|head| head.block >= 1 && bytes_of(&head.hash).is_some())
            .ok_or_else(|| format!("line {number}: not a head that remit verify --export wrote"))
    });
    heads.collect()
}

impl TryFrom<ChainHead> for Head {
    type Error = String;

    fn try_from(head: ChainHead) -> Result<Self, String> {
        let created_at = head.created_at.format(&Rfc3339);
        Ok(Self {
            ledger_id: head.ledger_id,
            block: head.block,
            transfers: head.transfers,
            hash: hex(&head.hash),
            created_at: created_at.map_err(|error| format!("a block's time: {error}"))?,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // A string takes whatever is written to it.
        text
    })
}

/// The bytes of a hash in hexadecimal.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let is_hash =
        text.len() == 2 * HASH_BYTES && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let pairs = text.as_bytes().chunks(2).filter(|_| is_hash);
    let bytes: Vec<u8> = pairs
        .filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    is_hash.then_some(bytes)
}

fn write_line(output: &mut impl Write, value: &impl Serialize) -> Result<(), String> {
    let line = serde_json::to_string(value).map_err(|error| error.to_string())?;
    writeln!(output, "{line}").map_err(|error| unwritten(&error))
}

fn unwritten(error: &io::Error) -> String {
    format!("standard output: {error}")
}

fn failed(error: tokio_postgres::Error) -> String {
    format!("PostgreSQL: {}", pools::describe(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_in_any_order_and_each_once() {
        let parse = |line: &str| Options::parse(&line.split_whitespace().collect::<Vec<_>>());
        let options = Options {
            ledger_id: Some(7),
            export: false,
            head: Some("heads".to_owned()),
        };
        assert_eq!(parse(""), Ok(Options::default()));
        assert_eq!(parse("--ledger 7 --head heads").as_ref(), Ok(&options));
        assert_eq!(parse("--head heads --ledger 7").as_ref(), Ok(&options));
        assert!(parse("--export --ledger 2").is_ok_and(|options| options.export));
        for wrong in [
            "7",
            "--ledger",
            "--ledger 0",
            "--ledger all",
            "--ledger 1 --ledger 1",
            "--head",
            "--export --export",
            "--export --head heads",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_of_heads_is_read_whole_or_refused() {
        let hash = hex(&[0xa5; HASH_BYTES]);
        let line = |block: i64, hash: &str| {
            format!(
                r#"{{"ledger_id":1,"block":{block},"transfers":9,"hash":"{hash}","created_at":"x"}}"#
            )
        };
        let good = format!("{}\n\n{}\n", line(1, &hash), line(2, &hash));
        assert_eq!(parse_heads(&good).map(|heads| heads.len()), Ok(2));
        assert_eq!(bytes_of(&hash), Some(vec![0xa5; HASH_BYTES]));
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
