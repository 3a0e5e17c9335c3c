//! Many holds, many groups, and clients that meet on them.

use serde_json::{Value, json};
use testbed::http::{Answer, Http};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

fn leg(source: Uuid, target: Uuid, amount: i64) -> Value {
    json!({"source_id": source, "target_id": target, "amount": amount})
}

async fn group(http: &Http, key: &str, legs: &[Value]) -> Answer {
    http.post_with_key("/groups", key, &json!({"legs": legs}))
        .await
}

/// The only number that a query gives.
async fn number(owner: &Client, query: &str) -> i64 {
    let row = owner.query_one(query, &[]).await;
    row.expect("the owner may read").get(0)
}

#[tokio::test]
async fn fifty_thousand_expired_holds_of_one_wallet_end_in_bounded_calls() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let owner = stack.owner().await;
    let (source, target) = (http.wallet(50_000).await, http.wallet(0).await);
    let post = |count: i32, amount: i64, target: &str, terms: &str| {
        format!(
            "from remit_v1.transfers_post(1, array(
                 select (gen_random_uuid(), '{source}', {target}, {amount}, null, 'a test', null, null)::remit_v1.transfer_request
                   from generate_series(1, {count})), null, {terms})"
        )
    };
    let hold = "(select array_agg(('hold', null, null, null, null, null, 3600, null, null, null, null, null, null
                )::remit_v1.transfer_terms) from generate_series(1, 1000))";
    let holds = format!(
        "do $$ begin for n in 1 .. 50 loop perform {}; end loop; end; $$",
        post(1_000, 1, "null", hold)
            .trim_start_matches("from ")
            .replacen(
                "remit_v1.transfers_post",
                "count(*) from remit_v1.transfers_post",
                1
            )
    );
    owner.batch_execute(&holds).await.expect("it has the money");
    assert_eq!(http.transfer(source, target, 1).await.status, 422);
    // The wallet's moment is two hours later, as if they had gone by.
    let update =
        "update remit.wallets set updated_at = updated_at + interval '2 hours' where id = $1";
    owner
        .execute(update, &[&source])
        .await
        .expect("the owner may");
    let ended =
        format!("select count(*) from remit.holds where source_id = '{source}' and not is_open");

    let call = format!(
        "select outcome::text {}",
        post(1, 1, &format!("'{target}'"), "null")
    );
    for calls in 1..=10 {
        let outcome: String = owner
            .query_one(&call, &[])
            .await
            .expect("it is answered")
            .get(0);
        assert_eq!(outcome, "wallet_busy", "the wallet has more");
        assert_eq!(
            number(&owner, &ended).await,
            1_000 * calls,
            "a call writes a thousand"
        );
        let held = format!("select (remit_v1.wallet_get(1, '{source}')).held");
        assert_eq!(number(&owner, &held).await, 0, "no read counts the others");
    }
    // A client asks again until the rest is written, and each answer comes in time.
    let mut before = 10_000;
    loop {
        let spent = http.transfer_with_key("k", source, target, 50_000).await;
        let written = number(&owner, &ended).await;
        assert!(written > before && written % 1_000 == 0, "{written}");
        before = written;
        if spent.status == 201 {
            break;
        }
        assert_eq!(spent.problem(), (503, "wallet_busy".to_owned()));
    }
    assert_eq!(before, 50_000);
    let state = format!("select balance + held + version from remit.wallets where id = '{source}'");
    assert_eq!(
        number(&owner, &state).await,
        1 + 50_000 + 50_000 + 1,
        "each has ended once"
    );
    assert_eq!(http.balance(target).await, 50_000);
}

#[tokio::test]
async fn a_group_that_touches_one_wallet_four_times_undoes_to_the_very_version() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (a, b) = (http.wallet(100).await, http.wallet(100).await);
    let read = async |id: Uuid| http.get(&format!("/wallets/{id}")).await.body;
    let before = (read(a).await, read(b).await);
    let hold = json!({"kind": "hold", "source_id": a, "amount": 5});
    let legs = [leg(a, b, 60), leg(b, a, 10), hold, leg(a, b, 46)];
    let refused = group(http, "g", &legs).await;
    assert_eq!(refused.problem(), (422, "insufficient_funds".to_owned()));
    assert_eq!(refused.json()["pointer"], "/legs/3");
    assert_eq!((read(a).await, read(b).await), before);
    assert_eq!(http.transfer(a, b, 1).await.json()["source_version"], 2);
    stack.verify().await;
}

#[tokio::test]
async fn neighbours_of_a_refused_group_keep_dense_versions() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let (a, b) = (http.wallet(1_000).await, http.wallet(0).await);
    let mut clients = Vec::new();
    for n in 0..60 {
        let http = http.clone();
        clients.push(tokio::spawn(async move {
            if n % 3 == 0 {
                let legs = [leg(a, b, 1), leg(b, a, 1), leg(a, b, 5_000)];
                group(&http, &format!("g{n}"), &legs).await.status
            } else {
                http.transfer(a, b, 1).await.status
            }
        }));
    }
    let mut posted = 0;
    for client in clients {
        posted += i64::from(client.await.expect("no panic") == 201);
    }
    assert_eq!(posted, 40);
    let page = http.get(&format!("/wallets/{a}/entries?limit=200")).await;
    let page = page.json();
    let entries = page["entries"].as_array().expect("a list").iter();
    let versions: Vec<_> = entries
        .filter_map(|entry| entry["version"].as_i64())
        .collect();
    assert_eq!(versions, (1..=41).rev().collect::<Vec<_>>());
    assert_eq!((http.balance(a).await, http.balance(b).await), (960, 40));
    stack.verify().await;
}

#[tokio::test]
async fn two_groups_in_opposite_order_of_wallets_do_not_deadlock() {
    let stack = Stack::start().await;
    let other = stack.second_server().await;
    let (a, b) = (stack.http.wallet(500).await, stack.http.wallet(500).await);
    let mut clients = Vec::new();
    for n in 0..40 {
        let (from, to) = if n % 2 == 0 { (a, b) } else { (b, a) };
        let http = if n % 4 < 2 { &stack.http } else { &other.http }.clone();
        clients.push(tokio::spawn(async move {
            let legs = [leg(from, to, 5), leg(to, from, 3)];
            group(&http, &format!("g{n}"), &legs).await
        }));
    }
    for client in clients {
        let answer = client.await.expect("no panic");
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let balances = (stack.http.balance(a).await, stack.http.balance(b).await);
    assert_eq!(balances, (500, 500));
    stack.verify().await;
}

#[tokio::test]
async fn a_leg_s_id_that_was_posted_alone_before_its_group_leaves_the_group_nothing() {
    let stack = Stack::start().await;
    let http = &stack.http;
    let owner = stack.owner().await;
    let (a, b) = (http.wallet(100).await, http.wallet(0).await);
    for place in 1..=3 {
        let id = Uuid::new_v4();
        let query = "select remit_v1.leg_id($1, $2)";
        let row = owner.query_one(query, &[&id, &place]).await;
        let leg_id: Uuid = row.expect("it is a function").get(0);
        let alone = http.transfer_with_key(&leg_id.to_string(), a, b, 1).await;
        assert_eq!(alone.status, 201);
        let rows = stack.count("transfers").await;
        let legs = vec![leg(a, b, 1); 3];
        let refused = group(http, &id.to_string(), &legs).await;
        assert_eq!(
            refused.problem(),
            (422, "idempotency_key_reused".to_owned())
        );
        assert_eq!(stack.count("transfers").await, rows);
        assert_eq!(http.balance(b).await, i64::from(place));
    }
    stack.verify().await;
}

#[tokio::test]
async fn captures_that_race_expiries_have_one_winner_each_though_the_clock_moves() {
    const HOLDS: usize = 24;
    let stack = Stack::start().await;
    let other = stack.second_server().await;
    let (source, target) = (stack.http.wallet(240).await, stack.http.wallet(0).await);
    for n in 0..HOLDS {
        let seconds = 1 + n % 2;
        let body =
            json!({"source_id": source, "target_id": target, "amount": 10, "expires_in": seconds});
        let held = stack
            .http
            .post_with_key("/holds", &format!("h{n}"), &body)
            .await;
        assert_eq!(held.status, 201, "{held:?}");
    }
    // A clock that runs ahead for a moment, and is set back: the wallet's moment stays ahead.
    let clock = tokio::spawn({
        let owner = stack.owner().await;
        async move {
            for step in 0_i64..40 {
                let ahead = "update remit.wallets set updated_at = greatest(updated_at, clock_timestamp()) + $2::bigint * interval '1 ms' where id = $1";
                let moved = owner.execute(ahead, &[&source, &(step % 3 * 25)]).await;
                moved.expect("the owner may");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    });
    let clients = [&stack.http, &other.http]
        .map(Clone::clone)
        .into_iter()
        .enumerate();
    let clients: Vec<_> = clients
        .map(|(client, http)| {
            tokio::spawn(async move {
                let mut captured = vec![0; HOLDS];
                for round in 0..12 {
                    for n in (0..HOLDS).filter(|n| (n + client + round) % 3 == 0) {
                        let path = format!("/holds/h{n}/captures");
                        let key = format!("c{client}-{round}-{n}");
                        let answer = http
                            .post_with_key(&path, &key, &json!({"amount": 1, "final": false}))
                            .await;
                        assert!(
                            answer.status == 201
                                || ["hold_closed", "hold_exceeded"]
                                    .contains(&answer.problem().1.as_str()),
                            "{answer:?}"
                        );
                        captured[n] += i64::from(answer.status == 201);
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
                captured
            })
        })
        .collect();
    let mut captured = [0; HOLDS];
    for client in clients {
        for (sum, count) in captured.iter_mut().zip(client.await.expect("no panic")) {
            *sum += count;
        }
    }
    clock.await.expect("no panic");
    for (n, captured) in captured.iter().enumerate() {
        let hold = stack.http.get(&format!("/holds/h{n}")).await.json();
        assert_eq!(hold["captured"], *captured, "{hold}");
        let is_done = *captured == 10;
        assert_eq!(
            hold["status"],
            if is_done { "captured" } else { "expired" },
            "{hold}"
        );
    }
    let moved: i64 = captured.iter().sum();
    assert_eq!(stack.http.balance(target).await, moved);
    // No capture is at or after its hold's end, and no end before its time.
    stack.verify().await;
}
