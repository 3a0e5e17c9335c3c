//! What the roles may, and cannot do to others: after each migration, whatever was restored or
//! granted before.

use std::process::Output;

use remit::sql::{contract, pools};
use testbed::cluster::{BIN, Cluster};
use testbed::folder::{owned_folder, run_as_owner};
use testbed::postgres::Database;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::migrate::{migrate, refused_start, remit};

const ROLES: [&str; 4] = [
    "remit_server",
    "remit_worker",
    "remit_operator",
    "remit_auditor",
];

/// A server of its own with a database of an owner who is no superuser, not migrated yet.
async fn owned_cluster() -> Cluster {
    let cluster = Cluster::start().await;
    cluster.create_database("book").await;
    let superuser = cluster.connect("remit", "book").await;
    let owner = "create role remit_owner login createrole password 'test';
                 alter database book owner to remit_owner";
    superuser.batch_execute(owner).await.expect("it may");
    cluster
}

/// Lets all roles log in with the password of the tests.
async fn let_in(superuser: &Client) {
    for role in ROLES {
        let login = format!("alter role {role} password 'test'");
        superuser.batch_execute(&login).await.expect("it may");
    }
}

/// What the catalog says of the rights, in sentences.
async fn differences(owner: &Client) -> Vec<String> {
    let rows = owner.query("select remit.rights_verify()", &[]).await;
    let rows = rows.expect("the owner may ask");
    rows.iter().map(|row| row.get(0)).collect()
}

async fn refusal(client: &Client, statement: &str) -> Option<SqlState> {
    let done = client.batch_execute(statement).await;
    done.err().and_then(|error| error.code().cloned())
}

/// Runs `remit migrate`, and gives all that it said.
async fn migration(url: String) -> (Output, String) {
    let mut command = remit("migrate", &[("DATABASE_URL", &url)]);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.expect("no panic").expect("the program was built");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output, said)
}

#[tokio::test]
async fn a_dump_restored_in_another_cluster_has_roles_and_rights_after_a_migration() {
    let (old, new) = (owned_cluster().await, owned_cluster().await);
    migrate(&old.url("remit_owner", "book")).await;
    let folder = owned_folder("dump");
    let dump = folder.with_extension("file").display().to_string();
    let (from, to) = (
        old.url("remit_owner", "book"),
        new.url("remit_owner", "book"),
    );
    let file = format!("--file={dump}");
    run_as_owner(
        &format!("{BIN}/pg_dump"),
        &["--format=custom", &file, &from],
    );
    let target = format!("--dbname={to}");
    let runbook = crate::tidy::file("docs/operations.md");
    let lines = [
        "pg_dump --format=custom",
        "pg_restore --no-owner --no-privileges --exit-on-error",
    ];
    assert!(
        lines.iter().all(|line| runbook.contains(line)),
        "the runbook has these commands"
    );
    let restore = [
        "--no-owner",
        "--no-privileges",
        "--exit-on-error",
        &target,
        &dump,
    ];
    run_as_owner(&format!("{BIN}/pg_restore"), &restore);

    let owner = new.connect("remit_owner", "book").await;
    let found = differences(&owner).await;
    assert!(
        found
            .iter()
            .any(|line| line == "role remit_server is missing")
    );
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("public has EXECUTE"))
    );
    // Roles that another database of the cluster has, without any right in this one.
    let superuser = new.connect("remit", "book").await;
    let roles = "create role remit_server login password 'test'; create role remit_worker login";
    superuser.batch_execute(roles).await.expect("it may");
    let said = refused_start(new.url("remit_server", "book")).await;
    assert!(said.contains("`remit migrate`"), "{said}");
    let said = migrate(&to).await;
    assert!(!said.contains("applied"), "{said}");
    assert_eq!(differences(&owner).await, [""; 0]);
    let config: tokio_postgres::Config = new.url("remit_server", "book").parse().expect("a URL");
    let config = config.into();
    let pool = pools::pool(&config, 1, pools::LOCK_TIMEOUT_MS);
    let server = pools::first(&pool, &config)
        .await
        .expect("PostgreSQL answers");
    let checked = contract::check(&server).await;
    assert!(checked.is_ok(), "{:?}", checked.err());
    let verified = owner.query("select from remit_ops_v1.verify()", &[]).await;
    assert!(verified.expect("verify answers").is_empty());
}

#[tokio::test]
async fn what_a_superuser_migrates_belongs_to_the_owner_and_is_nobody_else_s() {
    let cluster = owned_cluster().await;
    migrate(&cluster.url("remit_owner", "book")).await;
    let superuser = cluster.connect("remit", "book").await;
    let drop = "drop function remit_v1.outbox_lag()";
    superuser.batch_execute(drop).await.expect("it may");
    migrate(&cluster.url("remit", "book")).await;
    let owner = cluster.connect("remit_owner", "book").await;
    assert_eq!(differences(&owner).await, [""; 0]);
    let owners = "select distinct proowner::regrole::text from pg_proc
                   where pronamespace in ('remit'::regnamespace, 'remit_v1'::regnamespace)";
    let owners = owner.query(owners, &[]).await.expect("they are shown");
    let owners: Vec<String> = owners.iter().map(|row| row.get(0)).collect();
    assert_eq!(owners, ["remit_owner"]);
}

#[tokio::test]
async fn a_right_that_a_migration_cannot_take_back_stops_it() {
    let cluster = owned_cluster().await;
    let url = cluster.url("remit_owner", "book");
    migrate(&url).await;
    let superuser = cluster.connect("remit", "book").await;
    let strong = "alter role remit_server createdb; grant pg_read_all_data to remit_auditor";
    superuser.batch_execute(strong).await.expect("it may");
    let (output, said) = migration(url).await;
    assert_eq!(output.status.code(), Some(1));
    for cause in [
        "role remit_server may more than log in",
        "remit_auditor is a member of pg_read_all_data",
        "; undo this",
    ] {
        assert!(said.contains(cause), "{said}");
    }
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn neither_a_superuser_nor_the_owner_serves() {
    let cluster = owned_cluster().await;
    migrate(&cluster.url("remit_owner", "book")).await;
    for (login, cause) in [("remit", "is a superuser"), ("remit_owner", "owns Remit's")] {
        let said = refused_start(cluster.url(login, "book")).await;
        let advises = said.contains("name a login of remit_server in DATABASE_URL");
        assert!(said.contains(cause) && advises, "{said}");
    }
}

#[tokio::test]
async fn no_login_uses_up_all_connections() {
    let cluster = owned_cluster().await;
    let url = cluster.url("remit_owner", "book");
    migrate(&url).await;
    let superuser = cluster.connect("remit", "book").await;
    let_in(&superuser).await;
    let people = "create role alice login password 'test' in role remit_auditor;
                  create role bob login connection limit 3 in role remit_operator;
                  alter role remit_worker connection limit 40;
                  alter role remit_server connection limit -1;";
    superuser.batch_execute(people).await.expect("it may");
    migrate(&url).await;
    let limits = "select string_agg(rolname || ' ' || rolconnlimit, ', ' order by rolname)
                    from pg_roles where rolname ~ '^(remit_|alice|bob)'";
    let row = superuser.query_one(limits, &[]).await.expect("it is shown");
    assert_eq!(
        row.get::<_, &str>(0),
        "alice 10, bob 3, remit_auditor 10, remit_operator 10, remit_owner -1, remit_server 60, remit_worker 40"
    );
    let mut sessions = Vec::new();
    for _ in 0..10 {
        sessions.push(cluster.connect("remit_auditor", "book").await);
    }
    let config: tokio_postgres::Config =
        cluster.url("remit_auditor", "book").parse().expect("a URL");
    let refused = config.connect(NoTls).await.err();
    let state = refused.and_then(|error| error.code().cloned());
    assert_eq!(state, Some(SqlState::TOO_MANY_CONNECTIONS));
}

#[tokio::test]
async fn what_a_superuser_alone_can_forbid_is_warned_of_until_it_is() {
    let cluster = owned_cluster().await;
    let url = cluster.url("remit_owner", "book");
    let (output, said) = migration(url.clone()).await;
    assert!(
        output.status.success() && said.contains("sql/rights/superuser.sql"),
        "{said}"
    );
    let superuser = cluster.connect("remit", "book").await;
    let_in(&superuser).await;
    let file = crate::tidy::file("sql/rights/superuser.sql");
    superuser.batch_execute(&file).await.expect("it may");
    let (output, said) = migration(url).await;
    assert!(
        output.status.success() && !said.contains("superuser"),
        "{said}"
    );
    for role in ROLES {
        let session = cluster.connect(role, "book").await;
        for statement in [
            "select lo_create(0)",
            "select pg_logical_emit_message(false, 'x', 'x')",
            "select pg_advisory_lock(1)",
            "set temp_file_limit = -1",
            "create temporary table mine (x integer)",
            "do $$ begin lock table public.refinery_schema_history in access share mode; end $$",
        ] {
            let state = refusal(&session, statement).await;
            assert_eq!(
                state,
                Some(SqlState::INSUFFICIENT_PRIVILEGE),
                "{role}: {statement}"
            );
        }
        let row = session.query_one("show temp_file_limit", &[]).await;
        assert_eq!(row.expect("it is shown").get::<_, &str>(0), "1GB", "{role}");
    }
    let worker = cluster.connect("remit_worker", "book").await;
    let leads = worker
        .query_one("select remit_worker_v1.relay_lead()", &[])
        .await;
    assert!(leads.expect("a worker leads").get::<_, bool>(0));
}

#[tokio::test]
async fn a_migration_that_waits_says_for_whom_and_gives_up() {
    let database = Database::create().await;
    let holder = database.connect().await;
    let lock =
        "set application_name = 'a holder'; begin; lock table public.refinery_schema_history";
    holder.batch_execute(lock).await.expect("the owner may");
    let row = holder.query_one("select pg_backend_pid()", &[]).await;
    let process: i32 = row.expect("it has a process").get(0);
    let url = format!("{}?options=-c%20lock_timeout%3D2500", database.owner_url());
    let (output, said) = migration(url.clone()).await;
    assert_eq!(output.status.code(), Some(1), "{said}");
    let who = format!("process {process} (role remit, a holder)");
    assert!(
        said.contains(&format!("remit: waiting for {who}\n")),
        "{said}"
    );
    assert!(
        said.contains(&format!(
            "waited in vain for {who}: waiting for other migrations"
        )),
        "{said}"
    );
    // A table that a session holds, while functions and rights are made.
    let lock = "commit; begin; update pg_proc set proname = proname where pronamespace = 'remit_v1'::regnamespace";
    holder.batch_execute(lock).await.expect("a superuser may");
    let (output, said) = migration(url).await;
    assert!(
        !output.status.success() && said.contains(&format!("waited in vain for {who}")),
        "{said}"
    );
}

#[tokio::test]
async fn no_role_holds_up_a_migration() {
    let database = Database::create().await;
    for role in ROLES {
        let session = database.connect_as_owner_in_role(role).await;
        for mode in ["access share", "share update exclusive", "access exclusive"] {
            let lock = format!(
                "do $$ begin lock table public.refinery_schema_history in {mode} mode; end $$"
            );
            let state = refusal(&session, &lock).await;
            assert_eq!(state, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{role}");
        }
    }
    // As where no superuser has forbidden it.
    let owner = database.connect().await;
    let lock = "select pg_advisory_lock(hashtextextended('remit migrate', 0))";
    owner.batch_execute(lock).await.expect("the owner may");
    migrate(&database.owner_url()).await;
}
