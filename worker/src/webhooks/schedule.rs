//! When what failed is tried again.

use std::time::Duration;

use time::OffsetDateTime;

use crate::backoff::jittered;

/// The delays after the first attempts that failed. After further ones it is the last.
const DELAYS_S: [u64; 6] = [5, 300, 1_800, 7_200, 18_000, 36_000];
/// After so many attempts an event is set aside, if others succeed.
const ATTEMPTS_MAX: i32 = 8;
/// So long after its first failure an event that is set aside is tried by itself.
const ASIDE_S_MAX: i64 = 5 * 24 * 3_600;

/// What a failed attempt leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    pub is_aside: bool,
    /// None: it is tried when an administrator asks for it.
    pub next_at: Option<OffsetDateTime>,
}

/// Decides after an attempt of this number, the first being 1. Nothing is set aside while all
/// fails: `succeeded_at` is the last success of the endpoint.
pub fn after_failure(
    attempts: i32,
    failed_at: OffsetDateTime,
    succeeded_at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Next {
    let others_succeed = succeeded_at.is_some_and(|succeeded_at| succeeded_at > failed_at);
    let is_aside = attempts >= ATTEMPTS_MAX && others_succeed;
    let gives_up = is_aside && now - failed_at >= time::Duration::seconds(ASIDE_S_MAX);
    Next {
        is_aside,
        next_at: (!gives_up).then(|| now + jittered(delay(attempts))),
    }
}

fn delay(attempts: i32) -> Duration {
    let place = usize::try_from(attempts - 1).unwrap_or(0);
    Duration::from_secs(DELAYS_S[place.min(DELAYS_S.len() - 1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn at(seconds: i64) -> OffsetDateTime {
        START + time::Duration::seconds(seconds)
    }

    #[test]
    fn delays_are_those_of_the_schedule_with_jitter() {
        for (attempts, seconds) in [
            (1, 5),
            (2, 300),
            (3, 1_800),
            (4, 7_200),
            (5, 18_000),
            (6, 36_000),
            (7, 36_000),
            (50, 36_000),
        ] {
            let next = after_failure(attempts, START, None, START);
            let delay = next.next_at.expect("it is tried again") - START;
            let whole = time::Duration::seconds(seconds);
            assert!(delay >= whole / 2 && delay <= whole, "{attempts}: {delay}");
            assert!(!next.is_aside, "nothing else has succeeded");
        }
    }

    #[test]
    fn an_event_is_set_aside_where_others_succeed_and_never_while_all_fails() {
        let aside = |attempts, succeeded_at| {
            after_failure(attempts, at(10), succeeded_at, at(100)).is_aside
        };
        assert!(!aside(7, Some(at(50))));
        assert!(aside(8, Some(at(50))));
        assert!(!aside(8, Some(at(5))), "the success was before it failed");
        assert!(!aside(100, None));
    }

    #[test]
    fn what_is_set_aside_is_tried_for_five_days() {
        let days = |days: i64| at(10 + days * 24 * 3_600);
        let next = |now| after_failure(20, at(10), Some(at(50)), now);
        assert!(next(days(4)).next_at.is_some());
        assert_eq!(next(days(5)).next_at, None);
        let all_fail = after_failure(20, at(10), None, days(5));
        assert!(all_fail.next_at.is_some(), "the endpoint decides then");
    }
}
