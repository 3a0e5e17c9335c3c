//! Two sessions at once, for each pair of functions that touch money, status or events:
//! transactions that are open beside each other, wait for each other, and are committed or rolled
//! back at random points.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult, TestError, TestRunner};
use tokio::runtime::Runtime;

use crate::answer::Times;
use crate::book;
use crate::history::explain;
use crate::kinds::{KINDS, Kind, opening};
use crate::model::Model;
use crate::runner::{cases, runner, runtime};
use crate::schedule::{Script, Stage, perform};

/// How many interleavings of each pair `make test` tries.
const CASES_PER_PAIR: u32 = 3;
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/proptest-regressions/interleavings.txt"
);

/// What the two sessions do, and who takes the next step.
#[derive(Debug, Clone)]
pub struct Case {
    scripts: [Script; 2],
    schedule: Vec<usize>,
    /// After so many milliseconds one of the holds that they meet on ends.
    ends_in: i32,
}

impl Case {
    fn lines(&self) -> String {
        let mut lines = format!(
            "schedule {:?}, ends in {} ms\n",
            self.schedule, self.ends_in
        );
        for (session, script) in self.scripts.iter().enumerate() {
            for step in script {
                lines += &format!("session {session}: {step:?}\n");
            }
        }
        lines
    }
}

fn script(kind: Kind) -> impl Strategy<Value = Script> {
    let transaction = (kind.call(), proptest::bool::weighted(0.75));
    vec(transaction, 1..4).prop_map(move |transactions| kind.script(transactions))
}

fn case(one: Kind, other: Kind) -> impl Strategy<Value = Case> {
    let ends_in = prop_oneof![2 => Just(1_000_000), 1 => Just(0), 3 => 0..30];
    (script(one), script(other), vec(0_usize..2, 16), ends_in).prop_map(
        |(one, other, schedule, ends_in)| Case {
            scripts: [one, other],
            schedule,
            ends_in,
        },
    )
}

#[test]
fn two_sessions_are_as_good_as_one_after_the_other() {
    let runtime = runtime();
    let database = runtime.block_on(book::database());
    let stage = runtime.block_on(Stage::of(&database));
    let pairs = KINDS
        .iter()
        .enumerate()
        .flat_map(|(place, one)| KINDS[place..].iter().map(|other| [*one, *other]));
    let pairs: Vec<_> = pairs.collect();
    let count = u32::try_from(pairs.len()).expect("they are few");
    let per_pair = cases(CASES_PER_PAIR * count).div_ceil(count);
    for [one, other] in pairs {
        let result = try_pair(
            &runtime,
            &stage,
            [one, other],
            &mut runner(REGRESSIONS, per_pair),
        );
        match result {
            Ok(()) => {}
            Err(TestError::Fail(reason, case)) => {
                panic!("{one:?} and {other:?}: {reason}\n{}", case.lines())
            }
            Err(TestError::Abort(reason)) => panic!("{reason}"),
        }
    }
}

/// Tries interleavings of one pair.
pub fn try_pair(
    runtime: &Runtime,
    stage: &Stage,
    [one, other]: [Kind; 2],
    runner: &mut TestRunner,
) -> Result<(), TestError<Case>> {
    runner.run(&case(one, other), |case| {
        runtime.block_on(try_case(stage, &case))
    })
}

async fn try_case(stage: &Stage, case: &Case) -> TestCaseResult {
    let ledger = book::open(&stage.watcher).await;
    let opening = opening();
    let answers = book::attempts(&stage.watcher, ledger, &opening).await;
    let (mut model, mut times) = (Model::new(), Times::default());
    for (call, answer) in opening.iter().zip(&answers) {
        let expected = model.call(call, answer);
        times
            .compare(&expected, answer)
            .map_err(TestCaseError::fail)?;
    }
    times.pass(book::near(&stage.watcher, ledger, case.ends_in).await);
    let performed = perform(stage, ledger, &case.scripts, &case.schedule).await;
    let history = performed.map_err(TestCaseError::fail)?;
    let state = book::state(&stage.watcher, ledger).await;
    // What is left would be read in the next cases.
    let settle = "delete from remit.outbox where ledger_id = $1";
    stage
        .watcher
        .execute(settle, &[&ledger])
        .await
        .expect("the owner may");
    explain(&(model, times), &history, &state).map_err(TestCaseError::fail)
}
