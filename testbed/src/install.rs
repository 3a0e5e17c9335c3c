//! Remit in a new database, as its operator puts it there: by the program `remit`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{fs, io};

use crate::place::{programs, repository};
use crate::process::{blocking, run};

/// What `remit` has compiled in.
const FOLDERS: [&str; 3] = ["sql/migrations", "sql/functions", "sql/rights"];

/// Makes or renews Remit's schema. The logins of server and worker get this password.
///
/// # Errors
/// What the program says.
pub async fn migrate(remit: &Path, url: &str, password: &str) -> Result<(), String> {
    let mut migrate = Command::new(remit);
    migrate
        .arg("migrate")
        .env_clear()
        .env("DATABASE_URL", url)
        .env("REMIT_SERVER_PASSWORD", password)
        .env("REMIT_WORKER_PASSWORD", password);
    blocking(move || run(&mut migrate)).await.map(drop)
}

/// Makes an API key of this name and scope.
///
/// # Errors
/// What the program says.
pub async fn make_key(remit: &Path, url: &str, name: &str, scope: &str) -> Result<String, String> {
    let mut key = Command::new(remit);
    key.args(["keys", "create", "--name", name, "--scope", scope])
        .args(["--reason", name])
        .env_clear()
        .env("DATABASE_URL", url);
    let key = blocking(move || run(&mut key)).await?;
    Ok(key.trim().to_owned())
}

/// The built program `remit`, which holds the SQL of the repository.
pub fn fresh_remit() -> PathBuf {
    let remit = programs().join("remit");
    let built_at = changed_at(&remit);
    let built_at = built_at.unwrap_or_else(|error| {
        panic!(
            "{}: {error}. First: cargo build --workspace",
            remit.display()
        )
    });
    for file in sql_files() {
        let changed_at = changed_at(&file).expect("the repository is readable");
        let (remit, file) = (remit.display(), file.display());
        assert!(
            changed_at <= built_at,
            "{remit} is older than {file}. First: cargo build --workspace"
        );
    }
    remit
}

fn changed_at(file: &Path) -> io::Result<SystemTime> {
    fs::metadata(file)?.modified()
}

/// The files that a migration applies, in order of their names.
pub fn sql_files() -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), FOLDERS.map(PathBuf::from).to_vec());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(repository().join(folder)).expect("the repository is readable") {
            let path = entry.expect("the repository is readable").path();
            let into = if path.is_dir() {
                &mut folders
            } else {
                &mut files
            };
            into.push(path);
        }
    }
    files.sort();
    files
}
