//! Random requests with terms: holds and what is done to them, reversals, groups, conditions.

use proptest::option::{of, weighted};
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::call::TransferRequest;
use crate::cast::{AMOUNT_MAX, ENDS, transfer, wallet};
use crate::requests::{amount_usual, any_wallet, transfer_id, transfer_request};
use crate::terms::{Terms, Verb};

/// A request and its terms.
pub type Item = (TransferRequest, Option<Terms>);

/// The ids of holds are few, so that what is done to a hold finds one.
pub fn hold_id() -> impl Strategy<Value = Uuid> {
    (24_u8..28).prop_map(transfer)
}

/// A request without terms or with some.
pub fn item() -> BoxedStrategy<Item> {
    let plain = transfer_request().prop_map(|request| (request, None));
    prop_oneof![2 => good_transfer().boxed(), 2 => plain.boxed(), 4 => with_terms().boxed()].boxed()
}

/// Between wallets that are there.
pub fn good_transfer() -> impl Strategy<Value = Item> {
    (transfer_id(), 0_u8..3, 1_u8..3, amount_usual()).prop_map(|(id, source, offset, amount)| {
        let request = TransferRequest {
            source_id: Some(wallet(source)),
            target_id: Some(wallet((source + offset) % 3)),
            ..bare(id, Some(amount))
        };
        (request, None)
    })
}

fn with_terms() -> impl Strategy<Value = Item> {
    let kinds = prop_oneof![
        5 => (0_u8..3).prop_flat_map(|source| hold(hold_id().boxed(), source)),
        5 => any_capture().boxed(),
        2 => any_adjustment().boxed(),
        1 => (transfer_id(), hold_id()).prop_map(|(id, hold)| release(id, hold)).boxed(),
        5 => any_reversal().boxed(),
        2 => at_most().boxed(),
        1 => (transfer_request(), of(Just(false)))
            .prop_map(|(request, at_most)| (request, Some(Terms { at_most, ..Terms::default() })))
            .boxed(),
    ];
    let conditions = (of(0_i64..6), of(0_i64..300), of(0_i64..300));
    (
        kinds.boxed(),
        weighted(0.15, conditions),
        weighted(0.1, twist().boxed()),
    )
        .prop_map(|((mut request, terms), conditions, twist)| {
            let mut terms = terms.unwrap_or_default();
            if let Some((version, min, max)) = conditions {
                terms.source_version = version;
                terms.source_balance_min = min;
                terms.target_balance_max = max.filter(|_| request.target_id.is_some());
            }
            if let Some(twist) = twist {
                apply(&twist, &mut request, &mut terms);
            }
            (request, Some(terms))
        })
}

pub fn bare(id: Uuid, amount: Option<i64>) -> TransferRequest {
    TransferRequest {
        id: Some(id),
        source_id: None,
        target_id: None,
        amount,
        currency: None,
        reference: None,
        metadata: None,
        request_id: None,
    }
}

/// When a hold ends: mostly within hours that a case lets go by.
pub fn end() -> impl Strategy<Value = Terms> {
    let ends = |expires_at: Option<String>, expires_in| Terms {
        expires_at,
        expires_in,
        ..Terms::default()
    };
    prop_oneof![
        3 => Just(ends(None, None)),
        6 => select(vec![3_600, 7_200]).prop_map(move |seconds| ends(None, Some(seconds))),
        2 => (1_usize..3).prop_map(move |place| ends(Some(ENDS[place].clone()), None)),
        1 => select(vec![0, 3]).prop_map(move |place| ends(Some(ENDS[place].clone()), None)),
    ]
}

pub fn hold(id: BoxedStrategy<Uuid>, source: u8) -> BoxedStrategy<Item> {
    let other = (1_u8..3).prop_map(move |offset| wallet((source + offset) % 3));
    let target =
        prop_oneof![4 => Just(None), 4 => other.prop_map(Some), 1 => any_wallet().prop_map(Some)];
    let parts = (
        id,
        target,
        prop_oneof![15 => amount_usual().boxed(), 1 => select(vec![AMOUNT_MAX, AMOUNT_MAX - 100]).boxed()],
        end().boxed(),
        select(vec![None, Some("rent"), Some("")]),
    );
    let item = parts.prop_map(move |(id, target, amount, end, reference)| {
        let request = TransferRequest {
            source_id: Some(wallet(source)),
            target_id: target,
            reference: reference.map(str::to_owned),
            ..bare(id, Some(amount))
        };
        (
            request,
            Some(Terms {
                kind: Some(Verb::Hold),
                ..end
            }),
        )
    });
    item.boxed()
}

pub fn capture(
    id: Uuid,
    hold: Uuid,
    amount: Option<i64>,
    target: Option<Uuid>,
    is_final: Option<bool>,
) -> Item {
    let request = TransferRequest {
        target_id: target,
        ..bare(id, amount)
    };
    (
        request,
        Some(Terms {
            is_final,
            ..Terms::about(Verb::Capture, hold)
        }),
    )
}

fn any_capture() -> impl Strategy<Value = Item> {
    let amount = prop_oneof![2 => Just(None), 5 => amount_usual().prop_map(Some)];
    let target = weighted(0.5, any_wallet());
    let parts = (
        transfer_id(),
        hold_id(),
        amount,
        target,
        of(any::<bool>()),
        weighted(0.3, any::<bool>()),
    );
    parts.prop_map(|(id, hold, amount, target, is_final, may_exceed)| {
        let (request, terms) = capture(id, hold, amount, target, is_final);
        (
            request,
            terms.map(|terms| Terms {
                may_exceed,
                ..terms
            }),
        )
    })
}

fn any_adjustment() -> impl Strategy<Value = Item> {
    let parts = (
        transfer_id(),
        hold_id(),
        weighted(0.8, amount_usual()),
        end().boxed(),
    );
    parts.prop_map(|(id, hold, amount, end)| adjustment(id, hold, amount, end))
}

pub fn adjustment(id: Uuid, hold: Uuid, amount: Option<i64>, end: Terms) -> Item {
    let terms = Terms {
        kind: Some(Verb::Adjustment),
        subject_id: Some(hold),
        ..end
    };
    (bare(id, amount), Some(terms))
}

pub fn release(id: Uuid, hold: Uuid) -> Item {
    (bare(id, None), Some(Terms::about(Verb::Release, hold)))
}

pub fn reversal(id: Uuid, of: Uuid, amount: Option<i64>, at_most: Option<bool>) -> Item {
    (
        bare(id, amount),
        Some(Terms {
            at_most,
            ..Terms::about(Verb::Reversal, of)
        }),
    )
}

pub fn any_reversal() -> impl Strategy<Value = Item> {
    let of = prop_oneof![6 => transfer_id(), 1 => hold_id()];
    let amount = prop_oneof![2 => Just(None), 3 => amount_usual().prop_map(Some)];
    (transfer_id(), of, amount, weighted(0.3, any::<bool>()))
        .prop_map(|(id, of, amount, at_most)| reversal(id, of, amount, at_most))
}

fn at_most() -> impl Strategy<Value = Item> {
    (transfer_request().boxed(), any::<bool>()).prop_map(|(mut request, is_all)| {
        request.amount = request.amount.filter(|_| !is_all);
        (
            request,
            Some(Terms {
                at_most: Some(true),
                ..Terms::default()
            }),
        )
    })
}

/// One thing that does not belong there.
#[derive(Debug, Clone)]
enum Twist {
    NoSubject,
    Subject(Uuid),
    Source(Uuid),
    Target(Uuid),
    Amount(Option<i64>),
    Currency,
    Final,
    Exceed,
    AtMost,
    Until,
    Within(i32),
    Version(i64),
    Min(i64),
    Max(i64),
    Expiry,
}

fn twist() -> impl Strategy<Value = Twist> {
    let amounts = vec![
        None,
        Some(0),
        Some(-1),
        Some(AMOUNT_MAX),
        Some(AMOUNT_MAX + 1),
        Some(10),
    ];
    prop_oneof![
        Just(Twist::NoSubject),
        transfer_id().prop_map(Twist::Subject),
        (0_u8..3).prop_map(|number| Twist::Source(wallet(number))),
        (0_u8..3).prop_map(|number| Twist::Target(wallet(number))),
        select(amounts).prop_map(Twist::Amount),
        Just(Twist::Currency),
        Just(Twist::Final),
        Just(Twist::Exceed),
        Just(Twist::AtMost),
        Just(Twist::Until),
        select(vec![0, -1, 1_000, 315_360_001]).prop_map(Twist::Within),
        select(vec![-1, AMOUNT_MAX + 1]).prop_map(Twist::Version),
        select(vec![-AMOUNT_MAX - 1, AMOUNT_MAX + 1, -100]).prop_map(Twist::Min),
        select(vec![-AMOUNT_MAX - 1, AMOUNT_MAX + 1, 100]).prop_map(Twist::Max),
        Just(Twist::Expiry),
    ]
}

fn apply(twist: &Twist, request: &mut TransferRequest, terms: &mut Terms) {
    match *twist {
        Twist::NoSubject => terms.subject_id = None,
        Twist::Subject(id) => terms.subject_id = Some(id),
        Twist::Source(id) => request.source_id = Some(id),
        Twist::Target(id) => request.target_id = Some(id),
        Twist::Amount(amount) => request.amount = amount,
        Twist::Currency => request.currency = Some("EUR".to_owned()),
        Twist::Final => terms.is_final = Some(false),
        Twist::Exceed => terms.may_exceed = Some(true),
        Twist::AtMost => terms.at_most = Some(true),
        Twist::Until => terms.expires_at = Some(ENDS[1].clone()),
        Twist::Within(seconds) => terms.expires_in = Some(seconds),
        Twist::Version(version) => terms.source_version = Some(version),
        Twist::Min(balance) => terms.source_balance_min = Some(balance),
        Twist::Max(balance) => terms.target_balance_max = Some(balance),
        Twist::Expiry => terms.kind = Some(Verb::Expiry),
    }
}
