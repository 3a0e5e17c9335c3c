//! The command line of `remit`: a file for each command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::base::command_line;
use crate::base::complaint::Complaint;
use crate::base::environment::Environment;
use crate::base::version::VERSION;
use crate::types::parse_ledger_id;

pub mod config;
pub mod health;
pub mod keys;
pub mod migrate;
pub mod prune;
mod refusal;
pub mod serve;
pub mod verify;

const ENVIRONMENT: &str = "\
Environment:
  DATABASE_URL           postgresql://user:password@host:port/database
                         (serve: a login of the role remit_server; migrate: the owner;
                         keys, prune: the owner, or a login of the role remit_operator;
                         verify: the same, or a login of the role remit_auditor)
  REDIS_URL              redis://user:password@host:port/0 (serve)
  AMQP_URL               amqp://host:port (serve; optional, shown in /readyz; no login)
                         (for TLS: ?sslmode=require, rediss://, amqps://)
  REMIT_TLS_CA_FILE      Certificates (PEM) that TLS to the servers trusts; default: the system's
  REMIT_LISTEN           Address and port (serve, health); default 127.0.0.1:8080
  REMIT_CACHE_TTL        Seconds that a wallet stays in the cache in Redis, 1 to 86400 (serve);
                         default 60
  REMIT_WEBHOOK_SECRET   What the secrets of webhooks are derived from (serve); the worker's,
                         32 characters or more
  REMIT_WEBHOOK_HTTP     true: webhooks may have URLs of http, for development (serve); default
                         false
  REMIT_LOG              Log level: error, warn, info, debug or off; default info
  REMIT_SERVER_PASSWORD  Login password to give the role remit_server (migrate; optional)
  REMIT_WORKER_PASSWORD  Login password to give the role remit_worker (migrate; optional)
";

/// What stands below the options of a command.
fn help(example: &str) -> String {
    format!("{ENVIRONMENT}\nExample:\n  {example}")
}

/// Remit: wallets and transfers on PostgreSQL
#[derive(Debug, Parser)]
#[command(name = "remit", version = VERSION, after_help = help("remit verify --ledger 1"))]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer HTTP requests until SIGTERM or SIGINT
    #[command(after_help = help("REMIT_LISTEN=0.0.0.0:8080 remit serve"))]
    Serve {
        /// Check the settings, and end
        #[arg(long)]
        check: bool,
    },
    /// Bring the database up to this version; may run any number of times, also at once
    #[command(after_help = help("DATABASE_URL=postgresql://remit_owner:password@localhost/remit remit migrate"))]
    Migrate,
    /// API keys: create, list or revoke them
    #[command(after_help = help("remit keys create --name billing --scope service --reason 'the billing job'"))]
    Keys(keys::Arguments),
    /// Check the books and their log: a line of JSON for each violation, and exit status 3
    #[command(after_help = help("remit verify --export >heads.jsonl"))]
    Verify(verify::Options),
    /// Drop notifications and data of events that are old; books, log and proofs stay whole
    #[command(after_help = help("remit prune --older-than 400d --reason 'ticket 4711'"))]
    Prune(prune::Options),
    /// Ask the server at REMIT_LISTEN whether it is ready; exit status 0 or 1
    #[command(after_help = help("REMIT_LISTEN=127.0.0.1:8080 remit health"))]
    Health,
}

/// Reads the arguments and obeys.
pub fn main() -> ExitCode {
    match command_line::read::<Arguments>() {
        Ok(arguments) => command_line::run("remit", obey(arguments.command)),
        Err(error) => ExitCode::from(command_line::say(&error)),
    }
}

async fn obey(command: Command) -> Result<ExitCode, Complaint> {
    let environment = Environment::of_process();
    let wrong = command_line::wrong_settings("remit");
    match command {
        Command::Serve { check } => {
            let config = config::Serve::read(environment).map_err(wrong)?;
            if !check {
                serve::run(config).await?;
            }
        }
        Command::Migrate => {
            migrate::run(config::Migrate::read(environment).map_err(wrong)?).await?
        }
        Command::Keys(arguments) => {
            let database = config::operator(environment, "remit keys").map_err(wrong)?;
            keys::run(arguments, &database).await?;
        }
        Command::Verify(options) => {
            let database = config::operator(environment, "remit verify").map_err(wrong)?;
            return verify::run(&database, &options).await;
        }
        Command::Prune(options) => {
            let database = config::operator(environment, "remit prune").map_err(wrong)?;
            prune::run(&database, &options).await?;
        }
        Command::Health => health::check(config::health(environment).map_err(wrong)?).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The value of `--ledger`.
fn ledger_id(text: &str) -> Result<i64, &'static str> {
    parse_ledger_id(text).ok_or("must be a number from 1, without sign and leading zeros")
}
