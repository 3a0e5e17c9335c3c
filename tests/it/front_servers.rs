//! Several servers behind nginx: one of them may be restarted, or die, and no request fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use hyper::Method;
use serde_json::json;
use testbed::http::{Answer, Http};
use testbed::nginx::Nginx;
use testbed::poll::{SOON, eventually_true};
use testbed::server::Server;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::problems::Told;
use crate::stack::Stack;

const CLIENTS: usize = 4;
/// Answers that show that the load goes on.
const SOME: usize = 40;

async fn nginx_before(ports: [u16; 2]) -> Nginx {
    nginx_with(ports, |conf| conf).await
}

async fn nginx_with(ports: [u16; 2], change: impl FnOnce(String) -> String) -> Nginx {
    let servers = ports.map(|port| format!("127.0.0.1:{port}")).join(" ");
    let settings = [("REMIT_NGINX_UPSTREAM", servers.as_str())];
    Nginx::start_with_settings(0, &settings, change).await
}

/// Clients that ask without a pause, each over connections of its own. None of them tries again.
struct Load {
    clients: JoinSet<()>,
    answers: Arc<AtomicUsize>,
    users: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl Load {
    /// Each client also asks for what may not be sent twice, if it is to.
    fn start(port: u16, [source, target]: [Uuid; 2], has_unkeyed: bool) -> Self {
        let mut load = Self {
            clients: JoinSet::new(),
            answers: Arc::default(),
            users: Arc::default(),
            is_over: Arc::default(),
        };
        for _ in 0..CLIENTS {
            let (answers, users) = (Arc::clone(&load.answers), Arc::clone(&load.users));
            let (is_over, http) = (Arc::clone(&load.is_over), Http::new(port));
            load.clients.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let key = Uuid::new_v4().to_string();
                    let name = json!({"name": "Ann"});
                    let mut round = vec![
                        http.transfer(source, target, 1).await,
                        http.get(&format!("/wallets/{source}")).await,
                        http.post_with_key("/users", &key, &name).await,
                    ];
                    if has_unkeyed {
                        round.push(http.post("/users", &name).await);
                    }
                    for answer in &round {
                        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
                    }
                    answers.fetch_add(round.len(), Ordering::Relaxed);
                    users.fetch_add(round.len() - 2, Ordering::Relaxed);
                }
            });
        }
        load
    }

    /// Waits for more answers. A client that failed ends the test.
    async fn goes_on(&mut self) {
        let enough = self.answers.load(Ordering::Relaxed) + SOME;
        eventually_true(SOON, "clients are answered", async || {
            if let Some(ended) = self.clients.try_join_next() {
                ended.expect("no request fails");
            }
            self.answers.load(Ordering::Relaxed) >= enough
        })
        .await;
    }

    /// Ends it, and checks the books: nothing was done twice.
    async fn end(self, stack: &Stack, others: usize) {
        self.is_over.store(true, Ordering::Relaxed);
        self.clients.join_all().await;
        let users = self.users.load(Ordering::Relaxed) + others;
        assert_eq!(
            stack.count("users").await,
            i64::try_from(users).expect("few")
        );
        stack.verify().await;
    }
}

#[tokio::test]
async fn servers_are_restarted_one_after_the_other_without_a_request_that_fails() {
    let mut stack = Stack::start().await;
    let wallets = [
        stack.http.wallet(1_000_000).await,
        stack.http.wallet(0).await,
    ];
    let mut second = stack.second_server().await;
    let nginx = nginx_before([stack.server.port, second.port]).await;
    let mut load = Load::start(nginx.port, wallets, true);
    load.goes_on().await;
    for server in [&mut stack.server, &mut second] {
        server.signal("TERM");
        eventually_true(SOON, "the server ends", async || {
            server.ended_well() == Some(true)
        })
        .await;
        load.goes_on().await;
        server.start_again().await;
    }
    load.goes_on().await;
    load.end(&stack, 2).await;
}

#[tokio::test]
async fn a_server_that_is_killed_costs_no_read_and_no_request_with_a_key() {
    let mut stack = Stack::start().await;
    let wallets = [
        stack.http.wallet(1_000_000).await,
        stack.http.wallet(0).await,
    ];
    let mut second = stack.second_server().await;
    let nginx = nginx_before([stack.server.port, second.port]).await;
    let mut load = Load::start(nginx.port, wallets, false);
    for is_second in [false, true, false] {
        let server = if is_second {
            &mut second
        } else {
            &mut stack.server
        };
        load.goes_on().await;
        server.kill();
        load.goes_on().await;
        server.start_again().await;
        // Until nginx has heard from it again, the other one is the only one.
        takes_part(server).await;
    }
    load.goes_on().await;
    load.end(&stack, 2).await;
}

/// Waits until a server gets its share of the load: more than the request that finds out whether it
/// is back.
async fn takes_part(server: &Server) {
    eventually_true(SOON, "the server is asked", async || {
        let name = "remit_transfers_call_requests_count";
        server.http.metric(name).await > 10.0
    })
    .await;
}

/// A server that takes each request and dies of it. It counts them.
async fn start_mortal() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let deaths = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&deaths);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = [0; 4_096];
            if stream.read(&mut bytes).await.is_ok_and(|length| length > 0) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    (port, deaths)
}

#[tokio::test]
async fn what_may_have_been_done_is_sent_again_only_where_its_key_makes_it_one() {
    let stack = Stack::start().await;
    let wallets = [
        stack.http.wallet(1_000_000).await,
        stack.http.wallet(0).await,
    ];
    let (mortal, deaths) = start_mortal().await;
    let nginx = nginx_before([mortal, stack.server.port]).await;
    let user = json!({"name": "Ann"});
    let wallet = json!({"user_id": stack.http.user().await, "currency": "USD"});
    let transfer = json!({"source_id": wallets[0], "target_id": wallets[1], "amount": 1});
    let group = json!({"legs": [transfer, transfer]});
    let mut item = transfer.clone();
    item["id"] = json!("of an item");
    let bulk = json!({"transfers": [item]});
    let key = json!({"name": "a key", "scope": "reader"});
    let path = format!("/wallets/{}", wallets[0]);
    let freeze = format!("{path}/freeze");
    for (path, body, has_key, is_sent_again) in [
        (path.as_str(), None, false, true),
        ("/transfers", Some(&transfer), true, true),
        ("/holds", Some(&transfer), true, true),
        ("/groups", Some(&group), true, true),
        // Its items have keys.
        ("/transfers/bulk", Some(&bulk), false, true),
        ("/users", Some(&user), true, true),
        ("/users", Some(&user), false, false),
        ("/wallets", Some(&wallet), true, true),
        ("/wallets", Some(&wallet), false, false),
        // Where it means nothing.
        ("/keys", Some(&key), true, false),
        (&freeze, Some(&json!({"reason": "a test"})), true, false),
    ] {
        let what = format!("{path}, with a key: {has_key}");
        let mut answer = None;
        // nginx asks another server, and leaves out for a while the one that died.
        eventually_true(SOON, &what, async || {
            let before = deaths.load(Ordering::Relaxed);
            let given = ask(&Http::new(nginx.port), path, body, has_key).await;
            answer = Some(given);
            deaths.load(Ordering::Relaxed) > before
        })
        .await;
        let answer = answer.expect("it was asked");
        if is_sent_again {
            assert!(matches!(answer.status, 200 | 201), "{what}: {answer:?}");
        } else {
            let bad_gateway = (502, "bad_gateway".to_owned());
            assert_eq!(answer.problem(), bad_gateway, "{what}");
        }
    }
}

async fn ask(http: &Http, path: &str, body: Option<&serde_json::Value>, has_key: bool) -> Answer {
    let key = Uuid::new_v4().to_string();
    match body {
        None => http.send(Method::GET, path, &[], "").await,
        Some(body) if has_key => http.post_with_key(path, &key, body).await,
        Some(body) => http.post(path, body).await,
    }
}

#[tokio::test]
async fn a_server_that_fails_is_left_out() {
    let stack = Stack::start().await;
    let (mortal, deaths) = start_mortal().await;
    let nginx = nginx_before([mortal, stack.server.port]).await;
    let http = Http::new(nginx.port);
    let start = Instant::now();
    for _ in 0..60 {
        assert_eq!(http.get("/healthz").await.status, 200);
    }
    // Three in a row, and then one in a second.
    let most = 3 + start.elapsed().as_secs() + 1;
    let deaths = deaths.load(Ordering::Relaxed) as u64;
    assert!((1..=most).contains(&deaths), "{deaths} of 60");
}

#[tokio::test]
async fn what_a_server_leaves_without_an_answer_another_one_answers() {
    let stack = Stack::start().await;
    let (source, target) = (stack.http.wallet(100).await, stack.http.wallet(0).await);
    let second = stack.second_server().await;
    let shorter = |conf: String| {
        assert!(conf.contains("proxy_read_timeout 15s;"));
        conf.replace("proxy_read_timeout 15s;", "proxy_read_timeout 500ms;")
    };
    let nginx = nginx_with([stack.server.port, second.port], shorter).await;
    let http = Http::new(nginx.port);
    second.signal("STOP");
    for _ in 0..4 {
        let posted = http.transfer(source, target, 1).await;
        assert_eq!(posted.status, 201, "{posted:?}");
        let read = http.get(&format!("/wallets/{source}")).await;
        assert_eq!(read.status, 200, "{read:?}");
    }
    second.signal("CONT");
    stack.verify().await;
    assert_eq!(stack.count("transfers").await, 5);
}
