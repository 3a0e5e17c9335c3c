//! `remit migrate`: tables by refinery, then every function anew.
//!
//! refinery takes no lock of its own. So one advisory lock covers both parts, and any number of
//! processes may migrate the same database at once.

use std::error::Error as _;

use include_dir::{Dir, DirEntry, include_dir};
use postgres_protocol::password::scram_sha_256;
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::base::complaint::{Complaint, with_causes};
use crate::sql::fault::complaint;
use crate::sql::pools;
use crate::sql::pools::Config;
use crate::sql::session::{self, Unfit};

mod tables {
    refinery::embed_migrations!("sql/migrations");
}

static FUNCTIONS: Dir = include_dir!("$CARGO_MANIFEST_DIR/sql/functions");

/// The advisory lock of migrations. Its number may be any constant that nothing else in the
/// database uses.
///
/// The search path keeps refinery's table in `public`. Without it, a login named `remit` would make
/// that table in the schema `remit`, which is ours.
const LOCK: &str = "
    set search_path = public;
    select pg_advisory_lock(hashtextextended('remit migrate', 0));
";

/// Takes back every right on the functions. The function files then grant theirs anew, so that a
/// grant that was removed from a file is gone.
///
/// It also takes the right to make temporary objects, with which a role could try to mislead a
/// function. That is a right on the database: a dump or a copy does not carry it, so each run sets
/// it.
const REVOKE: &str = "
    set local search_path = pg_catalog, pg_temp; -- A function that is an expression is bound to what is found here.
    do $$
    begin
        execute format('revoke temporary on database %I from public', current_database());
    end;
    $$;
    -- Any role could fill the disk with large objects, or the log with messages. Only a superuser
    -- may forbid it, so an owner that is none goes on without.
    do $$
    declare
        function regprocedure;
    begin
        for function in
            select p.oid from pg_proc p
             where p.pronamespace = 'pg_catalog'::regnamespace
               and p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_open', 'lo_put', 'lowrite', 'lo_truncate',
                                 'lo_truncate64', 'lo_unlink', 'pg_logical_emit_message')
        loop
            execute format('revoke execute on function %s from public', function);
        end loop;
    exception
        when insufficient_privilege then
            null;
    end;
    $$;
    -- A role may change its own settings for sessions to come.
    do $$
    declare
        setting record;
    begin
        for setting in
            select r.rolname, d.datname
              from pg_db_role_setting s
              join pg_roles r on r.oid = s.setrole
              left join pg_database d on d.oid = s.setdatabase
             where r.rolname in ('remit_server', 'remit_worker', 'remit_operator', 'remit_auditor')
        loop
            execute format('alter role %I %s reset all', setting.rolname,
                           case when setting.datname is not null then format('in database %I', setting.datname) end);
        end loop;
    end;
    $$;
    set local check_function_bodies = off; -- Functions may name others that come later.
    revoke all on all functions in schema remit, remit_v1, remit_worker_v1, remit_ops_v1
      from public, remit_server, remit_worker, remit_operator, remit_auditor;
";

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

/// Brings a database up to this version. Running it again changes nothing.
///
/// # Errors
/// What failed, with the name of the file.
pub async fn run(config: &Config, passwords: &Passwords) -> Result<Report, Complaint> {
    let (mut client, _driver) = connect(config).await?;
    let warnings = session::inspect(&client).await?;
    let (other, _other_driver) = connect(config).await?;
    session::check_apart(&client, &other).await?;
    drop(other);
    // PostgreSQL releases the lock when the connection closes.
    client
        .batch_execute(LOCK)
        .await
        .map_err(|error| complaint("waiting for other migrations", &error))?;
    let migrations = tables_migrate(&mut client).await?;
    let functions = functions_replace(&mut client).await?;
    for (role, password) in [
        ("remit_server", &passwords.server),
        ("remit_worker", &passwords.worker),
    ] {
        if let Some(password) = password {
            password_set(&client, role, password).await?;
        }
    }
    Ok(Report {
        migrations,
        functions,
        warnings,
    })
}

async fn connect(config: &Config) -> Result<(Client, JoinHandle<()>), Complaint> {
    let connected = pools::connect_pinned(config, &[]).await;
    connected.map_err(|unfit| match unfit {
        Unfit::Postgres(error) => complaint("connecting to PostgreSQL", &error),
        wrong => wrong.into(),
    })
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

async fn functions_replace(client: &mut Client) -> Result<usize, Complaint> {
    let failed = |path: &str, error: &tokio_postgres::Error| {
        complaint(&format!("sql/functions/{path}"), error)
    };
    let transaction = client
        .transaction()
        .await
        .map_err(|error| failed("", &error))?;
    transaction
        .batch_execute(REVOKE)
        .await
        .map_err(|error| failed("", &error))?;
    let mut count = 0;
    for (path, text) in function_files() {
        transaction
            .batch_execute(text)
            .await
            .map_err(|error| failed(&path, &error))?;
        count += 1;
    }
    transaction
        .commit()
        .await
        .map_err(|error| failed("", &error))?;
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
