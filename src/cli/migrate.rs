//! `remit migrate`: brings the database up to this version.

use crate::base::complaint::Complaint;
use crate::base::telemetry;
use crate::cli::config;
use crate::sql::migrate;

/// Migrates, and prints what was done.
///
/// # Errors
/// PostgreSQL is away, or refuses.
pub async fn run(config: config::Migrate) -> Result<(), Complaint> {
    let _log = telemetry::start(config.log);
    let report = migrate::run(&config.postgres, &config.passwords, |line| {
        eprintln!("remit: {line}");
    })
    .await?;
    for warning in &report.warnings {
        eprintln!("remit: warning: {warning}");
    }
    for migration in &report.migrations {
        println!("applied {migration}");
    }
    let functions = report.functions;
    println!("replaced {functions} functions; the database is up to date");
    Ok(())
}
