//! The scripts in stack/: their arguments, and what the account of the parts cannot make root do.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use regex::Regex;
use testbed::folder::{Folder, owned_folder};
use testbed::place::{programs, repository};
use testbed::poll::{SOON, eventually_true};
use testbed::process::{is_running, signal};

use crate::tidy::files;

/// Runs lines of bash after stack/lib.sh, in the folder of the parts.
pub fn bash(folder: &Path, lines: &str) -> Output {
    let lines = format!("set -euo pipefail; . stack/lib.sh; open_dir \"$0\"; {lines}");
    Command::new("bash")
        .args(["-c", &lines])
        .arg(folder)
        .current_dir(repository())
        .stdin(Stdio::null())
        .output()
        .expect("bash is there")
}

/// What it printed, when it succeeded.
pub fn done(folder: &Path, lines: &str) -> String {
    let output = bash(folder, lines);
    assert!(output.status.success(), "{lines}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// What it complained about.
pub fn refused(folder: &Path, lines: &str) -> String {
    let output = bash(folder, lines);
    assert_eq!(output.status.code(), Some(1), "{lines}: {output:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// A folder of the parts' account, with what `make up` makes in it.
pub fn folder() -> PathBuf {
    let folder = owned_folder("scripts");
    done(&folder, "as_owner mkdir -m 700 secrets");
    folder
}

/// A folder that is root's alone with a file in it. None where the tests do not run as root: then
/// the scripts have no more rights than the account.
fn roots_folder() -> Option<PathBuf> {
    let is_root = fs::metadata("/proc/self").expect("Linux has it").uid() == 0;
    let made = Command::new("mktemp")
        .arg("-d")
        .output()
        .expect("it is there");
    let path = PathBuf::from(String::from_utf8(made.stdout).expect("text").trim());
    fs::write(path.join("file"), "root's").expect("it is ours");
    is_root.then_some(path)
}

#[test]
fn every_script_has_help_and_names_an_argument_that_it_does_not_know() {
    // Their arguments go to other programs.
    let others = ["psql", "pgtap", "test", "bench", "chaos", "demo", "package"];
    for (path, text) in files("stack", "") {
        let name = path.trim_start_matches("stack/");
        if !text.starts_with("#!") || name.starts_with("remit") {
            continue;
        }
        let run = |argument: &str| {
            let mut script = Command::new(repository().join(&path));
            script.arg(argument).arg("/nothing/there");
            // Nothing of a Remit that runs here, and no cargo, if it went on.
            script.env_clear().env("PATH", "/usr/bin:/bin");
            script
                .env("REMIT_DIR", "/nothing/there")
                .output()
                .expect("it can be run")
        };
        for argument in ["--help", "-h"]
            .iter()
            .take(if name == "psql" { 1 } else { 2 })
        {
            let help = run(argument);
            let said = String::from_utf8_lossy(&help.stdout).into_owned();
            let first = text.lines().nth(1).expect("it begins with what it does");
            assert_eq!(help.status.code(), Some(0), "{path}: {help:?}");
            assert!(
                said.starts_with(&first[2..]) && help.stderr.is_empty(),
                "{path}: {said}"
            );
            assert!(!said.contains("set -euo"), "{path}: {said}");
        }
        if !others.contains(&name) {
            let wrong = run("nonsense");
            let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
            assert_eq!(wrong.status.code(), Some(2), "{path}: {wrong:?}");
            let is_named = said.contains("nonsense");
            assert!(is_named && said.contains("--help"), "{path}: {said}");
        }
    }
}

#[test]
fn no_color_means_none() {
    let lines = "'. stack/lib.sh; step one; die two'";
    for (value, has_colour) in [("", true), ("1", false)] {
        let output = Command::new("script")
            .args(["-qec", &format!("bash -c {lines}"), "/dev/null"])
            .current_dir(repository())
            .env("NO_COLOR", value)
            .env("TERM", "xterm")
            .output()
            .expect("a terminal can be had");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(text.contains("one") && text.contains("two"), "{text}");
        assert_eq!(text.contains('\u{1b}'), has_colour, "{value}: {text:?}");
    }
}

/// Commands that read, write, remove or signal.
const COMMANDS: &str = "cat|head|tail|rm|mv|cp|cmp|install|mkdir|rmdir|chmod|chown|touch|stat|ln|test|\
                        sha256sum|openssl|grep|sed|kill|find|source|psql";

#[test]
fn below_the_folder_of_the_parts_scripts_act_as_its_account() {
    let redirection = Regex::new(r#"[<>]\s*"?\$(dir|data)/"#).expect("it is one");
    let command = format!(r#"(^|[\s(;&|])({COMMANDS}) [^|;]*"\$(dir|data)/"#);
    let command = Regex::new(&command).expect("it is one");
    let condition = Regex::new(r#"\[\[.* -[a-z] "?\$dir/"#).expect("it is one");
    let kill = Regex::new(r"(^|[\s(;&|])kill ").expect("it is one");
    // The lock of `make test`, which looks first, and its report. A script's own children. The psql
    // of the caller, who wants the caller's files.
    let exceptions = [
        "exec psql -h ",
        "exec {lock}<\"$dir/log\"",
        "[[ -d $dir/log && ! -L $dir/log ]]",
        "local report=$dir/tests/",
        "kill \"$bench\"",
    ];
    let mut found = Vec::new();
    for (path, text) in files("stack", "") {
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
        {
            let is_excepted = exceptions.iter().any(|part| line.contains(part));
            let acts = redirection.is_match(line)
                || condition.is_match(line)
                || command.is_match(line)
                || kill.is_match(line);
            if acts && !is_excepted && !line.contains("as_owner") {
                found.push(format!("{path}: {line}"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn root_writes_and_removes_nothing_through_links_of_the_account() {
    let Some(roots) = roots_folder() else { return };
    let (folder, file) = (folder(), roots.join("file"));
    let link = |name: &str, target: &Path| {
        let _ = fs::remove_dir(folder.join(name));
        symlink(target, folder.join(name)).expect("there is nothing");
    };
    link("log/openssl.log", &file);
    link("tls", &roots);
    link("test", &roots);
    link("pid", &roots);
    link("etc/x.new", &file);
    for lines in [
        "make_certificate \"$dir/tls/nginx\" DNS:localhost",
        "write_private etc/x <<<text",
        "write_private \"$dir/pid/file\" <<<text",
        "halt file TERM",
        "remove_dir \"$dir/test\"",
        "open_dir \"$dir/test\"",
    ] {
        let ended = bash(&folder, lines);
        assert!(!ended.status.success(), "{lines}: {ended:?}");
        let names = fs::read_dir(&roots).expect("it is there").count();
        let text = fs::read_to_string(&file).expect("it is there");
        let owner = fs::metadata(&roots).expect("it is there").uid();
        assert_eq!((names, text.as_str(), owner), (1, "root's", 0), "{lines}");
    }
}

#[tokio::test]
async fn root_ends_no_process_that_a_pid_file_claims() {
    let Some(_) = roots_folder() else { return };
    let folder = folder();
    let mut child = Command::new("sleep")
        .arg("60")
        .spawn()
        .expect("it is there");
    let claim = format!(
        "process_identity {} | write_private pid/nginx; ",
        child.id()
    );
    let said = done(
        &folder,
        &format!("{claim} ! alive nginx; halt nginx TERM; echo ended"),
    );
    assert_eq!(said, "ended\n");
    assert!(
        child.try_wait().expect("it is ours").is_none(),
        "it was ended"
    );
    child.kill().expect("it is ours");
    child.wait().expect("it is ours");
}

#[test]
fn what_the_account_writes_is_not_run_and_not_believed() {
    let folder = folder();
    let proof = folder.join("proof");
    let bad = format!("a[$(touch {})]", proof.display());
    for (file, lines) in [
        ("etc/port_base", "find_base"),
        (
            "etc/port_base",
            "base=17000; echo $((base + $(read_number etc/port_base 0))); false",
        ),
        ("log/.nginx.start", "explain nginx 'it ended'; false"),
        ("pid/nginx", "alive nginx"),
    ] {
        Folder::of_tests()
            .write(&folder.join(file), bad.as_bytes())
            .expect("a file");
        let output = bash(&folder, lines);
        assert!(
            !output.status.success() && !proof.exists(),
            "{lines}: {output:?}"
        );
    }
    // Such a password would be more lines of a configuration of curl.
    let file = folder.join("secrets/rabbitmq");
    let written = Folder::of_tests().write(&file, b"secret12\"\noutput = \"/tmp/x");
    written.expect("a file");
    let said = refused(&folder, "secret rabbitmq");
    assert!(said.contains("secrets/rabbitmq"), "{said}");
}

#[test]
fn a_file_that_cannot_be_written_stays_as_it_was_and_is_named() {
    let folder = folder();
    let lines = "write_private etc/x <<<before; as_owner ln -s /dev/full etc/x.new";
    done(&folder, lines);
    let said = refused(&folder, "write_private etc/x <<<after");
    assert!(said.contains("No space left on device"), "{said}");
    assert!(said.contains("error: etc/x could not be written"), "{said}");
    assert_eq!(done(&folder, "read_private etc/x"), "before\n");
    let said = refused(&folder, "room_mb_min=999999999; require_room");
    assert!(
        said.contains("is full: ") && said.contains("make room"),
        "{said}"
    );
}

#[tokio::test]
async fn what_a_killed_first_process_leaves_behind_is_ended() {
    let folder = folder();
    let started = "launch nginx bash -c 'sleep 60 & echo $! >etc/left; wait'; pid_of nginx";
    let first: u32 = done(&folder, started).trim().parse().expect("a number");
    let mut left = 0;
    eventually_true(SOON, "it has a child", async || {
        let text = fs::read_to_string(folder.join("etc/left")).unwrap_or_default();
        left = text.trim().parse().unwrap_or(0);
        left > 0
    })
    .await;
    signal(first, "KILL");
    eventually_true(SOON, "it is gone", async || !is_running(first)).await;
    assert!(is_running(left));
    assert_eq!(
        done(&folder, "! alive nginx; orphans_of nginx").trim(),
        left.to_string()
    );
    done(&folder, "halt nginx TERM");
    eventually_true(SOON, "its child is gone", async || !is_running(left)).await;
}

/// `make up` in a folder, with these settings, of programs that were built for the tests.
fn up(folder: &Path, settings: &[(&str, &str)]) -> Output {
    let built = folder.join("built");
    fs::create_dir_all(built.join("release")).expect("it is ours");
    for name in ["remit", "remit-worker"] {
        let link = symlink(programs().join(name), built.join("release").join(name));
        link.expect("there is nothing");
    }
    // Everything is built already.
    let cargo = built.join("cargo");
    fs::write(&cargo, "#!/bin/sh\n").expect("it is ours");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let output = Command::new(repository().join("stack/up"))
        .env("PATH", format!("{}:/usr/bin:/bin", built.display()))
        .env("CARGO_TARGET_DIR", &built)
        .env("REMIT_DIR", folder)
        .env("REMIT_PORT_BASE", "31000")
        .envs(settings.iter().copied())
        .output();
    fs::remove_dir_all(&built).expect("it is ours");
    output.expect("it can be run")
}

#[test]
fn up_stops_nothing_where_a_setting_is_wrong() {
    let folder = folder();
    let parts = ["app", "worker", "nginx"];
    for part in parts {
        done(&folder, &format!("launch {part} sleep 600"));
    }
    for (setting, named) in [
        (("REMIT_LOG", "loud"), "REMIT_LOG must be"),
        (("NOTIFY_FAIL_RATE", "2"), "NOTIFY_FAIL_RATE must be"),
        (("REMIT_RATE_LIMIT", "fast"), "REMIT_RATE_LIMIT must be"),
        (
            ("REMIT_TLS_CERTIFICATE", "/nothing"),
            "REMIT_TLS_CERTIFICATE",
        ),
    ] {
        let output = up(
            &folder,
            &[setting, ("REMIT_TLS_CERTIFICATE_KEY", "/nothing")],
        );
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{named}: {output:?}");
        assert!(said.contains(named), "{named}: {said}");
        for part in parts {
            done(&folder, &format!("alive {part}"));
        }
        done(
            &folder,
            "! alive postgres && ! as_owner test -e etc/app.env",
        );
    }
    for part in parts {
        done(&folder, &format!("halt {part} TERM"));
    }
}
