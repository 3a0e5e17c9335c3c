//! What can go wrong, and when it does: a schedule that follows from the seed.

use std::fmt;

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use testbed::proxy::Side;

/// A connection between two parts, with a proxy on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Link {
    NginxServer,
    ServerDatabase,
    ServerRedis,
    WorkerDatabase,
    WorkerBroker,
    WorkerRedis,
}

impl Link {
    pub const ALL: [Self; 6] = [
        Self::NginxServer,
        Self::ServerDatabase,
        Self::ServerRedis,
        Self::WorkerDatabase,
        Self::WorkerBroker,
        Self::WorkerRedis,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::NginxServer => "nginx→server",
            Self::ServerDatabase => "server→db",
            Self::ServerRedis => "server→redis",
            Self::WorkerDatabase => "worker→db",
            Self::WorkerBroker => "worker→broker",
            Self::WorkerRedis => "worker→redis",
        }
    }
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    KillServer,
    KillWorker,
    StopPostgres,
    KillBackend,
    FreezePostgres,
    RestartRedis,
    FlushRedis,
    FreezeRedis,
    StumbleRedis,
    RefuseWrites,
    EvictRedis,
    OlderDump,
    StopServer,
    RestartBroker,
    BrokerAway,
    ReloadNginx,
    Cut(Link),
    Delay(Link),
    HalfClose(Link),
}

impl Kind {
    /// Whether it takes PostgreSQL or Redis from everybody.
    pub fn breaks_stores(self) -> bool {
        matches!(
            self,
            Self::StopPostgres
                | Self::KillBackend
                | Self::FreezePostgres
                | Self::RestartRedis
                | Self::FreezeRedis
                | Self::StumbleRedis
                | Self::RefuseWrites
                | Self::EvictRedis
                | Self::OlderDump
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillServer => formatter.write_str("kill -9 server"),
            Self::KillWorker => formatter.write_str("kill -9 worker"),
            Self::StopPostgres => formatter.write_str("stop postgres (immediate)"),
            Self::KillBackend => formatter.write_str("kill -9 backend"),
            Self::FreezePostgres => formatter.write_str("freeze postgres"),
            Self::RestartRedis => formatter.write_str("restart redis"),
            Self::FlushRedis => formatter.write_str("flushall"),
            Self::FreezeRedis => formatter.write_str("freeze redis"),
            Self::StumbleRedis => formatter.write_str("freeze redis for a moment"),
            Self::RefuseWrites => formatter.write_str("redis refuses writes"),
            Self::EvictRedis => formatter.write_str("redis evicts all"),
            Self::OlderDump => formatter.write_str("redis from an older dump"),
            Self::StopServer => formatter.write_str("stop a server"),
            Self::RestartBroker => formatter.write_str("restart broker"),
            Self::BrokerAway => formatter.write_str("broker away"),
            Self::ReloadNginx => formatter.write_str("reload nginx"),
            Self::Cut(link) => write!(formatter, "cut {}", link.name()),
            Self::Delay(link) => write!(formatter, "delay {}", link.name()),
            Self::HalfClose(link) => write!(formatter, "half-close {}", link.name()),
        }
    }
}

/// The two sequences of faults, which run side by side: on the way of the money and on that of the
/// events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Money,
    Events,
}

impl Lane {
    /// Its kinds of fault.
    pub fn kinds(self) -> Vec<Kind> {
        let (mut kinds, links) = match self {
            Self::Money => (
                vec![
                    Kind::KillServer,
                    Kind::StopPostgres,
                    Kind::KillBackend,
                    Kind::FreezePostgres,
                    Kind::RestartRedis,
                    Kind::FlushRedis,
                    Kind::FreezeRedis,
                    Kind::StumbleRedis,
                    Kind::RefuseWrites,
                    Kind::EvictRedis,
                    Kind::OlderDump,
                    Kind::StopServer,
                    Kind::ReloadNginx,
                ],
                &Link::ALL[..3],
            ),
            Self::Events => (
                vec![Kind::KillWorker, Kind::RestartBroker, Kind::BrokerAway],
                &Link::ALL[3..],
            ),
        };
        for link in links {
            kinds.extend([Kind::Cut(*link), Kind::Delay(*link), Kind::HalfClose(*link)]);
        }
        kinds
    }

    /// The program that may be killed while another fault lasts.
    fn victim(self) -> Kind {
        match self {
            Self::Money => Kind::KillServer,
            Self::Events => Kind::KillWorker,
        }
    }
}

/// A fault to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// After the one before it has passed.
    pub pause_ms: u64,
    /// Faults that are over at once have 0.
    pub lasts_ms: u64,
    /// What is killed in the middle of it.
    pub kill: Option<Kind>,
    /// For delays.
    pub delay_ms: u64,
    /// For half-closes.
    pub told: Side,
}

/// How long a stumble lasts: by what it leaves, not by how long it is.
const STUMBLE_MS_MAX: u64 = 2_000;

/// How long things last.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub pause_ms: (u64, u64),
    pub freeze_ms: u64,
    pub away_ms: u64,
    pub link_ms: (u64, u64),
}

impl Pace {
    /// For a run of many minutes.
    pub const LONG: Self = Self {
        pause_ms: (500, 4_000),
        freeze_ms: 10_000,
        away_ms: 60_000,
        link_ms: (200, 4_000),
    };
    /// For a run in which each kind of fault has to find its place within a minute.
    pub const SHORT: Self = Self {
        pause_ms: (100, 900),
        freeze_ms: 2_500,
        away_ms: 5_000,
        link_ms: (200, 1_200),
    };
}

/// The faults of one lane: each kind once in random order, then more of them at random, without
/// end.
pub struct Schedule {
    rng: ChaCha8Rng,
    pace: Pace,
    lane: Lane,
    kinds: Vec<Kind>,
    first: Vec<Kind>,
}

impl Schedule {
    /// The schedule of a seed, with these kinds of fault.
    pub fn of(seed: u64, lane: Lane, pace: Pace, kinds: Vec<Kind>) -> Self {
        let mut rng = crate::world::rng(seed, 1 + lane as u64);
        let mut first = kinds.clone();
        first.shuffle(&mut rng);
        Self {
            rng,
            pace,
            lane,
            kinds,
            first,
        }
    }

    /// Whether there is nothing to inflict at all.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Whether each kind has had its turn.
    pub fn is_complete(&self) -> bool {
        self.first.is_empty()
    }

    /// The next fault.
    ///
    /// # Panics
    /// The schedule is empty.
    pub fn draw(&mut self) -> Fault {
        let kind = match self.first.pop() {
            Some(kind) => kind,
            None => self.kinds[self.rng.random_range(0..self.kinds.len())],
        };
        let between = |rng: &mut ChaCha8Rng, (from, to)| rng.random_range(from..=to);
        // Drawn whether or not they are needed, so that a fault does not change those that follow.
        let pause_ms = between(&mut self.rng, self.pace.pause_ms);
        let link_ms = between(&mut self.rng, self.pace.link_ms);
        let delay_ms = self.rng.random_range(20..=400);
        let told = if self.rng.random_bool(0.5) {
            Side::Near
        } else {
            Side::Far
        };
        let is_double = self.rng.random_bool(0.3);
        let lasts_ms = match kind {
            Kind::FreezeRedis | Kind::FreezePostgres => self.pace.freeze_ms,
            Kind::BrokerAway => self.pace.away_ms,
            Kind::StumbleRedis
            | Kind::RefuseWrites
            | Kind::EvictRedis
            | Kind::OlderDump
            | Kind::StopServer => link_ms.min(STUMBLE_MS_MAX),
            Kind::Cut(_) | Kind::Delay(_) | Kind::HalfClose(_) | Kind::StopPostgres => link_ms,
            _ => 0,
        };
        Fault {
            kind,
            pause_ms,
            lasts_ms,
            kill: (is_double && lasts_ms > 0).then(|| self.lane.victim()),
            delay_ms,
            told,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.kind)?;
        if self.lasts_ms > 0 {
            write!(formatter, " for {} ms", self.lasts_ms)?;
        }
        if matches!(self.kind, Kind::Delay(_)) {
            write!(formatter, " by {} ms", self.delay_ms)?;
        }
        match self.kill {
            Some(kill) => write!(formatter, " with {kill}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_seed_makes_the_schedule() {
        let faults = |seed| {
            let mut schedule = Schedule::of(seed, Lane::Money, Pace::SHORT, Lane::Money.kinds());
            (0..50).map(|_| schedule.draw()).collect::<Vec<_>>()
        };
        assert_eq!(faults(1), faults(1));
        assert_ne!(faults(1), faults(2));
    }

    #[test]
    fn each_kind_has_its_turn_before_any_comes_again() {
        for lane in [Lane::Money, Lane::Events] {
            let mut schedule = Schedule::of(9, lane, Pace::LONG, lane.kinds());
            let mut kinds = BTreeSet::new();
            while !schedule.is_complete() {
                assert!(kinds.insert(schedule.draw().kind));
            }
            assert_eq!(kinds, lane.kinds().into_iter().collect());
        }
    }
}
