//! A program under a supervisor that starts it again at once, however it ended.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

const WATCH_MS: u64 = 20;
/// After an end that nobody wanted, such as a start without a database.
const RESTART_MS: u64 = 100;
/// The status of a Rust program that panicked.
const PANICKED: i32 = 101;

/// How a program is started.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub path: PathBuf,
    pub arguments: Vec<&'static str>,
    pub variables: Vec<(&'static str, String)>,
    pub log: PathBuf,
    /// The port on which it serves once it has found its database. Without one it serves from its start.
    pub port: Option<u16>,
}

/// A process of the program.
struct Process {
    child: Child,
    /// From then on, to end is not its decision any more.
    has_served: bool,
}

impl Recipe {
    fn spawn(&self) -> Result<Process, String> {
        let describe = |error: std::io::Error| format!("{}: {error}", self.path.display());
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.map_err(describe)?;
        let child = Command::new(&self.path)
            .args(&self.arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(log.try_clone().map_err(describe)?)
            .stdout(log)
            .spawn()
            .map_err(describe)?;
        Ok(Process {
            child,
            has_served: self.port.is_none(),
        })
    }

    fn is_serving(&self) -> bool {
        let connect = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        self.port.is_none_or(connect)
    }
}

/// The program, killed at the end.
pub struct Program {
    recipe: Recipe,
    process: Arc<Mutex<Process>>,
    supervisor: JoinHandle<()>,
}

impl Program {
    /// Starts it, and tells `bad_end` of ends that were neither ours nor a start without its database.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        recipe: Recipe,
        bad_end: impl Fn(String) + Send + 'static,
    ) -> Result<Self, String> {
        let process = Arc::new(Mutex::new(recipe.spawn()?));
        let supervisor = tokio::spawn(supervise(recipe.clone(), Arc::clone(&process), bad_end));
        Ok(Self {
            recipe,
            process,
            supervisor,
        })
    }

    /// The process that runs now.
    pub fn pid(&self) -> u32 {
        lock(&self.process).child.id()
    }

    /// Ends the process as a power cut would, and starts the next one.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn kill(&self) -> Result<(), String> {
        let mut process = lock(&self.process);
        end(&mut process.child);
        *process = self.recipe.spawn()?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.supervisor.abort();
        end(&mut lock(&self.process).child);
    }
}

async fn supervise(recipe: Recipe, process: Arc<Mutex<Process>>, bad_end: impl Fn(String)) {
    loop {
        sleep(Duration::from_millis(WATCH_MS)).await;
        let (ended, has_served) = {
            let mut process = lock(&process);
            process.has_served = process.has_served || recipe.is_serving();
            (process.child.try_wait().ok().flatten(), process.has_served)
        };
        let Some(status) = ended else { continue };
        if has_served || is_bad(status) {
            bad_end(format!(
                "{} ended: {status}; see {}",
                recipe.path.display(),
                recipe.log.display()
            ));
        }
        sleep(Duration::from_millis(RESTART_MS)).await;
        let mut process = lock(&process);
        // Whoever killed it meanwhile has started it too.
        if process
            .child
            .try_wait()
            .is_ok_and(|status| status.is_some())
            && let Ok(next) = recipe.spawn()
        {
            *process = next;
        }
    }
}

fn is_bad(status: ExitStatus) -> bool {
    status.signal().is_some() || status.code() == Some(PANICKED)
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

fn lock(process: &Mutex<Process>) -> MutexGuard<'_, Process> {
    process.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;

    /// What is said when a program ends by itself.
    async fn said(script: &'static str, port: Option<u16>) -> Option<String> {
        let (say, mut said) = mpsc::unbounded_channel();
        let recipe = Recipe {
            path: "/bin/sh".into(),
            arguments: vec!["-c", script],
            variables: Vec::new(),
            log: "/dev/null".into(),
            port,
        };
        let bad_end = move |detail| drop(say.send(detail));
        let program = Program::start(recipe, bad_end).expect("there is a shell");
        let said = timeout(Duration::from_millis(500), said.recv()).await;
        drop(program);
        said.ok().flatten()
    }

    #[tokio::test]
    async fn an_end_is_bad_after_service_by_panic_and_by_signal() {
        // Nobody listens on port 1, so that the program has not served.
        assert_eq!(said("exit 1", Some(1)).await, None);
        assert!(said("exit 1", None).await.is_some());
        assert!(said("exit 101", Some(1)).await.is_some());
        assert!(said("kill -9 $$", Some(1)).await.is_some());
    }
}
