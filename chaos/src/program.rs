//! A program under a supervisor that starts it again at once, however it ended.

use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use testbed::program::{Process, Recipe};
use tokio::task::JoinHandle;
use tokio::time::sleep;

const WATCH_MS: u64 = 20;
/// After an end that nobody wanted, such as a start without a database.
const RESTART_MS: u64 = 100;
/// The status of a Rust program that panicked.
const PANICKED: i32 = 101;

/// A program, and how it is seen that it serves.
#[derive(Debug, Clone)]
pub struct Service {
    pub recipe: Recipe,
    /// The port on which it serves once it has found its database. Without one it serves from its
    /// start.
    pub port: Option<u16>,
    /// How long it takes to begin once it is started again.
    pub late: Duration,
}

/// What runs now.
struct Running {
    process: Process,
    /// From then on, to end is not its decision any more.
    has_served: bool,
}

impl Service {
    fn start(&self) -> Result<Running, String> {
        Ok(Running {
            process: Process::start(&self.recipe)?,
            has_served: self.port.is_none(),
        })
    }

    fn start_again(&self) -> Result<Running, String> {
        if self.late.is_zero() {
            return self.start();
        }
        let script = format!("/bin/sleep {}; exec \"$0\" \"$@\"", self.late.as_secs());
        let path = self.recipe.path.display().to_string();
        let arguments = self.recipe.arguments.iter().cloned();
        let recipe = Recipe {
            path: "/bin/sh".into(),
            arguments: ["-c".to_owned(), script, path]
                .into_iter()
                .chain(arguments)
                .collect(),
            ..self.recipe.clone()
        };
        let late = Self {
            recipe,
            ..self.clone()
        };
        late.start()
    }

    fn is_serving(&self) -> bool {
        let connect = |port| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
        self.port.is_none_or(connect)
    }
}

/// The program, killed at the end.
pub struct Program {
    service: Service,
    running: Arc<Mutex<Running>>,
    supervisor: JoinHandle<()>,
}

impl Program {
    /// Starts it, and tells `bad_end` of ends that were neither ours nor a start without its
    /// database.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        service: Service,
        bad_end: impl Fn(String) + Send + 'static,
    ) -> Result<Self, String> {
        let running = Arc::new(Mutex::new(service.start()?));
        let supervisor = tokio::spawn(supervise(service.clone(), Arc::clone(&running), bad_end));
        Ok(Self {
            service,
            running,
            supervisor,
        })
    }

    /// The process that runs now.
    pub fn pid(&self) -> u32 {
        lock(&self.running).process.pid()
    }

    /// Ends the process as a power cut would, and starts the next one.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn kill(&self) -> Result<(), String> {
        let mut running = lock(&self.running);
        running.process.kill();
        *running = self.service.start_again()?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.supervisor.abort();
        lock(&self.running).process.kill();
    }
}

async fn supervise(service: Service, running: Arc<Mutex<Running>>, bad_end: impl Fn(String)) {
    loop {
        sleep(Duration::from_millis(WATCH_MS)).await;
        let (ended, has_served) = {
            let mut running = lock(&running);
            running.has_served = running.has_served || service.is_serving();
            (running.process.status(), running.has_served)
        };
        let Some(status) = ended else { continue };
        if has_served || is_bad(status) {
            let (path, log) = (&service.recipe.path, &service.recipe.log);
            bad_end(format!(
                "{} ended: {status}; see {}",
                path.display(),
                log.display()
            ));
        }
        sleep(Duration::from_millis(RESTART_MS)).await;
        let mut running = lock(&running);
        // What was killed meanwhile was started too.
        if running.process.status().is_some()
            && let Ok(next) = service.start()
        {
            *running = next;
        }
    }
}

fn is_bad(status: ExitStatus) -> bool {
    status.signal().is_some() || status.code() == Some(PANICKED)
}

fn lock(running: &Mutex<Running>) -> MutexGuard<'_, Running> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;

    /// What is said when a program ends by itself.
    async fn said(script: &'static str, port: Option<u16>) -> Option<String> {
        let (say, mut said) = mpsc::unbounded_channel();
        let recipe = Recipe::new("/bin/sh", &["-c", script], Path::new("/dev/null"));
        let service = Service {
            recipe,
            port,
            late: Duration::ZERO,
        };
        let bad_end = move |detail| drop(say.send(detail));
        let program = Program::start(service, bad_end).expect("there is a shell");
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
