//! Random sequences of calls: each answer, and the tables at the end, must be the model's.

use proptest::test_runner::{TestCaseError, TestCaseResult, TestError};
use time::Duration;
use tokio_postgres::Client;

use crate::answer::Times;
use crate::book;
use crate::call::Call;
use crate::model::Model;
use crate::runner::{cases, runner, runtime};
use crate::strategy;

/// How many sequences `make test` tries.
const CASES: u32 = 300;
const REGRESSIONS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/proptest-regressions/sequences.txt"
);

#[test]
fn a_sequence_of_calls_answers_as_the_model_does() {
    let runtime = runtime();
    let database = runtime.block_on(book::database());
    let owner = runtime.block_on(database.connect());
    let ledger = runtime.block_on(book::open(&owner));
    let result = runner(REGRESSIONS, cases(CASES)).run(&strategy::calls(), |calls| {
        runtime.block_on(try_calls(&owner, ledger, &calls))
    });
    explain(result);
}

/// Panics with the smallest case that fails.
pub fn explain(result: Result<(), TestError<Vec<Call>>>) {
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, calls)) => panic!("{reason}\n{}", lines(&calls)),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

fn lines(calls: &[Call]) -> String {
    calls.iter().map(|call| format!("{call:?}\n")).collect()
}

/// Makes the calls in a transaction that leaves nothing behind.
pub async fn try_calls(owner: &Client, ledger: i64, calls: &[Call]) -> TestCaseResult {
    owner
        .batch_execute("begin")
        .await
        .expect("no transaction is open");
    let answers = book::attempts(owner, ledger, calls).await;
    let state = book::state(owner, ledger).await;
    owner.batch_execute("rollback").await.expect("one is open");

    let mut model = Model::new();
    let mut times = Times::default();
    for (place, (call, actual)) in calls.iter().zip(&answers).enumerate() {
        let expected = model.call(call, actual);
        if let Call::Pass(seconds) = call {
            times.pass(Duration::seconds((*seconds).into()));
        }
        let compared = times.compare(&expected, actual);
        compared.map_err(|text| TestCaseError::fail(format!("call {place}: {text}")))?;
    }
    let compared = times.values(&model.state(), &state, "tables");
    compared
        .and_then(|()| times.check_order())
        .map_err(TestCaseError::fail)
}
