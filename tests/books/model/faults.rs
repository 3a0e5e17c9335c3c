//! Requests that are refused whatever is in the book: nothing of them is stored.

use super::Model;
use super::asks::Meant;
use super::check_labels;
use super::holds::due_of;
use crate::call::TransferRequest;
use crate::cast::AMOUNT_MAX;
use crate::terms::{Terms, Verb};

/// An outcome that is not stored, and the field at fault.
pub(super) type Fault = (&'static str, &'static str);

/// Ten years.
const LIFETIME_MAX: i32 = 315_360_000;

impl Model {
    /// Why a request is not stored. `actual` is what it heard: whether a wallet was busy is taken
    /// from there.
    pub(super) fn refusal(&self, ask: &Meant, actual: &serde_json::Value) -> Option<Fault> {
        let Some(known) = ask.known else {
            return Some(("unauthenticated", ""));
        };
        let is_promised = matches!(ask.verb(), Some(Verb::Capture | Verb::Release));
        let asks_of_target = ask
            .terms
            .as_ref()
            .is_some_and(|terms| terms.target_balance_max.is_some());
        if !known.may("spend") || ask.is_user() && (is_promised || asks_of_target) {
            return Some(("forbidden", ""));
        }
        let request = &ask.request;
        if let Some(field) = malformed(request, ask.terms.as_ref()) {
            return Some(("invalid_field", field));
        }
        let source = request.source_id;
        let sees = source.is_some_and(|source| self.visible(known, source).is_some());
        let subject = match ask.verb() {
            None | Some(Verb::Hold) => None,
            Some(Verb::Reversal) => Some("transfer_not_found"),
            Some(_) => Some("hold_not_found"),
        };
        if let Some(outcome) = subject
            && (source.is_none() || ask.is_user() && !sees)
        {
            return Some((outcome, "*"));
        }
        if source == request.target_id {
            return Some(("same_wallet", "target_id"));
        }
        if !sees {
            return Some(("wallet_not_found", "source_id"));
        }
        if self.may_be_busy && actual["outcome"] == "wallet_busy" {
            let is_target = actual["field"] == "target_id";
            return Some((
                "wallet_busy",
                if is_target { "target_id" } else { "source_id" },
            ));
        }
        let is_there = request
            .target_id
            .is_none_or(|target| self.wallets.contains_key(&target));
        (!is_there).then_some(("wallet_not_found", "target_id"))
    }
}

/// The first field that is missing, out of bounds, or has no meaning for the kind.
fn malformed(request: &TransferRequest, terms: Option<&Terms>) -> Option<&'static str> {
    if request.id.is_none() {
        return Some("id");
    }
    let fault = match terms {
        Some(terms) => fault_of_terms(request, terms),
        None => fault_of_transfer(request),
    };
    if fault.is_some() {
        return fault;
    }
    let is_code =
        |text: &String| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if !request.currency.as_ref().is_none_or(is_code) {
        return Some("currency");
    }
    let labels = check_labels(request.reference.as_ref(), request.metadata.as_ref());
    labels.err().map(|(_, field)| field)
}

fn fault_of_transfer(request: &TransferRequest) -> Option<&'static str> {
    if request.source_id.is_none() {
        Some("source_id")
    } else if request.target_id.is_none() {
        Some("target_id")
    } else if !request.amount.is_some_and(is_amount) {
        Some("amount")
    } else {
        None
    }
}

fn is_amount(amount: i64) -> bool {
    (1..=AMOUNT_MAX).contains(&amount)
}

/// Which kinds may leave out the amount, or must.
fn amount_fits(amount: Option<i64>, terms: &Terms) -> bool {
    let ends = terms.expires_at.is_some() || terms.expires_in.is_some();
    match (terms.kind, amount) {
        (Some(Verb::Release), amount) => amount.is_none(),
        (_, Some(amount)) => is_amount(amount),
        (None, None) => terms.at_most.is_some(),
        (Some(Verb::Hold), None) => false,
        (Some(Verb::Adjustment), None) => ends,
        (Some(_), None) => true,
    }
}

fn fault_of_terms(request: &TransferRequest, terms: &Terms) -> Option<&'static str> {
    let kind = terms.kind;
    let has_subject = !matches!(kind, None | Some(Verb::Hold));
    let is_change = matches!(kind, Some(Verb::Adjustment | Verb::Release));
    let may_end = matches!(kind, Some(Verb::Hold | Verb::Adjustment));
    let is_capture = kind == Some(Verb::Capture);
    let needs_target = kind.is_none() || is_capture && request.source_id.is_some();
    let is_balance =
        |bound: Option<i64>| bound.is_none_or(|bound| (-AMOUNT_MAX..=AMOUNT_MAX).contains(&bound));
    // An amount that is out of bounds is told before one that has no meaning, with one name.
    let checks = [
        (kind == Some(Verb::Expiry), "kind"),
        (has_subject != terms.subject_id.is_some(), "subject_id"),
        (request.source_id.is_none() && !has_subject, "source_id"),
        (
            request.target_id.is_none() && needs_target || request.target_id.is_some() && is_change,
            "target_id",
        ),
        (!amount_fits(request.amount, terms), "amount"),
        (terms.is_final.is_some() && !is_capture, "is_final"),
        (terms.may_exceed.is_some() && !is_capture, "may_exceed"),
        (
            terms.at_most.is_some() && !matches!(kind, None | Some(Verb::Reversal)),
            "at_most",
        ),
        (
            terms
                .expires_at
                .as_ref()
                .is_some_and(|end| terms.expires_in.is_some() || !may_end || due_of(end).is_none()),
            "expires_at",
        ),
        (
            terms
                .expires_in
                .is_some_and(|seconds| !(1..=LIFETIME_MAX).contains(&seconds) || !may_end),
            "expires_in",
        ),
        (
            terms
                .source_version
                .is_some_and(|version| !(0..=AMOUNT_MAX).contains(&version)),
            "source_version",
        ),
        (!is_balance(terms.source_balance_min), "source_balance_min"),
        (
            terms.target_balance_max.is_some() && request.target_id.is_none()
                || !is_balance(terms.target_balance_max),
            "target_balance_max",
        ),
    ];
    checks
        .into_iter()
        .find_map(|(is_wrong, field)| is_wrong.then_some(field))
}
