//! What the account of the parts can leave in its folder for scripts that root runs: pipes, locks,
//! names and words.

use std::fs;
use std::time::Instant;

use testbed::folder::Folder;
use testbed::poll::{SOON, eventually_true};
use testbed::process::{is_running, signal};

use crate::scripts::{bash, done, folder, refused};

#[tokio::test]
async fn what_runs_in_a_folder_with_a_longer_name_is_not_left_behind_by_a_part() {
    let folder = folder();
    let started = "launch nginx bash -c 'mkdir -m 700 \"$HOME/../${HOME##*/}2\"
        cd \"$HOME/../${HOME##*/}2\" && sleep 60 & echo $! >etc/left; wait'; pid_of nginx";
    let first: u32 = done(&folder, started).trim().parse().expect("a number");
    let mut left = 0;
    eventually_true(SOON, "it has a child", async || {
        let text = fs::read_to_string(folder.join("etc/left")).unwrap_or_default();
        left = text.trim().parse().unwrap_or(0);
        let folder = fs::read_link(format!("/proc/{left}/cwd")).unwrap_or_default();
        left > 0 && folder.display().to_string().ends_with('2')
    })
    .await;
    signal(first, "KILL");
    eventually_true(SOON, "it is gone", async || !is_running(first)).await;
    assert_eq!(done(&folder, "! alive nginx; orphans_of nginx"), "");
    signal(left, "KILL");
}

#[test]
fn a_pipe_in_the_place_of_a_file_holds_nobody_up() {
    let folder = folder();
    for (pipe, lines) in [
        ("pid/nginx", "! alive nginx; halt nginx TERM"),
        ("etc/port_base", "[[ $(read_number etc/port_base 7) == 7 ]]"),
        (
            "log/nginx.log",
            "explain nginx ended; [[ -z $(last_line nginx) ]]",
        ),
        ("etc/x.new", "! (write_private etc/x <<<y)"),
    ] {
        let make = format!("as_owner rm -f {pipe}; as_owner mkfifo {pipe}");
        let start = Instant::now();
        done(&folder, &format!("as_owner_s_max=2; {make}; {lines}"));
        assert!(start.elapsed() < SOON, "{pipe}: {:?}", start.elapsed());
    }
}

#[test]
fn a_folder_that_another_program_holds_is_waited_for_and_then_given_up() {
    let folder = folder();
    let lines = "exec {held}<.; flock \"$held\"; lock_s_max=1; lock_dir";
    let lines = lines.replace("<.;", "<\"$dir\";");
    let said = refused(&folder, &lines);
    assert!(
        said.contains("has held ") && said.contains(" (process "),
        "{said}"
    );
}

#[test]
fn the_words_of_a_log_give_the_terminal_no_orders() {
    let folder = folder();
    let log = Folder::of_tests().write(
        &folder.join("log/nginx.log"),
        b"\x1b]0;owned\x07 \xc2\x9b2J\n",
    );
    log.expect("a file");
    let output = bash(&folder, "last_line nginx; explain nginx 'it ended'");
    for text in [output.stdout, output.stderr] {
        let is_plain = |byte: &u8| *byte == b'\n' || (b' '..=b'~').contains(byte);
        assert!(
            text.iter().all(is_plain),
            "{:?}",
            String::from_utf8_lossy(&text)
        );
        assert!(String::from_utf8_lossy(&text).contains("owned"));
    }
}
