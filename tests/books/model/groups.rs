//! The groups of the model: all legs are posted, or none is.

use serde_json::Value;
use uuid::Uuid;

use super::asks::Meant;
use super::faults::Fault;
use super::results::unstored;
use super::verdict::No;
use super::{Model, Refusal};
use crate::answer::Answer;
use crate::call::{Ask, Caller, TransferRequest};
use crate::cast::{leg, transfer_of_user};
use crate::terms::Terms;

impl Model {
    /// Decides the legs of a group. `heard` is what they answered.
    pub(super) fn post_group(
        &mut self,
        legs: &[Meant],
        moment: &str,
        heard: &[&Value],
    ) -> Vec<Value> {
        let refusals: Vec<Option<Fault>> = legs
            .iter()
            .zip(heard)
            .map(|(leg, heard)| self.refusal(leg, heard))
            .collect();
        let replays = legs
            .iter()
            .zip(&refusals)
            .zip(heard)
            .map(|((leg, refusal), heard)| self.replay(leg, *refusal, heard));
        let replays: Vec<Option<Value>> = replays.collect();
        if replays.iter().any(Option::is_some) {
            let are_same = replays
                .iter()
                .all(|row| row.as_ref().is_some_and(|row| row["replayed"] == true));
            if are_same {
                return replays.into_iter().flatten().collect();
            }
            return legs
                .iter()
                .map(|leg| unstored(leg, ("idempotency_key_reused", "*")))
                .collect();
        }
        let before = self.clone();
        let refused = refusals
            .iter()
            .enumerate()
            .filter_map(|(place, fault)| Some((place, (*fault)?)));
        let mut reasons: Vec<(usize, Fault)> = refused.collect();
        let mut rows = Vec::new();
        for (place, leg) in legs.iter().enumerate() {
            if refusals[place].is_some() {
                continue;
            }
            match self.verdict(leg, moment) {
                Ok(deed) => {
                    let row = self.perform(leg, deed, moment);
                    rows.push(self.store_answer(leg, row));
                }
                Err(No::Refused(fault)) => {
                    reasons.push((place, fault));
                    break;
                }
                Err(No::Rejected(outcome, amount)) if reasons.is_empty() => {
                    *self = before;
                    return self.reject_group(legs, (place, outcome, amount), moment);
                }
                Err(No::Rejected(..)) => break,
            }
        }
        if reasons.is_empty() {
            return rows;
        }
        *self = before;
        void(legs, &reasons, heard[0])
    }

    /// Stores that a group failed: one leg has the reason.
    fn reject_group(
        &mut self,
        legs: &[Meant],
        (failed, outcome, amount): (usize, &'static str, Option<i64>),
        moment: &str,
    ) -> Vec<Value> {
        let rows = legs.iter().enumerate().map(|(place, leg)| {
            let row = if place == failed {
                self.row_of(leg, outcome, amount, moment)
            } else {
                self.row_of(leg, "group_refused", leg.request.amount, moment)
            };
            self.store_answer(leg, row)
        });
        rows.collect()
    }

    pub(super) fn group_create(
        &mut self,
        caller: Caller,
        group: Uuid,
        legs: &[(TransferRequest, Option<Terms>)],
        actual: &Answer,
    ) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "spend")?;
        if !(2..=1_000).contains(&legs.len()) {
            return Err(("WL001", "requests"));
        }
        let size = i32::try_from(legs.len()).ok();
        let asks = legs.iter().zip(1..).map(|((request, terms), place)| Ask {
            key: caller.key,
            request: request.clone(),
            terms: Some(Terms {
                group_id: Some(group),
                group_place: Some(place),
                group_size: size,
                ..terms.clone().unwrap_or_default()
            }),
        });
        let asks: Vec<Ask> = asks.collect();
        self.post_by_hand(known, caller, &asks, actual)
    }

    pub(super) fn group_get(&self, caller: Caller, group: Uuid) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "read")?;
        let of_user = known.user.map(|user| transfer_of_user(user, group));
        let found = of_user.into_iter().chain([group]).find_map(|group| {
            let first = self.transfers.get(&leg(group, 1))?;
            let terms = first
                .terms
                .as_ref()
                .filter(|terms| terms.group_id == Some(group))?;
            Some((group, terms.group_size.unwrap_or(0)))
        });
        let Some((group, size)) = found else {
            return Err(("WL004", "group_id"));
        };
        let rows = (1..=size).filter_map(|place| self.seen(known, self.row_now(leg(group, place))));
        let rows: Vec<Value> = rows.collect();
        if rows.is_empty() {
            Err(("WL004", "group_id"))
        } else {
            Ok(rows)
        }
    }
}

/// What legs hear of which one or more are refused for a reason that is not stored. They have one
/// outcome: that of such a leg, whichever it is. Where there is one, it alone tells the field.
fn void(legs: &[Meant], reasons: &[(usize, Fault)], heard: &Value) -> Vec<Value> {
    let (culprit, (outcome, field)) = *reasons
        .iter()
        .find(|(_, (outcome, _))| heard["outcome"] == *outcome)
        .unwrap_or(&reasons[0]);
    let field_of = |place: usize| match (reasons.len(), place == culprit) {
        (1, true) => field,
        (1, false) => "",
        _ => "*",
    };
    legs.iter()
        .enumerate()
        .map(|(place, leg)| unstored(leg, (outcome, field_of(place))))
        .collect()
}
