//! A wallet's statement, page by page.

use serde_json::json;
use testbed::http::Http;
use tokio::sync::watch;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

#[tokio::test]
async fn an_entry_says_what_moved_on_its_own_side() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let body = json!({"source_id": source, "target_id": target, "amount": 30, "reference": "rent"});
    let posted = stack
        .http
        .post_with_key("/transfers", "k", &body)
        .await
        .json();
    for (wallet, counterparty, version, amount, balance) in
        [(source, target, 2, -30, 70), (target, source, 1, 30, 30)]
    {
        let page = stack
            .http
            .get(&format!("/wallets/{wallet}/entries?limit=1"))
            .await;
        assert_eq!(
            page.json()["entries"],
            json!([{
                "transfer_id": posted["id"], "version": version, "amount": amount, "balance": balance,
                "counterparty_id": counterparty, "reference": "rent", "created_at": posted["created_at"],
                "kind": null, "held": 0,
            }])
        );
    }
}

#[tokio::test]
async fn a_refused_transfer_is_no_entry() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(10).await, stack.http.wallet(0).await);
    assert_eq!(stack.http.transfer(source, target, 11).await.status, 422);
    assert_eq!(versions(&stack.http, source, "").await.0, [1]);
    assert!(versions(&stack.http, target, "").await.0.is_empty());
}

#[tokio::test]
async fn pages_of_entries_neither_skip_nor_repeat_while_transfers_go_on() {
    let stack = Stack::start().await;
    let (wallet, other) = (
        stack.http.wallet(1_000).await,
        stack.http.wallet(1_000).await,
    );
    for i in 0..14 {
        let (source, target) = if i % 3 == 0 {
            (other, wallet)
        } else {
            (wallet, other)
        };
        assert_eq!(stack.http.transfer(source, target, 1).await.status, 201);
    }

    let (stop, stopped) = watch::channel(false);
    let (posted, mut counted) = watch::channel(0);
    let http = stack.http.clone();
    let busy = tokio::spawn(async move {
        while !*stopped.borrow() {
            assert_eq!(http.transfer(wallet, other, 1).await.status, 201);
            posted.send_modify(|count| *count += 1);
        }
    });
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let (page, next) = versions(&stack.http, wallet, &format!("limit=4{cursor}")).await;
        assert!((1..=4).contains(&page.len()), "{page:?}");
        seen.extend(page);
        let Some(next) = next else { break };
        cursor = format!("&cursor={next}");
        // At least one more transfer before the next page.
        counted.mark_unchanged();
        counted.changed().await.expect("transfers go on");
    }
    stop.send_replace(true);
    busy.await.expect("every transfer is posted");
    let newest = seen[0];
    assert!(newest >= 15, "{newest}");
    assert_eq!(seen, (1..=newest).rev().collect::<Vec<_>>(), "newest first");
    stack.verify().await;
}

#[tokio::test]
async fn a_page_holds_50_entries_unless_asked_otherwise() {
    let stack = Stack::start().await;
    let (wallet, other) = (stack.http.wallet(1_000).await, stack.http.wallet(0).await);
    let posts: Vec<_> = (0..51)
        .map(|_| {
            let http = stack.http.clone();
            tokio::spawn(async move { http.transfer(wallet, other, 1).await.status })
        })
        .collect();
    for post in posts {
        assert_eq!(post.await.expect("no panic"), 201);
    }
    let (page, next) = versions(&stack.http, wallet, "").await;
    assert_eq!((page.len(), next), (50, Some("3".to_owned())));
    let (page, next) = versions(&stack.http, wallet, "limit=52").await;
    assert_eq!((page.len(), next), (52, None));
}

#[tokio::test]
async fn a_malformed_page_of_entries_is_refused() {
    let stack = Stack::start().await;
    let wallet = stack.http.wallet(1).await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=ten",
        "limit=99999999999999999999",
        "cursor=",
        "cursor=x",
        "cursor=1.0",
        "cursor=99999999999999999999",
        "cursor=1&cursor=1",
        "after=1",
    ] {
        let path = format!("/wallets/{wallet}/entries?{query}");
        let refused = stack.http.get(&path).await;
        assert_eq!(
            refused.problem(),
            (400, "malformed_query".to_owned()),
            "{query}"
        );
    }
    assert!(versions(&stack.http, wallet, "cursor=1").await.0.is_empty());
}

/// The versions of a page, and its `next_cursor`.
async fn versions(http: &Http, wallet_id: Uuid, query: &str) -> (Vec<i64>, Option<String>) {
    let page = http
        .get(&format!("/wallets/{wallet_id}/entries?{query}"))
        .await
        .json();
    let entries = page["entries"].as_array().expect("a list").iter();
    let versions = entries.map(|entry| entry["version"].as_i64().expect("a number"));
    (
        versions.collect(),
        page["next_cursor"].as_str().map(str::to_owned),
    )
}
