//! `remit migrate`: roles, tables by refinery, then every function and right anew.
//!
//! Any number of processes may migrate the same database at once: they take turns.

mod turn;

use std::error::Error as _;

use include_dir::{Dir, DirEntry, include_dir};
use postgres_protocol::password::scram_sha_256;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::base::complaint::{Complaint, with_causes};
use crate::sql::fault::{complaint, describe};
use crate::sql::migrate::turn::Turn;
use crate::sql::pools;
use crate::sql::pools::Config;
use crate::sql::session;

mod tables {
    refinery::embed_migrations!("sql/migrations");
}

static FUNCTIONS: Dir = include_dir!("$CARGO_MANIFEST_DIR/sql/functions");

/// What each role is and may, made anew by each run, so that it is so after a dump was restored or
/// after a change by hand. A dump has no roles, and of rights those that it is asked for.
const ROLES: &str = include_str!("../../sql/rights/roles.sql");
const SUPERUSER: &str = include_str!("../../sql/rights/superuser.sql");
const REVOKE: &str = include_str!("../../sql/rights/revoke.sql");
const GRANT: &str = include_str!("../../sql/rights/grant.sql");

const IS_SUPERUSER: &str = "select r.rolsuper from pg_roles r where r.rolname = session_user";
const DIFFERENCES: &str = "select remit.rights_verify()";
/// What is left open because this login may not close it.
const GAPS: &str = "
    select format('login %I may use up all connections; `alter role %1$I connection limit 10`', r.rolname)
      from pg_roles r
     where r.rolconnlimit = -1 and r.rolcanlogin and not (r.rolsuper or r.rolreplication)
       and exists (select from unnest(array['remit_server', 'remit_worker', 'remit_operator', 'remit_auditor']) role
                    where pg_has_role(r.oid, role, 'member'))
    union all
    select 'every role may make large objects and write messages into the log; let a superuser run '
           'sql/rights/superuser.sql in this database'
     where has_function_privilege('public', 'pg_catalog.lo_create(oid)', 'execute')
        or has_function_privilege('public', 'pg_catalog.pg_logical_emit_message(boolean, text, text)', 'execute')
";
/// How long a statement waits for what another session holds, unless `options` of the URL have
/// another `lock_timeout`.
const LOCK_WAIT: &str = "-c lock_timeout=30s";
/// The search path keeps refinery's table in `public`. Without it, a login named `remit` would make
/// that table in the schema `remit`, which is ours. The session that holds the lock is idle.
const SETTINGS: [(&str, &str); 2] = [
    ("search_path", "public"),
    ("idle_in_transaction_session_timeout", "0"),
];

/// Login passwords for the roles of the server and the worker. A role without a new one keeps its
/// old one.
#[derive(Default)]
pub struct Passwords {
    pub server: Option<String>,
    pub worker: Option<String>,
}

/// What a run did.
pub struct Report {
    /// The names of the migrations that were applied now.
    pub migrations: Vec<String>,
    /// How many functions were created or replaced.
    pub functions: usize,
    /// What is not as it should be with the server or the database.
    pub warnings: Vec<String>,
}

/// Brings a database up to this version. Running it again changes nothing. Tells whom it waits for.
///
/// # Errors
/// What failed, with the name of the file.
pub async fn run(
    config: &Config,
    passwords: &Passwords,
    tell: fn(&str),
) -> Result<Report, Complaint> {
    let mut config = config.clone();
    let of_url = config.inner.get_options().unwrap_or_default();
    let options = format!("{LOCK_WAIT} {of_url}");
    config.inner.options(options);
    let (mut client, _driver) = connect(&config).await?;
    let mut warnings = session::inspect(&client).await?;
    let holder = connect(&config).await?;
    session::check_apart(&client, &holder.0).await?;
    let turn = Turn::take(&client, holder, tell).await?;
    let process = turn::process(&client).await?;
    let work = work(&mut client, passwords);
    let (migrations, functions) = turn.work(process, work, tell).await?;
    let gaps = client.query(GAPS, &[]).await;
    let gaps = gaps.map_err(|error| complaint("looking what is left open", &error))?;
    warnings.extend(gaps.iter().map(|row| row.get::<_, String>(0)));
    Ok(Report {
        migrations,
        functions,
        warnings,
    })
}

/// All that is done in a turn. Gives the names of the migrations and the number of functions.
async fn work(
    client: &mut Client,
    passwords: &Passwords,
) -> Result<(Vec<String>, usize), Complaint> {
    roles_make(client).await?;
    turn::act_as_owner(client).await?;
    let migrations = tables_migrate(client).await?;
    let functions = functions_replace(client).await?;
    let login = client.batch_execute("reset role").await;
    login.map_err(|error| complaint("acting as the login again", &error))?;
    for (role, password) in [
        ("remit_server", &passwords.server),
        ("remit_worker", &passwords.worker),
    ] {
        if let Some(password) = password {
            password_set(client, role, password).await?;
        }
    }
    Ok((migrations, functions))
}

/// Makes the roles that are missing, and closes what a superuser alone can close.
async fn roles_make(client: &Client) -> Result<(), Complaint> {
    let failed = |error: tokio_postgres::Error| match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Complaint::new(
            format!("sql/rights/roles.sql: {}", describe(&error)),
            "let a superuser run that file, or `alter role … createrole` for this login",
        ),
        _ => complaint("sql/rights", &error),
    };
    client.batch_execute(ROLES).await.map_err(failed)?;
    let row = client.query_one(IS_SUPERUSER, &[]).await.map_err(failed)?;
    if row.get(0) {
        client.batch_execute(SUPERUSER).await.map_err(failed)?;
    }
    Ok(())
}

async fn connect(config: &Config) -> Result<(Client, JoinHandle<()>), Complaint> {
    Ok(pools::connect_pinned(config, &SETTINGS).await?)
}

async fn tables_migrate(client: &mut Client) -> Result<Vec<String>, Complaint> {
    let report = tables::migrations::runner()
        .set_grouped(true)
        .run_async(client)
        .await
        .map_err(|error| refused(&error))?;
    let applied = report.applied_migrations().iter();
    Ok(applied.map(ToString::to_string).collect())
}

/// refinery's error: what PostgreSQL said, or that this database is another version's.
fn refused(error: &refinery::Error) -> Complaint {
    let cause = error.source();
    let of_postgres = cause.and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>());
    match of_postgres {
        Some(error) => complaint("sql/migrations", error),
        None => Complaint::new(
            format!("sql/migrations: {}", with_causes(error)),
            "this database was migrated by another version: use that one, or a newer one",
        ),
    }
}

/// Makes all functions and rights anew, and compares the rights with those of the repository.
async fn functions_replace(client: &mut Client) -> Result<usize, Complaint> {
    let failed = |path: &str, error: &tokio_postgres::Error| complaint(path, error);
    let begun = client.transaction().await;
    let transaction = begun.map_err(|error| failed("sql/functions", &error))?;
    let revoke = ("sql/rights/revoke.sql".to_owned(), REVOKE);
    let grant = ("sql/rights/grant.sql".to_owned(), GRANT);
    let functions: Vec<_> = function_files()
        .map(|(path, text)| (format!("sql/functions/{path}"), text))
        .collect();
    let count = functions.len();
    for (path, text) in [vec![revoke], functions, vec![grant]].concat() {
        let done = transaction.batch_execute(text).await;
        done.map_err(|error| failed(&path, &error))?;
    }
    let found = transaction.query(DIFFERENCES, &[]).await;
    let found = found.map_err(|error| failed("comparing the rights", &error))?;
    if !found.is_empty() {
        let found: Vec<String> = found.iter().map(|row| row.get(0)).collect();
        return Err(Complaint::new(
            format!("rights are not as sql/rights says: {}", found.join(", ")),
            "undo this with `revoke`, `alter role` or `alter … owner to`, then migrate again",
        ));
    }
    let committed = transaction.commit().await;
    committed.map_err(|error| failed("sql/functions", &error))?;
    Ok(count)
}

/// Path below `sql/functions` and text of every function file.
pub fn function_files() -> impl Iterator<Item = (String, &'static str)> {
    let schemas = FUNCTIONS.entries().iter().filter_map(DirEntry::as_dir);
    schemas.flat_map(Dir::files).map(|file| {
        let text = file
            .contents_utf8()
            .expect("PostgreSQL accepts UTF-8 only, and so does the tidy test");
        (file.path().display().to_string(), text)
    })
}

/// Sends only the SCRAM verifier, so that the password is in no log of the database.
async fn password_set(client: &Client, role: &str, password: &str) -> Result<(), Complaint> {
    let verifier = scram_sha_256(password.as_bytes());
    client
        .batch_execute(&format!("alter role {role} login password '{verifier}'"))
        .await
        .map_err(|error| complaint(&format!("setting the password of {role}"), &error))
}
