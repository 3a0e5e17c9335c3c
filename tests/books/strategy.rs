//! Random calls, weighted so that most of them do something and each rule is met now and then.
//!
//! Whatever is chosen is chosen by its place in a list that begins with the simplest, so that cases
//! shrink.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use uuid::Uuid;

use crate::call::{Ask, Call, Caller, Session, TransferRequest, WalletRequest};
use crate::cast::{AMOUNT_MAX, KEYS, Key, group, transfer, user, wallet};
use crate::requests::{
    amount_usual, any_wallet, good_wallet, transfer_id, user_request, wallet_request,
};
use crate::stories::{any_group, legs, refunds, story};
use crate::verbs::{Item, item};

/// A case: some wallets, then anything. Some requests come again, as they were or with one field
/// changed.
pub fn calls() -> impl Strategy<Value = Vec<Call>> {
    let pool = (
        vec(item(), 1..4),
        vec(wallet_request().boxed(), 1..3),
        vec(any_group().boxed(), 1..3),
    );
    let part = prop_oneof![
        8 => (any_call().boxed(), vec(twin(), 6)).prop_map(|(call, twins)| (vec![call], twins)),
        2 => spree().prop_map(|calls| (calls, vec![])),
        4 => story().boxed().prop_map(|calls| (calls, vec![])),
        2 => refunds().boxed().prop_map(|calls| (calls, vec![])),
    ];
    (vec(good_wallet(), 3..6), pool, vec(part, 0..20)).prop_map(|(mut wallets, mut pool, parts)| {
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
                .flat_map(move |call| tried_first(of_pool(call, pool, &twins), &twins))
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

/// Requests, wallets and groups that come again.
type Pool = (Vec<Item>, Vec<WalletRequest>, Vec<(Uuid, Vec<Item>)>);

/// The call, with requests of the pool where its twins say so; it may have none.
fn of_pool(call: Call, pool: &Pool, twins: &[Twin]) -> Call {
    if twins.is_empty() {
        return call;
    }
    let item = |item, place: usize| item_of_pool(item, &pool.0, twins[place % twins.len()]);
    match call {
        Call::TransfersPost(session, asks) => {
            let asks = asks.into_iter().enumerate().map(|(place, ask)| {
                let (request, terms) = item((ask.request, ask.terms), place);
                Ask {
                    key: ask.key,
                    request,
                    terms,
                }
            });
            Call::TransfersPost(session, asks.collect())
        }
        Call::TransferCreate(caller, request, terms) => {
            let (request, terms) = item((request, terms), 0);
            Call::TransferCreate(caller, request, terms)
        }
        Call::WalletCreate(caller, request) => {
            Call::WalletCreate(caller, wallet_of_pool(request, &pool.1, twins[0]))
        }
        Call::GroupCreate(caller, id, items) => group_of_pool(caller, (id, items), pool, twins),
        other => other,
    }
}

/// The call, for some twins after a dry run of it.
fn tried_first(call: Call, twins: &[Twin]) -> Vec<Call> {
    match &call {
        Call::TransfersPost(session, asks)
            if twins.first().is_some_and(|twin| twin.changes < 3) =>
        {
            vec![Call::DryRun(*session, asks.clone()), call]
        }
        _ => vec![call],
    }
}

/// A group by hand or, for every other twin, among requests of `transfers_post`. It may be one of
/// the pool, with one leg changed now and then.
fn group_of_pool(caller: Caller, other: (Uuid, Vec<Item>), pool: &Pool, twins: &[Twin]) -> Call {
    let (mut id, mut items) = other;
    if let Some(of) = twins[0].of {
        let leg = items.swap_remove(0);
        (id, items) = pool.2[of % pool.2.len()].clone();
        if twins[0].changes == 9 {
            let place = of % items.len();
            items[place] = leg;
        }
    }
    if twins[1].changes.is_multiple_of(2) {
        return Call::GroupCreate(caller, id, items);
    }
    let alone = |twin: &Twin| {
        let (request, terms) = twin.of.map(|of| pool.0[of % pool.0.len()].clone())?;
        Some(Ask {
            key: caller.key,
            request,
            terms,
        })
    };
    let mut asks: Vec<Ask> = twins[2..4].iter().filter_map(alone).collect();
    asks.extend(legs(id, items).into_iter().map(|leg| Ask {
        key: caller.key,
        ..leg
    }));
    asks.extend(twins[4..].iter().filter_map(alone));
    Call::TransfersPost(caller.session, asks)
}

/// A request of the pool with another request's request_id and, for some twins, one field of that.
fn item_of_pool((other, other_terms): Item, pool: &[Item], twin: Twin) -> Item {
    let Some(of) = twin.of else {
        return (other, other_terms);
    };
    let (mut request, mut terms) = pool[of % pool.len()].clone();
    request.request_id = other.request_id;
    match twin.changes {
        9 => request.amount = other.amount,
        8 => request.currency = other.currency,
        7 => request.reference = other.reference,
        6 => request.metadata = other.metadata,
        5 => request.target_id = other.target_id,
        4 => request.source_id = other.source_id,
        3 => terms = other_terms,
        _ => {}
    }
    (request, terms)
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
        4 => (caller(), item()).prop_map(|(caller, (request, terms))| Call::TransferCreate(caller, request, terms)),
        3 => (caller(), any_group().boxed()).prop_map(|(caller, (id, items))| Call::GroupCreate(caller, id, items)),
        1 => select(vec![3_600, 7_200]).prop_map(Call::Pass),
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
            terms: None,
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
    let holds = prop_oneof![
        (caller(), vec((22_u8..28).prop_map(transfer), 0..4))
            .prop_map(|(caller, ids)| Call::HoldsGet(caller, ids)),
        (caller(), any_wallet(), proptest::option::of(any::<bool>())).prop_map(
            |(caller, wallet, is_open)| Call::HoldList {
                caller,
                wallet,
                is_open
            }
        ),
        (caller(), (0_u8..3).prop_map(group)).prop_map(|(caller, id)| Call::GroupGet(caller, id)),
    ];
    prop_oneof![
        3 => holds.boxed(),
        1 => (caller(), any_wallet()).prop_map(|(caller, id)| Call::WalletGet(caller, id)),
        1 => (prop_oneof![caller(), by_user], transfer_id())
            .prop_map(|(caller, id)| Call::TransferGet(caller, id)),
        1 => (caller(), any_wallet()).prop_map(|(caller, id)| Call::WalletLimitsGet(caller, id)),
        1 => (caller(), (0_u8..5).prop_map(user)).prop_map(|(caller, id)| Call::UserGet(caller, id)),
        1 => (session(), vec((any_key(), any_wallet()), 0..4))
            .prop_map(|(session, wallets)| Call::WalletsGet(session, wallets)),
        1 => page.prop_map(|(caller, wallet, before, limit)| Call::EntryList {
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
        let ask = (key, item())
            .prop_map(|(key, (request, terms))| Ask {
                key,
                request,
                terms,
            })
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
