//! The account that the servers run as: whoever owns their folder. For root that is another user, as
//! PostgreSQL refuses to run as root.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// The servers' folder.
#[derive(Debug, Clone)]
pub struct Folder {
    pub path: PathBuf,
    uid: u32,
    gid: u32,
    is_own: bool,
}

impl Folder {
    /// An existing folder.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn open(path: &Path) -> Result<Self, String> {
        let describe = |error: std::io::Error| format!("{}: {error}", path.display());
        let path = path.canonicalize().map_err(describe)?;
        let metadata = fs::metadata(&path).map_err(describe)?;
        let own = fs::metadata("/proc/self").map_err(describe)?.uid();
        Ok(Self {
            uid: metadata.uid(),
            gid: metadata.gid(),
            is_own: metadata.uid() == own,
            path,
        })
    }

    /// A command that runs as the owner.
    pub fn command(&self, program: &str) -> Command {
        let mut command = if self.is_own {
            Command::new(program)
        } else {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={}", self.uid))
                .arg(format!("--regid={}", self.gid))
                .args(["--init-groups", "--", program]);
            command
        };
        let path = env::var("PATH").unwrap_or_default();
        command
            .current_dir(&self.path)
            // nginx is not on everybody's path.
            .env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin"))
            .env("HOME", &self.path)
            .stdin(Stdio::null());
        command
    }

    /// Makes a folder of the owner's below this one.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(&self, name: &str) -> Result<PathBuf, String> {
        run(self.command("mkdir").args(["-m", "700", "-p", name]))?;
        Ok(self.path.join(name))
    }

    /// A secret of the servers'.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn secret(&self, name: &str) -> Result<String, String> {
        let path = self.path.join("secrets").join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The process of a server, from the file that stack/services keeps.
    pub fn pid(&self, name: &str) -> Option<u32> {
        let identity = fs::read_to_string(self.path.join("pid").join(name)).ok()?;
        identity.split(' ').next()?.parse().ok()
    }
}

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

/// Sends a signal such as `KILL`. A process that is gone needs none.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// The processes that a process has started.
pub fn children(pid: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let parent = |child: &u32| {
        let stat = fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split(' ').nth(1)?.parse::<u32>().ok()
    };
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|child| parent(child) == Some(pid))
        .collect()
}

/// Whether a process runs. One that has ended and was not waited for does not.
pub fn is_running(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .map(|(_, rest)| rest.starts_with('Z'));
    state == Some(false)
}
