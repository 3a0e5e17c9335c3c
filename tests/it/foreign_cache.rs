//! The cache tells nothing of foreign wallets, not even by how long it takes, and gains nothing
//! from the users who ask for them.

use std::collections::BTreeMap;

use testbed::cache;
use testbed::http::Http;
use testbed::poll::{SOON, eventually_true};
use uuid::Uuid;

use crate::gate::Gate;
use crate::stack::Stack;
use crate::world::World;

/// How often Redis ran each command since the last reset.
async fn commands(stack: &Stack) -> BTreeMap<String, u64> {
    let mut redis = stack.redis.connect().await;
    let stats: String = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut redis)
        .await
        .expect("Redis answers");
    let reset = redis::cmd("CONFIG")
        .arg("RESETSTAT")
        .exec_async(&mut redis)
        .await;
    reset.expect("Redis answers");
    let counts = stats.lines().filter_map(|line| {
        let (name, values) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let count = values.split(',').next()?.parse().ok()?;
        Some((name.to_owned(), count))
    });
    let of_tests = [
        "info",
        "config|resetstat",
        "auth",
        "ping",
        "hello",
        "client|setinfo",
        "select",
    ];
    counts
        .filter(|(name, _)| !of_tests.contains(&name.as_str()))
        .collect()
}

#[tokio::test]
async fn a_foreign_wallet_takes_the_same_steps_as_none() {
    let world = World::start().await;
    let stack = &world.stack;
    let owner = &world.valid[1];
    let attacker = &world.valid[2];
    let path = format!("/wallets/{}", world.wallet);
    assert_eq!(owner.get(&path).await.header("x-cache"), "HIT");
    let gate = Gate::behind_wallets_get(stack).await;
    // The scripts are loaded by now.
    attacker.get(&format!("/wallets/{}", Uuid::new_v4())).await;
    commands(stack).await;
    let mut seen = Vec::new();
    for id in [world.wallet, Uuid::new_v4()] {
        let before = gate.call_count().await;
        assert_eq!(attacker.get(&format!("/wallets/{id}")).await.status, 404);
        seen.push((commands(stack).await, gate.call_count().await - before));
    }
    assert_eq!(seen[0].1, 1, "a foreign wallet is no hit");
    // A lease of a wallet that does not exist is all that its key holds: the rest is the same.
    assert_eq!(seen[0], seen[1]);
    assert_eq!(owner.get(&path).await.header("x-cache"), "HIT");
    let mut redis = stack.redis.connect().await;
    let leases: Vec<String> = redis::cmd("HKEYS")
        .arg(stack.wallet_place(world.wallet).await)
        .query_async(&mut redis)
        .await
        .expect("Redis answers");
    assert!(
        !leases.iter().any(|field| field.starts_with("lease")),
        "{leases:?}"
    );
}

#[tokio::test]
async fn reading_foreign_wallets_disturbs_nobody_s_cache() {
    let world = World::start().await;
    let stack = &world.stack;
    let path = format!("/wallets/{}", world.wallet);
    let gate = Gate::behind_wallets_get(stack).await;
    stack.redis.flush().await;
    gate.close().await;
    // The owner has left a lease and asks; then others leave theirs and ask.
    let ask = |http: &Http| {
        let (http, path) = (http.clone(), path.clone());
        tokio::spawn(async move { http.get(&path).await.status })
    };
    let owner = ask(&world.valid[1]);
    gate.wait_for_call().await;
    let others = [ask(&world.valid[2]), ask(&world.valid[5])];
    let mut redis = stack.redis.connect().await;
    let dba = stack.owner().await;
    eventually_true(SOON, "all have left a lease", async || {
        let mut count: usize = 0;
        for ledger in [1, 2] {
            let mut command = redis::cmd("HKEYS");
            command.arg(cache::wallet_key(&dba, ledger, world.wallet).await);
            let fields: Vec<String> = command.query_async(&mut redis).await.unwrap_or_default();
            let leases = fields.iter().filter(|field| field.starts_with("lease"));
            count += leases.count();
        }
        count == 3
    })
    .await;
    gate.open().await;
    assert_eq!(owner.await.expect("no panic"), 200);
    for other in others {
        assert_eq!(other.await.expect("no panic"), 404);
    }
    assert_eq!(world.valid[1].get(&path).await.header("x-cache"), "HIT");
}
