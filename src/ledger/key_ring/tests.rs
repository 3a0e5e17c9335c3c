//! Which keys are known, and for how long.

use uuid::Uuid;

use super::*;
use crate::types::KeyScope;

fn caller(number: u64) -> Arc<Caller> {
    Arc::new(Caller {
        ledger_id: 1,
        key_sha256: ApiKeyDigest::of(&number.to_string()),
        key_id: Uuid::from_u128(number.into()),
        scope: KeyScope::Reader,
        user_id: None,
        expires_at: None,
    })
}

fn keys() -> HeldKeys {
    HeldKeys::new(ms(600_000))
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn a_known_key_lasts_while_it_is_confirmed() {
    let (keys, key, start) = (keys(), caller(1), Instant::now());
    let digest = &key.key_sha256;
    keys.hold(&[Arc::clone(&key)], keys.ask(start));
    let late = start + ms(KEYS_STALE_MS_MAX);
    assert!(keys.get(digest, late).is_some());
    assert!(keys.get(digest, late + ms(1)).is_none());
    keys.confirm(&[*digest], &[(*key).clone()], keys.ask(late));
    assert!(keys.get(digest, late + ms(1)).is_some());
    keys.confirm(&[*digest], &[], keys.ask(late));
    assert!(keys.get(digest, late).is_none());
}

#[test]
fn an_expired_key_is_not_known() {
    let (keys, now) = (keys(), Instant::now());
    for (number, seconds, is_known) in [(1, -1, false), (2, 60, true)] {
        let mut expiring = (*caller(number)).clone();
        let span = time::Duration::seconds(seconds);
        expiring.expires_at = Some(clock::now() + span);
        keys.hold(&[Arc::new(expiring)], keys.ask(now));
        let known = keys.get(&caller(number).key_sha256, now);
        assert_eq!(known.is_some(), is_known);
    }
}

#[test]
fn an_answer_from_before_a_drop_brings_nothing_back() {
    let (keys, key, now) = (keys(), caller(1), Instant::now());
    let digest = &key.key_sha256;
    let asked = keys.ask(now);
    keys.forget_by_id(1, key.key_id);
    keys.hold(&[Arc::clone(&key)], asked);
    assert!(keys.get(digest, now).is_none());
    keys.hold(&[Arc::clone(&key)], keys.ask(now));
    let asked = keys.ask(now);
    keys.forget(digest);
    keys.confirm(&[*digest], &[(*key).clone()], asked);
    assert!(keys.get(digest, now).is_none());
}

#[test]
fn an_unused_key_is_forgotten() {
    let (keys, now) = (HeldKeys::new(ms(100)), Instant::now());
    let (used, unused) = (caller(1), caller(2));
    keys.hold(&[Arc::clone(&used), Arc::clone(&unused)], keys.ask(now));
    let deadline = now + ms(10_000);
    while keys.to_check().len() == 2 {
        assert!(Instant::now() < deadline, "both stay");
        assert!(keys.get(&used.key_sha256, now).is_some());
        std::thread::yield_now();
    }
    assert_eq!(keys.to_check(), [(1, used.key_sha256)]);
}

#[test]
fn there_is_room_for_so_many_keys_and_no_more() {
    let (keys, now) = (keys(), Instant::now());
    for number in 0..2 * KNOWN_KEYS_MAX {
        keys.hold(&[caller(number)], keys.ask(now));
    }
    keys.held.run_pending_tasks();
    assert_eq!(keys.held.entry_count(), KNOWN_KEYS_MAX);
    let newest = caller(2 * KNOWN_KEYS_MAX - 1);
    assert!(keys.get(&newest.key_sha256, now).is_some());
}
