//! Which cells are measured, in which order, and for how long.

use std::time::Duration;

use crate::ask::{Ask, Wallets};
use crate::cell::{Cell, Door, Subject};
use crate::measure::{WALLETS, wallets};

/// Wallets of the template: as many as the Zipf loads want.
pub const WALLETS_OF_TEMPLATE: usize = 100_000;
/// Connections of the targets for transfers, which are not among those of the tables.
pub const MANY: usize = 256;
/// Connections of the target for cached reads.
pub const READERS: usize = 128;
/// Requests in a call of the target for `transfers_post`, and the sessions that make them.
pub const CALL_SIZE: usize = 500;
pub const CALL_SESSIONS: usize = 2;

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

    /// The groups of a round. Loads that a target compares lie close to each other, so that a slow minute of the machine meets both.
    pub fn groups(&self) -> Vec<Group> {
        let (server, nginx) = (Door::Server, Door::Nginx);
        let mut groups = vec![
            self.core(),
            self.peers(),
            self.transfers(wallets(false), server, false),
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
            && !["single", "open"].iter().any(|name| self.has(name))
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
            &[1, CALL_SIZE]
        } else {
            &[1, 10, 100, CALL_SIZE, 1_000]
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
        group
    }

    fn transfers(&self, wallets: Wallets, door: Door, relay: bool) -> Group {
        let ask = Ask::Transfer(wallets);
        self.at_all(Subject::Remit { ask, door, relay }, &[MANY])
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

    /// At all numbers of connections, with these among them. A quick run has these alone, if there are any.
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
    use super::*;

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
