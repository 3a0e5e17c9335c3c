//! The tables of bench/RESULTS.md.

use std::fmt::Write;

use crate::cell::median;
use crate::crowd::Crowd;
use crate::growth::Growth;
use crate::open::Open;
use crate::results::{Results, cpu, events_s, latency, medians, rate};
use crate::single::Single;
use crate::target::Target;

pub fn targets(text: &mut String, targets: &[Target]) {
    text.push_str(
        "\n## Targets\n\nEach is the median of its rounds' ratios; what is compared lies close to each other in a round.\n\n\
         | ratio | measured | by rounds | target | |\n| --- | --- | --- | --- | --- |\n",
    );
    for target in targets {
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
}

pub fn loads(text: &mut String, results: &Results) {
    text.push_str(
        "\nRequests a second, and their waits in milliseconds. Of bulks: items a second. Of (c): rows of the journal a second, and its connections are sessions. Of \
         events, in seconds: what the oldest had waited when the load ended, and how much later the last one had its \
         notification.\n\n\
         | load | connections | rate | p50 | p99 | p99.9 | oldest event | last event |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for (subject, cells) in results.rows() {
        for (connections, samples) in cells {
            let _ = write!(text, "| {subject} | {connections} | {:.0} |", rate(samples));
            match latency(samples) {
                Some(latency) => {
                    for ms in latency {
                        let _ = write!(text, " {ms:.1} |");
                    }
                }
                None => text.push_str(" | | |"),
            }
            match events_s(samples) {
                Some([lag_s, arrived_s]) => {
                    let _ = writeln!(text, " {lag_s:.2} | {arrived_s:.2} |");
                }
                None => text.push_str(" | |\n"),
            }
        }
    }
}

/// Where the time goes, at the number of connections with the best rate.
pub fn processor(text: &mut String, results: &Results) {
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

pub fn single(text: &mut String, single: &Single) {
    let _ = write!(
        text,
        "\n## One connection\n\nThe median transfer over HTTP takes {:.2} ms, a call of the textbook function from the \
         same client {:.2} ms.\n",
        single.remit_ms, single.textbook_ms
    );
}

pub fn open(text: &mut String, open: &Open) {
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

pub fn crowd(text: &mut String, crowd: &Crowd) {
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

pub fn growth(text: &mut String, growth: &Growth) {
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
    text.push_str("\n| outbox | a read of 500 rows |\n| --- | --- |\n");
    for (name, ms) in &growth.outbox_ms {
        let _ = writeln!(text, "| {name} | {ms:.2} ms |");
    }
    if let Some(held) = &growth.snapshot {
        let _ = write!(
            text,
            "\nTransfers while a snapshot is held for {} s: {:.0}/s; at the end the oldest \
             event had waited {:.2} s, and a read of 500 rows from the first one on took {:.2} ms.\n",
            held.seconds, held.rate, held.lag_s, held.read_ms
        );
    }
    text.push_str("\nOf nine reads and a transfer in ten requests, the server started before them:\n\n| requests served | the server's memory |\n| --- | --- |\n");
    for (requests, mib) in &growth.memory {
        let _ = writeln!(text, "| {requests} | {mib:.0} MiB |");
    }
}
