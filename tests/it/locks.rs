//! What other sessions hold for long: ids of transfers, and whole tables.

use std::time::{Duration, Instant};

use testbed::http::Answer;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

/// How many transfers go together.
const TRANSFERS: usize = 40;
/// Which of them has an id that an open transaction holds.
const HELD: usize = TRANSFERS / 2;
/// The time that a request has for all its tries, 2 s, and as much again for a slow machine.
const TRIES_MAX: Duration = Duration::from_secs(4);

/// Wallets for transfers that have nothing in common.
async fn pairs(stack: &Stack, count: usize) -> Vec<[Uuid; 2]> {
    let mut pairs = Vec::new();
    for _ in 0..count {
        pairs.push([stack.http.wallet(100).await, stack.http.wallet(0).await]);
    }
    pairs
}

/// Begins to post a transfer with each key, between the wallets of one pair.
fn post_each(stack: &Stack, keys: &[String], pairs: &[[Uuid; 2]]) -> Vec<JoinHandle<Answer>> {
    let post = |(key, &[source, target]): (&String, &[Uuid; 2])| {
        let (http, key) = (stack.http.clone(), key.clone());
        tokio::spawn(async move { http.transfer_with_key(&key, source, target, 1).await })
    };
    keys.iter().zip(pairs).map(post).collect()
}

#[tokio::test]
async fn a_held_id_does_not_hold_up_the_transfers_beside_it() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let holder = stack.operator().await;
    let post = format!(
        "begin;
         select from remit_v1.transfer_create(1, (remit_v1.transfer_id('k{HELD}'), '{source}', '{target}', 1, null, null, null, null)::remit_v1.transfer_request)"
    );
    holder.batch_execute(&post).await.expect("an operator may");
    let pairs = pairs(&stack, TRANSFERS).await;
    let keys: Vec<_> = (0..TRANSFERS).map(|n| format!("k{n}")).collect();
    let mut transfers = post_each(&stack, &keys, &pairs);
    let twin = transfers.remove(HELD);
    for transfer in transfers {
        assert_eq!(transfer.await.expect("no panic").status, 201);
    }
    assert!(!twin.is_finished(), "its neighbours were faster");
    let twin = twin.await.expect("no panic");
    assert_eq!(twin.problem(), (409, "request_in_progress".to_owned()));
    holder.batch_execute("rollback").await.expect("it is there");
    stack.verify().await;
}

#[tokio::test]
async fn a_locked_table_costs_a_request_one_wait_and_no_more() {
    let stack = Stack::start().await;
    let owner = stack.owner().await;
    let keys: Vec<_> = (0..TRANSFERS).map(|n| format!("k{n}")).collect();
    let pairs = pairs(&stack, TRANSFERS).await;
    let lock = "begin; lock table remit.transfers in access exclusive mode";
    owner.batch_execute(lock).await.expect("the owner may");
    let start = Instant::now();
    let transfers = post_each(&stack, &keys, &pairs);
    for transfer in transfers {
        let refused = transfer.await.expect("no panic");
        assert_eq!(refused.problem(), (503, "wallet_busy".to_owned()));
        assert_eq!(refused.header("retry-after"), "1");
        assert!(start.elapsed() < TRIES_MAX, "{:?}", start.elapsed());
    }
    owner.batch_execute("rollback").await.expect("it is there");
    for again in post_each(&stack, &keys, &pairs) {
        assert_eq!(again.await.expect("no panic").status, 201);
    }
    stack.verify().await;
}
