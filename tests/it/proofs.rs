//! `GET /transfers/{id}/proof`, checked by the script of `docs/proof.md`.

use std::fs;
use std::process::{Command, Stdio};

use testbed::folder::owned_folder;
use testbed::process::{blocking, run};
use uuid::Uuid;

use crate::events::append;
use crate::problems::Told;
use crate::stack::Stack;
use crate::tidy::file;

/// What the script says of a proof and a head.
async fn checked(proof: Vec<u8>, hash: String) -> Result<String, String> {
    let page = file("docs/proof.md");
    let script = page
        .split_once("```python\n")
        .and_then(|(_, rest)| rest.split_once("```"));
    let (script, _) = script.expect("the page has a script");
    let folder = owned_folder("proof");
    let (program, told) = (folder.join("check_proof.py"), folder.join("proof.json"));
    fs::write(&program, script).expect("the folder can be written");
    fs::write(&told, proof).expect("the folder can be written");
    let told = fs::File::open(told).expect("it was just written");
    let mut python = Command::new("python3");
    python.arg(program).arg(hash).stdin(Stdio::from(told));
    blocking(move || run(&mut python)).await
}

#[tokio::test]
async fn a_proof_leads_from_a_transfer_to_a_head_that_was_kept() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let posted = stack.http.transfer(source, target, 7).await;
    let path = format!("/transfers/{}/proof", posted.id("id"));
    let early = stack.http.get(&path).await;
    assert_eq!(early.problem(), (409, "not_in_log".to_owned()));
    assert_eq!(early.header("retry-after"), "1");
    append(&stack).await;
    let head = "select block, encode(hash, 'hex') from remit_ops_v1.log_head(1)";
    let head = stack.owner().await.query_one(head, &[]).await;
    let head = head.expect("there is a head");
    let (block, hash): (i64, String) = (head.get(0), head.get(1));
    for _ in 0..3 {
        stack.http.transfer(source, target, 1).await;
        append(&stack).await;
    }
    let proof = stack.http.get(&format!("{path}?head={block}")).await;
    assert_eq!(proof.status, 200, "{proof:?}");
    assert_eq!(proof.json()["head"]["hash"], *hash);
    let said = checked(proof.body.to_vec(), hash.clone()).await;
    assert!(
        said.expect("it is proven")
            .contains(&posted.id("id").to_string())
    );
    // The head over all is another one.
    let newest = stack.http.get(&path).await;
    assert!(checked(newest.body.to_vec(), hash.clone()).await.is_err());
    let newest_hash = newest.json()["head"]["hash"]
        .as_str()
        .expect("text")
        .to_owned();
    assert!(checked(newest.body.to_vec(), newest_hash).await.is_ok());
    let forged = String::from_utf8(proof.body.to_vec()).expect("JSON is text");
    let forged = forged.replace(", 7, ", ", 8, ");
    assert!(checked(forged.into_bytes(), hash).await.is_err());

    for query in ["head=0", "head=x", "head=1000", "head=1&head=1", "block=1"] {
        let refused = stack.http.get(&format!("{path}?{query}")).await;
        assert_eq!(
            refused.problem(),
            (400, "malformed_query".to_owned()),
            "{query}"
        );
    }
    let unknown = format!("/transfers/{}/proof", Uuid::new_v4());
    assert_eq!(
        stack.http.get(&unknown).await.problem().1,
        "transfer_not_found"
    );
}
