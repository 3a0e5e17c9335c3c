//! `make bench`: see docs/performance.md.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use remit_bench::cell::Subject;
use remit_bench::crowd::crowd;
use remit_bench::growth::growth;
use remit_bench::measure::{How, measure};
use remit_bench::open::open;
use remit_bench::plan::{Plan, WALLETS_OF_TEMPLATE};
use remit_bench::report;
use remit_bench::single::single;
use remit_bench::stand::Stand;
use remit_bench::target::Measured;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
Usage: remit-bench --services DIR --base PORT [--quick] [--rounds N] [--growth | --without-growth] [--only TEXT]

  --services DIR    where stack/services keeps PostgreSQL, Redis and RabbitMQ
  --base PORT       what their ports count from
  --quick           what the targets need, once and shortly, without growth
  --rounds N        how often each load is measured
  --growth          growth alone; with --quick only to see that it works
  --without-growth  everything but growth
  --only TEXT       only loads whose name holds TEXT; writes no results. Beside those of the tables there are
                    single, crowd and open";

const TEMPLATE: &str = "bench_template";

struct Options {
    services: PathBuf,
    base: u16,
    plan: Plan,
    has_loads: bool,
    has_growth: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match read(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("remit-bench: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // What was started ends with the run, also if it is broken off.
    let result = tokio::select! {
        result = run(&options) => result,
        result = interruption() => result,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("remit-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Waits until somebody wants it to end.
async fn interruption() -> Result<(), String> {
    let unheard = |error: std::io::Error| format!("signals cannot be heard: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(unheard)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
    Err("interrupted".to_owned())
}

/// None: only help is wanted.
fn read(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let (mut services, mut base, mut only) = (None, None, None);
    let mut rounds = None;
    let (mut is_quick, mut has_loads, mut has_growth) = (false, true, true);
    while let Some(name) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{name} needs a value"));
        match name.as_str() {
            "--services" => services = Some(PathBuf::from(value()?)),
            "--base" => base = Some(value()?.parse().map_err(|_| "--base needs a port")?),
            "--only" => only = Some(value()?),
            "--rounds" => rounds = Some(value()?.parse().map_err(|_| "--rounds needs a number")?),
            "--quick" => is_quick = true,
            "--growth" => has_loads = false,
            "--without-growth" => has_growth = false,
            "--help" | "-h" => return Ok(None),
            _ => return Err(format!("unknown option {name}")),
        }
    }
    if rounds == Some(0) {
        return Err("--rounds needs one at least".to_owned());
    }
    if !has_loads && (!has_growth || only.is_some()) {
        return Err("--growth goes with neither --without-growth nor --only".to_owned());
    }
    let plan = if is_quick {
        Plan::quick()
    } else {
        Plan::full()
    };
    Ok(Some(Options {
        services: services.ok_or("--services is missing")?,
        base: base.ok_or("--base is missing")?,
        has_loads,
        has_growth: has_growth && only.is_none() && !(is_quick && has_loads),
        plan: Plan {
            only,
            rounds: rounds.unwrap_or(plan.rounds),
            ..plan
        },
    }))
}

async fn run(options: &Options) -> Result<(), String> {
    if options.plan.is_empty() {
        return Err("no load has that in its name".to_owned());
    }
    let start = Instant::now();
    let say = |text: &str| println!("{:>5} s  {text}", start.elapsed().as_secs());
    let programs = std::env::current_exe().map_err(|error| error.to_string())?;
    let programs = programs.parent().ok_or("the program lies nowhere")?;
    let mut stand = Stand::make(&options.services, options.base, programs).await?;
    let mut measured = Measured {
        // Before the results change files.
        commit: report::commit(),
        ..Measured::default()
    };
    if options.has_loads {
        loads(&mut stand, &options.plan, &mut measured, &say).await?;
        if options.plan.only.is_none() {
            report::write(&measured, &options.plan)?;
        }
    }
    if options.has_growth {
        measured.growth = Some(growth(&mut stand, &options.plan, &say).await?);
    }
    stand.stop().await;
    if options.plan.only.is_some() {
        return Ok(());
    }
    if !options.has_loads {
        // Growth alone is for the eye.
        print!("{}", report::growth_as_text(&measured));
    } else if options.has_growth {
        report::write(&measured, &options.plan)?;
    }
    if options.has_loads || !options.plan.is_quick {
        print!("{}", report::targets_as_text(&measured));
    }
    Ok(())
}

/// Each round measures everything once, so that a slow minute of the machine meets all alike.
async fn loads(
    stand: &mut Stand,
    plan: &Plan,
    measured: &mut Measured,
    say: &impl Fn(&str),
) -> Result<(), String> {
    say("making the template");
    stand.make_template(TEMPLATE, WALLETS_OF_TEMPLATE).await?;
    for round in 1..=plan.rounds {
        for group in plan.groups() {
            stand.reset(TEMPLATE).await?;
            if let Some(Subject::Remit { relay, .. }) = group.first().map(|cell| cell.subject) {
                stand.start(relay).await?;
            }
            for cell in group {
                let sample = measure(stand, cell, How::closed(cell.time(plan.time))).await?;
                let connections = cell.connections;
                let line = report::sample_as_text(&sample);
                say(&format!("{round}: {}, {connections}: {line}", cell.subject));
                measured.results.add(cell, sample);
            }
        }
        // So that a run that is stopped later leaves what it has.
        if plan.only.is_none() {
            let rounds = Plan {
                rounds: round,
                ..plan.clone()
            };
            report::write(measured, &rounds)?;
        }
    }
    if plan.has("single") || plan.has("crowd") {
        stand.reset(TEMPLATE).await?;
        stand.start(true).await?;
    }
    if plan.has("single") {
        let times = 3 * u32::try_from(plan.rounds).unwrap_or(1);
        let found = single(stand, plan.time * times).await?;
        say(&format!("one client: {found}"));
        measured.single = Some(found);
    }
    // A quick run has what the targets need.
    if plan.has("crowd") && !plan.is_quick {
        let found = crowd(stand, plan.time).await?;
        say(&format!("a crowd: {found}"));
        measured.crowd = Some(found);
    }
    if plan.has("open") {
        measured.open = Some(open(stand, plan, &measured.results, TEMPLATE, say).await?);
    }
    Ok(())
}
