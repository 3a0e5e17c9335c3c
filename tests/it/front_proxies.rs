//! What stands before nginx, and what it finds by name: load balancers, and servers that move.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::{Arc, Mutex};

use hyper::Method;
use testbed::http::Http;
use testbed::nginx::Nginx;
use testbed::place::repository;
use testbed::poll::{SOON, eventually_true};
use testbed::process::run;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use crate::front::Front;
use crate::stack::Stack;

/// Two requests for each address, and one more in a minute.
const TWICE: [(&str, &str); 2] = [
    ("REMIT_ADDRESS_RATE_LIMIT", "1r/m"),
    ("REMIT_ADDRESS_RATE_BURST", "1"),
];

/// Two requests of a client of which the field X-Forwarded-For says this, and their status.
async fn status(http: &Http, forwarded: &str) -> u16 {
    let headers = [("x-forwarded-for", forwarded)];
    let first = http.send(Method::GET, "/healthz", &headers, "").await;
    let second = http.send(Method::GET, "/healthz", &headers, "").await;
    assert_eq!(first.status, second.status, "{forwarded}");
    first.status
}

#[tokio::test]
async fn what_a_client_says_of_its_address_is_no_evidence() {
    let front = Front::start_with_settings(&TWICE).await;
    assert_eq!(status(&front.http, "10.0.0.1").await, 200);
    assert_eq!(status(&front.http, "10.0.0.2").await, 429);
}

#[tokio::test]
async fn behind_trusted_proxies_each_client_has_its_own_address() {
    let trusted = [("REMIT_TRUSTED_PROXIES", "192.0.2.0/24 127.0.0.1 ::1")];
    let front = Front::start_with_settings(&[&TWICE[..], &trusted].concat()).await;
    for (forwarded, expected) in [
        ("10.0.0.1", 200),
        ("10.0.0.1", 429),
        ("10.0.0.2", 200),
        // What stands left of the address that a trusted proxy saw, the client made up.
        ("10.9.9.9, 10.0.0.2", 429),
        // Two proxies of the list, one behind the other.
        ("10.0.0.3, 192.0.2.7", 200),
        ("10.0.0.3", 429),
        ("2001:db8::1", 200),
        ("2001:db8::1", 429),
    ] {
        let status = status(&front.http, forwarded).await;
        assert_eq!(status, expected, "{forwarded}");
    }
    let stranger = Http::from_address(front.nginx.port, Ipv4Addr::new(127, 0, 0, 2));
    assert_eq!(status(&stranger, "10.0.0.4").await, 200);
    assert_eq!(status(&stranger, "10.0.0.5").await, 429);
    let is_there = |log: &str| log.contains(r#""client":"10.0.0.3""#);
    front.nginx.log_once(is_there).await;
}

/// A name server that knows one address for every name.
struct Names {
    address: Arc<Mutex<Ipv4Addr>>,
    port: u16,
    task: JoinHandle<()>,
}

impl Names {
    async fn start(address: Ipv4Addr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let port = socket.local_addr().expect("it is bound").port();
        let address = Arc::new(Mutex::new(address));
        let known = Arc::clone(&address);
        let task = tokio::spawn(async move {
            let mut query = [0; 512];
            while let Ok((length, client)) = socket.recv_from(&mut query).await {
                let address = *known.lock().expect("no holder panics");
                let answer = answer(&query[..length], address);
                socket.send_to(&answer, client).await.expect("it is sent");
            }
        });
        Self {
            address,
            port,
            task,
        }
    }

    fn set(&self, address: Ipv4Addr) {
        *self.address.lock().expect("no holder panics") = address;
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The answer to a question for an address (RFC 1035, section 4): the question, and for the type A
/// one record. It may be kept for a day.
fn answer(query: &[u8], address: Ipv4Addr) -> Vec<u8> {
    let is_of_type_a = query.ends_with(&[0, 1, 0, 1]);
    let mut answer = query.to_vec();
    answer[2..4].copy_from_slice(&[0x81, 0x80]);
    answer[6..12].copy_from_slice(&[0, u8::from(is_of_type_a), 0, 0, 0, 0]);
    if is_of_type_a {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 1, 0x51, 0x80, 0, 4]);
        answer.extend(address.octets());
    }
    answer
}

#[tokio::test]
async fn a_server_that_moves_is_found_by_its_name() {
    let stack = Stack::start().await;
    let nobody = Ipv4Addr::new(127, 0, 0, 9);
    let names = Names::start(nobody).await;
    let upstream = format!("remit.test:{}", stack.server.port);
    let resolver = format!("127.0.0.1:{}", names.port);
    let settings = [
        ("REMIT_NGINX_UPSTREAM", upstream.as_str()),
        ("REMIT_NGINX_RESOLVER", &resolver),
    ];
    let nginx = Nginx::start_with_settings(stack.server.port, &settings, |conf| conf).await;
    let http = Http::new(nginx.port);
    for (address, expected) in [(nobody, 502), (Ipv4Addr::LOCALHOST, 200), (nobody, 502)] {
        names.set(address);
        eventually_true(SOON, "nginx asks for the name again", async || {
            http.get("/healthz").await.status == expected
        })
        .await;
    }
    names.set(Ipv4Addr::LOCALHOST);
    eventually_true(SOON, "the server is back", async || {
        http.get("/healthz").await.status == 200
    })
    .await;
    // The path goes on as the client wrote it.
    let missing = http.get("/transfers/a%2Fb%20c").await;
    assert_eq!(missing.json()["code"], "transfer_not_found");
}

#[test]
fn a_setting_that_would_break_the_configuration_is_refused_by_name() {
    let good = [
        ("REMIT_NGINX_LISTEN", "8080"),
        ("REMIT_NGINX_UPSTREAM", "127.0.0.1:1 [::1]:2"),
        ("REMIT_NGINX_DIR", "/tmp"),
    ];
    let render = |name: &str, value: &str| {
        let mut command = Command::new(repository().join("nginx/render"));
        run(command.envs(good).env(name, value))
    };
    let rendered = render("REMIT_CORS_ORIGINS", "").expect("all are good");
    assert!(
        rendered.contains(
            " server 127.0.0.1:1 max_fails=3 fail_timeout=1s; server [::1]:2 max_fails=3 "
        )
    );
    assert!(!rendered.contains("${REMIT_"), "{rendered}");
    for (name, value) in [
        ("REMIT_CORS_ORIGINS", "https://wallet.example/"),
        ("REMIT_CORS_ORIGINS", "*"),
        ("REMIT_CORS_ORIGINS", "https://a.example, https://b.example"),
        ("REMIT_TRUSTED_PROXIES", "10.0.0.0/8;"),
        ("REMIT_TRUSTED_PROXIES", "balancer"),
        ("REMIT_NGINX_UPSTREAM", "127.0.0.1"),
        ("REMIT_NGINX_UPSTREAM", "unix:/tmp/x"),
        ("REMIT_RATE_LIMIT", "50"),
        ("REMIT_KEY_RATE_LIMIT", "0r/s"),
    ] {
        let refused = render(name, value).expect_err(value);
        assert!(
            refused.contains(&format!("error: {name} must be ")),
            "{refused}"
        );
    }
}
