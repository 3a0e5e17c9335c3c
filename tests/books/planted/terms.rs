//! Faults in what is done with terms: holds, reversals, groups, conditions.

use super::{ADMIT, DECIDE, DRAFT, Fault, LOCK};
use crate::kinds::Kind;

const WEIGH: &str = "remit/terms_weigh";
const MEET: &str = "remit/terms_meet";

pub const FAULTS: [Fault; 24] = [
    Fault {
        rule: "what has ended is decided under the lock",
        function: LOCK,
        text: "if (select min(u) from unnest(locked.held_untils) u) <= locked.moment then",
        instead: "if false then",
    },
    Fault {
        rule: "what is held is not there to spend",
        function: LOCK,
        text: "w.currency, w.floor + w.held, w.version",
        instead: "w.currency, w.floor, w.version",
    },
    Fault {
        rule: "what is held counts as spent",
        function: LOCK,
        text: "remit.wallet_spent(wallets_lock.ledger_id, w.id, clock) + w.held end",
        instead: "remit.wallet_spent(wallets_lock.ledger_id, w.id, clock) end",
    },
    Fault {
        rule: "a group that fails is undone whole",
        function: DECIDE,
        text: "select b.wallets, b.balances, b.versions, b.spents,",
        instead: "select b.wallets, b.balances, versions, b.spents,",
    },
    Fault {
        rule: "a capture that does not say so is the last",
        function: "remit/terms_read",
        text: "coalesce((t.term).is_final, true)",
        instead: "coalesce((t.term).is_final, false)",
    },
    Fault {
        rule: "a capture of all that remains is the last",
        function: WEIGH,
        text: "if amount >= remaining or",
        instead: "if amount > remaining or",
    },
    Fault {
        rule: "reversals of one call do not exceed the original",
        function: "remit/originals_after",
        text: "originals[place].left_amount - draft.moved",
        instead: "originals[place].left_amount",
    },
    Fault {
        rule: "reversals of two calls do not exceed the original",
        function: "remit/subjects_read",
        text: "t.amount - coalesce(v.amount, 0)",
        instead: "t.amount",
    },
    Fault {
        rule: "a frozen wallet promises nothing",
        function: DRAFT,
        text: "r.kind not in ('adjustment', 'release')",
        instead: "r.kind not in ('hold', 'adjustment', 'release')",
    },
    Fault {
        rule: "a user's key does not take back what it promised",
        function: ADMIT,
        text: "not in ('capture', 'release')",
        instead: "not in ('capture')",
    },
    Fault {
        rule: "an id is taken by its terms too",
        function: "remit/transfer_replay",
        text: "stored.metadata, stored.terms,",
        instead: "stored.metadata, draft.terms,",
    },
    Fault {
        rule: "a hold with a target is captured to it alone",
        function: WEIGH,
        text: "hold.target_id <> draft.target_id",
        instead: "false",
    },
    Fault {
        rule: "at most what is available, not what is there",
        function: WEIGH,
        text: "amount := least(amount, balance - bar, amount_max);",
        instead: "amount := least(amount, balance, amount_max);",
    },
    Fault {
        rule: "a hold is not made less than was captured",
        function: WEIGH,
        text: "asked < hold.captured",
        instead: "asked < 0",
    },
    Fault {
        rule: "a condition on the source's version is met",
        function: MEET,
        text: "expected <> version",
        instead: "false",
    },
    Fault {
        rule: "what has ended is not read as held",
        function: "remit_v1/wallets_get",
        text: "where w.held_until <= greatest(clock_timestamp(), w.updated_at)",
        instead: "where false",
    },
    Fault {
        rule: "when the first hold is gone, another one is the first to end",
        function: "remit/first_open",
        text: "while holds[first].source_id = hold.source_id loop",
        instead: "while false loop",
    },
    Fault {
        rule: "when the first hold ends later, another one is the first to end",
        function: "remit/first_expiry",
        text: "if hold_before.expires_at = held_until then",
        instead: "if false then",
    },
    Fault {
        rule: "a hold's end is an event",
        function: "remit/transfers_store",
        text: "unnest(locked.expired || decided.drafts)",
        instead: "unnest(decided.drafts)",
    },
    Fault {
        rule: "what a call refused is not there for what comes after it",
        function: DECIDE,
        text: "if admitted.abouts[i] is not null or",
        instead: "if",
    },
    Fault {
        rule: "to a condition, the end of a hold is no change",
        function: MEET,
        text: "source.version - expected <= expiries_max",
        instead: "false",
    },
    Fault {
        rule: "to a condition, all else is one",
        function: MEET,
        text: "and (t.terms).kind = 'expiry'",
        instead: "",
    },
    Fault {
        rule: "what is held stays exact",
        function: DECIDE,
        text: "or helds is not null and (helds[draft.source]",
        instead: "or false and (helds[draft.source]",
    },
    Fault {
        rule: "a dry run writes nothing",
        function: "remit_v1/transfers_post",
        text: "when dry_run is true then",
        instead: "when false then",
    },
];

pub const RACES: [(Fault, [Kind; 2]); 4] = [
    (
        Fault {
            rule: "a sum is written by a call that posted, not by one that was refused the lock",
            function: "remit/holds_store",
            text: "(d.terms).kind = 'reversal' and d.outcome = 'posted'",
            instead: "(d.terms).kind = 'reversal' and d.outcome in ('posted', 'wallet_busy') and d.moved > 0",
        },
        [Kind::TransfersPost, Kind::Reversal],
    ),
    (
        Fault {
            rule: "a capture by hand waits for the wallets that follow from its hold",
            function: "remit/transfers_insist",
            text: "from unnest(meant) r",
            instead: "from unnest(requests) r",
        },
        [Kind::TransfersPost, Kind::Capture],
    ),
    (
        Fault {
            rule: "a group by hand waits for its wallets",
            function: "remit/transfers_insist",
            text: "perform remit.wallets_wait(",
            instead: "perform concat(",
        },
        [Kind::Group, Kind::Group],
    ),
    (
        Fault {
            rule: "a hold that ends while others meet on it has ended for all",
            function: "remit/holds_expire",
            text: "locked.expired := drafts;",
            instead: "locked.expired := null;",
        },
        [Kind::Capture, Kind::HoldChange],
    ),
];
