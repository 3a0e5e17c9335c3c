//! Random calls, weighted so that most of them do something and each rule is met now and then.
//!
//! Whatever is chosen is chosen by its place in a list that begins with the simplest, so that cases
//! shrink.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::call::{Ask, Call, Caller, Session, TransferRequest, WalletRequest};
use crate::cast::{AMOUNT_MAX, KEYS, Key, user, wallet};
use crate::requests::{
    amount_usual, any_wallet, good_wallet, transfer_id, transfer_request, user_request,
    wallet_request,
};

/// A case: some wallets, then anything. Some requests come again, as they were or with one field
/// changed.
pub fn calls() -> impl Strategy<Value = Vec<Call>> {
    let pool = (
        vec(transfer_request().boxed(), 1..4),
        vec(wallet_request().boxed(), 1..3),
    );
    let part = prop_oneof![
        12 => (any_call().boxed(), vec(twin(), 6)).prop_map(|(call, twins)| (vec![call], twins)),
        2 => spree().prop_map(|calls| (calls, vec![])),
    ];
    (vec(good_wallet(), 1..5), pool, vec(part, 0..20)).prop_map(|(mut wallets, mut pool, parts)| {
        for (number, request) in (0..).zip(&mut wallets) {
            request.id = Some(wallet(number));
        }
        pool.1.extend(wallets.iter().cloned());
        let wallets = wallets
            .into_iter()
            .map(|request| Call::WalletCreate(OPERATOR, request));
        let calls = parts.into_iter().flat_map(|(calls, twins)| {
            let pool = &pool;
            calls
                .into_iter()
                .map(move |call| of_pool(call, pool, &twins))
        });
        wallets.chain(calls).collect()
    })
}

/// Whether a request is one of the pool's, and which field it changes.
#[derive(Debug, Clone, Copy)]
struct Twin {
    of: Option<usize>,
    changes: u8,
}

fn twin() -> impl Strategy<Value = Twin> {
    let of = prop_oneof![1 => Just(None), 1 => (0_usize..4).prop_map(Some)];
    (of, 0_u8..10).prop_map(|(of, changes)| Twin { of, changes })
}

/// The call, with requests of the pool where its twins say so; it may have none.
fn of_pool(call: Call, pool: &(Vec<TransferRequest>, Vec<WalletRequest>), twins: &[Twin]) -> Call {
    if twins.is_empty() {
        return call;
    }
    let transfer =
        |request, place: usize| transfer_of_pool(request, &pool.0, twins[place % twins.len()]);
    match call {
        Call::TransfersPost(session, asks) => {
            let asks = asks.into_iter().enumerate().map(|(place, ask)| Ask {
                request: transfer(ask.request, place),
                ..ask
            });
            Call::TransfersPost(session, asks.collect())
        }
        Call::TransferCreate(caller, request) => Call::TransferCreate(caller, transfer(request, 0)),
        Call::WalletCreate(caller, request) => {
            Call::WalletCreate(caller, wallet_of_pool(request, &pool.1, twins[0]))
        }
        other => other,
    }
}

/// A request of the pool with another request's request_id and, for some twins, one field of that.
fn transfer_of_pool(
    other: TransferRequest,
    pool: &[TransferRequest],
    twin: Twin,
) -> TransferRequest {
    let Some(of) = twin.of else {
        return other;
    };
    let mut request = pool[of % pool.len()].clone();
    request.request_id = other.request_id;
    match twin.changes {
        9 => request.amount = other.amount,
        8 => request.currency = other.currency,
        7 => request.reference = other.reference,
        6 => request.metadata = other.metadata,
        5 => request.target_id = other.target_id,
        4 => request.source_id = other.source_id,
        _ => {}
    }
    request
}

fn wallet_of_pool(other: WalletRequest, pool: &[WalletRequest], twin: Twin) -> WalletRequest {
    let Some(of) = twin.of else {
        return other;
    };
    let mut request = pool[of % pool.len()].clone();
    request.request_id = other.request_id;
    match twin.changes {
        9 => request.initial_balance = other.initial_balance,
        8 => request.currency = other.currency,
        7 => request.reference = other.reference,
        6 => request.metadata = other.metadata,
        5 => request.floor = other.floor,
        4 => request.user_id = other.user_id,
        _ => {}
    }
    request
}

pub const OPERATOR: Caller = Caller {
    session: Session::Operator,
    key: None,
};

fn any_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        8 => posts().boxed(),
        4 => (caller(), transfer_request().boxed()).prop_map(|(caller, request)| Call::TransferCreate(caller, request)),
        3 => (caller(), wallet_request().boxed()).prop_map(|(caller, request)| Call::WalletCreate(caller, request)),
        3 => operations().boxed(),
        4 => reads().boxed(),
        1 => (caller(), user_request().boxed()).prop_map(|(caller, request)| Call::UserCreate(caller, request)),
        1 => (caller(), select(&KEYS[..]), reason()).prop_map(|(caller, key, reason)| Call::KeyRevoke(caller, key, reason)),
    ]
}

/// A daily limit, and transfers in one call which only together are too much for it.
fn spree() -> impl Strategy<Value = Vec<Call>> {
    let requests = vec((transfer_id(), amount_usual()), 2..6);
    (0_u8..3, 1_u8..3, 1_i64..8, requests).prop_map(|(source, offset, fifties, requests)| {
        let limit = Call::WalletLimitsSet {
            caller: OPERATOR,
            wallet: wallet(source),
            transfer_max: None,
            daily_max: Some(50 * fifties),
            reason: None,
        };
        let asks = requests.into_iter().map(|(id, amount)| Ask {
            key: None,
            request: TransferRequest {
                id: Some(id),
                source_id: Some(wallet(source)),
                target_id: Some(wallet((source + offset) % 3)),
                amount: Some(amount),
                currency: None,
                reference: None,
                metadata: None,
                request_id: None,
            },
        });
        vec![
            limit,
            Call::TransfersPost(Session::Operator, asks.collect()),
        ]
    })
}

fn operations() -> impl Strategy<Value = Call> {
    let limit = |none| {
        prop_oneof![
            none => Just(None),
            6 => (0_i64..6).prop_map(|fifties| Some(50 * fifties)),
            1 => select(vec![AMOUNT_MAX, AMOUNT_MAX + 1, -1]).prop_map(Some),
        ]
    };
    let limits = (caller(), any_wallet(), limit(12), limit(2), reason());
    prop_oneof![
        1 => (caller(), any_wallet(), reason())
            .prop_map(|(caller, id, reason)| Call::WalletFreeze(caller, id, reason)),
        1 => (caller(), any_wallet(), reason())
            .prop_map(|(caller, id, reason)| Call::WalletUnfreeze(caller, id, reason)),
        2 => limits.prop_map(|(caller, wallet, transfer_max, daily_max, reason)| {
            Call::WalletLimitsSet {
                caller,
                wallet,
                transfer_max,
                daily_max,
                reason,
            }
        }),
    ]
}

fn reads() -> impl Strategy<Value = Call> {
    let by_user = select(vec![Key::User0, Key::User1]).prop_map(|key| Caller {
        session: Session::Server,
        key: Some(key),
    });
    let page = (
        caller(),
        any_wallet(),
        proptest::option::of(0_i64..8),
        prop_oneof![4 => (1..5).prop_map(Some), 1 => Just(Some(1_000)), 1 => select(vec![None, Some(0), Some(1_001)])],
    );
    prop_oneof![
        (caller(), any_wallet()).prop_map(|(caller, id)| Call::WalletGet(caller, id)),
        (prop_oneof![caller(), by_user], transfer_id())
            .prop_map(|(caller, id)| Call::TransferGet(caller, id)),
        (caller(), any_wallet()).prop_map(|(caller, id)| Call::WalletLimitsGet(caller, id)),
        (caller(), (0_u8..5).prop_map(user)).prop_map(|(caller, id)| Call::UserGet(caller, id)),
        (session(), vec((any_key(), any_wallet()), 0..4))
            .prop_map(|(session, wallets)| Call::WalletsGet(session, wallets)),
        page.prop_map(|(caller, wallet, before, limit)| Call::EntryList {
            caller,
            wallet,
            before,
            limit,
        }),
    ]
}

/// Most calls have few requests, and one caller for all of them.
fn posts() -> impl Strategy<Value = Call> {
    let asks = |key: BoxedStrategy<Option<Key>>| {
        let ask = (key, transfer_request())
            .prop_map(|(key, request)| Ask { key, request })
            .boxed();
        prop_oneof![3 => vec(ask.clone(), 0..6), 1 => vec(ask, 0..30)]
    };
    let same = caller().prop_flat_map(move |caller| {
        let asks = asks(Just(caller.key).boxed());
        asks.prop_map(move |asks| Call::TransfersPost(caller.session, asks))
    });
    let mixed = (session(), asks(any_key().boxed()))
        .prop_map(|(session, asks)| Call::TransfersPost(session, asks));
    prop_oneof![2 => same, 1 => mixed]
}

fn session() -> impl Strategy<Value = Session> {
    prop_oneof![5 => Just(Session::Operator), 1 => Just(Session::Server)]
}

fn any_key() -> impl Strategy<Value = Option<Key>> {
    prop_oneof![4 => Just(None), 4 => select(&KEYS[..5]).prop_map(Some), 1 => select(&KEYS[..]).prop_map(Some)]
}

/// An operator's session, or the server's with a key or, which is not enough, without one.
fn caller() -> impl Strategy<Value = Caller> {
    let server = |key| Caller {
        session: Session::Server,
        key,
    };
    prop_oneof![
        6 => Just(OPERATOR),
        5 => select(&KEYS[..4]).prop_map(move |key| server(Some(key))),
        1 => select(&KEYS[4..]).prop_map(move |key| server(Some(key))),
        1 => Just(server(None)),
    ]
}

fn reason() -> impl Strategy<Value = Option<String>> {
    let odd = vec![
        None,
        Some(String::new()),
        Some("x".repeat(200)),
        Some("x".repeat(201)),
    ];
    prop_oneof![8 => Just(Some("ticket 1".to_owned())), 1 => select(odd)]
}
