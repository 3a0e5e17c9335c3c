//! Rebuilds the crate when a migration or a function changes: both are compiled in. Says which
//! commit is built: `-dirty` after it means that the sources had changes of their own.

use std::path::Path;
use std::process::Command;

fn main() {
    for source in ["sql/migrations", "sql/functions", "sql/rights", "src"] {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-env-changed=REMIT_COMMIT");
    // A line is added to it with each commit and each checkout.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"]);
    if let Some(log) = log.filter(|log| Path::new(log).exists()) {
        println!("cargo::rerun-if-changed={log}");
    }
    println!("cargo::rustc-env=COMMIT={}", commit());
}

/// What the environment says, for builds without a repository, such as that of a container.
#[expect(clippy::disallowed_methods, reason = "this is no product")]
fn commit() -> String {
    let given = std::env::var("REMIT_COMMIT").ok();
    let given = given.filter(|commit| !commit.is_empty());
    let describe = [
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ];
    let found = given.or_else(|| git(&describe));
    found.unwrap_or_else(|| "unknown".to_owned())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
