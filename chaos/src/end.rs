//! What has to be true once nothing breaks any more and nobody asks for anything.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use testbed::words::with_causes;
use tokio::time::sleep;
use uuid::Uuid;

use crate::attempts::Attempts;
use crate::books::{Books, CachedWallet, Owner, cached_wallets};
use crate::http::Call;
use crate::hub::Hub;
use crate::rule::Rule;
use crate::stage::Stage;
use crate::tap::Tap;

/// Once it is so long silent, the tap has heard its last event, duplicates too.
const QUIET_MS: u64 = 1_000;
/// `POOL_CONNECTIONS` and `KEYS_CONNECTIONS` of the server, and one for its pulse.
const SERVER_SESSIONS_MAX: usize = 16 + 3 + 1;
/// Relay, notifier and webhooks.
const WORKER_SESSIONS_MAX: usize = 3;
/// There are two of each.
const PROGRAMS: usize = 2;
/// How long a generation may be closed once nothing breaks any more.
const OPEN_S_MAX: u64 = 20;
/// The number of this client in the record.
const CLIENT: u64 = 9_998;

/// Waits until all events are published and all is notified, or nothing moves any more.
pub async fn drain(tap: &Tap, owner: &Owner, still: Duration) {
    let mut best = i64::MAX;
    let mut since = Instant::now();
    loop {
        let waiting = owner.unpublished().await.unwrap_or(i64::MAX);
        let unnotified = owner.unnotified().await.unwrap_or(i64::MAX);
        // Each has yet to be ended by the worker, in a second or two.
        let unexpired = owner.unexpired().await.unwrap_or(i64::MAX);
        let left = waiting
            .saturating_add(unnotified.max(0))
            .saturating_add(unexpired);
        if left <= 0 {
            break;
        }
        if left < best {
            (best, since) = (left, Instant::now());
        }
        if since.elapsed() > still {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let rows = owner.number("select count(*) from remit.transfers").await;
    let rows = rows.ok().and_then(|rows| usize::try_from(rows).ok());
    let (start, quiet) = (Instant::now(), Duration::from_millis(QUIET_MS));
    // A tap that had lost its connection has yet to hear what waits for it.
    let waits = || tap.silence() < quiet || rows.is_none_or(|rows| tap.subjects() < rows);
    while waits() && start.elapsed() < still {
        sleep(Duration::from_millis(50)).await;
    }
}

/// Compares the cache with the database, past Remit and through it, and counts sessions.
///
/// # Errors
/// Redis is away.
pub async fn check_at_rest(hub: &Arc<Hub>, stage: &Stage, books: &Books) -> Result<(), String> {
    compare_cache(hub, stage, books).await?;
    let attempts = Attempts::new(Arc::clone(hub), CLIENT);
    for row in books.wallets.values().filter(|row| row.user_id.is_some()) {
        let Some(answer) = attempts
            .http(&Call::get(format!("/wallets/{}", row.id)))
            .await
        else {
            continue;
        };
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let is_same = body["version"] == row.version
            && body["balance"] == row.balance
            && body["held"] == row.held;
        if !is_same {
            hub.violate(
                Rule::CacheIsTheDatabase,
                format!("{} and {row:?}", answer.body),
            );
        }
    }
    // Each was read a moment ago.
    let cached = compare_cache(hub, stage, books).await?;
    for row in books.wallets.values().filter(|row| row.user_id.is_some()) {
        if !cached.contains_key(&row.id) {
            let detail = format!("not cached after a read: {row:?}");
            hub.violate(Rule::CacheIsTheDatabase, detail);
        }
    }
    for detail in wrong_sessions(books) {
        hub.violate(Rule::SessionsBounded, detail);
    }
    Ok(())
}

/// The programs with more sessions than their pools hold, or with none, though none is away.
fn wrong_sessions(books: &Books) -> Vec<String> {
    let maxima = [
        ("remit_server", PROGRAMS * SERVER_SESSIONS_MAX),
        ("remit_worker", PROGRAMS * WORKER_SESSIONS_MAX),
    ];
    let wrong = maxima.iter().filter_map(|(role, max)| {
        let sessions: Vec<_> = books.sessions.iter().filter(|(of, _)| of == role).collect();
        let fits = (1..=*max).contains(&sessions.len());
        (!fits).then(|| format!("{role} has {}: {sessions:#?}", sessions.len()))
    });
    wrong.collect()
}

/// What the keys of the generation begin with that all servers read by now.
async fn open_generation(stage: &Stage) -> Result<String, String> {
    let owner = stage.owner().await?;
    let query = "select case when redis_id is not null and age_ms > 2000
                             then 'remit:' || place || ':cache:' || generation else '' end
                   from remit_ops_v1.cache_state()";
    let start = Instant::now();
    loop {
        let prefix = owner.text(query).await?;
        if !prefix.is_empty() {
            return Ok(prefix);
        }
        if start.elapsed() > Duration::from_secs(OPEN_S_MAX) {
            return Err("the cache's generation stays closed".to_owned());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Looks past Remit at each wallet that Redis has.
async fn compare_cache(
    hub: &Hub,
    stage: &Stage,
    books: &Books,
) -> Result<HashMap<Uuid, CachedWallet>, String> {
    let ids = books.wallets.keys().copied();
    let prefix = open_generation(stage).await?;
    let cached = cached_wallets(&stage.services.redis()?, &prefix, ids).await;
    let cached = cached.map_err(|error| with_causes(&error))?;
    for detail in differences(&cached, books) {
        hub.violate(Rule::CacheIsTheDatabase, detail);
    }
    Ok(cached)
}

fn differences(cached: &HashMap<Uuid, CachedWallet>, books: &Books) -> Vec<String> {
    let different = cached.iter().filter_map(|(id, cached)| {
        let row = &books.wallets[id];
        let is_same =
            (cached.version, cached.balance, cached.held) == (row.version, row.balance, row.held);
        (!is_same).then(|| format!("{cached:?} and {row:?}"))
    });
    different.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::Run;

    #[test]
    fn too_many_sessions_and_none_are_found() {
        let mut books = Run::good().books;
        assert_eq!(wrong_sessions(&books).len(), 2);
        for (role, max) in [
            ("remit_server", SERVER_SESSIONS_MAX),
            ("remit_worker", WORKER_SESSIONS_MAX),
        ] {
            let sessions = vec![(role.to_owned(), String::new()); PROGRAMS * max];
            books.sessions.extend(sessions);
        }
        assert_eq!(wrong_sessions(&books), Vec::<String>::new());
        books
            .sessions
            .push(("remit_worker".to_owned(), String::new()));
        assert_eq!(wrong_sessions(&books).len(), 1);
    }

    #[test]
    fn a_cached_wallet_of_another_version_or_balance_is_found() {
        let books = Run::good().books;
        let found = |version, balance, held| {
            let cached = CachedWallet {
                version,
                balance,
                held,
            };
            differences(&[(Uuid::from_u128(2), cached)].into(), &books).len()
        };
        let found = [
            found(2, 15, 0),
            found(1, 10, 0),
            found(2, 10, 0),
            found(2, 15, 1),
        ];
        assert_eq!(found, [0, 1, 1, 1]);
    }
}
