//! What a run is to be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use testbed::place::programs;

use crate::fault::{Kind, Lane, Pace};
use crate::planted::Bug;
use crate::script::Mix;

/// A run shorter than this has each fault for a short time only.
const LONG_S_MIN: u64 = 120;

pub const USAGE: &str = "\
Usage: remit-chaos --services DIR --base PORT [--seed N] [--seconds N] [--clients N]
                   [--programs DIR] [--plan]

  --services DIR  where stack/services keeps PostgreSQL, Redis and RabbitMQ
  --base PORT     what their ports count from
  --seed N        what the faults and the clients' scripts follow from; a random one by default
  --seconds N     how long the load lasts (120); each kind of fault has its turn in any case
  --clients N     how many clients (24)
  --programs DIR  where remit and remit-worker are; beside this program by default
  --plan          print what the seed makes of faults and scripts, and do nothing";

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
    /// How long outbox and notifications may stand still at the end.
    pub still_s_max: u64,
    /// How long Remit may take from a part being back until a transfer succeeds and the oldest event is gone.
    pub recovery_s_max: u64,
    pub planted: Option<Bug>,
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
            clients: 24,
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
            server_late: Duration::ZERO,
            worker_late: Duration::ZERO,
            is_verbose: true,
            is_plan: false,
        }
    }

    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut services, mut base, mut is_plan) = (None, None, false);
        let mut programs = programs();
        let (mut seed, mut seconds, mut clients) = (None, 120, 24);
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            if name == "--plan" {
                is_plan = true;
                continue;
            }
            let value = arguments.next().ok_or(format!("{name} needs a value"))?;
            let number = || {
                value
                    .parse::<u64>()
                    .map_err(|_| format!("{name} needs a number"))
            };
            match name.as_str() {
                "--services" => services = Some(PathBuf::from(&value)),
                "--programs" => programs = PathBuf::from(&value),
                "--base" => base = Some(number()?),
                "--seed" => seed = Some(number()?),
                "--seconds" => seconds = number()?,
                "--clients" => clients = number()?,
                _ => return Err(format!("unknown option {name}")),
            }
        }
        let services = services.ok_or("--services is missing")?;
        let base = base
            .and_then(|base| u16::try_from(base).ok())
            .ok_or("--base is missing")?;
        let seed = seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
        Ok(Self {
            programs,
            clients,
            is_plan,
            ..Self::new(&services, base, seed, seconds)
        })
    }
}
