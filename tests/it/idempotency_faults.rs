//! Idempotency keys while parts of the stack are away.

use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::gate::Gate;
use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn the_twin_of_a_crashed_request_is_answered_at_once() {
    let mut stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let held = stack.hold(source).await;
    let first = tokio::spawn({
        let http = stack.http.clone();
        async move { http.try_transfer("k", source, target, 300).await.is_err() }
    });
    stack.wait_for_waiting(1).await;
    stack.server.kill();
    assert!(first.await.expect("no panic"), "the request has no answer");
    held.release().await;
    stack.restart_with(&[]).await;
    let twin = stack.http.transfer_with_key("k", source, target, 300).await;
    assert_eq!(
        (twin.status, twin.header("idempotency-replayed")),
        (201, "")
    );
    stack.assert_one_transfer(target, 300).await;
}

#[tokio::test]
async fn an_answer_is_kept_in_redis_for_a_day() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    stack.http.transfer_with_key("k", source, target, 1).await;
    let mut command = redis::cmd("TTL");
    command.arg(stack.answer_place("k").await);
    let mut redis = stack.redis.connect().await;
    let ttl_s: i64 = command
        .query_async(&mut redis)
        .await
        .expect("Redis answers");
    assert!((86_300..=86_400).contains(&ttl_s), "{ttl_s}");
}

#[tokio::test]
async fn retries_hear_the_same_answers_while_redis_stops_and_comes_back() {
    let mut stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let mut first = Vec::new();
    for (key, amount) in [("posted", 1), ("refused", 501)] {
        first.push(
            stack
                .http
                .transfer_with_key(key, source, target, amount)
                .await,
        );
    }
    stack.redis.stop();
    first.push(
        stack
            .http
            .transfer_with_key("without", source, target, 2)
            .await,
    );
    let requests = [("posted", 1), ("refused", 501), ("without", 2)];
    for is_back in [false, true] {
        if is_back {
            stack.redis.resume().await;
        }
        for ((key, amount), first) in requests.iter().zip(&first) {
            let again = stack
                .http
                .transfer_with_key(key, source, target, *amount)
                .await;
            assert_eq!(
                (again.status, &again.body),
                (first.status, &first.body),
                "{key} {is_back}"
            );
            assert_eq!(again.header("idempotency-replayed"), "true");
        }
        let reused = stack
            .http
            .transfer_with_key("posted", source, target, 9)
            .await;
        assert_eq!(reused.problem(), (422, "idempotency_key_reused".to_owned()));
    }
    assert_eq!(stack.http.balance(target).await, 3);
    stack.verify().await;
}

#[tokio::test]
async fn keys_work_where_there_was_never_a_redis() {
    let stack = Stack::start_without_redis().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    for (amount, status) in [(1, 201), (501, 422)] {
        let key = amount.to_string();
        let first = stack
            .http
            .transfer_with_key(&key, source, target, amount)
            .await;
        let again = stack
            .http
            .transfer_with_key(&key, source, target, amount)
            .await;
        assert_eq!((first.status, again.status), (status, status));
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotency-replayed"), "true");
        let reused = stack.http.transfer_with_key(&key, source, target, 2).await;
        assert_eq!(reused.problem(), (422, "idempotency_key_reused".to_owned()));
    }
    assert_eq!(stack.http.balance(target).await, 1);
}

#[tokio::test]
async fn a_transfer_is_posted_once_though_the_server_dies_between_commit_and_reply() {
    let mut stack = Stack::start().await;
    let gate = Gate::behind_transfers_post(&stack).await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let keys: Vec<String> = (0..40).map(|_| Uuid::new_v4().to_string()).collect();
    let post = |key: &String| {
        let (http, key) = (stack.http.clone(), key.clone());
        tokio::spawn(async move { http.try_transfer(&key, source, target, 5).await.is_err() })
    };
    let (early, late) = keys.split_at(20);
    gate.close().await;
    let mut posts: Vec<_> = early.iter().map(post).collect();
    gate.wait_for_call().await;
    // They wait for the next call, as the first one has their wallets.
    posts.extend(late.iter().map(post));
    // The server stands still, so that it cannot reply when the call commits.
    stack.server.signal("STOP");
    gate.open().await;
    eventually_true(SOON, "a call has committed", async || {
        stack.count("transfers").await > 1
    })
    .await;
    stack.server.kill();
    for post in posts {
        assert!(post.await.expect("no panic"), "no request has an answer");
    }

    stack.restart_with(&[]).await;
    let mut replayed = 0;
    for key in &keys {
        let answer = stack.http.transfer_with_key(key, source, target, 5).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        replayed += usize::from(answer.header("idempotency-replayed") == "true");
    }
    assert!((1..=20).contains(&replayed), "{replayed}");
    assert_eq!(stack.http.balance(target).await, 200);
    assert_eq!(stack.count("transfers").await, 41);
    assert_eq!(stack.journal_events().await, 41);
    stack.verify().await;
}
