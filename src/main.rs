//! The command line of `remit`.

use std::process::ExitCode;
use std::sync::Arc;

use remit::base::environment::Environment;
use remit::base::runtime;
use remit::base::telemetry;
use remit::cli::config;
use remit::cli::health;
use remit::cli::keys;
use remit::cli::verify;
use remit::http::app::{App, Pools};
use remit::http::server;
use remit::ledger::key_ring::KEYS_CONNECTIONS;
use remit::sql::contract;
use remit::sql::migrate;
use remit::sql::pools;

/// Two busy ledgers have two calls of each kind in flight, and one for busy wallets; the rest is for single requests.
const POOL_CONNECTIONS: usize = 16;

const HELP: &str = "\
Remit: wallets and transfers on PostgreSQL

Usage: remit <command>

Commands:
  serve    Answer HTTP requests until SIGTERM or SIGINT
  migrate  Bring the database up to this version; may run any number of times, also at once
  keys     Make, list and revoke API keys; see remit keys --help
  verify   Check the books and their chain: a line of JSON for each violation, and exit status 3
  health   Ask the server at REMIT_LISTEN whether it is ready; exit status 0 or 1

Options of verify:
  --ledger N   Of this ledger alone; default: of every ledger
  --export     Print the heads of the chain, a line of JSON each, to be kept elsewhere
  --head FILE  Check as well that the chain still holds what --export wrote

Options:
  -h, --help     Print this text
  -V, --version  Print the version

Environment:
  DATABASE_URL           postgresql://user:password@host:port/database
                         (serve: a login of the role remit_server; migrate: the owner;
                         keys: the owner, or a login of the role remit_operator;
                         verify: the same, or a login of the role remit_auditor)
  REDIS_URL              redis://user:password@host:port/0 (serve)
  AMQP_URL               amqp://host:port (serve; optional, shown in /readyz; no login)
                         (for TLS: ?sslmode=require, rediss://, amqps://)
  REMIT_TLS_CA_FILE      Certificates (PEM) that TLS to the servers trusts; default: the system's
  REMIT_LISTEN           Address and port (serve, health); default 127.0.0.1:8080
  REMIT_LOG              Log level: error, warn, info, debug or off; default info
  REMIT_SERVER_PASSWORD  Login password to give the role remit_server (migrate; optional)
  REMIT_WORKER_PASSWORD  Login password to give the role remit_worker (migrate; optional)
";

fn main() -> ExitCode {
    match runtime::start() {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => {
            eprintln!("remit: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["serve"] => serve().await,
        ["migrate"] => migrate().await,
        ["verify", ref options @ ..] => return verify::command(options).await,
        ["health"] => match config::health(Environment::of_process()) {
            Ok(listen) => health::check(listen).await,
            Err(errors) => Err(errors),
        },
        ["keys", ref rest @ ..] => keys(rest).await,
        ["-h" | "--help" | "help"] => {
            print!("{HELP}");
            Ok(())
        }
        ["-V" | "--version"] => {
            println!("remit {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("remit: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn migrate() -> Result<(), String> {
    let config = config::Migrate::read(Environment::of_process())?;
    let _log = telemetry::start(config.log);
    let report = migrate::run(&config.postgres, &config.passwords).await?;
    for migration in &report.migrations {
        println!("applied {migration}");
    }
    println!(
        "replaced {} functions; the database is up to date",
        report.functions
    );
    Ok(())
}

async fn keys(arguments: &[&str]) -> Result<(), String> {
    match keys::parse(arguments)? {
        keys::Command::Help => {
            print!("{}", keys::HELP);
            Ok(())
        }
        command => keys::run(command, &config::keys(Environment::of_process())?).await,
    }
}

async fn serve() -> Result<(), String> {
    let config = config::Serve::read(Environment::of_process())?;
    let _log = telemetry::start(config.log);
    let shutdown = shutdown_signal()?;
    server::raise_descriptor_limit();
    let pools = Pools {
        calls: pools::pool(&config.postgres, POOL_CONNECTIONS),
        keys: pools::pool(&config.postgres, KEYS_CONNECTIONS),
        pulse: pools::pool(&config.postgres, 1),
    };
    contract::check(&pools::first(&pools.calls).await?).await?;
    let listener = server::listen(config.listen)
        .map_err(|error| format!("listening on {}: {error}", config.listen))?;
    tracing::info!(listen = %config.listen, version = env!("CARGO_PKG_VERSION"), "serving");
    let app = Arc::new(App::start(pools, config.redis, config.broker));
    app.wallet_cache.begin().await;
    server::run(listener, app, shutdown).await;
    tracing::info!("stopped");
    Ok(())
}

/// Completes on SIGTERM or SIGINT.
fn shutdown_signal() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let install =
        |kind| signal(kind).map_err(|error| format!("installing a signal handler: {error}"));
    let (mut terminate, mut interrupt) = (
        install(SignalKind::terminate())?,
        install(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
