//! What a request that is well formed comes to in the book as it is.

use serde_json::Value;
use uuid::Uuid;

use super::asks::Meant;
use super::faults::Fault;
use super::holds::Hold;
use super::promises::capture;
use super::{Model, Transfer};
use crate::cast::AMOUNT_MAX;
use crate::terms::{Terms, Verb};

/// Why nothing is done.
pub(super) enum No {
    /// Nothing is stored.
    Refused(Fault),
    /// The refusal is stored, with the amount that it came to.
    Rejected(&'static str, Option<i64>),
}

/// What is done.
pub(super) struct Deed {
    amount: i64,
    /// What goes from source to target.
    moved: i64,
    /// The hold that it is about, as it is to be.
    hold: Option<(Uuid, Hold)>,
}

/// What becomes of a request.
type Verdict = Result<Deed, No>;

pub(super) fn refused<T>(outcome: &'static str, field: &'static str) -> Result<T, No> {
    Err(No::Refused((outcome, field)))
}

impl Model {
    /// What is there to spend; none where it has no end.
    fn available(&self, wallet: Uuid) -> Option<i64> {
        let floor = self.wallets[&wallet].floor?;
        Some(self.wallets[&wallet].balance - self.held(wallet).0 - floor)
    }

    /// What is left of a transfer to reverse; none where it is none that can be.
    fn left(&self, original: Uuid) -> Option<i64> {
        let row = self.transfers.get(&original)?;
        let kind = row.terms.as_ref().and_then(|terms| terms.kind);
        let moves = matches!(kind, None | Some(Verb::Capture));
        let reversed = self.reversed(original).0;
        row.amount
            .filter(|_| moves && row.outcome == "posted")
            .map(|amount| amount - reversed)
    }

    pub(super) fn verdict(&self, ask: &Meant, moment: &str) -> Verdict {
        if let Some(made) = &ask.about
            && !self.is_made(made, ask)
        {
            let is_reversal = ask.verb() == Some(Verb::Reversal);
            let outcomes = ["hold_not_found", "transfer_not_found"];
            return refused(outcomes[usize::from(is_reversal)], "*");
        }
        let source = &self.wallets[&ask.request.source_id.expect("it was refused without")];
        let target = ask.request.target_id.map(|id| &self.wallets[&id]);
        let is_other = |currency: &String| *currency != source.currency;
        let rejected = |outcome| Err(No::Rejected(outcome, ask.request.amount));
        if ask.request.currency.as_ref().is_some_and(is_other)
            || target.is_some_and(|target| is_other(&target.currency))
        {
            return rejected("currency_mismatch");
        }
        let gives_back = matches!(ask.verb(), Some(Verb::Adjustment | Verb::Release));
        if !gives_back && (source.is_frozen || target.is_some_and(|target| target.is_frozen)) {
            return rejected("wallet_frozen");
        }
        self.bound(ask, self.weigh(ask, moment)?)
    }

    /// Whether the call has made what a request is about, as a later call would find it: a hold, or
    /// a row of the journal.
    fn is_made(&self, made: &Meant, ask: &Meant) -> bool {
        let is_stored = self.refusal(made, &Value::Null).is_none()
            && self
                .replay(made, None, &Value::Null)
                .is_some_and(|row| row["replayed"] == true);
        let is_hold = made
            .request
            .id
            .is_some_and(|id| self.holds.contains_key(&id));
        is_stored && (is_hold || ask.verb() == Some(Verb::Reversal))
    }

    /// Whether what is there allows it: funds, limits, and how large a balance may be.
    fn bound(&self, ask: &Meant, deed: Deed) -> Verdict {
        let source_id = ask.request.source_id.expect("it was refused without");
        let source = &self.wallets[&source_id];
        let held_before = deed
            .hold
            .as_ref()
            .and_then(|(id, _)| self.holds.get(id))
            .map_or(0, Hold::remaining);
        let held_after = deed.hold.as_ref().map_or(0, |(_, hold)| hold.remaining());
        let exposed = deed.moved + held_after - held_before;
        let rejected = |outcome| Err(No::Rejected(outcome, Some(deed.amount)));
        if exposed > 0
            && self
                .available(source_id)
                .is_some_and(|available| exposed > available)
        {
            return rejected("insufficient_funds");
        }
        if exposed > 0 && ask.verb() != Some(Verb::Reversal) {
            let used = source.daily_spent() + self.held(source_id).0;
            let is_too_much = source.transfer_max.is_some_and(|max| deed.amount > max)
                || source.daily_max.is_some_and(|max| used + exposed > max);
            if is_too_much {
                return rejected("limit_exceeded");
            }
        }
        let target = ask
            .request
            .target_id
            .map_or(0, |id| self.wallets[&id].balance);
        let held = self.held(source_id).0 + held_after - held_before;
        if target + deed.moved > AMOUNT_MAX
            || source.balance - deed.moved - held < -AMOUNT_MAX
            || held > AMOUNT_MAX
        {
            return rejected("balance_limit_exceeded");
        }
        Ok(deed)
    }

    /// What it would do, unless its terms are not met.
    fn weigh(&self, ask: &Meant, moment: &str) -> Verdict {
        let asked = ask.request.amount;
        let rejected = |outcome| Err(No::Rejected(outcome, asked));
        let Some(terms) = &ask.terms else {
            let amount = asked.expect("it was refused without");
            return Ok(Deed {
                amount,
                moved: amount,
                hold: None,
            });
        };
        if !self.conditions_hold(ask, terms) {
            return rejected("condition_failed");
        }
        match terms.kind {
            None => self.weigh_transfer(ask, terms),
            Some(Verb::Hold) => {
                let hold = self.hold_made(ask, terms, moment)?;
                let id = ask.request.id.expect("it was refused without");
                Ok(Deed {
                    amount: hold.amount,
                    moved: 0,
                    hold: Some((id, hold)),
                })
            }
            Some(Verb::Reversal) => self.weigh_reversal(ask, terms),
            Some(_) => {
                let id = terms.subject_id.expect("it was refused without");
                let Some(hold) = self.holds.get(&id) else {
                    return refused("hold_not_found", "*");
                };
                if !hold.is_open() {
                    return rejected("hold_closed");
                }
                let mut hold = hold.clone();
                moment.clone_into(&mut hold.updated_at);
                let (amount, moved) = match terms.kind {
                    Some(Verb::Capture) => capture(&mut hold, ask, terms)?,
                    Some(Verb::Adjustment) => self.adjust(&mut hold, ask, terms, moment)?,
                    _ => {
                        let rest = hold.remaining();
                        hold.closed_by = Some(Verb::Release);
                        (rest, 0)
                    }
                };
                Ok(Deed {
                    amount,
                    moved,
                    hold: Some((id, hold)),
                })
            }
        }
    }

    fn conditions_hold(&self, ask: &Meant, terms: &Terms) -> bool {
        let source = &self.wallets[&ask.request.source_id.expect("it was refused without")];
        let target = ask.request.target_id.map(|id| self.wallets[&id].balance);
        terms
            .source_version
            .is_none_or(|version| (source.quiet_from..=source.version).contains(&version))
            && terms
                .source_balance_min
                .is_none_or(|min| source.balance >= min)
            && terms
                .target_balance_max
                .is_none_or(|max| target.is_none_or(|balance| balance <= max))
    }

    fn weigh_transfer(&self, ask: &Meant, terms: &Terms) -> Verdict {
        let available = self.available(ask.request.source_id.expect("it was refused without"));
        let amount = match (terms.at_most, ask.request.amount, available) {
            (Some(true), asked, Some(available)) if available <= 0 => {
                return Err(No::Rejected("insufficient_funds", asked));
            }
            (Some(true), None, None) => return refused("invalid_field", "amount"),
            (Some(true), asked, available) => {
                let bounds = [asked, available, Some(AMOUNT_MAX)];
                bounds.into_iter().flatten().min()
            }
            (_, asked, _) => asked,
        };
        let amount = amount.expect("it was refused without");
        Ok(Deed {
            amount,
            moved: amount,
            hold: None,
        })
    }

    fn weigh_reversal(&self, ask: &Meant, terms: &Terms) -> Verdict {
        let asked = ask.request.amount;
        let rejected = |outcome| Err(No::Rejected(outcome, asked));
        let Some(left) = self.left(terms.subject_id.expect("it was refused without")) else {
            return rejected("not_reversible");
        };
        let takes_less = terms.at_most == Some(true);
        if left == 0 || !takes_less && asked.is_some_and(|amount| amount > left) {
            return rejected("reversal_exceeded");
        }
        let mut amount = asked.map_or(left, |asked| asked.min(left));
        if takes_less
            && let Some(available) =
                self.available(ask.request.source_id.expect("it was refused without"))
        {
            if available <= 0 {
                return rejected("insufficient_funds");
            }
            amount = amount.min(available);
        }
        Ok(Deed {
            amount,
            moved: amount,
            hold: None,
        })
    }

    /// Does it: entries, the hold, and the row of the journal.
    pub(super) fn perform(&mut self, ask: &Meant, deed: Deed, moment: &str) -> Transfer {
        let mut row = self.row_of(ask, "posted", Some(deed.amount), moment);
        let version = self.enter(row.source, -deed.moved, moment);
        row.entries[0] = Some(version);
        if ask.verb() != Some(Verb::Reversal) {
            let wallet = self
                .wallets
                .get_mut(&row.source)
                .expect("it was found before");
            wallet.spent += i128::from(deed.moved);
            if deed.moved > 0 {
                wallet.left_first.get_or_insert(version[0]);
            }
        }
        let mut moved_to = None;
        if deed.moved > 0 {
            moved_to = row.target;
            row.entries[1] = moved_to.map(|target| self.enter(target, deed.moved, moment));
        }
        let mut told = Value::Null;
        if let Some((id, mut hold)) = deed.hold {
            let before = self.holds.get(&id).map(|hold| hold.version);
            hold.version = version[0];
            told = hold.told(before);
            self.holds.insert(id, hold);
        }
        row.effect = self.effect(row.source, moved_to, told);
        row
    }
}
