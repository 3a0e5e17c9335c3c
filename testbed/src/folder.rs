//! The account that the servers run as: the owner of their folder. For root that is another user,
//! as PostgreSQL refuses to run as root and nginx would share its folder between two users.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use uuid::Uuid;

use crate::place::setting;
use crate::process::run;

/// A folder of servers.
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

    /// The one in which tests may put their servers.
    pub fn of_tests() -> Self {
        let folder = Self::open(Path::new(&setting("REMIT_TEST_DIR")));
        folder.unwrap_or_else(|error| panic!("REMIT_TEST_DIR: {error}"))
    }

    /// A command that runs as the owner, in the folder.
    #[expect(clippy::disallowed_methods, reason = "this is no product")]
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

    /// Runs a command as the owner to its end.
    ///
    /// # Errors
    /// It fails. The message has what it said.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        run(self.command(program).args(arguments))
    }

    /// Starts a command as the owner, with a log file that is the owner's too: it may be opened
    /// again as /dev/stdout.
    ///
    /// # Errors
    /// It is not there.
    pub fn spawn(&self, log: &Path, program: &str, arguments: &[&str]) -> Result<Child, String> {
        self.command("sh")
            .args(["-c", "exec \"$@\" >>\"$0\" 2>&1"])
            .arg(log)
            .arg(program)
            .args(arguments)
            .spawn()
            .map_err(|error| format!("{program}: {error}"))
    }

    /// Makes a folder of the owner's below this one.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(&self, name: &str) -> Result<PathBuf, String> {
        self.run("mkdir", &["-m", "700", "-p", name])?;
        Ok(self.path.join(name))
    }

    /// Writes a file of the owner's.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, file: &Path, text: &[u8]) -> Result<(), String> {
        let describe = |error: std::io::Error| format!("{}: {error}", file.display());
        let mut child = self
            .command("sh")
            .args(["-c", "umask 077; cat >\"$0\""])
            .arg(file)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(describe)?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(text).map_err(describe)?;
        }
        let status = child.wait().map_err(describe)?;
        let written = status.success().then_some(());
        written.ok_or_else(|| format!("{} cannot be written", file.display()))
    }

    /// A secret of the servers'.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn secret(&self, name: &str) -> Result<String, String> {
        let path = self.path.join("secrets").join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The process of a server, from the file that stack/services keeps. The owner can write into
    /// it what it likes: a process of another account is none of ours.
    pub fn pid(&self, name: &str) -> Option<u32> {
        let identity = fs::read_to_string(self.path.join("pid").join(name)).ok()?;
        let pid: u32 = identity.split(' ').next()?.parse().ok()?;
        let process = fs::metadata(format!("/proc/{pid}")).ok()?;
        (process.uid() == self.uid).then_some(pid)
    }
}

/// A new folder for a test's server, of the owner of REMIT_TEST_DIR.
pub fn owned_folder(kind: &str) -> PathBuf {
    let name = format!("{kind}-{}", Uuid::new_v4().simple());
    let made = Folder::of_tests().make(&name);
    made.unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a command as the owner of REMIT_TEST_DIR until it ends.
pub fn run_as_owner(program: &str, arguments: &[&str]) -> String {
    let ended = Folder::of_tests().run(program, arguments);
    ended.unwrap_or_else(|error| panic!("{error}"))
}
