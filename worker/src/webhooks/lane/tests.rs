use proptest::prelude::*;
use remit::types::WebhookOutcome;
use serde_json::json;

use super::*;
use crate::sample;
use crate::webhooks::track::Track;

const REFUSED: Outcome = (WebhookOutcome::Refused, Some(500));

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(seconds)
}

/// An event between two wallets.
fn event(position: i64, wallets: [u128; 2]) -> Arc<Event> {
    let mut event = sample::transfer(wallets, &json!({}));
    event.position = position;
    Arc::new(event)
}

/// A lane with events between these wallets, at the positions 1, 2, 3 …
fn lane(events: &[[u128; 2]]) -> Lane {
    let mut lane = Lane::new(Vec::new(), false, None);
    lane.limit = IN_FLIGHT_MAX;
    for (position, wallets) in (1..).zip(events) {
        lane.offer(event(position, *wallets), at(0));
    }
    lane
}

fn all(lane: &mut Lane, now: i64) -> Vec<i64> {
    std::iter::from_fn(|| lane.take(at(now), 1)).collect()
}

fn track(end: i64) -> Track {
    let mut track = Track::new(0, end, None);
    track.read = end;
    track
}

#[test]
fn events_of_a_wallet_go_one_after_the_other_and_others_beside_them() {
    let mut lane = lane(&[[1, 2], [2, 3], [4, 5], [1, 3]]);
    assert_eq!(all(&mut lane, 0), [1, 3]);
    lane.succeeded(1, at(0));
    assert_eq!(all(&mut lane, 0), [2]);
    lane.succeeded(2, at(0));
    assert_eq!(all(&mut lane, 0), [4]);
    assert_eq!(lane.done(&track(4)), 2, "3 is on its way");
    lane.succeeded(3, at(0));
    lane.succeeded(4, at(0));
    assert_eq!(lane.done(&track(4)), 4);
    assert!(!lane.has_changes(), "nothing has failed");
}

#[test]
fn one_is_on_its_way_at_first_and_sixteen_after_some_successes() {
    let pairs: Vec<[u128; 2]> = (0..40).map(|n| [2 * n, 2 * n + 1]).collect();
    let mut lane = lane(&pairs);
    lane.limit = 1;
    for expected in [1, 2, 4, 8, 16, 16] {
        let taken = all(&mut lane, 0);
        assert_eq!(lane.in_flight(), expected);
        lane.succeeded(taken[0], at(0));
    }
}

#[test]
fn an_older_event_of_a_wallet_that_comes_by_a_replay_waits_for_the_one_in_flight() {
    let mut lane = Lane::new(Vec::new(), false, None);
    lane.limit = IN_FLIGHT_MAX;
    let take = |lane: &mut Lane| lane.take(at(0), 100);
    for position in [100, 101] {
        lane.offer(event(position, [1, 2]), at(0));
    }
    lane.offer(event(110, [3, 4]), at(0));
    assert_eq!(take(&mut lane), Some(100));
    for position in [50, 60] {
        lane.offer(event(position, [2, 3]), at(0));
    }
    assert_eq!(
        take(&mut lane),
        None,
        "50 waits for 100, and 110 for 50 and 60"
    );
    lane.failed(100, REFUSED, at(0));
    assert_eq!(take(&mut lane), Some(50), "which was before it");
    assert_eq!(take(&mut lane), None);
    lane.succeeded(50, at(0));
    assert_eq!(take(&mut lane), Some(60));
    lane.succeeded(60, at(0));
    assert_eq!(take(&mut lane), Some(110));
    assert_eq!(lane.take(at(6), 100), Some(100));
}

#[test]
fn a_failure_holds_up_its_wallets_alone_and_the_cursor_passes_it() {
    let mut lane = lane(&[[1, 2], [2, 3], [3, 4], [5, 6], [5, 6]]);
    assert_eq!(all(&mut lane, 0), [1, 4]);
    lane.failed(1, REFUSED, at(0));
    lane.succeeded(4, at(0));
    assert_eq!(all(&mut lane, 0), [5]);
    lane.succeeded(5, at(0));
    assert_eq!(lane.done(&track(5)), 5);
    let (settled, failures) = lane.changes();
    let told: Vec<_> = failures.iter().map(|f| (f.position, f.attempts)).collect();
    assert_eq!((settled, told), (vec![], vec![(1, 1), (2, 0), (3, 0)]));
    assert_eq!(all(&mut lane, 1), [0; 0], "not before its time");

    // Also in a lane that is made of the table.
    let mut lane = Lane::new(failures, false, None);
    lane.offer(event(6, [4, 7]), at(1));
    assert_eq!(lane.done(&track(6)), 6, "it waits behind 3");
    for position in [1, 2, 3, 6] {
        assert_eq!(all(&mut lane, 6), [position]);
        lane.succeeded(position, at(6));
    }
    assert_eq!(lane.changes(), (vec![1, 2, 3, 6], vec![]));
}

#[test]
fn what_keeps_failing_while_others_succeed_is_set_aside_and_its_wallet_goes_on() {
    let mut lane = lane(&[[1, 2], [1, 2]]);
    for attempt in 1..=8 {
        let now = attempt * 40_000;
        assert_eq!(all(&mut lane, now), [1], "attempt {attempt}");
        lane.offer(event(10 + attempt, [3, 4]), at(now));
        lane.failed(1, REFUSED, at(now));
        if attempt < 8 {
            assert_eq!(all(&mut lane, now), [10 + attempt]);
            lane.succeeded(10 + attempt, at(now + 1));
        }
    }
    assert_eq!(lane.take(at(320_001), 1), Some(2), "it goes on");
    lane.succeeded(2, at(320_001));
    let (_, failures) = lane.changes();
    assert!(failures[0].is_aside && failures[0].next_at.is_some());
    assert_eq!(all(&mut lane, 360_001), [1, 18], "it is tried again");
    lane.succeeded(1, at(360_001));
    assert_eq!(lane.changes().0, [1]);
}

#[test]
fn while_all_fails_nothing_is_set_aside_and_the_cursor_comes_to_stand() {
    let pairs: Vec<[u128; 2]> = (0..40).map(|n| [2 * n, 2 * n + 1]).collect();
    let mut lane = lane(&pairs);
    for position in all(&mut lane, 0) {
        lane.failed(position, REFUSED, at(0));
    }
    for now in 1..30 {
        let now = now * 40_000;
        while let Some(position) = lane.take(at(now), 1) {
            assert_eq!(lane.in_flight(), 1, "one at a time");
            assert!(position <= 16, "no other is tried");
            lane.failed(position, REFUSED, at(now));
        }
    }
    assert_eq!((lane.room(), lane.done(&track(40))), (0, 16));
    assert!(lane.changes().1.iter().all(|failure| !failure.is_aside));
    let back = lane.take(at(2_000_000), 1).expect("one is due");
    lane.succeeded(back, at(2_000_000));
    assert_eq!(
        lane.due.range(..(at(2_000_001), 0)).count(),
        15,
        "the others at once"
    );
}

proptest! {
    /// Whatever fails and whenever: the events of a wallet are delivered in order, but for those
    /// that were set aside; never two of a wallet are on their way; and nothing is lost.
    #[test]
    fn wallets_keep_their_order(
        events in prop::collection::vec([0_u128..5, 5_u128..9], 1..60),
        steps in prop::collection::vec((0_usize..16, prop::bool::weighted(0.7), 0_i64..9_000), 0..300),
    ) {
        let mut lane = Lane::new(Vec::new(), false, None);
        let (mut offered, mut now, mut flying) = (0, 0, Vec::new());
        let (mut delivered, mut aside) = (Vec::new(), BTreeSet::new());
        // In the end all succeeds.
        let steps = steps.into_iter().chain(std::iter::repeat_n((0, true, 90_000), 400));
        for (choice, succeeds, pause) in steps {
            now += pause;
            while offered < events.len() && lane.room() > 0 {
                lane.offer(event(offered as i64 + 1, events[offered]), at(now));
                offered += 1;
            }
            flying.extend(std::iter::from_fn(|| lane.take(at(now), 1)));
            let mut busy = BTreeSet::new();
            for position in flying.iter().filter(|position| !aside.contains(*position)) {
                for wallet in events[*position as usize - 1] {
                    prop_assert!(busy.insert(wallet), "two of a wallet");
                }
            }
            if flying.is_empty() {
                continue;
            }
            let position = flying.remove(choice % flying.len());
            if succeeds {
                lane.succeeded(position, at(now));
                delivered.push(position);
            } else {
                lane.failed(position, REFUSED, at(now));
            }
            aside.extend(lane.changes().1.iter().filter(|f| f.is_aside).map(|f| f.position));
        }
        for wallet in 0..9 {
            let of_wallet = |position: &&i64| {
                events[**position as usize - 1].contains(&wallet) && !aside.contains(*position)
            };
            let order: Vec<&i64> = delivered.iter().filter(of_wallet).collect();
            prop_assert!(order.is_sorted(), "{wallet}: {order:?}");
        }
        delivered.sort_unstable();
        prop_assert_eq!(delivered, (1..=events.len() as i64).collect::<Vec<_>>());
        prop_assert_eq!(lane.done(&track(events.len() as i64)), events.len() as i64);
    }
}
