//! Random requests: mostly good ones, and now and then each field as it must not be.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::call::{TransferRequest, UserRequest, WalletRequest};
use crate::cast::{AMOUNT_MAX, initial_transfer, issuance_wallet, transfer, user, wallet};

/// How many wallets a case is likely to create.
const WALLETS: u8 = 5;

pub fn good_wallet() -> impl Strategy<Value = WalletRequest> {
    let currency = prop_oneof![15 => Just("USD"), 1 => Just("EUR")];
    let initial_balance =
        prop_oneof![15 => (0_i64..6).prop_map(|hundreds| 100 * hundreds), 1 => Just(AMOUNT_MAX)];
    let floor = prop_oneof![3 => Just(Some(0)), 1 => Just(None)];
    (0_u8..2, currency, initial_balance, floor).prop_map(
        |(owner, currency, initial_balance, floor)| WalletRequest {
            id: None,
            user_id: Some(user(owner)),
            currency: Some(currency.to_owned()),
            initial_balance: Some(initial_balance),
            floor,
            reference: None,
            metadata: None,
            request_id: None,
        },
    )
}

/// One that is likely to be there, an issuance wallet, or one that hardly ever is.
pub fn any_wallet() -> impl Strategy<Value = Uuid> {
    prop_oneof![
        10 => likely_wallet(),
        3 => (0..WALLETS).prop_map(wallet),
        1 => select(vec![issuance_wallet("USD"), issuance_wallet("EUR")]),
        1 => Just(wallet(WALLETS)),
    ]
}

fn likely_wallet() -> impl Strategy<Value = Uuid> {
    (0_u8..3).prop_map(wallet)
}

pub fn transfer_id() -> impl Strategy<Value = Uuid> {
    prop_oneof![
        10 => (0_u8..24).prop_map(transfer),
        1 => (0..WALLETS).prop_map(|number| initial_transfer(wallet(number))),
    ]
}

/// Mostly there.
fn given<T: Clone + std::fmt::Debug>(
    strategy: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    proptest::option::weighted(0.98, strategy)
}

/// Amounts between wallets that hold some hundreds, and those at the limits.
fn amount() -> impl Strategy<Value = i64> {
    let odd = vec![
        0,
        -1,
        AMOUNT_MAX,
        AMOUNT_MAX - 100,
        AMOUNT_MAX + 1,
        i64::MAX,
        i64::MIN,
    ];
    prop_oneof![9 => amount_usual(), 1 => select(odd)]
}

pub fn amount_usual() -> impl Strategy<Value = i64> {
    prop_oneof![2 => select(vec![10, 20, 50, 100, 200]), 1 => 1_i64..200]
}

prop_compose! {
    pub fn transfer_request()(
        id in given(transfer_id()),
        source_id in given(any_wallet()),
        target_id in given(any_wallet()),
        amount in given(amount()),
        currency in currency_if_any(),
        reference in reference(),
        metadata in metadata(),
        request_id in request_id(),
    ) -> TransferRequest {
        TransferRequest { id, source_id, target_id, amount, currency, reference, metadata, request_id }
    }
}

fn currency_if_any() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        8 => Just(None),
        4 => Just(Some("USD".to_owned())),
        1 => select(vec!["EUR", "QQQ", "usd", "USDX", "USD\n", ""]).prop_map(|text| Some(text.to_owned())),
    ]
}

fn reference() -> impl Strategy<Value = Option<String>> {
    let odd = vec![String::new(), "ä".repeat(200), "ä".repeat(201)];
    prop_oneof![8 => Just(None), 2 => Just(Some("rent".to_owned())), 1 => select(odd).prop_map(Some)]
}

fn metadata() -> impl Strategy<Value = Option<Value>> {
    let odd = vec![
        json!({"a": "b", "c": "d"}),
        json!({"k": 1}),
        json!({"k": {"a": "b"}}),
        json!([]),
        json!({"k": "x".repeat(4_087)}),
        json!({"k": "x".repeat(4_088)}),
    ];
    prop_oneof![10 => Just(None), 1 => Just(Some(json!({}))), 1 => Just(Some(json!({"k": "v"}))), 1 => select(odd).prop_map(Some)]
}

fn request_id() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        Just(Some("request-1".to_owned())),
        Just(Some("request-2".to_owned()))
    ]
}

prop_compose! {
    pub fn wallet_request()(
        id in given((0..=WALLETS).prop_map(wallet)),
        user_id in given((0_u8..4).prop_map(user)),
        currency in prop_oneof![8 => Just("USD"), 3 => Just("EUR"), 1 => select(vec!["QQQ", "usd", ""])],
        initial_balance in given(prop_oneof![3 => Just(0), 5 => 1_i64..500, 2 => select(vec![AMOUNT_MAX, AMOUNT_MAX - 50, AMOUNT_MAX + 1, -1])]),
        floor in prop_oneof![
            6 => Just(Some(0)), 2 => Just(None), 1 => Just(Some(-50)), 1 => Just(Some(50)),
            1 => select(vec![-AMOUNT_MAX, AMOUNT_MAX, -AMOUNT_MAX - 1]).prop_map(Some),
        ],
        reference in reference(),
        metadata in metadata(),
        request_id in request_id(),
    ) -> WalletRequest {
        WalletRequest { id, user_id, currency: Some(currency.to_owned()), initial_balance, floor, reference, metadata, request_id }
    }
}

prop_compose! {
    pub fn user_request()(
        id in given((2_u8..5).prop_map(user)),
        name in prop_oneof![4 => Just("user".to_owned()), 1 => select(vec!["Ada".to_owned(), String::new(), "x".repeat(201)])],
        email in prop_oneof![4 => Just(None), 1 => select(vec!["a@b", "ab", "a@", "a@b@c", "a b@c"]).prop_map(|text| Some(text.to_owned()))],
        reference in reference(),
        metadata in metadata(),
    ) -> UserRequest {
        UserRequest { id, name: Some(name), email, reference, metadata }
    }
}
