//! Processes: commands that are run to their end, signals, and what /proc says.

use std::fs;
use std::process::{Command, Stdio};

use tokio::signal::unix::{SignalKind, signal as on_signal};
use tokio::task::{JoinSet, spawn_blocking};

/// Runs a command to its end, and gives what it printed.
///
/// # Errors
/// It fails. The message has what it said.
pub fn run(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let (out, errors) = (text(&output.stdout), text(&output.stderr));
    Err(format!("{command:?}: {}: {out}{errors}", output.status))
}

/// Runs what blocks beside the tasks.
///
/// # Errors
/// Those of the work.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    spawn_blocking(work)
        .await
        .map_err(|error| error.to_string())?
}

/// Waits until this program is asked to end, and says how.
pub async fn asked_to_end() -> &'static str {
    let mut waits = JoinSet::new();
    for (name, kind) in [
        ("SIGTERM", SignalKind::terminate()),
        ("SIGINT", SignalKind::interrupt()),
        ("SIGHUP", SignalKind::hangup()),
    ] {
        if let Ok(mut asked) = on_signal(kind) {
            waits.spawn(async move { asked.recv().await.map(|()| name) });
        }
    }
    let asked = waits.join_next().await.and_then(Result::ok).flatten();
    asked.unwrap_or("a lack of signals")
}

/// Sends a signal such as `KILL`. A process that is gone needs none.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// The processes that a process has started.
pub fn children(pid: u32) -> Vec<u32> {
    let file = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(file).unwrap_or_default();
    let pids = text.split_whitespace().map(str::parse);
    pids.flatten().collect()
}

/// Whether a process runs. One that has ended and was not waited for does not.
pub fn is_running(pid: u32) -> bool {
    state(pid).is_some_and(|state| state != 'Z')
}

/// Whether a process is there and does not stand still.
pub fn is_moving(pid: u32) -> bool {
    state(pid).is_some_and(|state| !matches!(state, 'T' | 'Z'))
}

fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.chars().next()
}
