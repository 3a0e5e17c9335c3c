//! Remit in a new database, as its operator puts it there.

use std::path::Path;
use std::process::Command;

use crate::owner::run;
use crate::services::blocking;

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
