//! What a session of an interleaving does: calls of one kind, on wallets, ids and keys that the
//! other uses too.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::call::{Ask, Call, Caller, Session, TransferRequest, WalletRequest};
use crate::cast::{Key, issuance_wallet, transfer, user, wallet};
use crate::schedule::{Script, Step};
use crate::strategy::OPERATOR;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    TransfersPost,
    TransferCreate,
    WalletCreate,
    WalletFreeze,
    WalletLimitsSet,
    KeyRevoke,
    Relay,
    Verify,
}

pub const KINDS: [Kind; 8] = [
    Kind::TransfersPost,
    Kind::TransferCreate,
    Kind::WalletCreate,
    Kind::WalletFreeze,
    Kind::WalletLimitsSet,
    Kind::KeyRevoke,
    Kind::Relay,
    Kind::Verify,
];

/// How many wallets there are from the start.
const WALLETS: u8 = 4;

/// Makes the wallets that the sessions meet on.
pub fn opening() -> Vec<Call> {
    let wallets = (0..WALLETS).map(|number| {
        let request = wallet_request(wallet(number), user(number % 2), "USD", 100);
        Call::WalletCreate(OPERATOR, request)
    });
    wallets.collect()
}

impl Kind {
    /// A call of this kind.
    pub fn call(self) -> BoxedStrategy<Call> {
        match self {
            Self::TransfersPost => vec(ask(), 1..5)
                .prop_map(|asks| Call::TransfersPost(Session::Operator, asks))
                .boxed(),
            Self::TransferCreate => ask()
                .prop_map(|Ask { key, request }| Call::TransferCreate(by(key), request))
                .boxed(),
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
            Self::Relay => Just(Call::OutboxRead).boxed(),
            Self::Verify => Just(Call::Verify).boxed(),
        }
    }

    /// What the session does. A relay settles what it has read, in a transaction of its own, as the
    /// worker does.
    pub fn script(self, transactions: Vec<(Call, bool)>) -> Script {
        let steps = transactions.into_iter().flat_map(|(call, is_committed)| {
            let settle = (self == Self::Relay).then_some((Call::OutboxSettle, is_committed));
            [(call, is_committed)].into_iter().chain(settle)
        });
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

fn ask() -> impl Strategy<Value = Ask> {
    let key =
        prop_oneof![2 => Just(None), 2 => Just(Some(Key::Service)), 1 => Just(Some(Key::User0))];
    (
        key,
        (0_u8..4).prop_map(transfer),
        any_wallet(),
        any_wallet(),
        1_i64..70,
    )
        .prop_map(|(key, id, source_id, target_id, amount)| Ask {
            key,
            request: TransferRequest {
                id: Some(id),
                source_id: Some(source_id),
                target_id: Some(target_id),
                amount: Some(amount),
                currency: None,
                reference: None,
                metadata: None,
                request_id: None,
            },
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
