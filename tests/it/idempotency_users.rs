//! Idempotency keys of users: each user has a name space of their own, and so has a caller that is
//! bound to none.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn the_idempotency_keys_of_users_are_their_own() {
    let stack = Stack::start().await;
    let target = stack.http.wallet(0).await;
    let mut users = Vec::new();
    for _ in 0..2 {
        let wallet = stack.http.wallet(100).await;
        let user = stack
            .http
            .get(&format!("/wallets/{wallet}"))
            .await
            .id("user_id");
        users.push((stack.http.scoped("user", Some(user)).await, wallet));
    }
    let ledger_wide = (stack.http.clone(), stack.http.wallet(100).await);
    let key = Uuid::new_v4().to_string();
    // Of the three, the first is held up: the others are no twins of it and do not wait.
    let held = stack.hold(users[0].1).await;
    let first = tokio::spawn({
        let ((http, wallet), key) = (users[0].clone(), key.clone());
        async move { http.transfer_with_key(&key, wallet, target, 1).await }
    });
    let mut answers = Vec::new();
    stack.wait_for_waiting(1).await;
    for ((http, wallet), amount) in [(&users[1], 2), (&ledger_wide, 3)] {
        answers.push(http.transfer_with_key(&key, *wallet, target, amount).await);
    }
    held.release().await;
    answers.insert(0, first.await.expect("no panic"));
    for (answer, amount) in answers.iter().zip(1..) {
        assert_eq!(
            (answer.status, &answer.json()["amount"]),
            (201, &json!(amount))
        );
        let place = format!("/transfers/{}", answer.id("id"));
        assert_eq!(answer.header("location"), place);
        let is_key = place.ends_with(&key);
        assert_eq!(is_key, amount == 3, "only a ledger-wide key is the id");
    }
    let callers = [&users[0], &users[1], &ledger_wide];
    for forget in [false, true] {
        if forget {
            stack.redis.flush().await;
        }
        for (((http, wallet), made), amount) in callers.into_iter().zip(&answers).zip(1..) {
            let again = http.transfer_with_key(&key, *wallet, target, amount).await;
            assert_eq!((again.status, &again.body), (201, &made.body));
            assert_eq!(again.header("location"), made.header("location"));
            assert_eq!(again.header("idempotency-replayed"), "true");
            let found = http.get(&format!("/transfers/{key}")).await;
            assert_eq!(found.json()["amount"], amount, "{found:?}");
        }
    }
    // One who received it sees it, without the balance of the one who sent it.
    let user = stack
        .http
        .get(&format!("/wallets/{target}"))
        .await
        .id("user_id");
    let receiver = stack.http.scoped("user", Some(user)).await;
    let received = receiver.get(answers[0].header("location")).await;
    assert_eq!(
        (received.status, &received.json()["source_balance"]),
        (200, &Value::Null)
    );
    let other = users[1].0.get(answers[0].header("location")).await;
    assert_eq!(other.problem(), (404, "transfer_not_found".to_owned()));
    stack.verify().await;
}
