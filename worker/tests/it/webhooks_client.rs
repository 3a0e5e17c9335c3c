//! Whom a webhook may reach, whatever its URL and its name say.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use remit::base::tls::Trust;
use remit::types::WebhookOutcome;
use remit_worker::webhooks::address::Networks;
use remit_worker::webhooks::client::Client;
use testbed::tls::Authority;
use tokio::net::TcpListener;

use crate::receiver::{Receiver, Reply, drip};

/// A client for which names have these addresses, one after the other.
fn client(networks: &str, answers: &'static [&'static str]) -> Client {
    let tls = Trust::default().tls_to_anyone();
    let asked = Arc::new(AtomicUsize::new(0));
    Client::with_resolver(tls, Networks::parse(networks).unwrap(), true, move |_| {
        let place = asked.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        let addresses = answers[place].split(' ').filter(|text| !text.is_empty());
        let addresses: Vec<IpAddr> = addresses.map(|text| text.parse().unwrap()).collect();
        Box::pin(async move { Ok(addresses) })
    })
}

async fn outcome(client: &Client, url: &str) -> WebhookOutcome {
    client.post(url, &[], b"{}".to_vec()).await.0
}

#[tokio::test]
async fn no_connection_goes_to_an_address_that_is_not_public() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = client("", &["127.0.0.1"]);
    for host in [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[fe80::1]",
        "[fd00::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::1]",
        "[2001::1]",
        "a-name.example",
        "localhost",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/");
            let outcome = outcome(&client, &url).await;
            assert_eq!(outcome, WebhookOutcome::AddressForbidden, "{url}");
        }
    }
    let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "nobody has connected");
    // Odd spellings are names to the parser, which the system may take for addresses.
    let client = Client::new(Trust::default().tls_to_anyone(), Networks::default(), true);
    for host in ["2130706433", "0x7f.1", "0177.0.0.1", "127.1"] {
        let url = format!("http://{host}:{port}/");
        let outcome = outcome(&client, &url).await;
        let words = [WebhookOutcome::AddressForbidden, WebhookOutcome::Unresolved];
        assert!(words.contains(&outcome), "{url}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_name_that_becomes_private_is_not_connected_to() {
    let receiver = Receiver::start().await;
    let url = format!("http://rebinding.example:{}/", receiver.port);
    // Allowed first, as a public address would be; then another one of this machine.
    let client = client(
        "127.0.0.2/32",
        &["127.0.0.2", "127.0.0.1", "127.0.0.1 127.0.0.2", ""],
    );
    // The receiver listens at 127.0.0.1 alone: the checked address is the one that is asked.
    assert_eq!(outcome(&client, &url).await, WebhookOutcome::Unreachable);
    assert_eq!(
        outcome(&client, &url).await,
        WebhookOutcome::AddressForbidden
    );
    assert_eq!(outcome(&client, &url).await, WebhookOutcome::Unreachable);
    assert_eq!(outcome(&client, &url).await, WebhookOutcome::Unresolved);
    assert_eq!(receiver.messages().len(), 0);
}

#[tokio::test]
async fn each_end_of_an_attempt_has_its_word() {
    let receiver = Receiver::start().await;
    let client = client("127.0.0.0/8", &["127.0.0.1"]);
    for (status, expected) in [
        (200, WebhookOutcome::Delivered),
        (299, WebhookOutcome::Delivered),
        (301, WebhookOutcome::Redirected),
        (307, WebhookOutcome::Redirected),
        (400, WebhookOutcome::Refused),
        (410, WebhookOutcome::Refused),
        (500, WebhookOutcome::Refused),
    ] {
        receiver.answer(move |_| Reply::of(status));
        let told = client.post(&receiver.url(), &[], b"{}".to_vec()).await;
        assert_eq!(told, (expected, Some(i32::from(status))));
    }
    let count = receiver.messages().len();
    assert_eq!(count, 7, "redirects are not followed");
    let https = receiver.url().replace("http:", "https:");
    assert_eq!(outcome(&client, &https).await, WebhookOutcome::TlsFailed);
    let broken = drip("SSH-2.0-x\r\n").await;
    let url = format!("http://127.0.0.1:{broken}/");
    assert_eq!(outcome(&client, &url).await, WebhookOutcome::Broken);
    assert_eq!(
        outcome(&client, "http://127.0.0.1:1/").await,
        WebhookOutcome::Unreachable
    );
    let strict = Client::new(Trust::default().tls_to_anyone(), Networks::default(), false);
    assert_eq!(
        outcome(&strict, &receiver.url()).await,
        WebhookOutcome::Insecure
    );
}

#[tokio::test]
async fn an_answer_that_comes_a_byte_a_second_ends_after_ten_seconds() {
    let client = client("127.0.0.0/8", &["127.0.0.1"]);
    let (head, body) = (
        drip("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await,
        Receiver::start().await,
    );
    body.answer(|_| Reply {
        status: 200,
        delay: Duration::from_secs(60),
    });
    let start = Instant::now();
    let url = format!("http://127.0.0.1:{head}/");
    let slow = body.url();
    let (first, second) = tokio::join!(outcome(&client, &url), outcome(&client, &slow));
    assert_eq!(
        (first, second),
        (WebhookOutcome::TimedOut, WebhookOutcome::TimedOut)
    );
    let elapsed = start.elapsed();
    assert!((9..12).contains(&elapsed.as_secs()), "{elapsed:?}");
}

#[tokio::test]
async fn a_certificate_must_be_of_the_name_and_trusted() {
    let authority = Authority::create();
    let certificate = authority.certify("DNS:hooks.example");
    let port = serve_tls(&certificate).await;
    let trust = Trust::of_file(&authority.file().display().to_string()).unwrap();
    let resolver = |_| -> futures_util::future::BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
    };
    let networks = || Networks::parse("127.0.0.0/8").unwrap();
    let trusting = Client::with_resolver(trust.tls_to_anyone(), networks(), false, resolver);
    let url = |name: &str| format!("https://{name}:{port}/");
    assert_eq!(
        outcome(&trusting, &url("hooks.example")).await,
        WebhookOutcome::Delivered
    );
    assert_eq!(
        outcome(&trusting, &url("other.example")).await,
        WebhookOutcome::TlsFailed
    );
    let system = Trust::default().tls_to_anyone();
    let stranger = Client::with_resolver(system, networks(), false, resolver);
    assert_eq!(
        outcome(&stranger, &url("hooks.example")).await,
        WebhookOutcome::TlsFailed
    );
}

async fn serve_tls(certificate: &testbed::tls::Certificate) -> u16 {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = vec![CertificateDer::from_pem_file(&certificate.file).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&certificate.key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                let reply: Arc<dyn Fn(&crate::receiver::Message) -> Reply + Send + Sync> =
                    Arc::new(|_| Reply::of(200));
                let behaviour = Arc::new(std::sync::Mutex::new(reply));
                crate::receiver::talk(stream, Arc::default(), behaviour).await;
            }
        }
    });
    port
}
