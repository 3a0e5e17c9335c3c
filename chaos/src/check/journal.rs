//! The journal and the wallets, against what was asked for and the model.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::Evidence;
use crate::history::{Keyed, Row};
use crate::model::{JournalRow, initial_transfer_id, issuance_wallet_id};
use crate::rule::{Rule, Violation};

pub(super) fn check(evidence: &Evidence<'_>, violations: &mut Vec<Violation>) {
    let mut violate = |rule, detail: String| violations.push(Violation::new(rule, detail));
    rows_are_wanted(evidence, &mut violate);
    for wallet_id in evidence.model.wallets() {
        entries_follow(evidence, wallet_id, &mut violate);
    }
    wallets_are_their_journal(evidence, &mut violate);
    wallets_are_their_answers(evidence, &mut violate);
    for row in evidence.books.journal.values() {
        rejection_was_due(evidence, row, &mut violate);
    }
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
        if !evidence.facts.transfers.contains_key(&row.id) && !initial.contains(&row.id) {
            violate(Rule::OneEffectPerKey, format!("nobody asked for {row:?}"));
        }
    }
}

/// Versions without gaps, balances that add up, times that do not go back, no balance below the
/// floor.
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
        if entry.balance != balance || floor.is_some_and(|floor| balance < floor) {
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
        if (wallet.version, wallet.balance) != (count, balance) {
            let detail = format!("{wallet:?}, expected version {count} and balance {balance}");
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

/// Whether some answer said that money moved.
fn was_acknowledged(keyed: &Keyed) -> bool {
    let by_sql = keyed.rows.iter().any(|row| match row {
        Row::Result(result) => result["outcome"] == "posted",
        Row::Refused(_) => false,
    });
    by_sql || keyed.answers.iter().any(|answer| answer.status == 201)
}

fn rejection_was_due(
    evidence: &Evidence<'_>,
    row: &JournalRow,
    violate: &mut impl FnMut(Rule, String),
) {
    let wallet = |id| evidence.books.wallets.get(id);
    let (Some(source), Some(target)) = (wallet(&row.source_id), wallet(&row.target_id)) else {
        let detail = format!("between wallets that are not there: {row:?}");
        return violate(Rule::RejectionsWereDue, detail);
    };
    let is_due = match row.outcome.as_str() {
        "posted" => [&target.currency, &row.currency] == [&source.currency; 2],
        "currency_mismatch" => source.currency != target.currency,
        "insufficient_funds" => {
            let balances = evidence.model.balances_around(source.id, row.created_at_us);
            let floor = source.floor.unwrap_or(i64::MIN);
            source.currency == target.currency
                && balances.iter().any(|balance| balance - row.amount < floor)
        }
        _ => false, // Nothing in the load leads to any other.
    };
    if !is_due {
        violate(Rule::RejectionsWereDue, format!("{row:?}"));
    }
}
