//! `make bench`: see docs/performance.md.

use std::process::ExitCode;
use std::time::Instant;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use remit_bench::cell::Subject;
use remit_bench::crowd::crowd;
use remit_bench::growth::growth;
use remit_bench::held::held;
use remit_bench::measure::{How, measure};
use remit_bench::open::open;
use remit_bench::plan::{Options, Plan, WALLETS_OF_TEMPLATE};
use remit_bench::report;
use remit_bench::single::single;
use remit_bench::stand::Stand;
use remit_bench::target::Measured;
use testbed::process::asked_to_end;
use testbed::words::complaint;

const ADVICE: &str = "the logs of the servers and programs, below --services, say more";
const TEMPLATE: &str = "bench_template";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    if options.plan().is_empty() {
        let wrong = "no load has what --only says in its name; docs/performance.md has the names";
        Options::command()
            .error(ErrorKind::ValueValidation, wrong)
            .exit();
    }
    // What was started ends with the run, also if it is broken off.
    let result = tokio::select! {
        result = run(&options) => result,
        name = asked_to_end() => Err(format!("ended by {name}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", complaint("remit-bench", &error, ADVICE));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), String> {
    let plan = options.plan();
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
    if options.has_loads() {
        loads(&mut stand, &plan, &mut measured, &say).await?;
        if plan.only.is_none() {
            report::write(&measured, &plan)?;
        }
    }
    if options.has_growth() {
        measured.growth = Some(growth(&mut stand, &plan, &say).await?);
    }
    stand.stop().await;
    if plan.only.is_some() {
        return Ok(());
    }
    if !options.has_loads() {
        // Growth alone is for the eye.
        print!("{}", report::growth_as_text(&measured));
    } else if options.has_growth() {
        report::write(&measured, &plan)?;
    }
    if options.has_loads() || !plan.is_quick {
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
    if ["single", "held", "crowd"]
        .iter()
        .any(|name| plan.has(name))
    {
        stand.reset(TEMPLATE).await?;
        stand.start(true).await?;
    }
    if plan.has("single") {
        let times = 3 * u32::try_from(plan.rounds).unwrap_or(1);
        let found = single(stand, plan.time * times).await?;
        say(&format!("one client: {found}"));
        measured.single = Some(found);
    }
    if plan.has("held") {
        let found = held(stand, plan.time, plan.rounds).await?;
        say(&format!("a wallet that is held: {found}"));
        measured.held = Some(found);
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
