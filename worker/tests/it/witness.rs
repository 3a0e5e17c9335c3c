//! The witness: the heads of the logs are exported, and `remit verify --head` takes them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testbed::folder::owned_folder;
use testbed::place::programs;
use testbed::poll::{SOON, eventually, eventually_true};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::stand::Stand;

/// The heads among what was said.
fn heads(text: &str) -> Vec<Value> {
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// `remit verify` with these arguments: exit status and what it said.
fn verify(stand: &Stand, arguments: &[&str]) -> (i32, String) {
    let mut remit = Command::new(programs().join("remit"));
    remit.arg("verify").args(arguments);
    let output = remit
        .env("DATABASE_URL", stand.database.owner_url())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

fn verify_heads(stand: &Stand, file: &Path) -> (i32, String) {
    verify(stand, &["--head", file.to_str().unwrap()])
}

#[tokio::test]
async fn heads_are_appended_to_a_file_while_it_leads_and_at_the_end() {
    let stand = Stand::new().await;
    stand.post(2).await;
    let file = owned_folder("heads").join("heads.jsonl");
    let url = format!("file://{}", file.display());
    let worker = stand.worker().with("REMIT_HEADS_URL", url);
    let mut relay = worker.start(&["--relay"]);
    let first = eventually(SOON, "a head is exported", async || {
        let text = fs::read_to_string(&file).ok()?;
        text.ends_with('\n').then_some(text)
    })
    .await;
    stand.post(1).await;
    relay.await_said("event published", 3).await;
    relay.signal("TERM");
    relay.ended().await;
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with(&first), "{text}");
    let (_, exported) = verify(&stand, &["--export"]);
    assert_eq!(heads(&text).last(), heads(&exported).last());
    assert!(heads(&text).len() > heads(&first).len());

    let (code, said) = verify_heads(&stand, &file);
    assert!(
        code == 0 && said.contains("has the heads that were exported"),
        "{said}"
    );
    // As a worker that was killed leaves it, and the next one goes on.
    fs::write(&file, format!("{text}{}", &first[..20])).unwrap();
    let (code, said) = verify_heads(&stand, &file);
    assert!(code == 0 && said.contains("is torn"), "{said}");
    let other = first.replace("\"ledger_id\":1,", "\"ledger_id\":77,");
    fs::write(&file, format!("{text}{other}")).unwrap();
    let (code, said) = verify_heads(&stand, &file);
    assert!(
        code == 3 && said.contains("exported_ledger_is_there"),
        "{said}"
    );
}

/// Answers one request: gives its head and its body.
async fn answer(listener: &TcpListener, status: &str) -> (String, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = String::new();
    loop {
        let mut some = [0; 4_096];
        let count = stream.read(&mut some).await.unwrap();
        request.push_str(str::from_utf8(&some[..count]).unwrap());
        let Some((head, body)) = request.split_once("\r\n\r\n") else {
            continue;
        };
        let head = head.to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if length.is_some_and(|length| length.parse() == Ok(body.len())) {
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (head, body.to_owned());
        }
    }
}

#[tokio::test]
async fn heads_are_posted_again_until_they_are_taken_and_nothing_waits_for_that() {
    let stand = Stand::new().await;
    stand.post(1).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/heads", listener.local_addr().unwrap());
    let worker = stand.worker().with("REMIT_HEADS_URL", url);
    let relay = worker.start(&["--relay"]);
    let (head, body) = answer(&listener, "503 Busy").await;
    assert!(head.starts_with("post /heads http/1.1"), "{head}");
    assert!(
        head.contains("content-type: application/x-ndjson"),
        "{head}"
    );
    assert_eq!(heads(&body)[0]["ledger_id"], 1);
    relay.await_said("event published", 1).await;
    let (_, again) = answer(&listener, "200 OK").await;
    assert_eq!(heads(&again)[0]["block"], heads(&body)[0]["block"]);
    assert_eq!(relay.said("heads were not exported").len(), 1);
}

#[tokio::test]
async fn a_worker_that_does_not_lead_exports_nothing() {
    let stand = Stand::new().await;
    let relay = stand.worker().start(&["--relay"]);
    relay.await_said("relay leads", 1).await;
    let file = owned_folder("heads").join("heads.jsonl");
    let url = format!("file://{}", file.display());
    let standby = stand.worker().with("REMIT_HEADS_URL", url);
    let standby = standby.start(&["--relay"]);
    standby
        .await_said("another relay leads, standing by", 1)
        .await;
    drop(relay);
    standby.await_said("relay leads", 1).await;
    eventually_true(SOON, "it exports once it leads", async || file.exists()).await;
}
