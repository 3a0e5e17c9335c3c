//! bench/RESULTS.md, bench/results.json and the plot beside them.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cell::Sample;
use crate::plan::Plan;
use crate::results::{cpu, events_s, latency, misses, rate};
use crate::target::{Measured, targets};

mod tables;

/// The folder of this package.
fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One measurement in a line.
pub fn sample_as_text(sample: &Sample) -> String {
    let mut text = format!("{:.0}/s", sample.rate);
    if let Some([p50, p99, _]) = sample.latency {
        let _ = write!(text, ", p50 {p50:.1} ms, p99 {p99:.1} ms");
    }
    if let Some([lag_s, arrived_s]) = sample.events_s {
        let _ = write!(
            text,
            ", {lag_s:.1} s behind, all there {arrived_s:.1} s later"
        );
    }
    let used = sample.cpu_us.values().sum::<f64>();
    let _ = write!(text, ", {used:.0} µs of processor:");
    for (part, us) in sample.cpu_us.iter().filter(|(_, us)| **us >= 0.5) {
        let _ = write!(text, " {part} {us:.0}");
    }
    text
}

/// The targets, a line each.
pub fn targets_as_text(measured: &Measured) -> String {
    let mut text = String::new();
    for target in targets(measured) {
        let met = if target.met { "met    " } else { "not met" };
        let bound = if target.is_most {
            "at most"
        } else {
            "at least"
        };
        let _ = writeln!(
            text,
            "{met} {:>7.2}  ({bound} {})  {}",
            target.value, target.target, target.name
        );
    }
    text
}

/// Growth's tables.
pub fn growth_as_text(measured: &Measured) -> String {
    let mut text = String::new();
    if let Some(growth) = &measured.growth {
        tables::growth(&mut text, growth);
    }
    text
}

/// Writes everything.
///
/// # Errors
/// A file cannot be written.
pub fn write(measured: &Measured, plan: &Plan) -> Result<(), String> {
    let put = |name: &str, text: &str| {
        let path = folder().join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    let json = serde_json::to_string_pretty(&as_json(measured, plan));
    // A quick run must not take the place of a kept one.
    let quick = if plan.is_quick { "-quick" } else { "" };
    put(
        &format!("results{quick}.json"),
        &(json.map_err(|error| error.to_string())? + "\n"),
    )?;
    put(&format!("RESULTS{quick}.md"), &as_markdown(measured, plan))?;
    if plan.is_quick {
        return Ok(());
    }
    crate::plot::rates(&measured.results, &folder().join("rates.svg"))
}

fn as_json(measured: &Measured, plan: &Plan) -> Value {
    let loads: Vec<Value> = measured
        .results
        .rows()
        .into_iter()
        .flat_map(|(subject, cells)| {
            cells.into_iter().map(move |(connections, samples)| {
                json!({
                    "load": subject.to_string(),
                    "connections": connections,
                    "rates": samples.iter().map(|sample| sample.rate).collect::<Vec<_>>(),
                    "rate": rate(samples),
                    "latency_ms": latency(samples),
                    "processor_us": cpu(samples),
                    "events_s": events_s(samples),
                    "misses": misses(samples),
                })
            })
        })
        .collect();
    json!({
        "commit": measured.commit,
        "machine": machine(),
        "rounds": plan.rounds,
        "seconds": plan.time.as_secs_f64(),
        "targets": targets(measured),
        "loads": loads,
        "single": measured.single,
        "open": measured.open,
        "crowd": measured.crowd,
        "held": measured.held,
        "growth": measured.growth,
    })
}

fn as_markdown(measured: &Measured, plan: &Plan) -> String {
    let mut text = format!(
        "# Results\n\nWritten by `{}`; [docs/performance.md](../docs/performance.md) says what is measured and how. \
         Commit {}.\n{}. {} of {} s for each load, transfers with everything running five times as long. After each load the books were \
         verified, and every event of Remit's had arrived, and was counted by the broker.\n",
        if plan.is_quick {
            "make bench-quick"
        } else {
            "make bench"
        },
        measured.commit,
        machine(),
        match plan.rounds {
            1 => "One round".to_owned(),
            rounds => format!("Medians of {rounds} rounds"),
        },
        plan.time.as_secs_f64(),
    );
    tables::targets(&mut text, &targets(measured));
    if plan.is_quick {
        text.push_str("\nGrowth takes longer: `make bench-growth`.\n");
    }
    text.push_str("\n## Loads\n");
    if !plan.is_quick {
        text.push_str("\n![Rates by number of connections](rates.svg)\n");
    }
    tables::loads(&mut text, &measured.results);
    tables::processor(&mut text, &measured.results);
    if let Some(single) = &measured.single {
        tables::single(&mut text, single);
    }
    if let Some(open) = &measured.open {
        tables::open(&mut text, open);
    }
    if let Some(crowd) = &measured.crowd {
        tables::crowd(&mut text, crowd);
    }
    if let Some(growth) = &measured.growth {
        tables::growth(&mut text, growth);
    }
    text
}

/// The commit that is measured, and whether anything was changed since.
pub fn commit() -> String {
    let describe = Command::new("git")
        .args(["describe", "--always", "--dirty", "--exclude=*"])
        .current_dir(folder())
        .output();
    let text = describe
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|| "unknown".to_owned())
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor = value(&read("/proc/cpuinfo"), "model name").unwrap_or_default();
    let memory = value(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{cores} cores of {processor}, {memory} of memory, Linux {}",
        kernel.trim()
    )
}
