//! What is done to the holds of the model.

use serde_json::Value;

use super::Model;
use super::asks::Meant;
use super::holds::{Expiry, Hold, due_of};
use super::verdict::{No, refused};
use crate::terms::{Terms, Verb};

impl Model {
    /// When a hold is to end by its terms, or as it was.
    fn expiry(
        &self,
        terms: &Terms,
        moment: &str,
        before: Option<&Expiry>,
    ) -> Result<Option<Expiry>, No> {
        if let Some(told) = &terms.expires_at {
            let due = due_of(told).expect("it was refused without");
            return Ok(Some(Expiry {
                due,
                told: told.clone(),
            }));
        }
        Ok(match terms.expires_in {
            Some(seconds) => Some(Expiry {
                due: self.now + i64::from(seconds),
                told: format!("{moment}+{seconds}"),
            }),
            None => before.cloned(),
        })
    }

    pub(super) fn hold_made(&self, ask: &Meant, terms: &Terms, moment: &str) -> Result<Hold, No> {
        let request = &ask.request;
        let source = request.source_id.expect("it was refused without");
        Ok(Hold {
            source,
            target: request.target_id,
            currency: self.wallets[&source].currency.clone(),
            amount: request.amount.expect("it was refused without"),
            captured: 0,
            expiry: self.expiry(terms, moment, None)?,
            closed_by: None,
            reference: request.reference.clone(),
            metadata: request
                .metadata
                .clone()
                .unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            created_version: self.wallets[&source].version + 1,
            version: 0,
            created_at: moment.to_owned(),
            updated_at: moment.to_owned(),
        })
    }

    /// Gives a hold a new total or a new end. A user's key may not take back what it promised.
    pub(super) fn adjust(
        &self,
        hold: &mut Hold,
        ask: &Meant,
        terms: &Terms,
        moment: &str,
    ) -> Result<(i64, i64), No> {
        let expiry = self.expiry(terms, moment, hold.expiry.as_ref())?;
        let total = ask.request.amount.unwrap_or(hold.amount);
        let end = |expiry: &Option<Expiry>| {
            expiry
                .clone()
                .map_or((true, None), |expiry| (false, Some(expiry)))
        };
        if ask.is_user() && (total < hold.amount || end(&expiry) < end(&hold.expiry)) {
            return refused("forbidden", "*");
        }
        if total < hold.captured {
            return Err(No::Rejected("hold_exceeded", ask.request.amount));
        }
        if total > hold.amount && self.wallets[&hold.source].is_frozen {
            return Err(No::Rejected("wallet_frozen", ask.request.amount));
        }
        (hold.amount, hold.expiry) = (total, expiry);
        if total == hold.captured {
            hold.closed_by = Some(Verb::Adjustment);
        }
        Ok((total, 0))
    }
}

/// Takes from a hold; gives the amount, twice.
pub(super) fn capture(hold: &mut Hold, ask: &Meant, terms: &Terms) -> Result<(i64, i64), No> {
    if hold
        .target
        .is_some_and(|target| ask.request.target_id != Some(target))
    {
        return refused("invalid_field", "target_id");
    }
    let rest = hold.remaining();
    let amount = ask.request.amount.unwrap_or(rest);
    if amount > rest && terms.may_exceed != Some(true) {
        return Err(No::Rejected("hold_exceeded", ask.request.amount));
    }
    hold.captured += amount;
    if terms.is_final == Some(true) || amount >= rest {
        hold.closed_by = Some(Verb::Capture);
    }
    Ok((amount, amount))
}
