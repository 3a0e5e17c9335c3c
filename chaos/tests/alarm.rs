//! A broker that is short of memory, on the servers that the tests of chaos.rs break.

use std::time::Duration;

use testbed::folder::Folder;
use testbed::install;
use testbed::place::{programs, setting};
use testbed::poll::{SOON, eventually_true};
use testbed::program::{Process, Recipe};
use testbed::services::Services;
use uuid::Uuid;

const PASSWORD: &str = "test";
/// How long after an alarm it is known.
const SEEN: Duration = Duration::from_secs(5);
/// An event counts as one that waits after 10 s.
const WAITS: Duration = Duration::from_secs(20);
const BLOCKED: &str = "it blocks publishers, as it is short of memory or disk";

/// Lifts the alarm, whatever happens.
struct Alarm<'a>(&'a Services);

impl Alarm<'_> {
    fn set(&self, watermark: &str) {
        let set = self
            .0
            .rabbitmqctl(&["set_vm_memory_high_watermark", watermark]);
        set.unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.set("0.4");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_short_of_memory_is_seen() {
    let folder = Folder::open(setting("REMIT_TEST_CHAOS").as_ref()).expect("a folder");
    let base = setting("REMIT_TEST_CHAOS_BASE").parse().expect("a base");
    let services = Services::start(folder, base).await.expect("they start");
    let name = format!("alarm_{}", Uuid::new_v4().simple());
    let management = services.management().expect("it is there");
    management.make_vhost(&name).await.expect("the name is new");
    let postgres = services.session("postgres").await.expect("it answers");
    let made = postgres.execute(&format!("create database {name}")).await;
    made.expect("the name is new");
    let remit = programs().join("remit");
    let owner_url = services.owner_url(&name).expect("it has a password");
    let migrated = install::migrate(&remit, &owner_url, PASSWORD).await;
    migrated.expect("a new database can be migrated");

    let log = services
        .folder
        .make(&name)
        .expect("the name is new")
        .join("log");
    let worker = |arguments: &[&str]| {
        let variables = services.worker(&name, PASSWORD, &name, services.doors());
        let recipe = Recipe::new(programs().join("remit-worker"), arguments, &log);
        recipe.with(&variables.expect("they have passwords"))
    };
    let running = Process::start(&worker(&[])).expect("it was built");
    let health = || {
        let output = worker(&["health"]).output().expect("it was built");
        String::from_utf8(output.stderr).expect("it says text")
    };
    eventually_true(SOON, "all is well", async || health().is_empty()).await;

    let alarm = Alarm(&services);
    alarm.set("0.00001");
    let owner = services.session(&name).await.expect("it answers");
    // Nothing is to be sent.
    let blocked = "select broker_blocked::text from remit_ops_v1.standstill()";
    eventually_true(SEEN, "the relay tells PostgreSQL", async || {
        owner.text(blocked).await.as_deref() == Ok("true")
    })
    .await;
    eventually_true(SOON, "health sees it", async || health().contains(BLOCKED)).await;
    let event = "insert into remit.outbox (ledger_id, types, subject_ids, data, created_at)
                 values (1, '{wallet.frozen}', array[gen_random_uuid()], '{}', now())";
    owner.execute(event).await.expect("the owner may");
    eventually_true(WAITS, "events wait", async || {
        let waits = owner.text("select events_wait::text from remit_ops_v1.standstill()");
        waits.await.as_deref() == Ok("true")
    })
    .await;
    drop(alarm);
    eventually_true(SOON, "all is well again", async || health().is_empty()).await;
    eventually_true(SOON, "the relay tells PostgreSQL that too", async || {
        owner.text(blocked).await.as_deref() == Ok("false")
    })
    .await;
    assert_eq!(running.said("relay leads").len(), 1);
}
