//! `remit-worker`: see `remit-worker --help`.

use std::process::ExitCode;
use std::{env, io};

use remit::base::environment::Environment;
use remit::base::runtime;
use remit::base::telemetry;
use remit::redis::wallet_cache::WalletCache;
use remit_worker::channel::{LogChannel, UnreliableChannel};
use remit_worker::cli::{self, Command};
use remit_worker::config::{self, Config};
use remit_worker::contract::Audit;
use remit_worker::notifier::Notifier;
use remit_worker::relay::Relay;
use remit_worker::shutdown::{self, Shutdown};
use remit_worker::{dead, health, supervisor};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

fn main() -> ExitCode {
    match runtime::start() {
        Ok(runtime) => runtime.block_on(obey()),
        Err(error) => {
            eprintln!("remit-worker: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn obey() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let command = match cli::parse(&arguments) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("remit-worker: {error}\nTry remit-worker --help.");
            return ExitCode::from(2);
        }
    };
    match run(command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("remit-worker: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), String> {
    let environment = Environment::of_process();
    match command {
        Command::Run { relay, notifier } => work(Config::read(environment)?, relay, notifier).await,
        Command::DeadList { limit } => {
            let broker = config::read_broker(environment)?;
            let listed = dead::list(&broker, limit, &mut io::stdout()).await;
            listed.map_err(|error| error.to_string())
        }
        Command::DeadReplay { selection, reason } => {
            let (postgres, broker) = config::read_replay(environment)?;
            let audit = Audit::connect(&postgres).await;
            let audit = audit.map_err(|error| error.to_string())?;
            let replayed =
                dead::replay(&broker, &audit, selection, &reason, &mut io::stdout()).await;
            let moved = replayed.map_err(|error| error.to_string())?;
            eprintln!("{moved} moved");
            Ok(())
        }
        Command::Health => {
            let (postgres, broker) = config::read_servers(environment)?;
            let checked = health::check(&postgres, &broker).await;
            checked.map_err(|problems| problems.join("\n"))
        }
        Command::Help => {
            print!("{}", cli::HELP);
            Ok(())
        }
        Command::Version => {
            println!("remit-worker {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}

async fn work(config: Config, relay: bool, notifier: bool) -> Result<(), String> {
    let _log = telemetry::start(config.log);
    let failed = |error: io::Error| format!("cannot listen for signals: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let asked_to_end = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let (trigger, shutdown) = shutdown::channel();
    let parts = start(config, relay, notifier, &shutdown);
    supervisor::run(parts, &trigger, asked_to_end).await
}

fn start(config: Config, relay: bool, notifier: bool, shutdown: &Shutdown) -> JoinSet<()> {
    let mut parts = JoinSet::new();
    if relay {
        let relay = Relay {
            postgres: config.postgres.clone(),
            broker: config.broker.clone(),
            cache: WalletCache::new(config.redis).into(),
        };
        let shutdown = shutdown.clone();
        parts.spawn(async move { relay.run(shutdown).await });
    }
    if notifier {
        let notifier = Notifier {
            postgres: config.postgres,
            broker: config.broker,
            channel: UnreliableChannel {
                inner: LogChannel,
                fail_rate: config.retries.fail_rate,
            },
            attempts_max: config.retries.attempts_max,
            first_delay: config.retries.first_delay,
        };
        let shutdown = shutdown.clone();
        parts.spawn(async move { notifier.run(shutdown).await });
    }
    parts
}
