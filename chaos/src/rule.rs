//! What must hold. A violation names one of these rules.

use std::fmt;

macro_rules! rules {
    ($($variant:ident $name:literal, $meaning:literal;)*) => {
        /// A rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule { $($variant),* }

        impl Rule {
            /// Every rule, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word for it in reports.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The sentence that must be true.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

rules! {
    AcknowledgedOnce "acknowledged_once", "What was acknowledged is in the journal, under its id.";
    AnswerIsTheRow "answer_is_the_row", "Every field of an answer is the journal's.";
    AnswersIdentical "answers_identical", "All answers to one key are the same bytes.";
    OneEffectPerKey "one_effect_per_key", "The journal has no row that nobody asked for.";
    RequestIsTheRow "request_is_the_row", "The journal has what was asked for, no other wallet or amount.";
    ReuseRefused "reuse_refused", "A key with other content is refused.";
    RetriesSettle "retries_settle", "A request that is repeated gets its final answer.";
    StuckMarker "stuck_marker", "A twin is told to wait no longer than a request may take.";
    AnswerInTime "answer_in_time", "Every request is answered, or its connection ended, within nginx's limit.";
    RefusedInTime "refused_in_time", "While PostgreSQL is away, nobody waits for longer than 2 s.";
    RetryAfterGiven "retry_after_given", "An answer that asks for a retry says when.";
    UnexpectedAnswer "unexpected_answer", "Only statuses and codes that fit the request.";
    NoInternalError "no_internal_error", "No answer is 500.";
    NoDeadlock "no_deadlock", "No two sessions wait for each other.";
    ProgramsStayUp "programs_stay_up", "No program panics, or ends without having been killed.";
    RecoversInTime "recovers_in_time", "Within 5 s of a part being back a transfer succeeds, and the broker has the event that had waited for longest.";
    OwnWritesRead "own_writes_read", "A client reads no version older than its own acknowledged write, nor than it has read since.";
    AcknowledgedRead "acknowledged_read", "No client reads a version older than what any client had been told before, by whichever server.";
    ReadIsOfTheJournal "read_is_of_the_journal", "A wallet or hold that was read was so at that version, and a statement has those entries.";
    VersionsDense "versions_dense", "A wallet's versions are 1, 2, 3 … and its times do not go back.";
    BalancesFollow "balances_follow", "Each entry's balance is the one before it plus its amount, and less what is held never below the floor.";
    WalletIsItsJournal "wallet_is_its_journal", "A wallet's balance, held and version are those of its last entry.";
    WalletIsItsAnswers "wallet_is_its_answers", "A wallet's balance is what the acknowledged requests make of it.";
    RejectionsWereDue "rejections_were_due", "What was rejected had a reason at its place in the order.";
    WishesMet "wishes_met", "What was posted under a condition met it at its version, and at most what was available was taken, up to what was asked.";
    DryRunsLeaveNothing "dry_runs_leave_nothing", "A dry run is decided, and the journal has nothing of it.";
    HoldsFollow "holds_follow", "What is held is the sum of the open holds at each version; a hold ends once, in time, and gives no more than it has unless asked.";
    HoldIsItsJournal "hold_is_its_journal", "The row of a hold follows from the journal.";
    HoldsEnd "holds_end", "Once all parts are up, each hold whose time has come is ended.";
    ReversalsFit "reversals_fit", "Reversals mirror a posted transfer, and are together at most what it was.";
    GroupsWhole "groups_whole", "All legs of a group are posted, or all are refused, one of them with a reason of its own.";
    VerifyIsEmpty "verify_is_empty", "remit_ops_v1.verify() finds nothing.";
    EventsDrain "events_drain", "Once all parts are up, the broker confirms all events.";
    EventMissing "event_missing", "The broker has passed on an event of each journal row.";
    EventOnce "event_once", "No row has two events, and no event lacks a row.";
    EventIsTheRow "event_is_the_row", "An event tells what the journal has.";
    EventsInOrder "events_in_order", "First deliveries are in order of version for each wallet; what the broker calls a redelivery is none.";
    NotifiedOnce "notified_once", "Each event has its one notification, no other thing has one.";
    CacheIsTheDatabase "cache_is_the_database", "Once all events are published, a cached wallet is the database's.";
    SessionsBounded "sessions_bounded", "The programs hold no more sessions than their pools.";
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A rule that did not hold, and where.
#[derive(Debug, Clone)]
pub struct Violation {
    pub rule: Rule,
    pub detail: String,
}

impl Violation {
    /// A violation.
    pub fn new(rule: Rule, detail: impl Into<String>) -> Self {
        Self {
            rule,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn each_rule_is_explained() {
        let readme = include_str!("../README.md");
        for rule in Rule::ALL {
            let line = format!("| `{rule}` | {} |\n", rule.meaning());
            assert!(readme.contains(&line), "{line}");
        }
    }
}
