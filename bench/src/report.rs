//! bench/RESULTS.md, bench/results.json and the plot beside them.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cell::{Sample, median};
use crate::crowd::Crowd;
use crate::growth::Growth;
use crate::plan::Plan;
use crate::results::{Results, cpu, latency, medians, of_all, rate};
use crate::target::{Measured, targets};

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
        growth_tables(&mut text, growth);
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
    put(
        "results.json",
        &(json.map_err(|error| error.to_string())? + "\n"),
    )?;
    put("RESULTS.md", &as_markdown(measured, plan))?;
    if measured.results.rows().is_empty() {
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
                    "outbox_lag_s": of_all(samples, |sample| sample.lag_s),
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
        "growth": measured.growth,
    })
}

fn as_markdown(measured: &Measured, plan: &Plan) -> String {
    let mut text = format!(
        "# Results\n\nWritten by `{}`; [docs/performance.md](../docs/performance.md) says what is measured and how. \
         Commit {}.\n{}. Medians of {} rounds, each load {} s a round, those with everything running twice as long. After each load of \
         Remit over HTTP the books were verified, every event had arrived, and the broker had counted it.\n\n## Targets\n\nEach is the median of its rounds' ratios; what is compared was measured one after the other.\n\n\
         | ratio | measured | by rounds | target | |\n| --- | --- | --- | --- | --- |\n",
        if plan.is_quick {
            "make bench-quick"
        } else {
            "make bench"
        },
        measured.commit,
        machine(),
        plan.rounds,
        plan.time.as_secs_f64(),
    );
    for target in targets(measured) {
        let bound = if target.is_most { "≤" } else { "≥" };
        let met = if target.met { "met" } else { "**not met**" };
        let rounds: Vec<String> = match &target.rounds[..] {
            [_] => Vec::new(),
            rounds => rounds.iter().map(|value| format!("{value:.2}")).collect(),
        };
        let _ = writeln!(
            text,
            "| {} | {:.3} | {} | {bound} {} | {met} |",
            target.name,
            target.value,
            rounds.join(", "),
            target.target
        );
    }
    if !measured.results.rows().is_empty() {
        text.push_str("\n## Loads\n\n![Rates by number of connections](rates.svg)\n");
        loads(&mut text, &measured.results);
        processor(&mut text, &measured.results);
    }
    latencies(&mut text, measured);
    if let Some(crowd) = &measured.crowd {
        crowds(&mut text, crowd);
    }
    if let Some(growth) = &measured.growth {
        growth_tables(&mut text, growth);
    }
    text
}

fn loads(text: &mut String, results: &Results) {
    text.push_str(
        "\nRequests a second, and p50 / p99 in milliseconds. Of (c): transfers a second, and its connections are sessions.\n\n\
         | load | connections | rate | p50 | p99 | p99.9 |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (subject, cells) in results.rows() {
        for (connections, samples) in cells {
            let _ = write!(text, "| {subject} | {connections} | {:.0} |", rate(samples));
            match latency(samples) {
                Some(latency) => {
                    for ms in latency {
                        let _ = write!(text, " {ms:.1} |");
                    }
                    text.push('\n');
                }
                None => text.push_str(" | | |\n"),
            }
        }
    }
}

/// Where the time goes, at the number of connections with the best rate.
fn processor(text: &mut String, results: &Results) {
    const PARTS: [&str; 7] = [
        "postgresql",
        "server",
        "worker",
        "rabbitmq",
        "redis",
        "nginx",
        "generator",
    ];
    text.push_str("\n## Processor time\n\nMicroseconds for each request, at the best rate of each load.\n\n| load |");
    for part in PARTS {
        let _ = write!(text, " {part} |");
    }
    text.push_str(" sum |\n| --- |");
    text.push_str(&" --- |".repeat(PARTS.len() + 1));
    text.push('\n');
    for (subject, _) in results.rows() {
        let Some((_, samples)) = results.best(subject) else {
            continue;
        };
        let used = cpu(samples);
        let _ = write!(text, "| {subject} |");
        for part in PARTS {
            let _ = write!(
                text,
                " {:.0} |",
                used.get(part).copied().unwrap_or_default()
            );
        }
        let _ = writeln!(text, " {:.0} |", used.values().sum::<f64>());
    }
}

fn latencies(text: &mut String, measured: &Measured) {
    if let Some(single) = measured.single {
        let _ = write!(
            text,
            "\n## One connection\n\nThe median transfer over HTTP takes {:.2} ms, a call of the textbook function from the \
             same client {:.2} ms.\n",
            single.remit_ms, single.textbook_ms
        );
    }
    let Some(open) = &measured.open else { return };
    text.push_str(
        "\n## Open loop\n\nArrivals at random times, whether or not earlier ones were answered; the wait counts from when a \
         request was due. Milliseconds: p50 / p99 / p99.9.\n\n| rate | of the highest | transfers, everything running | \
         (a) textbook |\n| --- | --- | --- | --- |\n",
    );
    for at in &open.rates {
        let three = |rounds: &[[f64; 3]]| {
            let [p50, p99, p999] = medians(rounds);
            format!("{p50:.1} / {p99:.1} / {p999:.1}")
        };
        let _ = writeln!(
            text,
            "| {:.0}/s | {:.0} % | {} | {} |",
            at.rate,
            at.part * 100.0,
            three(&at.remit_ms),
            three(&at.textbook_ms)
        );
    }
}

fn crowds(text: &mut String, crowd: &Crowd) {
    text.push_str("\n## Many at once\n\n| connections that | open at the same time | the server's memory |\n| --- | --- | --- |\n");
    for (name, open, mib) in &crowd.connections {
        let _ = writeln!(text, "| {name} | {open} | {mib:.0} MiB |");
    }
    let [p50, p99, p999] = crowd.posted_ms;
    let _ = write!(
        text,
        "\nOf more clients than may wait, {:.0} transfers a second were posted and {:.0} refused with 503. Those posted took \
         {p50:.0} / {p99:.0} / {p999:.0} ms.\n",
        crowd.posted, crowd.refused
    );
}

fn growth_tables(text: &mut String, growth: &Growth) {
    let _ = write!(
        text,
        "\n## Growth\n\nA million wallets. The rows are those before the loads, which have everything running and take {} s a \
         round; single queries in microseconds.\n\n| rows of the journal | transfers |",
        growth.load_s
    );
    let names = growth.sizes.first().map(|size| &size.queries_us);
    for (name, _) in names.into_iter().flatten() {
        let _ = write!(text, " {name} |");
    }
    text.push_str("\n| --- | --- |");
    text.push_str(&" --- |".repeat(names.map_or(0, Vec::len)));
    text.push('\n');
    for size in &growth.sizes {
        let _ = write!(
            text,
            "| {} | {:.0}/s |",
            size.rows,
            median(size.rates.clone())
        );
        for (_, us) in &size.queries_us {
            let _ = write!(text, " {us:.0} |");
        }
        text.push('\n');
    }
    text.push_str("\n| outbox | `outbox_read(500)` |\n| --- | --- |\n");
    for (name, ms) in &growth.outbox_ms {
        let _ = writeln!(text, "| {name} | {ms:.2} ms |");
    }
    if let Some(held) = &growth.snapshot {
        let _ = write!(
            text,
            "\nTransfers with the fewest rows while a snapshot is held for {} s: {:.0}/s; at the end the oldest \
             event had waited {:.2} s, and `outbox_read(500)` of a session that has no floor yet took {:.2} ms.\n",
            held.seconds, held.rate, held.lag_s, held.read_ms
        );
    }
    text.push_str("\n| requests served | the server's memory |\n| --- | --- |\n");
    for (requests, mib) in &growth.memory {
        let _ = writeln!(text, "| {requests} | {mib:.0} MiB |");
    }
}

/// The commit that is measured, and whether anything was changed since.
pub fn commit() -> String {
    let describe = Command::new("git")
        .args(["describe", "--always", "--dirty", "--exclude=*"])
        .current_dir(folder())
        .output();
    let text = describe.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|_| "unknown".to_owned())
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
