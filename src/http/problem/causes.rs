//! The problem that each failure of a call is.

use super::{Code, Problem, busy, in_progress, internal, unavailable};
use crate::ledger::NoResult;
use crate::ledger::gather::{Held, NoAnswer};
use crate::sql::failure::{Failure, Refusal};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let Some(code) = Code::of_sqlstate(&refusal.sqlstate) else {
            return internal(refusal.sqlstate);
        };
        let detail = refusal.rule.map_or_else(
            || code.title().to_owned(),
            |rule| format!("Allowed: {rule}."),
        );
        match refusal.field {
            Some(field) if code != Code::IdempotencyKeyReused => Self::at(code, &field, detail),
            _ => Self::new(code, detail),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Locked => busy(),
            Failure::IdHeld => in_progress(),
            Failure::Conflict(cause) | Failure::Unavailable(cause) => unavailable().because(cause),
            Failure::Unexpected(cause) => internal(cause),
        }
    }
}

impl From<NoResult> for Problem {
    fn from(no_result: NoResult) -> Self {
        match no_result {
            NoResult::Failed(failure) => failure.into(),
            NoResult::Unanswered(NoAnswer::Overloaded) => Self::new(
                Code::Overloaded,
                "Nothing was written. Try again with the same key.",
            ),
            NoResult::Unanswered(NoAnswer::Busy(Held::Wallet)) => busy(),
            NoResult::Unanswered(NoAnswer::Busy(Held::Id)) => in_progress(),
            NoResult::Unanswered(NoAnswer::Broken) => internal("the call broke"),
        }
    }
}
