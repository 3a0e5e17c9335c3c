//! What a command says of what a SQL function refused: what is wrong on its line, and what to do.

use crate::base::complaint::Complaint;
use crate::http::problem::{Code, Problem};
use crate::sql::failure::Refusal;

/// The option that gives a field, where its name is another one.
const OPTIONS: [(&str, &str); 5] = [
    ("name", "--name"),
    ("scope", "--scope"),
    ("user_id", "--user"),
    ("expires_at", "--expires-at"),
    ("reason", "--reason"),
];

/// A refusal of what was asked for in this ledger, about this key or user.
pub fn complaint(refusal: Refusal, ledger_id: i64, subject: &str) -> Complaint {
    let problem = Problem::from(refusal);
    match problem.code {
        Code::Unauthenticated => {
            let advice = "DATABASE_URL must be the login of an operator or of the owner";
            Complaint::new("this login may not manage keys", advice)
        }
        Code::LedgerNotFound => {
            let advice = "name one that is there with --ledger";
            Complaint::new(format!("there is no ledger {ledger_id}"), advice)
        }
        Code::KeyNotFound => {
            let what = format!("there is no key {subject} in ledger {ledger_id}");
            let advice =
                "`remit keys list` shows the ids of a ledger's keys, --ledger names another";
            Complaint::new(what, advice)
        }
        Code::UserNotFound => {
            let what = format!("there is no user {subject} in ledger {ledger_id}");
            let advice =
                "name one of this ledger's users with --user, or their ledger with --ledger";
            Complaint::new(what, advice)
        }
        code => {
            let field = problem.pointer.unwrap_or_default();
            let field = field.trim_start_matches('/');
            let option = OPTIONS.iter().find(|(name, _)| *name == field);
            let name = option.map_or(field, |(_, option)| option);
            let what = format!("{} {name}", code.title());
            Complaint::new(what.trim_end_matches([' ', '.']), problem.detail)
        }
    }
}
