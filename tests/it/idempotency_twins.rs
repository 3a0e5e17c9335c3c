//! Requests with one idempotency key at the same time.

use serde_json::json;
use uuid::Uuid;

use testbed::http::{Answer, Http};

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn of_a_hundred_twins_one_is_posted() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let second = stack.second_server().await;
    let twins: Vec<_> = (0..100)
        .map(|i| {
            let http = if i % 4 == 0 {
                &second.http
            } else {
                &stack.http
            }
            .clone();
            tokio::spawn(async move { http.transfer_with_key("k", source, target, 300).await })
        })
        .collect();
    let answers = answers(twins).await;
    let posted = one_answer(&answers);
    assert_eq!(posted.status, 201);
    stack.assert_one_transfer(target, 300).await;
    let again = stack.http.transfer_with_key("k", source, target, 300).await;
    assert_eq!(again.body, posted.body);
}

#[tokio::test]
async fn of_a_hundred_twins_that_are_refused_one_is_stored() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let twins: Vec<_> = (0..100)
        .map(|_| {
            let http = stack.http.clone();
            tokio::spawn(async move { http.transfer_with_key("k", source, target, 501).await })
        })
        .collect();
    let refused = one_answer(&answers(twins).await);
    assert_eq!(refused.problem(), (422, "insufficient_funds".to_owned()));
    stack.assert_one_transfer(target, 0).await;
}

#[tokio::test]
async fn of_a_hundred_twins_one_is_posted_without_redis() {
    let stack = Stack::start_without_redis().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let twins: Vec<_> = (0..100)
        .map(|_| {
            let http = stack.http.clone();
            tokio::spawn(async move { http.transfer_with_key("k", source, target, 300).await })
        })
        .collect();
    let answers = answers(twins).await;
    // Nothing but PostgreSQL keeps twins apart: each waits for its turn and hears the answer.
    assert!(answers.iter().all(|answer| answer.status == 201));
    one_answer(&answers);
    stack.assert_one_transfer(target, 300).await;
}

#[tokio::test]
async fn twins_wait_for_the_first_and_hear_its_answer_on_any_server() {
    let stack = Stack::start().await;
    let second = stack.second_server().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let held = stack.hold(source).await;
    let post = |http: &Http| {
        let http = http.clone();
        tokio::spawn(async move { http.transfer_with_key("k", source, target, 300).await })
    };
    let twins = vec![post(&stack.http), post(&stack.http), post(&second.http)];
    stack.wait_for_waiting(1).await;
    assert!(!twins.iter().any(tokio::task::JoinHandle::is_finished));
    held.release().await;
    let answers = answers(twins).await;
    assert_eq!(one_answer(&answers).status, 201);
    let first = |answer: &&Answer| answer.header("idempotency-replayed") != "true";
    assert_eq!(answers.iter().filter(first).count(), 1, "{answers:?}");
    stack.assert_one_transfer(target, 300).await;
}

#[tokio::test]
async fn a_twin_that_does_not_end_in_time_is_said_to_be_in_progress() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let (other, third) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let first = stack.operator().await;
    let post = format!(
        "begin;
         select from remit_v1.transfer_create(1, (remit_v1.transfer_id('k'), '{other}', '{third}', 1, null, null, null, null)::remit_v1.transfer_request)"
    );
    first.batch_execute(&post).await.expect("an operator may");
    let twin = stack.http.transfer_with_key("k", source, target, 300).await;
    assert_eq!(twin.problem(), (409, "request_in_progress".to_owned()));
    assert_eq!(twin.header("retry-after"), "1");
    first.batch_execute("rollback").await.expect("it is there");
    let again = stack.http.transfer_with_key("k", source, target, 300).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(stack.http.balance(target).await, 300);
    stack.verify().await;
}

#[tokio::test]
async fn a_creation_whose_twin_does_not_end_in_time_may_be_sent_again() {
    let stack = Stack::start().await;
    let user = stack.http.user().await;
    let id = Uuid::new_v4();
    let first = stack.operator().await;
    for (path, call, body, refusal) in [
        (
            "/users",
            format!(
                "user_create(1, ('{id}', 'Bob', null, null, null)::remit_v1.user_request, null)"
            ),
            json!({"name": "Ada"}),
            (409, "request_in_progress"),
        ),
        (
            "/wallets",
            format!(
                "wallet_create(1, ('{id}', '{user}', 'USD', 0, 0, null, null, null)::remit_v1.wallet_request, null)"
            ),
            json!({"user_id": user, "currency": "USD"}),
            // It waits for the user, before it could find out that it has a twin.
            (503, "wallet_busy"),
        ),
    ] {
        let begin = format!("begin; select from remit_v1.{call}");
        first.batch_execute(&begin).await.expect("an operator may");
        let twin = stack.http.post_with_key(path, &id.to_string(), &body).await;
        let (status, code) = twin.problem();
        assert_eq!((status, code.as_str()), refusal, "{path}");
        assert_eq!(twin.header("retry-after"), "1");
        first.batch_execute("rollback").await.expect("it is there");
        let again = stack.http.post_with_key(path, &id.to_string(), &body).await;
        assert_eq!(again.status, 201, "{again:?}");
    }
    stack.verify().await;
}

/// The answer that all of these gave.
fn one_answer(answers: &[Answer]) -> Answer {
    let one = answers.first().expect("there are twins");
    for other in answers {
        assert_eq!((other.status, &other.body), (one.status, &one.body));
    }
    one.clone()
}

async fn answers(requests: Vec<tokio::task::JoinHandle<Answer>>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.expect("no panic"));
    }
    answers
}
