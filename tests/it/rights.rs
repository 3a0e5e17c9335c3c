//! What server and worker may do in Redis, and what no process tells the others.

use std::collections::BTreeSet;
use std::fs;

use redis::{Client, RedisResult, Value};
use testbed::place::setting;
use testbed::rabbitmq::RabbitVhost;
use testbed::redis::RedisServer;

use crate::stack::Stack;
use crate::tidy::file;

/// What Redis says to a command of a user's.
async fn ask(server: &RedisServer, user: &str, command: &[&str]) -> RedisResult<Value> {
    let client = Client::open(server.url_of(user, server.port)).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await?;
    let mut request = redis::cmd(command[0]);
    request.arg(&command[1..]);
    request.query_async(&mut connection).await
}

#[tokio::test]
async fn neither_server_nor_worker_can_look_around_or_rule_in_redis() {
    let server = RedisServer::start("remit-server").await;
    let key = ["SET", "remit:p:1:key:1:wallet:k", "x"];
    assert!(ask(&server, "remit-server", &key).await.is_ok());
    let worker_only = [&key[..], &["HMGET", key[1], "x"], &["PING"]];
    let refused: [&[&str]; 15] = [
        &["FLUSHALL"],
        &["CONFIG", "GET", "*"],
        &["ACL", "LIST"],
        &["KEYS", "*"],
        &["SCAN", "0"],
        &["DEL", "remit:p:1:cache:1:1:x"],
        &["RENAME", "remit:a", "remit:b"],
        &["SHUTDOWN"],
        &["MONITOR"],
        &["CLIENT", "LIST"],
        &["SUBSCRIBE", "x"],
        &["REPLICAOF", "127.0.0.1", "1"],
        &["SAVE"],
        &["EVAL", "return 1", "0"],
        &["HSET", "other", "x", "1"],
    ];
    for (user, more) in [("remit-server", &[][..]), ("remit-worker", &worker_only)] {
        for command in refused.iter().chain(more) {
            let error = ask(&server, user, command).await.expect_err("refused");
            assert_eq!(error.code(), Some("NOPERM"), "{user} {command:?}: {error}");
        }
        let wallet = ["HSET", "remit:p:1:cache:1:1:x", "version", "1"];
        assert!(ask(&server, user, &wallet).await.is_ok(), "{user}");
    }
    let nobody = Client::open(format!("redis://127.0.0.1:{}", server.port)).expect("a URL");
    let mut nobody = nobody
        .get_multiplexed_async_connection()
        .await
        .expect("open");
    let refused = redis::cmd("PING").exec_async(&mut nobody).await;
    assert_eq!(refused.expect_err("refused").code(), Some("NOAUTH"));
    let people = ask(&server, "remit", &["FLUSHALL"]).await;
    assert!(people.is_ok(), "{people:?}");
}

/// The commands in a source: what Rust sends, and what its scripts call.
fn commands(path: &str) -> BTreeSet<String> {
    let text = file(path);
    let starts = ["cmd(\"", "redis.call('"];
    let found = starts.iter().flat_map(|start| text.split(start).skip(1));
    let names = found.map(|rest| rest.split(['"', '\'']).next().unwrap_or_default());
    names.map(str::to_lowercase).collect()
}

/// The commands that a user may use.
fn allowed(user: &str) -> BTreeSet<String> {
    let users = file("redis/users.conf.template");
    let start = format!("user {user} ");
    let line = users.lines().find(|line| line.starts_with(&start));
    let words = line.expect("the user is there").split(' ');
    words
        .filter_map(|word| word.strip_prefix('+'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn server_and_worker_have_the_commands_that_they_use_and_no_others() {
    let mut worker = commands("src/redis/wallet_cache.rs");
    for path in [
        "src/redis/replication.rs",
        "src/redis/wallet_cache/reading.rs",
        "src/redis/wallet_cache/scripts.rs",
    ] {
        worker.extend(commands(path));
    }
    // What every script needs.
    worker.extend(["evalsha", "script|load"].map(str::to_owned));
    assert_eq!(allowed("remit-worker"), worker);
    let mut server = worker;
    for path in [
        "src/redis/connection.rs",
        "src/redis/answer_store.rs",
        "src/redis/wallet_cache/keeping.rs",
    ] {
        server.extend(commands(path));
    }
    assert_eq!(allowed("remit-server"), server);
}

/// The arguments of every process, which every user of a machine can read.
fn process_list() -> String {
    let mut list = String::new();
    for entry in fs::read_dir("/proc").expect("Linux has /proc") {
        let path = entry.expect("it is readable").path().join("cmdline");
        // Processes come and go.
        if let Ok(arguments) = fs::read(path) {
            list += &String::from_utf8_lossy(&arguments).replace('\0', " ");
            list.push('\n');
        }
    }
    list
}

#[tokio::test]
async fn no_password_is_in_the_process_list() {
    let stack = Stack::start().await;
    let vhost = RabbitVhost::create().await;
    stack.http.get("/healthz").await;
    let list = process_list();
    for program in ["redis-server", "postgres", "remit serve", "rabbit"] {
        assert!(list.contains(program), "{program} is not in the list");
    }
    let urls = [
        setting("REMIT_TEST_POSTGRES"),
        setting("REMIT_TEST_RABBITMQ_API"),
        vhost.url(),
        stack.redis.url(),
    ];
    for url in urls {
        let (_, rest) = url.split_once("://").expect("a URL");
        let (login, _) = rest.split_once('@').expect("a login");
        let (user, password) = login.split_once(':').expect("a password");
        assert!(password.len() >= 16, "{user}");
        assert!(!list.contains(password), "the password of {user}");
    }
}
