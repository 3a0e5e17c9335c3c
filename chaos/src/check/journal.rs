//! The journal and the wallets, against what was asked for and the model.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::Evidence;
use crate::history::{Asked, Keyed, Row};
use crate::model::{JournalRow, expiry_id, initial_transfer_id, issuance_wallet_id};
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    let mut violate = |rule, detail: String| violations.push(Violation::new(rule, detail));
    rows_are_wanted(evidence, &mut violate);
    for wallet_id in evidence.model.wallets() {
        entries_follow(evidence, wallet_id, &mut violate);
    }
    wallets_are_their_journal(evidence, &mut violate);
    wallets_are_their_answers(evidence, &mut violate);
    for found in &evidence.books.verified {
        violate(Rule::VerifyIsEmpty, found.clone());
    }
}

fn rows_are_wanted(evidence: &Evidence<'_>, violate: &mut impl FnMut(Rule, String)) {
    let initial: HashSet<Uuid> = evidence
        .facts
        .wallets
        .keys()
        .map(|id| initial_transfer_id(*id))
        .collect();
    for stray in &evidence.books.strays {
        violate(Rule::OneEffectPerKey, stray.clone());
    }
    for row in evidence.books.journal.values() {
        let facts = evidence.facts;
        let is_asked = facts.transfers.contains_key(&row.id) || facts.items.contains_key(&row.id);
        if !is_asked && !initial.contains(&row.id) && !is_expiry(row) {
            violate(Rule::OneEffectPerKey, format!("nobody asked for {row:?}"));
        }
    }
}

/// Whether a row ends a hold whose time has come, which nobody asks for.
fn is_expiry(row: &JournalRow) -> bool {
    row.kind() == Some("expiry") && row.subject().map(expiry_id) == Some(row.id)
}

/// Versions without gaps, balances that add up, times that do not go back, nothing held below
/// the floor.
fn entries_follow(
    evidence: &Evidence<'_>,
    wallet_id: Uuid,
    violate: &mut impl FnMut(Rule, String),
) {
    let wallet = evidence.books.wallets.get(&wallet_id);
    let floor = wallet.and_then(|wallet| wallet.floor);
    let mut balance = 0;
    let mut moment_us = i64::MIN;
    for (version, entry) in (1..).zip(evidence.model.entries(wallet_id)) {
        balance += entry.amount;
        if entry.version != version || entry.created_at_us < moment_us {
            violate(
                Rule::VersionsDense,
                format!("wallet {wallet_id}, version {version}: {entry:?}"),
            );
        }
        if entry.balance != balance || floor.is_some_and(|floor| balance - entry.held < floor) {
            let detail =
                format!("wallet {wallet_id}: {entry:?}, expected {balance}, floor {floor:?}");
            violate(Rule::BalancesFollow, detail);
        }
        moment_us = entry.created_at_us;
    }
}

fn wallets_are_their_journal(evidence: &Evidence<'_>, violate: &mut impl FnMut(Rule, String)) {
    for wallet_id in evidence.model.wallets() {
        if !evidence.books.wallets.contains_key(&wallet_id) {
            violate(
                Rule::WalletIsItsJournal,
                format!("wallet {wallet_id} is not there"),
            );
        }
    }
    let mut sums: HashMap<&str, i64> = HashMap::new();
    for wallet in evidence.books.wallets.values() {
        let entries = evidence.model.entries(wallet.id);
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let balance: i64 = entries.iter().map(|entry| entry.amount).sum();
        let held = entries.last().map_or(0, |entry| entry.held);
        if (wallet.version, wallet.balance, wallet.held) != (count, balance, held) {
            let detail = format!("{wallet:?}, expected version {count}, {balance} and {held} held");
            violate(Rule::WalletIsItsJournal, detail);
        }
        *sums.entry(&wallet.currency).or_default() += wallet.balance;
    }
    for (currency, sum) in sums {
        if sum != 0 {
            violate(
                Rule::WalletIsItsJournal,
                format!("all {currency} together: {sum}"),
            );
        }
    }
}

/// Balances from nothing but requests and their answers.
fn wallets_are_their_answers(evidence: &Evidence<'_>, violate: &mut impl FnMut(Rule, String)) {
    let mut balances: HashMap<Uuid, i64> = HashMap::new();
    let mut add = |wallet_id, amount| *balances.entry(wallet_id).or_default() += amount;
    for made in evidence.facts.wallets.values() {
        if made.answers.iter().any(|answer| answer.status == 201) {
            add(made.wanted.id, made.wanted.initial_balance);
            let issuance = issuance_wallet_id(made.wanted.currency);
            add(issuance, -made.wanted.initial_balance);
        }
    }
    for keyed in evidence.facts.transfers.values() {
        if let (Some(transfer), true) = (&keyed.transfer, was_acknowledged(keyed)) {
            add(transfer.source_id, -transfer.amount);
            add(transfer.target_id, transfer.amount);
        }
    }
    for (asked, body) in acknowledged(evidence) {
        let side = |name: &str| body[name].as_str()?.parse::<Uuid>().ok();
        let moves = matches!(asked.item.deed.kind(), None | Some("capture" | "reversal"));
        let sides = (
            side("source_id"),
            side("target_id"),
            body["amount"].as_i64(),
        );
        if let (true, (Some(source), Some(target), Some(amount))) = (moves, sides) {
            add(source, -amount);
            add(target, amount);
        }
    }
    for wallet in evidence.books.wallets.values() {
        let balance = balances.get(&wallet.id).copied().unwrap_or(0);
        if wallet.balance != balance {
            violate(
                Rule::WalletIsItsAnswers,
                format!("{wallet:?}, expected {balance}"),
            );
        }
    }
}

/// The items that an answer said to be posted, and what it said of them.
fn acknowledged<'a>(evidence: &Evidence<'a>) -> Vec<(&'a Asked, Value)> {
    let facts = evidence.facts;
    let mut list = Vec::new();
    for asked in facts.items.values() {
        let first = asked.answers.iter().find(|answer| answer.status == 201);
        list.extend(first.map(|answer| (asked, answer.json())));
    }
    for group in facts.groups.values() {
        let first = group.answers.iter().find(|answer| answer.status == 201);
        let legs = first.map(|answer| answer.json()["legs"].take());
        let legs = legs.as_ref().and_then(Value::as_array).cloned();
        let legs = group.legs.iter().zip(legs.unwrap_or_default());
        list.extend(legs.filter_map(|(id, body)| Some((facts.items.get(id)?, body))));
    }
    list
}

/// Whether some answer said that money moved.
fn was_acknowledged(keyed: &Keyed) -> bool {
    let by_sql = keyed.rows.iter().any(|row| match row {
        Row::Result(result) => result["outcome"] == "posted",
        Row::Refused(_) => false,
    });
    by_sql || keyed.answers.iter().any(|answer| answer.status == 201)
}
