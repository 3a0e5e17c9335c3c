//! The gate in front of the SQL functions lets through whom they let through.

use std::collections::BTreeSet;

use hyper::Method;
use remit::http::access::Permission;
use remit::http::route::Route;
use remit::types::KeyScope;
use strum::VariantArray;
use uuid::Uuid;

use crate::callers::route_names;
use crate::stack::Stack;

/// Each route that needs a key, and what it calls.
const CALLS: [(&str, &str, &str); 40] = [
    ("POST", "/users", "remit_v1.user_create(1, null, $key)"),
    ("GET", "/users/$id", "remit_v1.user_get(1, '$id', $key)"),
    (
        "GET",
        "/users/$id/wallets",
        "(select count(*) from remit_v1.wallet_list(1, '$id', null, null, 1, $key))",
    ),
    ("POST", "/wallets", "remit_v1.wallet_create(1, null, $key)"),
    (
        "GET",
        "/wallets/$id",
        "(select count(*) from remit_v1.wallets_get(1, array['$id']::uuid[], array[$key]))",
    ),
    (
        "GET",
        "/wallets/$id/entries",
        "(select count(*) from remit_v1.entry_list(1, '$id', null, 1, $key))",
    ),
    (
        "POST",
        "/wallets/$id/freeze",
        "remit_ops_v1.wallet_freeze(1, '$id', 'r', $key)",
    ),
    (
        "POST",
        "/wallets/$id/unfreeze",
        "remit_ops_v1.wallet_unfreeze(1, '$id', 'r', $key)",
    ),
    (
        "GET",
        "/wallets/$id/limits",
        "remit_v1.wallet_limits_get(1, '$id', $key)",
    ),
    (
        "PUT",
        "/wallets/$id/limits",
        "remit_ops_v1.wallet_limits_set(1, '$id', null, null, 'r', $key)",
    ),
    (
        "POST",
        "/transfers",
        "(select r.outcome from remit_v1.transfers_post(1, array[('$id', '$id', '$id', 1, null, null, null, null)::remit_v1.transfer_request], array[$key]) r)",
    ),
    (
        "GET",
        "/transfers/$id",
        "remit_v1.transfer_get(1, '$id', $key)",
    ),
    (
        "GET",
        "/transfers/$id/proof",
        "remit_v1.transfer_proof(1, '$id', null, $key)",
    ),
    (
        "POST",
        "/transfers/bulk",
        "(select r.outcome from remit_v1.transfers_post(1, array[('$id', '$id', '$id', 1, null, null, null, null)::remit_v1.transfer_request], array[$key]) r)",
    ),
    (
        "POST",
        "/transfers/$id/reversals",
        "remit_v1.transfer_reverse(1, '$id', '$id', key_sha256 => $key)",
    ),
    ("GET", "/events", "remit_v1.events_get(1, 0, 1, null, $key)"),
    (
        "GET",
        "/events/stream",
        "remit_v1.events_get(1, 0, 1, null, $key)",
    ),
    (
        "POST",
        "/holds",
        "remit_v1.hold_create(1, '$id', '$id', 1, key_sha256 => $key)",
    ),
    (
        "GET",
        "/holds/$id",
        "(select count(*) from remit_v1.holds_get(1, array['$id']::uuid[], $key))",
    ),
    (
        "POST",
        "/holds/$id/adjustments",
        "remit_v1.hold_adjust(1, '$id', '$id', 1, key_sha256 => $key)",
    ),
    (
        "GET",
        "/wallets/$id/holds",
        "(select count(*) from remit_v1.hold_list(1, '$id', null, null, 1, $key))",
    ),
    (
        "GET",
        "/wallets/$id",
        "(select r::text from remit_v1.wallet_holds_get(1, '$id', $key) r)",
    ),
    (
        "POST",
        "/groups",
        "(select count(*) from remit_v1.group_create(1, '$id', array_fill(('$id', '$id', '$id', 1, null, null, null, null)::remit_v1.transfer_request, array[2]), null, $key))",
    ),
    (
        "GET",
        "/groups/$id",
        "(select count(*) from remit_v1.group_get(1, '$id', $key))",
    ),
    ("POST", "/keys", "remit_v1.key_create(1, null, 'r', $key)"),
    (
        "GET",
        "/keys",
        "(select count(*) from remit_v1.key_list(1, null, null, 1, $key))",
    ),
    (
        "DELETE",
        "/keys/$id",
        "remit_v1.key_revoke(1, '$id', 'r', $key)",
    ),
    (
        "POST",
        "/ledgers",
        "remit_v1.ledger_create(1, null, 'r', $key)",
    ),
    ("GET", "/ledgers/1", "remit_v1.ledger_get(1, $key)"),
    (
        "POST",
        "/webhooks",
        "remit_v1.webhook_create(1, null, 'r', $key)",
    ),
    (
        "GET",
        "/webhooks",
        "(select count(*) from remit_v1.webhook_list(1, $key))",
    ),
    (
        "GET",
        "/webhooks/$id",
        "remit_v1.webhook_get(1, '$id', $key)",
    ),
    (
        "PATCH",
        "/webhooks/$id",
        "remit_v1.webhook_update(1, '$id', null, '{}', 'r', $key)",
    ),
    (
        "DELETE",
        "/webhooks/$id",
        "remit_v1.webhook_delete(1, '$id', 'r', $key)",
    ),
    (
        "POST",
        "/webhooks/$id/rotate",
        "remit_v1.webhook_rotate(1, '$id', 'r', $key)",
    ),
    (
        "POST",
        "/webhooks/$id/ping",
        "remit_v1.webhook_ping(1, '$id', 'r', $key)",
    ),
    (
        "POST",
        "/webhooks/$id/enable",
        "remit_v1.webhook_enable(1, '$id', 'r', $key)",
    ),
    (
        "POST",
        "/webhooks/$id/replay",
        "remit_v1.webhook_replay(1, '$id', now(), null, null, 'r', $key)",
    ),
    (
        "GET",
        "/webhooks/$id/failures",
        "(select count(*) from remit_v1.webhook_failure_list(1, '$id', null, 1, $key))",
    ),
    (
        "POST",
        "/webhooks/$id/failures/1/retry",
        "remit_v1.webhook_failure_retry(1, '$id', 1, 'r', $key)",
    ),
];

/// What SQL says to one key: whether it is WL017 or the outcome `forbidden`, whatever else it is.
async fn is_forbidden(session: &tokio_postgres::Client, call: &str, key: &str) -> bool {
    let text = format!("select ({call})::text").replace("$key", &format!("sha256('{key}')"));
    match session.simple_query(&text).await {
        Ok(rows) => rows.iter().any(|row| match row {
            tokio_postgres::SimpleQueryMessage::Row(row) => {
                row.get(0).is_some_and(|value| value.contains("forbidden"))
            }
            _ => false,
        }),
        Err(error) => {
            let code = error.code().map_or("none", |code| code.code());
            assert_ne!(code, "WL016", "{call}");
            assert!(code.starts_with("WL"), "{call}: {error:?}");
            code == "WL017"
        }
    }
}

#[tokio::test]
async fn sql_and_the_gate_before_it_agree_on_each_scope() {
    let stack = Stack::start().await;
    let (user, id) = (stack.http.user().await, Uuid::new_v4());
    let owner = stack.owner().await;
    let server = stack.database.connect_as("remit_server").await;
    let mut agreed = BTreeSet::new();
    for scope in KeyScope::VARIANTS.iter().copied() {
        let bound_to = (scope == KeyScope::User).then_some(user);
        let (name, key) = (
            <&str>::from(scope),
            format!("key of {}", <&str>::from(scope)),
        );
        let insert = "insert into remit.keys (ledger_id, name, scope, user_id, sha256)
                      values (1, $1, $1::text::remit_v1.key_scope, $2, sha256(convert_to($3, 'UTF8')))";
        let inserted = owner.execute(insert, &[&name, &bound_to, &key]).await;
        inserted.expect("the owner may");
        for (method, path, call) in CALLS {
            let path = path.replace("$id", &id.to_string());
            let method: Method = method.parse().expect("a method");
            let route = Route::find(&method, &path).expect("a route");
            let permission = Permission::of_route(&route).expect("it needs a key");
            let call = call.replace("$id", &id.to_string());
            let refused = is_forbidden(&server, &call, &key).await;
            assert_eq!(refused, !scope.allows(permission), "{call} by {name}");
            agreed.insert(route.name().to_owned());
        }
    }
    // A key of scope user may ask for these, and hears of each hold whether it may.
    agreed.extend(["hold_capture", "hold_release"].map(str::to_owned));
    // These have no function that takes a key.
    let rest = [
        "metrics", "root", "healthz", "readyz", "openapi", "asyncapi", "docs",
    ]
    .map(str::to_owned);
    agreed.extend(rest);
    assert_eq!(agreed, route_names());
}
