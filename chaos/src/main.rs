//! The command `remit-chaos`. `make chaos` runs it on servers of its own.

use std::process::ExitCode;

use clap::Parser;
use remit_chaos::fault::{Lane, Schedule};
use remit_chaos::options::{Arguments, Options};
use remit_chaos::run::run;
use remit_chaos::script::Script;
use testbed::process::asked_to_end;
use testbed::words::complaint;

const ADVICE: &str = "the logs of the servers and programs, below --services, say more";
/// How much of a plan is shown.
const PLAN_STEPS: usize = 20;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::from(Arguments::parse());
    if options.is_plan {
        print_plan(&options);
        return ExitCode::SUCCESS;
    }
    println!(
        "seed {}: the same seed makes the same faults and the same scripts",
        options.seed
    );
    let result = tokio::select! {
        result = run(options) => result,
        // Whatever was started ends with this program.
        name = asked_to_end() => Err(format!("ended by {name}")),
    };
    match result {
        Ok(report) => {
            print!("\n{}", report.text);
            ExitCode::from(u8::from(!report.violations.is_empty()))
        }
        Err(error) => {
            let cause = format!("the run could not be carried out: {error}");
            eprintln!("{}", complaint("remit-chaos", &cause, ADVICE));
            ExitCode::from(2)
        }
    }
}

fn print_plan(options: &Options) {
    for lane in [Lane::Money, Lane::Events] {
        println!("{lane:?}");
        let mut schedule = Schedule::of(options.seed, lane, options.pace, lane.kinds());
        for _ in 0..lane.kinds().len() {
            let fault = schedule.draw();
            println!("  after {} ms: {fault}", fault.pause_ms);
        }
    }
    for client in 0..options.clients {
        println!("client {client}");
        let mut script = Script::new(options.seed, client, options.mix);
        for _ in 0..PLAN_STEPS {
            let (pause_ms, step) = script.draw();
            println!("  after {pause_ms} ms: {step:?}");
        }
    }
}
