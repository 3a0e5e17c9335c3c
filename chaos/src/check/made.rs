//! Answers to the creation of users and wallets.

use serde_json::{Value, json};

use super::{Evidence, split_time};
use crate::books::{UserRow, WalletRow};
use crate::history::Made;
use crate::model::initial_transfer_id;
use crate::rule::{Rule, Violation};
use crate::world::{NewUser, NewWallet};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    for (id, made) in &evidence.facts.wallets {
        let initial = evidence.books.journal.get(&initial_transfer_id(*id));
        let initial = initial.map(|row| (row.moved(), row.created_at_us));
        let row = evidence.books.wallets.get(id);
        violations.extend(wallet(made, row, initial));
    }
    for (id, made) in &evidence.facts.users {
        violations.extend(user(made, evidence.books.users.get(id)));
    }
    // What nobody asked for.
    for (id, row) in &evidence.books.wallets {
        if row.user_id.is_some() && !evidence.facts.wallets.contains_key(id) {
            let detail = format!("wallet {id} was made by nobody");
            violations.push(Violation::new(Rule::OneEffectPerKey, detail));
        }
    }
    for id in evidence.books.users.keys() {
        if !evidence.facts.users.contains_key(id) {
            let detail = format!("user {id} was made by nobody");
            violations.push(Violation::new(Rule::OneEffectPerKey, detail));
        }
    }
}

fn wallet(
    made: &Made<NewWallet>,
    row: Option<&WalletRow>,
    initial: Option<(i64, i64)>,
) -> Option<Violation> {
    let wanted = &made.wanted;
    let Some(answer) = made.answers.first() else {
        return None; // It never got one: a violation already.
    };
    let Some(row) = row else {
        let detail = format!("wallet {} was acknowledged and is not there", wanted.id);
        return Some(Violation::new(Rule::AcknowledgedOnce, detail));
    };
    let (amount, moment_us) = initial.unwrap_or((0, row.created_at_us));
    let expected = json!({
        "id": wanted.id.to_string(), "user_id": wanted.user_id.to_string(), "currency": wanted.currency,
        "balance": wanted.initial_balance, "available": wanted.initial_balance, "floor": 0,
        "held": 0, "held_until": null,
        "status": "active", "version": i64::from(wanted.initial_balance > 0),
        "reference": null, "metadata": {},
    });
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let (body, updated_us) = split_time(body, "updated_at");
    let (body, created_us) = split_time(body, "created_at");
    let fits = answer.status == 201
        && made.answers.len() == 1
        && body == expected
        && amount == wanted.initial_balance
        && created_us == Some(row.created_at_us)
        && updated_us == Some(moment_us)
        && (row.user_id, row.currency.as_str()) == (Some(wanted.user_id), wanted.currency)
        && row.floor == Some(0);
    (!fits).then(|| {
        let detail = format!("wallet {}: {:?} and {row:?}", wanted.id, made.answers);
        Violation::new(Rule::AnswerIsTheRow, detail)
    })
}

fn user(made: &Made<NewUser>, row: Option<&UserRow>) -> Option<Violation> {
    let wanted = &made.wanted;
    let Some(answer) = made.answers.first() else {
        return None; // It never got one: a violation already.
    };
    let Some(row) = row else {
        let detail = format!("user {} was acknowledged and is not there", wanted.id);
        return Some(Violation::new(Rule::AcknowledgedOnce, detail));
    };
    let expected = json!({
        "id": wanted.id.to_string(), "name": wanted.name,
        "email": null, "reference": null, "metadata": {},
    });
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let (body, created_us) = split_time(body, "created_at");
    let fits = answer.status == 201
        && made.answers.len() == 1
        && body == expected
        && created_us == Some(row.created_at_us)
        && row.name == wanted.name;
    (!fits).then(|| {
        let detail = format!("user {}: {:?} and {row:?}", wanted.id, made.answers);
        Violation::new(Rule::AnswerIsTheRow, detail)
    })
}
