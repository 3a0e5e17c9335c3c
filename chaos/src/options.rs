//! What a run is to be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use testbed::options::number;
use testbed::place::programs;

use crate::fault::{Kind, Lane, Pace};
use crate::mix::Mix;
use crate::planted::Bug;

/// A run shorter than this has each fault for a short time only.
const LONG_S_MIN: u64 = 120;

/// How long the load lasts when the command does not say, and of how many clients.
const SECONDS_DEFAULT: u64 = 120;
const CLIENTS_DEFAULT: u64 = 24;

const EXAMPLE: &str = "\
Example:
  remit-chaos --services .run/chaos --base 23000 --seed 7 --seconds 600
  make chaos SEED=7 SECONDS=600   (the same, on servers that it starts)

No environment variable but PATH.";

/// Breaks a private Remit under load, and checks that nothing was lost and nothing doubled
#[derive(Debug, Parser)]
#[command(name = "remit-chaos", version, after_help = EXAMPLE)]
pub struct Arguments {
    /// Where stack/services keeps PostgreSQL, Redis and RabbitMQ
    #[arg(long, value_name = "DIR")]
    services: PathBuf,
    /// What their ports count from
    #[arg(long, value_name = "PORT", value_parser = number::<u16>)]
    base: u16,
    /// What the faults and the clients' scripts follow from; a random one by default
    #[arg(long, value_name = "N", value_parser = number::<u64>)]
    seed: Option<u64>,
    /// How long the load lasts; each kind of fault has its turn in any case
    #[arg(long, value_name = "N", default_value_t = SECONDS_DEFAULT, value_parser = number::<u64>)]
    seconds: u64,
    /// How many clients
    #[arg(long, value_name = "N", default_value_t = CLIENTS_DEFAULT, value_parser = number::<u64>)]
    clients: u64,
    /// Where remit and remit-worker are; beside this program by default
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Print what the seed makes of faults and scripts, and do nothing
    #[arg(long)]
    plan: bool,
}

/// Everything that a run depends on, but for chance.
#[derive(Debug, Clone)]
pub struct Options {
    pub services: PathBuf,
    pub base: u16,
    /// Where `remit` and `remit-worker` are.
    pub programs: PathBuf,
    pub seed: u64,
    pub seconds: u64,
    pub clients: u64,
    pub mix: Mix,
    pub pace: Pace,
    pub money_faults: Vec<Kind>,
    pub events_faults: Vec<Kind>,
    /// How long events and notifications may stand still at the end.
    pub still_s_max: u64,
    /// How long Remit may take from a part being back until a transfer succeeds and the oldest
    /// event is gone.
    pub recovery_s_max: u64,
    pub planted: Option<Bug>,
    /// Whether there are a second server and a second worker.
    pub has_others: bool,
    /// How long the programs take to begin once they are started again.
    pub server_late: Duration,
    pub worker_late: Duration,
    /// Whether a line is printed each second.
    pub is_verbose: bool,
    pub is_plan: bool,
}

impl Options {
    /// A run with everything, on these servers, with the programs that lie beside this one.
    pub fn new(services: &Path, base: u16, seed: u64, seconds: u64) -> Self {
        Self {
            services: services.to_owned(),
            base,
            programs: programs(),
            seed,
            seconds,
            clients: CLIENTS_DEFAULT,
            mix: Mix::STANDARD,
            pace: if seconds < LONG_S_MIN {
                Pace::SHORT
            } else {
                Pace::LONG
            },
            money_faults: Lane::Money.kinds(),
            events_faults: Lane::Events.kinds(),
            still_s_max: 30,
            recovery_s_max: 5,
            planted: None,
            has_others: true,
            server_late: Duration::ZERO,
            worker_late: Duration::ZERO,
            is_verbose: true,
            is_plan: false,
        }
    }
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        let Arguments {
            services,
            base,
            seed,
            seconds,
            clients,
            programs,
            plan,
        } = arguments;
        let seed = seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        let standard = Self::new(&services, base, seed, seconds);
        Self {
            programs: programs.unwrap_or_else(|| standard.programs.clone()),
            clients,
            is_plan: plan,
            ..standard
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use testbed::options::numbers;

    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        let found = numbers(&Arguments::command());
        let names = ["--base", "--seed", "--seconds", "--clients"];
        assert_eq!(found, names.map(|name| format!("remit-chaos {name}")));
    }
}
