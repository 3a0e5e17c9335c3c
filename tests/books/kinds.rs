//! What a session of an interleaving does: calls of one kind, on wallets, ids and keys that the
//! other uses too.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::call::{Ask, Call, Caller, Session, TransferRequest, WalletRequest};
use crate::cast::{Key, group, issuance_wallet, transfer, user, wallet};
use crate::schedule::{Script, Step};
use crate::stories::legs;
use crate::strategy::OPERATOR;
use crate::terms::{Terms, Verb};
use crate::verbs::Item;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    TransfersPost,
    TransferCreate,
    Hold,
    Capture,
    HoldChange,
    Reversal,
    Group,
    WalletCreate,
    WalletFreeze,
    WalletLimitsSet,
    KeyRevoke,
    Relay,
    Verify,
}

pub const KINDS: [Kind; 13] = [
    Kind::TransfersPost,
    Kind::TransferCreate,
    Kind::Hold,
    Kind::Capture,
    Kind::HoldChange,
    Kind::Reversal,
    Kind::Group,
    Kind::WalletCreate,
    Kind::WalletFreeze,
    Kind::WalletLimitsSet,
    Kind::KeyRevoke,
    Kind::Relay,
    Kind::Verify,
];

/// How many wallets there are from the start.
const WALLETS: u8 = 4;

/// How long a hold of the opening lasts, in seconds. The others never end.
pub const LIFETIME: i32 = 3_600;

/// What is there from the start: a transfer to reverse, a hold that never ends, and one that does.
const ORIGINAL: u8 = 10;
const HOLDS: [u8; 2] = [11, 12];

/// Makes what the sessions meet on.
pub fn opening() -> Vec<Call> {
    let wallets = (0..WALLETS).map(|number| {
        let request = wallet_request(wallet(number), user(number % 2), "USD", 100);
        Call::WalletCreate(OPERATOR, request)
    });
    let hold = |source: u8, target: Option<u8>, expires_in| {
        let mut request = request(HOLDS[usize::from(source)], Some(30));
        request.source_id = Some(wallet(source));
        request.target_id = target.map(wallet);
        let terms = Terms {
            kind: Some(Verb::Hold),
            expires_in,
            ..Terms::default()
        };
        Call::TransferCreate(OPERATOR, request, Some(terms))
    };
    let mut original = request(ORIGINAL, Some(40));
    (original.source_id, original.target_id) = (Some(wallet(0)), Some(wallet(1)));
    let deeds = [
        Call::TransferCreate(OPERATOR, original, None),
        hold(0, None, None),
        hold(1, Some(2), Some(LIFETIME)),
    ];
    wallets.chain(deeds).collect()
}

impl Kind {
    /// A call of this kind.
    pub fn call(self) -> BoxedStrategy<Call> {
        match self {
            Self::TransfersPost => vec(ask(), 1..5)
                .prop_map(|asks| Call::TransfersPost(Session::Operator, asks))
                .boxed(),
            Self::TransferCreate => ask()
                .prop_map(|ask| Call::TransferCreate(by(ask.key), ask.request, ask.terms))
                .boxed(),
            Self::Hold => by_either_door(hold().boxed()),
            Self::Capture => by_either_door(capture().boxed()),
            Self::HoldChange => by_either_door(hold_change().boxed()),
            Self::Reversal => by_either_door(reversal().boxed()),
            Self::Group => group_call().boxed(),
            Self::WalletCreate => wallet_create().boxed(),
            Self::WalletFreeze => (any_wallet(), any::<bool>())
                .prop_map(|(id, is_frozen)| {
                    let change = if is_frozen {
                        Call::WalletFreeze
                    } else {
                        Call::WalletUnfreeze
                    };
                    change(OPERATOR, id, reason())
                })
                .boxed(),
            Self::WalletLimitsSet => (any_wallet(), limit(), limit())
                .prop_map(|(wallet, transfer_max, daily_max)| Call::WalletLimitsSet {
                    caller: OPERATOR,
                    wallet,
                    transfer_max,
                    daily_max,
                    reason: reason(),
                })
                .boxed(),
            Self::KeyRevoke => select(vec![Key::Service, Key::User0])
                .prop_map(|key| Call::KeyRevoke(OPERATOR, key, reason()))
                .boxed(),
            Self::Relay => Just(Call::OutboxAppend).boxed(),
            Self::Verify => Just(Call::Verify).boxed(),
        }
    }

    /// What the session does.
    pub fn script(self, transactions: Vec<(Call, bool)>) -> Script {
        let steps = transactions.into_iter();
        let steps = steps.map(|(call, is_committed)| Step { call, is_committed });
        steps.collect()
    }
}

fn by(key: Option<Key>) -> Caller {
    Caller { key, ..OPERATOR }
}

fn reason() -> Option<String> {
    Some("a test".to_owned())
}

fn any_wallet() -> impl Strategy<Value = Uuid> {
    prop_oneof![6 => (0..WALLETS).prop_map(wallet), 1 => Just(issuance_wallet("USD")), 1 => Just(wallet(WALLETS))]
}

fn limit() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![1 => Just(None), 3 => (0_i64..120).prop_map(Some)]
}

fn key() -> impl Strategy<Value = Option<Key>> {
    prop_oneof![2 => Just(None), 2 => Just(Some(Key::Service)), 1 => Just(Some(Key::User0))]
}

fn ask() -> impl Strategy<Value = Ask> {
    (key(), plain()).prop_map(|(key, (request, terms))| Ask {
        key,
        request,
        terms,
    })
}

fn plain() -> impl Strategy<Value = Item> {
    (0_u8..4, any_wallet(), any_wallet(), 1_i64..70).prop_map(|(id, source, target, amount)| {
        let mut request = request(id, Some(amount));
        (request.source_id, request.target_id) = (Some(source), Some(target));
        (request, None)
    })
}

fn request(id: u8, amount: Option<i64>) -> TransferRequest {
    TransferRequest {
        id: Some(transfer(id)),
        source_id: None,
        target_id: None,
        amount,
        currency: None,
        reference: None,
        metadata: None,
        request_id: None,
    }
}

/// A few asks in one call, or one by hand.
fn by_either_door(item: BoxedStrategy<Item>) -> BoxedStrategy<Call> {
    let ask = |(key, (request, terms))| Ask {
        key,
        request,
        terms,
    };
    prop_oneof![
        vec((key(), item.clone()).prop_map(ask), 1..4)
            .prop_map(|asks| Call::TransfersPost(Session::Operator, asks)),
        (key(), item).prop_map(|(key, (request, terms))| Call::TransferCreate(
            by(key),
            request,
            terms
        )),
    ]
    .boxed()
}

fn part() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![1 => Just(None), 3 => (1_i64..40).prop_map(Some)]
}

fn hold() -> impl Strategy<Value = Item> {
    let target = prop_oneof![1 => Just(None), 1 => any_wallet().prop_map(Some)];
    (0_u8..6, any_wallet(), target, 1_i64..70).prop_map(|(id, source, target, amount)| {
        let mut request = request(id, Some(amount));
        (request.source_id, request.target_id) = (Some(source), target);
        (
            request,
            Some(Terms {
                kind: Some(Verb::Hold),
                ..Terms::default()
            }),
        )
    })
}

fn any_hold() -> impl Strategy<Value = Uuid> {
    select(&HOLDS[..]).prop_map(transfer)
}

fn capture() -> impl Strategy<Value = Item> {
    (0_u8..6, any_hold(), part(), any::<bool>(), any::<bool>()).prop_map(
        |(id, hold, amount, is_final, may_exceed)| {
            let mut request = request(id, amount);
            request.target_id = Some(wallet(2));
            let terms = Terms {
                is_final: Some(is_final),
                may_exceed: Some(may_exceed),
                ..Terms::about(Verb::Capture, hold)
            };
            (request, Some(terms))
        },
    )
}

fn hold_change() -> impl Strategy<Value = Item> {
    (0_u8..6, any_hold(), proptest::option::of(1_i64..70)).prop_map(|(id, hold, total)| {
        let verb = total.map_or(Verb::Release, |_| Verb::Adjustment);
        (request(id, total), Some(Terms::about(verb, hold)))
    })
}

fn reversal() -> impl Strategy<Value = Item> {
    (0_u8..6, part(), any::<bool>()).prop_map(|(id, amount, at_most)| {
        let terms = Terms {
            at_most: Some(at_most),
            ..Terms::about(Verb::Reversal, transfer(ORIGINAL))
        };
        (request(id, amount), Some(terms))
    })
}

/// A group of any legs, in one call or by hand.
fn group_call() -> impl Strategy<Value = Call> {
    let leg = prop_oneof![
        4 => plain().boxed(),
        1 => hold().boxed(),
        2 => capture().boxed(),
        1 => hold_change().boxed(),
        2 => reversal().boxed(),
    ];
    (
        key(),
        (0_u8..2).prop_map(group),
        vec(leg, 2..4),
        any::<bool>(),
    )
        .prop_map(|(key, id, items, is_by_hand)| {
            if is_by_hand {
                return Call::GroupCreate(by(key), id, items);
            }
            let asks = legs(id, items).into_iter().map(|leg| Ask { key, ..leg });
            Call::TransfersPost(Session::Operator, asks.collect())
        })
}

/// Wallets that the transfers may name, also of a currency that has no issuance wallet yet.
fn wallet_create() -> impl Strategy<Value = Call> {
    let currency = prop_oneof![3 => Just("USD"), 2 => Just("EUR")];
    let key = prop_oneof![2 => Just(None), 1 => Just(Some(Key::Service))];
    (key, WALLETS..WALLETS + 2, currency, 0_i64..3).prop_map(
        |(key, number, currency, initial_balance)| {
            Call::WalletCreate(
                by(key),
                wallet_request(wallet(number), user(0), currency, initial_balance),
            )
        },
    )
}

fn wallet_request(id: Uuid, user_id: Uuid, currency: &str, initial_balance: i64) -> WalletRequest {
    WalletRequest {
        id: Some(id),
        user_id: Some(user_id),
        currency: Some(currency.to_owned()),
        initial_balance: Some(initial_balance),
        floor: Some(0),
        reference: None,
        metadata: None,
        request_id: None,
    }
}
