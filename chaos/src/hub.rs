//! What all clients of a run share.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::away::Away;
use crate::history::History;
use crate::http::Http;
use crate::rule::{Rule, Violation};
use crate::sql::Sql;
use crate::told::Told;

/// The doors, the record, and when to end.
pub struct Hub {
    pub http: Http,
    pub sql: Sql,
    pub history: History,
    pub told: Told,
    /// When PostgreSQL was away.
    pub away: Away,
    load_over: AtomicBool,
    give_up: watch::Sender<bool>,
}

impl Hub {
    /// A hub whose load has begun.
    pub fn new(http: Http, sql: Sql, history: History) -> Self {
        Self {
            http,
            sql,
            history,
            told: Told::default(),
            away: Away::default(),
            load_over: AtomicBool::new(false),
            give_up: watch::channel(false).0,
        }
    }

    /// Lets clients end their step and no more.
    pub fn end_load(&self) {
        self.load_over.store(true, Ordering::Relaxed);
    }

    /// Whether clients begin no further step.
    pub fn is_load_over(&self) -> bool {
        self.load_over.load(Ordering::Relaxed)
    }

    /// Ends all attempts: whatever has no answer by now is not going to have one.
    pub fn give_up(&self) {
        self.give_up.send_replace(true);
    }

    /// Whether attempts have to end.
    pub fn has_given_up(&self) -> bool {
        *self.give_up.borrow()
    }

    /// Keeps a violation.
    pub fn violate(&self, rule: Rule, detail: impl Into<String>) {
        self.history.violate(Violation::new(rule, detail));
    }
}
