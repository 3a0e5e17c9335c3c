//! What is wrong inside: the log has the cause, the client does not.

use hyper::Method;
use serde_json::json;

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn what_went_wrong_inside_is_in_the_log_and_not_in_the_answer() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(1).await, stack.http.wallet(0).await);
    let user = stack.http.user().await;
    let breaking = "
        alter table remit.users rename to people;
        alter table remit.transfers rename to journal;
        alter table remit.wallets rename to purses;";
    let owner = stack.owner().await;
    owner.batch_execute(breaking).await.expect("the owner may");
    let transfer = json!({"source_id": source, "target_id": target, "amount": 1}).to_string();
    for (i, (method, path, body)) in [
        (Method::GET, format!("/users/{user}"), String::new()),
        (Method::GET, format!("/wallets/{source}"), String::new()),
        (Method::POST, "/transfers".to_owned(), transfer),
    ]
    .into_iter()
    .enumerate()
    {
        let request_id = format!("inside-{i}");
        let headers = [
            ("x-request-id", request_id.as_str()),
            ("idempotency-key", "k"),
            ("content-type", "application/json"),
        ];
        let answer = stack.http.send(method, &path, &headers, body).await;
        assert_eq!(
            answer.problem(),
            (500, "internal_error".to_owned()),
            "{path}"
        );
        let text = String::from_utf8_lossy(&answer.body);
        assert!(
            !text.contains("remit.") && !text.contains("42P01"),
            "{text}"
        );
        let lines = stack.log_lines(&request_id).await;
        let mut of_request = lines.iter().filter(|line| line["request_id"] == request_id);
        assert!(
            of_request.any(|line| line.to_string().contains("42P01")),
            "the cause is under the request's id"
        );
    }
    assert_eq!(stack.http.get("/healthz").await.status, 200);
}
