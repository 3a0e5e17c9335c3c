//! Requests that belong together: the legs of a group, and the life of a hold.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use uuid::Uuid;

use crate::call::{Ask, Call, TransferRequest};
use crate::cast::{group, transfer, wallet};
use crate::requests::{amount_usual, transfer_id};
use crate::strategy::OPERATOR;
use crate::terms::Terms;
use crate::verbs::{
    Item, adjustment, any_reversal, bare, capture, end, good_transfer, hold, hold_id, item,
    release, reversal,
};

/// A group: its id and its legs. Most legs are good, so that groups are posted.
pub fn any_group() -> impl Strategy<Value = (Uuid, Vec<Item>)> {
    let leg = prop_oneof![
        9 => good_transfer().boxed(),
        2 => (0_u8..3).prop_flat_map(|source| hold(hold_id().boxed(), source)).boxed(),
        2 => item(),
    ];
    ((0_u8..3).prop_map(group), vec(leg, 2..6))
}

/// The asks of a group's legs, for `transfers_post`.
pub fn legs(group: Uuid, items: Vec<Item>) -> Vec<Ask> {
    let size = i32::try_from(items.len()).ok();
    let asks = items
        .into_iter()
        .zip(1..)
        .map(|((request, terms), place)| Ask {
            key: None,
            request,
            terms: Some(Terms {
                group_id: Some(group),
                group_place: Some(place),
                group_size: size,
                ..terms.unwrap_or_default()
            }),
        });
    asks.collect()
}

/// The life of a hold: authorised, then whatever is done to it and to its source, while time goes
/// by. In one call or in many, by either door.
pub fn story() -> impl Strategy<Value = Vec<Call>> {
    let life = (24_u8..28, 0_u8..3).prop_flat_map(|(number, source)| {
        let hold = hold(Just(transfer(number)).boxed(), source);
        (
            hold,
            vec(deed(transfer(number), wallet(source)).boxed(), 1..7),
        )
    });
    (life.boxed(), vec(0_u8..4, 8)).prop_map(|((hold, deeds), doors)| {
        let mut calls: Vec<Call> = Vec::new();
        let hold_source = hold.0.source_id;
        for (deed, door) in [Some(hold)].into_iter().chain(deeds).zip(doors) {
            let Some((request, terms)) = deed else {
                let source = hold_source.into_iter().map(|source| (None, source));
                calls.push(Call::Pass(3_600));
                calls.push(Call::WalletsGet(OPERATOR.session, source.collect()));
                continue;
            };
            match calls.last_mut() {
                _ if door == 0 => calls.push(Call::TransferCreate(OPERATOR, request, terms)),
                Some(Call::TransfersPost(_, asks)) if door > 1 => asks.push(Ask {
                    key: None,
                    request,
                    terms,
                }),
                _ => calls.push(Call::TransfersPost(
                    OPERATOR.session,
                    vec![Ask {
                        key: None,
                        request,
                        terms,
                    }],
                )),
            }
        }
        calls
    })
}

/// What is done to a hold; none is an hour that goes by.
fn deed(hold: Uuid, source: Uuid) -> impl Strategy<Value = Option<Item>> {
    let amount = || prop_oneof![1 => Just(None), 5 => amount_usual().prop_map(Some)];
    let captured = (
        transfer_id(),
        amount(),
        (0_u8..3).prop_map(wallet),
        weighted(0.7, weighted(0.3, any::<bool>())),
    )
        .prop_map(move |(id, amount, target, is_final)| {
            capture(
                id,
                hold,
                amount,
                Some(target),
                Some(is_final == Some(Some(true))),
            )
        });
    // Some by what the source was at one of its first versions.
    let version = weighted(0.5, 1_i64..6);
    let spent = (transfer_id(), 0_u8..3, amount_usual(), version).prop_map(
        move |(id, target, amount, version)| {
            let request = TransferRequest {
                source_id: Some(source),
                target_id: Some(wallet(target)),
                ..bare(id, Some(amount))
            };
            let terms = version.map(|version| Terms {
                source_version: Some(version),
                ..Terms::default()
            });
            (request, terms)
        },
    );
    prop_oneof![
        1 => Just(None).boxed(),
        4 => captured.prop_map(Some).boxed(),
        1 => (transfer_id(), amount(), end().boxed()).prop_map(move |(id, amount, end)| Some(adjustment(id, hold, amount, end))).boxed(),
        1 => transfer_id().prop_map(move |id| Some(release(id, hold))).boxed(),
        2 => spent.prop_map(Some).boxed(),
        2 => any_reversal().prop_map(Some).boxed(),
    ]
}

/// A transfer, and reversals of it in one call or in many: together they may ask for more than it
/// was.
pub fn refunds() -> impl Strategy<Value = Vec<Call>> {
    let part = prop_oneof![1 => Just(None), 3 => amount_usual().prop_map(Some)];
    let refund = (
        transfer_id(),
        part,
        weighted(0.3, any::<bool>()),
        any::<bool>(),
    );
    (good_transfer(), vec(refund, 1..5)).prop_map(|((request, terms), refunds)| {
        let ask = |request, terms| Ask {
            key: None,
            request,
            terms,
        };
        let original = request.id.unwrap_or_default();
        let mut groups = vec![vec![ask(request, terms)]];
        for (id, amount, at_most, is_apart) in refunds {
            let (request, terms) = reversal(id, original, amount, at_most);
            match groups.last_mut().filter(|_| !is_apart) {
                Some(group) => group.push(ask(request, terms)),
                None => groups.push(vec![ask(request, terms)]),
            }
        }
        let calls = groups.into_iter();
        calls
            .map(|asks| Call::TransfersPost(OPERATOR.session, asks))
            .collect()
    })
}
