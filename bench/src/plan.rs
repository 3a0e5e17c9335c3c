//! Which cells are measured, in which order, and for how long.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use testbed::options::number;

use crate::ask::{Ask, Wallets};
use crate::cell::{Cell, Door, Subject, Verb};
use crate::measure::{WALLETS, bulks, transfers, wallets};

/// Wallets of the template: as many as the Zipf loads want.
pub const WALLETS_OF_TEMPLATE: usize = 100_000;
/// Connections of the targets for transfers, which are not among those of the tables.
pub const MANY: usize = 256;
/// Connections of the target for cached reads.
pub const READERS: usize = 128;
/// Requests in a call of the target for `transfers_post`, and the sessions that make them.
pub const CALL_SIZE: usize = 500;
pub const CALL_SESSIONS: usize = 2;
/// Requests in a call of the targets for holds, captures and reversals.
pub const VERB_SIZE: usize = 100;
/// Items of the bulks that are measured, and the connections that send them: no more items wait at
/// a time than the server lets, which is 2,000.
pub const BULKS: [(usize, usize); 2] = [(100, 16), (1_000, 2)];

const EXAMPLE: &str = "\
Example:
  remit-bench --services .run/bench --base 24000 --quick
  make bench-quick   (the same, on servers that it starts)

No environment variable but PATH.";

/// Measures Remit beside its peers, in one run on one machine
#[derive(Debug, Parser)]
#[command(name = "remit-bench", version, after_help = EXAMPLE)]
pub struct Options {
    /// Where stack/services keeps PostgreSQL, Redis and RabbitMQ
    #[arg(long, value_name = "DIR")]
    pub services: PathBuf,
    /// What their ports count from
    #[arg(long, value_name = "PORT", value_parser = number::<u16>)]
    pub base: u16,
    /// What the targets need, once and shortly, without growth
    #[arg(long)]
    quick: bool,
    /// How often each load is measured, from 1
    #[arg(long, value_name = "N", value_parser = rounds)]
    rounds: Option<usize>,
    /// Growth alone; with --quick only to see that it works
    #[arg(long, conflicts_with_all = ["without_growth", "only"])]
    growth: bool,
    /// Everything but growth
    #[arg(long)]
    without_growth: bool,
    /// Only loads whose name holds this; writes no results. Beside those of the tables there are
    /// single, held, crowd and open
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

fn rounds(text: &str) -> Result<usize, &'static str> {
    let rounds = number(text)?;
    if rounds == 0 {
        return Err("must be 1 or more");
    }
    Ok(rounds)
}

impl Options {
    /// Whether loads are measured.
    pub fn has_loads(&self) -> bool {
        !self.growth
    }

    /// Whether growth is measured.
    pub fn has_growth(&self) -> bool {
        self.growth || !(self.without_growth || self.quick || self.only.is_some())
    }

    /// What is measured.
    pub fn plan(&self) -> Plan {
        let plan = if self.quick {
            Plan::quick()
        } else {
            Plan::full()
        };
        Plan {
            only: self.only.clone(),
            rounds: self.rounds.unwrap_or(plan.rounds),
            ..plan
        }
    }
}

/// Cells that are measured one after the other on one new database.
pub type Group = Vec<Cell>;

/// What a run is to be.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How often each cell is measured, in turns with all others.
    pub rounds: usize,
    /// How long each time.
    pub time: Duration,
    /// The numbers of connections.
    pub connections: Vec<usize>,
    pub is_quick: bool,
    /// Only cells whose name holds this.
    pub only: Option<String>,
}

impl Plan {
    /// All loads at all numbers of connections.
    pub fn full() -> Self {
        Self {
            rounds: 3,
            time: Duration::from_secs(2),
            connections: vec![8, 32, 128, 512],
            is_quick: false,
            only: None,
        }
    }

    /// What the targets need, once.
    pub fn quick() -> Self {
        Self {
            rounds: 1,
            time: Duration::from_secs(2),
            connections: vec![32],
            is_quick: true,
            only: None,
        }
    }

    /// The groups of a round. Loads that a target compares lie close to each other, so that a slow
    /// minute of the machine meets both.
    pub fn groups(&self) -> Vec<Group> {
        let (server, nginx) = (Door::Server, Door::Nginx);
        let mut groups = vec![
            self.core(),
            self.peers(),
            [self.transfers(wallets(false), server, false), Self::bulks()].concat(),
            self.transfers(wallets(true), server, false),
            self.transfers(wallets(true), server, true),
            self.transfers(wallets(false), server, true),
            self.transfers(wallets(false), nginx, true),
        ];
        if !self.is_quick {
            let zipf = Wallets::Zipf(WALLETS_OF_TEMPLATE);
            groups.push(self.transfers(wallets(true), nginx, true));
            groups.extend([server, nginx].map(|door| self.transfers(zipf, door, true)));
        }
        groups.push(self.plain());
        groups.push(self.reads(server));
        if !self.is_quick {
            groups.push(self.reads(nginx));
        }
        if let Some(only) = &self.only {
            for group in &mut groups {
                group.retain(|cell| cell.subject.to_string().contains(only));
            }
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// Whether what is not in a table is wanted.
    pub fn has(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only))
    }

    /// Whether nothing would be measured.
    pub fn is_empty(&self) -> bool {
        self.groups().is_empty()
            && !["single", "held", "open"].iter().any(|name| self.has(name))
            && (self.is_quick || !self.has("crowd"))
    }

    fn peers(&self) -> Group {
        // Its best is among these: more clients wait for each other.
        let best: [&[usize]; 2] = [&[16, 32, 64], &[2, 4, 8]];
        let mut group: Group = [false, true]
            .into_iter()
            .zip(best)
            .flat_map(|(is_hot, best)| self.at_all(Subject::Textbook { is_hot }, best))
            .collect();
        group.push(Cell {
            subject: Subject::TextbookIndexed,
            connections: 32,
        });
        group
    }

    fn plain(&self) -> Group {
        [false, true]
            .into_iter()
            .flat_map(|is_hot| self.at_all(Subject::Plain { is_hot }, &[]))
            .collect()
    }

    fn core(&self) -> Group {
        let sizes: &[usize] = if self.is_quick {
            &[1, VERB_SIZE, CALL_SIZE]
        } else {
            &[1, 10, VERB_SIZE, CALL_SIZE, 1_000]
        };
        let mut group = Group::new();
        for is_hot in [false, true] {
            group.extend(sizes.iter().map(|size| Cell {
                subject: Subject::Core {
                    is_hot,
                    size: *size,
                },
                connections: CALL_SESSIONS,
            }));
        }
        let verbs = [Verb::Holds, Verb::Captures, Verb::Reversals];
        group.extend(verbs.map(|verb| Cell {
            subject: Subject::Verb {
                verb,
                size: VERB_SIZE,
            },
            connections: CALL_SESSIONS,
        }));
        group
    }

    fn transfers(&self, wallets: Wallets, door: Door, relay: bool) -> Group {
        let ask = Ask::Transfer(wallets);
        self.at_all(Subject::Remit { ask, door, relay }, &[MANY])
    }

    /// Bulks to the server itself, while the relay stands still, and single requests of as many
    /// connections as the largest ones.
    fn bulks() -> Group {
        let mut group: Group = BULKS
            .iter()
            .map(|&(size, connections)| Cell {
                subject: bulks(size),
                connections,
            })
            .collect();
        group.push(Cell {
            subject: transfers(false, Door::Server, false),
            connections: BULKS[1].1,
        });
        group
    }

    fn reads(&self, door: Door) -> Group {
        let mut asks = vec![Ask::Health, Ask::Read(WALLETS)];
        if !self.is_quick {
            asks.push(Ask::ReadOnce);
        }
        asks.push(Ask::Mix(WALLETS));
        let subject = |ask| Subject::Remit {
            ask,
            door,
            relay: true,
        };
        asks.into_iter()
            .flat_map(|ask| self.at_all(subject(ask), &[READERS]))
            .collect()
    }

    /// At all numbers of connections, with these among them. A quick run has these alone, if there
    /// are any.
    fn at_all(&self, subject: Subject, others: &[usize]) -> Group {
        let mut all = others.to_vec();
        if !self.is_quick || others.is_empty() {
            all.extend(&self.connections);
        }
        all.sort_unstable();
        all.dedup();
        let cell = |connections| Cell {
            subject,
            connections,
        };
        all.into_iter().map(cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use testbed::options::numbers;

    use super::*;

    #[test]
    fn numbers_have_one_spelling() {
        let found = numbers(&Options::command());
        assert_eq!(found, ["remit-bench --base", "remit-bench --rounds"]);
    }

    #[test]
    fn growth_is_left_out_of_what_is_short() {
        let read = |line: &str| {
            let words = ["remit-bench", "--services", "x", "--base", "1"];
            let options = Options::try_parse_from(words.into_iter().chain(line.split_whitespace()));
            options
                .map(|options| (options.has_loads(), options.has_growth()))
                .ok()
        };
        assert_eq!(read(""), Some((true, true)));
        assert_eq!(read("--quick"), Some((true, false)));
        assert_eq!(read("--only single"), Some((true, false)));
        assert_eq!(read("--without-growth"), Some((true, false)));
        assert_eq!(read("--growth --quick"), Some((false, true)));
        assert_eq!(read("--growth --without-growth"), None);
        assert_eq!(read("--growth --only single"), None);
        assert_eq!(read("--rounds 0"), None);
    }

    #[test]
    fn a_quick_run_measures_what_the_full_one_does() {
        let full: Vec<String> = names(&Plan::full());
        for name in names(&Plan::quick()) {
            assert!(full.contains(&name), "{name}");
        }
    }

    fn names(plan: &Plan) -> Vec<String> {
        let cells = plan.groups().concat();
        let name = |cell: &Cell| format!("{}, {}", cell.subject, cell.connections);
        cells.iter().map(name).collect()
    }
}
