//! What requests mean: who asks, and which wallets follow from what they are about.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Known, Model};
use crate::call::{Ask, Session, TransferRequest};
use crate::cast::{leg, transfer_of_user};
use crate::terms::{Terms, Verb};

/// A request as it is meant.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    /// None: nobody that is known.
    pub known: Option<Known>,
    pub request: TransferRequest,
    pub terms: Option<Terms>,
    /// What comes before it in the call and makes what it is about.
    pub about: Option<Box<Meant>>,
}

impl Meant {
    pub fn verb(&self) -> Option<Verb> {
        self.terms.as_ref().and_then(|terms| terms.kind)
    }

    /// What is asked: the amount that the row keeps beside the one that was taken.
    pub fn asked(&self) -> Option<i64> {
        self.terms.as_ref().and(self.request.amount)
    }

    pub fn is_user(&self) -> bool {
        self.known.is_some_and(|known| known.user.is_some())
    }
}

impl Model {
    pub(super) fn meant(&self, session: Session, asks: &[Ask]) -> Vec<Meant> {
        let named = asks.iter().map(|ask| {
            let known = self.find(session, ask.key);
            let user = known.and_then(|known| known.user);
            let name = |id: Uuid| user.map_or(id, |user| transfer_of_user(user, id));
            let mut request = ask.request.clone();
            let mut terms = ask.terms.clone().unwrap_or_default();
            terms.group_id = terms.group_id.map(name);
            request.id = match terms.group_id.zip(terms.group_place) {
                Some((group, place)) => Some(leg(group, place)),
                None => request.id.map(name),
            };
            Meant {
                known,
                request,
                terms: Some(terms),
                about: None,
            }
        });
        let mut named: Vec<Meant> = named.collect();
        let ids: BTreeSet<Uuid> = named.iter().filter_map(|ask| ask.request.id).collect();
        for ask in &mut named {
            let user = ask.known.and_then(|known| known.user);
            let terms = ask
                .terms
                .take()
                .map(|terms| self.terms_meant(terms, user, &ids));
            ask.terms = terms.filter(|terms| *terms != Terms::default());
        }
        let mut meant: Vec<Meant> = Vec::new();
        for ask in &named {
            meant.push(self.wallets_meant(ask, &meant));
        }
        meant
    }

    /// Terms with nothing left out that means something. A user's key may say the id that it gave,
    /// before or in this call.
    fn terms_meant(&self, mut terms: Terms, user: Option<Uuid>, ids: &BTreeSet<Uuid>) -> Terms {
        if terms.kind == Some(Verb::Capture) {
            terms.is_final.get_or_insert(true);
        }
        terms.may_exceed = terms.may_exceed.filter(|may| *may);
        terms.at_most = terms.at_most.filter(|is| *is);
        if let Some(user) = user {
            let given = terms.subject_id.map(|id| transfer_of_user(user, id));
            let given = given.filter(|id| self.transfers.contains_key(id) || ids.contains(id));
            terms.subject_id = given.or(terms.subject_id);
        }
        terms
    }

    /// With the wallets of what it is about, which is there or comes before it in the call.
    fn wallets_meant(&self, ask: &Meant, earlier: &[Meant]) -> Meant {
        let mut meant = ask.clone();
        let Some(subject) = ask.terms.as_ref().and_then(|terms| terms.subject_id) else {
            return meant;
        };
        let is_reversal = ask.verb() == Some(Verb::Reversal);
        let hold = self
            .holds
            .get(&subject)
            .filter(|_| ask.verb().is_some_and(Verb::is_about_a_hold));
        let original = self.transfers.get(&subject).filter(|_| is_reversal);
        let twin = earlier.iter().find(|twin| twin.request.id == Some(subject));
        let (source, target, currency) = if let Some(hold) = hold {
            (Some(hold.source), hold.target, Some(hold.currency.clone()))
        } else if let Some(original) = original {
            let sides = match original.target {
                Some(target) => (Some(target), Some(original.source)),
                None => (Some(original.source), None),
            };
            (sides.0, sides.1, Some(original.currency.clone()))
        } else if let Some(made @ Meant { request, .. }) = twin {
            meant.about = Some(Box::new(made.clone()));
            let sides = match request.target_id {
                Some(target) if is_reversal => (
                    Some(target),
                    request.source_id.filter(|source| *source != target),
                ),
                None if is_reversal => (request.source_id, None),
                target => (request.source_id, target),
            };
            (sides.0, sides.1, request.currency.clone())
        } else {
            (None, None, None)
        };
        let sees =
            |known: Known| source.is_some_and(|source| self.visible(known, source).is_some());
        if ask.is_user() && !ask.known.is_some_and(sees) {
            meant.request.source_id = None;
            return meant;
        }
        let request = &mut meant.request;
        let differs =
            |said: Option<Uuid>, is: Option<Uuid>| said.is_some() && is.is_some() && said != is;
        let is_other =
            differs(request.source_id, source) || is_reversal && differs(request.target_id, target);
        request.source_id = source.filter(|_| !is_other);
        if matches!(ask.verb(), Some(Verb::Capture | Verb::Reversal)) {
            request.target_id = request.target_id.or(target);
        }
        request.currency = request.currency.take().or(currency);
        meant
    }

    /// The wallets that a call locks, but for those that another session has: where its answer says
    /// that one was busy, that one, and else those of `unlocked`.
    pub(super) fn locked(&self, asks: &[Meant]) -> BTreeSet<Uuid> {
        let may = asks.iter().filter(|ask| {
            let sees = |known: Known| {
                ask.request
                    .source_id
                    .is_some_and(|source| self.visible(known, source).is_some())
            };
            ask.known
                .is_some_and(|known| known.may("spend") && (known.user.is_none() || sees(known)))
        });
        let named = may.flat_map(|ask| [ask.request.source_id, ask.request.target_id]);
        let named = named
            .flatten()
            .filter(|id| self.wallets.contains_key(id) && !self.unlocked.contains(id));
        named.collect()
    }
}
