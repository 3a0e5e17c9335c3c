//! Processor time and memory by process, from /proc.

use std::collections::BTreeMap;
use std::fs;

/// Clock ticks a second, as Linux shows them to programs on every architecture of today.
const TICKS_PER_S: f64 = 100.0;
/// Fields of /proc/PID/stat, counted from the one after the name.
const PARENT: usize = 1;
const OWN_TIME: std::ops::Range<usize> = 11..13;
const TIME_OF_ENDED: std::ops::Range<usize> = 13..15;

/// Seconds of processor time by the name of a part.
pub type Times = BTreeMap<String, f64>;

/// What the parts have used so far, each with all processes below it, the ended ones too. This
/// process has started the programs, so that only its own time, and that of what has ended, is the
/// generator's.
pub fn times(parts: &[(&str, u32)]) -> Times {
    let processes = processes();
    let mut times: Times = parts
        .iter()
        .map(|(name, pid)| ((*name).to_owned(), tree(&processes, *pid)))
        .collect();
    let own = processes.iter().find(|one| one.pid == std::process::id());
    times.insert(
        "generator".to_owned(),
        // pgbench is reaped within its load; nothing else ends then.
        own.map_or(0.0, |process| process.own_s + process.ended_s),
    );
    times
}

/// The difference of two readings.
pub fn since(before: &Times, after: &Times) -> Times {
    after
        .iter()
        .map(|(name, time)| {
            let used = time - before.get(name).copied().unwrap_or_default();
            (name.clone(), used)
        })
        .collect()
}

/// The resident memory of a process, in bytes.
pub fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1_024
}

/// How many files a process has open, connections among them.
pub fn files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

struct Process {
    pid: u32,
    parent: u32,
    own_s: f64,
    ended_s: f64,
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let (_, rest) = stat.rsplit_once(") ")?;
            let fields: Vec<u64> = rest
                .split_whitespace()
                .map(|field| field.parse().unwrap_or_default())
                .collect();
            let seconds = |range| {
                Some(
                    fields
                        .get::<std::ops::Range<usize>>(range)?
                        .iter()
                        .sum::<u64>() as f64
                        / TICKS_PER_S,
                )
            };
            Some(Process {
                pid,
                parent: u32::try_from(*fields.get(PARENT)?).ok()?,
                own_s: seconds(OWN_TIME)?,
                ended_s: seconds(TIME_OF_ENDED)?,
            })
        })
        .collect()
}

/// A process and all below it.
fn tree(processes: &[Process], pid: u32) -> f64 {
    let own = processes.iter().find(|process| process.pid == pid);
    let below = processes.iter().filter(|process| process.parent == pid);
    own.map_or(0.0, |process| process.own_s + process.ended_s)
        + below.map(|child| tree(processes, child.pid)).sum::<f64>()
}
