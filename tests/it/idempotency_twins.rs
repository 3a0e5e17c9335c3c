//! Requests with one idempotency key at the same time.

use crate::http::Answer;
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
async fn a_twin_in_progress_is_told_to_come_back() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(500).await, stack.http.wallet(0).await);
    let held = stack.hold(source).await;
    let first = tokio::spawn({
        let http = stack.http.clone();
        async move { http.transfer_with_key("k", source, target, 300).await }
    });
    stack.wait_for_marker("k").await;
    // Also where the content differs: nobody knows yet which one will be stored.
    for amount in [300, 1] {
        let twin = stack
            .http
            .transfer_with_key("k", source, target, amount)
            .await;
        assert_eq!(twin.problem(), (409, "transfer_in_progress".to_owned()));
        assert_eq!(twin.header("retry-after"), "1");
    }
    held.release().await;
    let first = first.await.expect("no panic");
    assert_eq!(first.status, 201, "{first:?}");
    let again = stack.http.transfer_with_key("k", source, target, 300).await;
    assert_eq!((again.status, again.body), (201, first.body));
    stack.assert_one_transfer(target, 300).await;
}

/// The answer that all of these gave but for those that were told to come back.
fn one_answer(answers: &[Answer]) -> Answer {
    let is_late = |answer: &&Answer| answer.status == 409;
    for late in answers.iter().filter(is_late) {
        assert_eq!(late.problem().1, "transfer_in_progress");
        assert_eq!(late.header("retry-after"), "1");
    }
    let mut given = answers.iter().filter(|answer| !is_late(answer));
    let one = given.next().expect("one twin is answered").clone();
    assert!(given.all(|other| (other.status, &other.body) == (one.status, &one.body)));
    one
}

async fn answers(requests: Vec<tokio::task::JoinHandle<Answer>>) -> Vec<Answer> {
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await.expect("no panic"));
    }
    answers
}
