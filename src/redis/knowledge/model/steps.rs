//! What the processes of the model do, a step at a time: what the program does between two waits.

use rand::Rng;

use super::{Fill, Job, Node, Process, Rule, World};

impl World {
    /// Does what a process has to do next, and gives what comes after that.
    pub(super) fn work(&mut self, process: &mut Process, job: Job) -> Option<Job> {
        match job {
            Job::Ask { asked_at, state } => {
                process.knowledge.hear_at(state, asked_at, self.now);
                None
            }
            Job::Keep => self.keep(process),
            Job::Open { closed, node } => {
                if self.generation == closed {
                    self.change(Some(node));
                }
                process.knowledge.hear_at(self.state(), self.now, self.now);
                None
            }
            Job::Commit => {
                self.version += 1;
                Some(Job::Write {
                    version: self.version,
                })
            }
            Job::Write { version } => Some(self.write(process, version)),
            Job::Send {
                version,
                generation,
                node,
                from,
            } => {
                self.merge(node, generation, version);
                Some(Job::Tell { version, from })
            }
            Job::Lost { version } => Some(self.close(process, version)),
            Job::Tell { version, from } if self.now < from && self.holds(Rule::Grace) => {
                Some(Job::Tell { version, from })
            }
            Job::Tell { version, .. } => {
                self.acknowledged = self.acknowledged.max(version);
                None
            }
            read => self.read(process, read),
        }
    }

    fn keep(&mut self, process: &Process) -> Option<Job> {
        let mut known = self.fresh(process)?;
        if self.redis[process.node].refuses {
            return None;
        }
        let own = process.node.to_string();
        if known.redis_id.as_ref().is_some_and(|id| *id != own) {
            if self.redis_id.is_some() {
                self.change(None);
            }
            return None;
        }
        if !self.holds(Rule::OpenLate) {
            known.opens_from = self.now;
        }
        let (closed, node) = (known.generation, process.node);
        known
            .may_open(self.now)
            .then_some(Job::Open { closed, node })
    }

    fn write(&mut self, process: &Process, version: i64) -> Job {
        let last = process.knowledge.last();
        let known = last.filter(|known| known.is_fresh(self.now) || !self.holds(Rule::WriteFresh));
        let Some(known) = known else {
            process.knowledge.hear_at(self.state(), self.now, self.now);
            return Job::Write { version };
        };
        let from = known.tells_from;
        let Some(redis_id) = &known.redis_id else {
            return Job::Tell { version, from };
        };
        let node = redis_id.parse().expect("it is a node's number");
        let is_lost = self.rng.random_bool(0.01);
        if is_lost || self.redis[process.node].refuses || !self.reaches(process, node) {
            return Job::Lost { version };
        }
        let (generation, node) = (known.generation, process.node);
        Job::Send {
            version,
            generation,
            node,
            from,
        }
    }

    fn close(&mut self, process: &Process, version: i64) -> Job {
        let from = self.now;
        if !self.holds(Rule::LostWriteCloses) {
            return Job::Tell { version, from };
        }
        if self.redis_id.is_some() {
            self.change(None);
        }
        process.knowledge.hear_at(self.state(), self.now, self.now);
        let known = process.knowledge.last().expect("it was just heard");
        let from = known.tells_from;
        Job::Tell { version, from }
    }

    fn read(&mut self, process: &Process, job: Job) -> Option<Job> {
        match job {
            Job::Read { least } => match self.readable(process) {
                Some((generation, node)) => Some(Job::Get {
                    least,
                    generation,
                    node,
                }),
                None => Some(Job::Query { least, fill: None }),
            },
            Job::Get {
                least,
                generation,
                node,
            } => {
                let entry = *self.entry(node, generation);
                match entry.version.filter(|_| entry.is_filled) {
                    Some(version) => {
                        self.hits += 1;
                        self.check(version, least);
                        None
                    }
                    None => Some(Job::Lease { least }),
                }
            }
            Job::Lease { least } => {
                let readable = self.readable(process);
                let taken = readable.filter(|(_, node)| !self.redis[*node].refuses);
                let fill = taken.map(|(generation, node)| self.lease(generation, node));
                Some(Job::Query { least, fill })
            }
            Job::Query { least, fill } => {
                let version = self.version;
                self.check(version, least);
                fill.map(|fill| Job::Fill { version, fill })
            }
            Job::Fill { version, fill } => {
                self.fill(version, fill);
                None
            }
            _ => None,
        }
    }

    fn lease(&mut self, generation: i64, node: Node) -> Fill {
        self.leases += 1;
        let lease = self.leases;
        let entry = self.entry(node, generation);
        entry.lease = Some(lease);
        entry.version = entry.version.or(Some(-1));
        Fill {
            generation,
            node,
            lease,
        }
    }

    fn fill(&mut self, version: i64, fill: Fill) {
        let needs_lease = self.holds(Rule::Lease);
        if self.redis[fill.node].refuses {
            return;
        }
        if self.entry(fill.node, fill.generation).version.is_some() {
            self.merge(fill.node, fill.generation, version);
        }
        let entry = self.entry(fill.node, fill.generation);
        if entry.lease == Some(fill.lease) || !needs_lease {
            entry.version = entry.version.or(Some(version));
            entry.is_filled = true;
            entry.lease = None;
        }
    }
}
