//! What is said during a run and at its end.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::check::Checked;
use crate::diary::Inflicted;
use crate::history::History;
use crate::rule::{Rule, Violation};

/// What came of a run.
pub struct Report {
    pub seed: u64,
    pub text: String,
    pub violations: Vec<(Rule, usize, Vec<Violation>)>,
}

impl Report {
    /// Whether a rule did not hold.
    pub fn has(&self, rule: Rule) -> bool {
        self.violations.iter().any(|(found, ..)| *found == rule)
    }

    /// Sums a run up.
    pub fn of(
        seed: u64,
        history: &History,
        inflicted: &[Inflicted],
        longest_wait: Option<Duration>,
        checked: &Checked,
    ) -> Self {
        let violations = history.violations();
        let mut text = format!("seed {seed}, {} s\n", history.elapsed_ms() / 1_000);
        let _ = writeln!(text, "{}", numbers(history));
        text.push_str(&faults(inflicted));
        if let Some(longest) = longest_wait {
            let _ = writeln!(
                text,
                "longest wait while PostgreSQL was away {} ms",
                longest.as_millis()
            );
        }
        let _ = writeln!(text, "{checked}");
        if violations.is_empty() {
            text.push_str("violations: none\n");
        }
        for (rule, count, first) in &violations {
            let _ = writeln!(text, "violated {count} times: {rule}: {}", rule.meaning());
            for violation in first.iter().take(5) {
                let _ = writeln!(text, "    {}", violation.detail);
            }
        }
        Self {
            seed,
            text,
            violations,
        }
    }
}

/// The counts in words.
pub fn numbers(history: &History) -> String {
    let counts = &history.counts;
    let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    format!(
        "operations {}  acknowledged {}  unknown {}  retried {}",
        number(&counts.operations),
        number(&counts.acknowledged),
        number(&counts.unknown),
        number(&counts.retried)
    )
}

/// A line for each kind of fault: how often, and how long recovery took.
fn faults(inflicted: &[Inflicted]) -> String {
    let mut kinds: BTreeMap<String, Vec<&Inflicted>> = BTreeMap::new();
    for one in inflicted {
        kinds.entry(one.kind.to_string()).or_default().push(one);
    }
    let mut text = format!("faults {}\n", inflicted.len());
    for (kind, list) in kinds {
        let recoveries: Vec<_> = list.iter().map(|one| one.recovery).collect();
        let _ = write!(
            text,
            "  {kind:<26} {:>3}  recovery {}",
            list.len(),
            range(&recoveries)
        );
        let events: Vec<_> = list.iter().filter_map(|one| one.oldest_event).collect();
        if !events.is_empty() {
            let _ = write!(text, "  oldest event {}", range(&events));
        }
        text.push('\n');
    }
    text
}

/// The median and the longest.
fn range(times: &[Duration]) -> String {
    let mut times: Vec<_> = times.iter().map(Duration::as_millis).collect();
    times.sort_unstable();
    match (times.get(times.len().saturating_sub(1) / 2), times.last()) {
        (Some(median), Some(longest)) if times.len() > 1 => {
            format!("{median} ms, at most {longest} ms")
        }
        (Some(only), _) => format!("{only} ms"),
        _ => String::new(),
    }
}
