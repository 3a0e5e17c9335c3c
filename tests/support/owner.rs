//! The one that the tests' servers run as: whoever owns REMIT_TEST_DIR. For root that is another user,
//! as PostgreSQL refuses to run as root and nginx would share its folder between two users.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use uuid::Uuid;

use super::setting;

/// A command that runs as the owner of REMIT_TEST_DIR, in that folder.
pub fn as_owner(program: &str) -> Command {
    let folder = setting("REMIT_TEST_DIR");
    let owner = fs::metadata(&folder).expect("REMIT_TEST_DIR is a folder");
    let mut command = if owner.uid() == own_user() {
        Command::new(program)
    } else {
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={}", owner.uid()))
            .arg(format!("--regid={}", owner.gid()))
            .args(["--init-groups", "--", program]);
        command
    };
    let path = env::var("PATH").unwrap_or_default();
    command
        .current_dir(&folder)
        // nginx is not on everybody's path.
        .env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin"))
        .env("HOME", &folder)
        .stdin(Stdio::null());
    command
}

/// Runs a command as the owner until it ends.
///
/// # Panics
/// It fails.
pub fn run_as_owner(program: &str, arguments: &[&str]) {
    let output = as_owner(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {output:?}");
}

/// Starts a command as the owner, with a log file that is the owner's too: it may be opened again as
/// /dev/stdout.
pub fn spawn_as_owner(log: &Path, program: &str, arguments: &[&str]) -> Child {
    let log = log.to_str().expect("the path is text");
    as_owner("sh")
        .args(["-c", "exec \"$@\" >>\"$0\" 2>&1", log, program])
        .args(arguments)
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// A new folder of the owner's.
pub fn owned_folder(kind: &str) -> PathBuf {
    let name = format!("{kind}-{}", Uuid::new_v4().simple());
    run_as_owner("mkdir", &["-m", "700", &name]);
    PathBuf::from(setting("REMIT_TEST_DIR")).join(name)
}

/// Writes a file of the owner's.
pub fn write_as_owner(file: &Path, text: &[u8]) {
    let mut child = as_owner("sh")
        .args([
            "-c",
            "umask 077; cat >\"$0\"",
            file.to_str().expect("the path is text"),
        ])
        .stdin(Stdio::piped())
        .spawn()
        .expect("every machine has sh");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(text).expect("the owner reads it");
    drop(input);
    let status = child.wait().expect("it ends with its input");
    assert!(status.success(), "{} cannot be written", file.display());
}

/// Sends a signal to a process.
///
/// # Panics
/// There is no such process.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "kill -s {name}"
    );
}

/// The processes that a process has started.
pub fn children(pid: u32) -> Vec<u32> {
    let file = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(file).expect("Linux has /proc");
    let pids = text.split_whitespace().map(str::parse);
    pids.map(|pid| pid.expect("a process id")).collect()
}

fn own_user() -> u32 {
    fs::metadata("/proc/self").expect("Linux has /proc").uid()
}
