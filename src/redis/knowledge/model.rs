//! A model of the cache's rules, which are searched at random for a stale read: four processes that
//! write and read one wallet, Redis that fails over to a replica that is behind, has two masters,
//! refuses writes and forgets. What a process knows is the `Knowledge` of the program. Each rule
//! left out once must be missed.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use super::{Knowledge, Known};
use crate::types::CacheState;

mod steps;

const TICK_MS: u64 = 50;
const TICKS: u64 = 500;
const PROCESSES: usize = 4;
const RUNS: u64 = 1_500;

/// What may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// A read is made under fresh knowledge.
    ReadFresh,
    /// A write is made under knowledge that is fresh after its commit.
    WriteFresh,
    /// Only the Redis of the generation counts.
    ReplicationId,
    /// A fill counts only with its lease.
    Lease,
    /// A writer makes no entry.
    FillsMakeEntries,
    /// An older version replaces no newer one.
    Versions,
    /// A lost write closes the generation.
    LostWriteCloses,
    /// What is written when a generation was just closed is told later.
    Grace,
    /// A generation is not read when it was just opened.
    ReadLate,
    /// A generation is not opened when the one before was just closed.
    OpenLate,
}

/// Each rule, and the seed from which on it is soon missed: some need much to happen in one run.
const RULES: [(Rule, u64); 10] = [
    (Rule::ReadFresh, 0),
    (Rule::WriteFresh, 0),
    (Rule::ReplicationId, 0),
    (Rule::Lease, 2_380),
    (Rule::FillsMakeEntries, 0),
    (Rule::Versions, 0),
    (Rule::LostWriteCloses, 0),
    (Rule::Grace, 0),
    (Rule::ReadLate, 0),
    (Rule::OpenLate, 7_500),
];

/// The number of a Redis, which is its replication id: one that is promoted or started anew is
/// another one.
type Node = usize;

/// The wallet in one generation.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    version: Option<i64>,
    is_filled: bool,
    lease: Option<u64>,
}

#[derive(Default, Clone)]
struct Redis {
    entries: HashMap<i64, Entry>,
    refuses: bool,
}

/// What a process does next. `least` is what a read must show.
enum Job {
    Ask {
        asked_at: Instant,
        state: CacheState,
    },
    Keep,
    Open {
        closed: i64,
        node: Node,
    },
    Commit,
    Write {
        version: i64,
    },
    Send {
        version: i64,
        generation: i64,
        node: Node,
        from: Instant,
    },
    Lost {
        version: i64,
    },
    Tell {
        version: i64,
        from: Instant,
    },
    Read {
        least: i64,
    },
    Get {
        least: i64,
        generation: i64,
        node: Node,
    },
    Lease {
        least: i64,
    },
    Query {
        least: i64,
        fill: Option<Fill>,
    },
    Fill {
        version: i64,
        fill: Fill,
    },
}

#[derive(Clone, Copy)]
struct Fill {
    generation: i64,
    node: Node,
    lease: u64,
}

struct Process {
    knowledge: Knowledge,
    /// The Redis that it is connected to.
    node: Node,
    stopped_until: Instant,
    job: Option<Job>,
}

struct World {
    rng: SmallRng,
    left_out: Option<Rule>,
    now: Instant,
    /// In PostgreSQL.
    version: i64,
    generation: i64,
    redis_id: Option<Node>,
    changed_at: Instant,
    redis: Vec<Redis>,
    master: Node,
    leases: u64,
    acknowledged: i64,
    hits: u64,
    stale: Option<String>,
}

impl World {
    fn new(seed: u64, left_out: Option<Rule>) -> Self {
        let start = Instant::now();
        Self {
            rng: SmallRng::seed_from_u64(seed),
            left_out,
            now: start + Duration::from_secs(60),
            version: 0,
            generation: 1,
            redis_id: None,
            changed_at: start,
            redis: vec![Redis::default()],
            master: 0,
            leases: 0,
            acknowledged: 0,
            hits: 0,
            stale: None,
        }
    }

    fn holds(&self, rule: Rule) -> bool {
        self.left_out != Some(rule)
    }

    fn state(&self) -> CacheState {
        CacheState {
            instance_id: Uuid::nil(),
            place: String::new(),
            generation: self.generation,
            age_ms: i64::try_from((self.now - self.changed_at).as_millis()).unwrap_or(i64::MAX),
            redis_id: self.redis_id.map(|node| node.to_string()),
        }
    }

    fn change(&mut self, redis_id: Option<Node>) {
        self.generation += 1;
        self.redis_id = redis_id;
        self.changed_at = self.now;
    }

    /// What goes wrong.
    fn misfortune(&mut self) {
        let place = self.rng.random_range(0..self.redis.len());
        match self.rng.random_range(0..1_000) {
            0..5 => {
                let mut behind = self.redis[self.master].clone();
                for entry in behind.entries.values_mut() {
                    let lag = self.rng.random_range(0..=3);
                    entry.version = entry.version.map(|version| (version - lag).max(0));
                }
                self.master = self.redis.len();
                self.redis.push(behind);
            }
            5..15 => self.redis[place].refuses = true,
            15..150 => self.redis[place].refuses = false,
            150..155 => self.redis[place].entries.clear(),
            _ => {}
        }
    }

    fn check(&mut self, version: i64, least: i64) {
        if version < least && self.stale.is_none() {
            self.stale = Some(format!("version {version} after {least}"));
        }
    }

    fn fresh(&self, process: &Process) -> Option<Known> {
        let known = process.knowledge.last()?;
        known.is_fresh(self.now).then(|| (*known).clone())
    }

    /// The generation that a process may read and fill, and its Redis.
    fn readable(&self, process: &Process) -> Option<(i64, Node)> {
        let mut known = (*process.knowledge.last()?).clone();
        if !self.holds(Rule::ReadFresh) {
            known.asked_at = self.now;
        }
        if !self.holds(Rule::ReadLate) {
            known.reads_from = self.now;
        }
        let node = known.readable(self.now)?.parse().ok()?;
        self.reaches(process, node)
            .then_some((known.generation, process.node))
    }

    fn reaches(&self, process: &Process, node: Node) -> bool {
        node == process.node || !self.holds(Rule::ReplicationId)
    }

    fn entry(&mut self, node: Node, generation: i64) -> &mut Entry {
        self.redis[node].entries.entry(generation).or_default()
    }

    /// What the script does that writers run.
    fn merge(&mut self, node: Node, generation: i64, version: i64) {
        let (by_version, makes_none) = (
            self.holds(Rule::Versions),
            self.holds(Rule::FillsMakeEntries),
        );
        let entry = self.entry(node, generation);
        match entry.version {
            Some(old) if by_version => entry.version = Some(old.max(version)),
            Some(_) => entry.version = Some(version),
            None if makes_none => {}
            None => {
                entry.version = Some(version);
                entry.is_filled = true;
            }
        }
    }

    fn draw(&mut self) -> Option<Job> {
        match self.rng.random_range(0..100) {
            0..35 => Some(Job::Ask {
                asked_at: self.now,
                state: self.state(),
            }),
            35..45 => Some(Job::Keep),
            45..60 => Some(Job::Commit),
            60..95 => Some(Job::Read {
                least: self.acknowledged,
            }),
            _ => None,
        }
    }

    fn step(&mut self, process: &mut Process) {
        match self.rng.random_range(0..1_000) {
            0..120 => process.node = self.master,
            120..125 => {
                process.stopped_until = self.now + Duration::from_secs(self.rng.random_range(0..4))
            }
            // Killed and started again.
            125..128 => (process.knowledge, process.job) = (Knowledge::default(), None),
            _ => {}
        }
        if self.now < process.stopped_until || self.rng.random_bool(0.3) {
            return;
        }
        process.job = match process.job.take() {
            None => self.draw(),
            Some(job) => self.work(process, job),
        };
    }
}

/// One run: what was stale, and how often the cache was read.
fn run(seed: u64, left_out: Option<Rule>) -> (Option<String>, u64) {
    let mut world = World::new(seed, left_out);
    let mut processes: Vec<Process> = (0..PROCESSES)
        .map(|_| Process {
            knowledge: Knowledge::default(),
            node: 0,
            stopped_until: world.now,
            job: None,
        })
        .collect();
    for _ in 0..TICKS {
        world.now += Duration::from_millis(TICK_MS);
        world.misfortune();
        for process in &mut processes {
            world.step(process);
        }
        if world.stale.is_some() {
            break;
        }
    }
    (world.stale, world.hits)
}

#[test]
fn no_read_is_older_than_what_any_process_has_acknowledged() {
    let mut hits = 0;
    for seed in 0..RUNS {
        let (stale, run_hits) = run(seed, None);
        assert_eq!(stale, None, "seed {seed}");
        hits += run_hits;
    }
    assert!(hits > 5 * RUNS, "{hits}");
}

#[test]
fn without_any_one_of_the_rules_a_read_is_stale() {
    for (rule, seed) in RULES {
        let found = (seed..seed + 10 * RUNS).find(|seed| run(*seed, Some(rule)).0.is_some());
        println!("{rule:?}: {found:?}");
        assert!(found.is_some(), "{rule:?} is not missed");
    }
}
