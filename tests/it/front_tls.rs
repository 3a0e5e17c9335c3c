//! https at the front door, as a probe from outside sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use remit::base::tls::Trust;
use testbed::folder::{owned_folder, run_as_owner};
use testbed::place::repository;
use testbed::port::free_port;
use testbed::tls::{Authority, Certificate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::front::Front;
use crate::problems::Told;
use crate::raw::ask;

const HSTS: &str = "strict-transport-security";

struct Https {
    front: Front,
    port: u16,
    authority: Authority,
}

impl Https {
    async fn start() -> Self {
        let authority = Authority::create();
        let Certificate { file, key } = authority.certify("IP:127.0.0.1");
        let port = free_port();
        let front = Front::start_with_settings(&[
            ("REMIT_NGINX_TLS_LISTEN", &format!("127.0.0.1:{port}")),
            ("REMIT_TLS_CERTIFICATE", &file.display().to_string()),
            ("REMIT_TLS_CERTIFICATE_KEY", &key.display().to_string()),
        ])
        .await;
        Self {
            front,
            port,
            authority,
        }
    }

    /// What `openssl s_client` says with these options, and whether the handshake succeeded.
    fn probe(&self, options: &[&str]) -> (bool, String) {
        let authority = self.authority.file();
        let output = Command::new("openssl")
            .args(["s_client", "-connect", &format!("127.0.0.1:{}", self.port)])
            .args(["-verify_return_error", "-verify_ip", "127.0.0.1"])
            .arg("-CAfile")
            .arg(authority)
            .args(options)
            .stdin(Stdio::null())
            .output()
            .expect("openssl is installed");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        (output.status.success(), text)
    }

    /// The answer to a request that ends the connection.
    async fn ask(&self, request: &str) -> String {
        let file = self.authority.file().display().to_string();
        let tls = Trust::of_file(&file).and_then(|trust| trust.tls());
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await;
        let stream = stream.expect("nginx listens");
        let mut stream = tls
            .expect("a certificate")
            .connect("127.0.0.1", stream)
            .await
            .expect("nginx proves who it is");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("nginx reads");
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer).await;
        read.expect("nginx ends the connection in good order");
        answer
    }
}

#[tokio::test]
async fn only_tls_1_2_and_1_3_are_spoken_and_only_with_forward_secrecy() {
    let https = Https::start().await;
    // What nginx must answer instead; had openssl itself refused to ask, nothing were known.
    let (version, cipher) = ("alert protocol version", "alert handshake failure");
    for (options, refusal) in [
        (&["-tls1_3"][..], ""),
        (&["-tls1_2"], ""),
        (&["-tls1_2", "-cipher", "ECDHE+AESGCM"], ""),
        (&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], version),
        (&["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"], version),
        (&["-tls1_2", "-cipher", "ECDHE+SHA384:!AESGCM"], cipher),
        (&["-tls1_2", "-cipher", "aRSA:!ECDHE:!DHE"], cipher),
    ] {
        let (succeeded, text) = https.probe(options);
        assert_eq!(succeeded, refusal.is_empty(), "{options:?}: {text}");
        let expected = if succeeded {
            "return code: 0 (ok)"
        } else {
            refusal
        };
        assert!(text.contains(expected), "{options:?}: {text}");
        // In TLS 1.3 what is called so is the name of a session that nginx keeps.
        let has_ticket = options[0] == "-tls1_2" && text.contains("TLS session ticket:");
        assert!(!has_ticket, "{options:?}: {text}");
    }
}

#[tokio::test]
async fn browsers_are_told_to_come_back_by_https_and_only_there() {
    let https = Https::start().await;
    for request in [
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        let answer = https.ask(request).await.to_lowercase();
        let header = format!("\r\n{HSTS}: max-age=31536000\r\n");
        assert!(answer.contains(&header), "{request:?}: {answer}");
        assert!(answer.contains("\r\nserver: nginx\r\n"), "{answer}");
        let plain = ask(https.front.nginx.port, request.as_bytes()).await;
        assert_eq!(plain.header(HSTS), "");
    }
    // A link with the wrong scheme.
    let plain = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let refused = ask(https.port, plain).await;
    assert_eq!(refused.problem(), (400, "malformed_request".to_owned()));
}

/// Makes a certificate as `make up` does.
fn make_certificate(folder: &Path) {
    let script =
        ". stack/lib.sh; open_dir \"$0\"; make_certificate \"$dir/tls/nginx\" DNS:localhost";
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .arg(folder)
        .current_dir(repository())
        .output()
        .expect("bash is installed");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn the_self_signed_certificate_is_kept_until_it_runs_out_and_its_key_is_private() {
    let folder = owned_folder("certificate");
    let (file, key) = (folder.join("tls/nginx.pem"), folder.join("tls/nginx.key"));
    make_certificate(&folder);
    let first = fs::read(&file).expect("it was made");
    let mode = fs::metadata(&key)
        .expect("it was made")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    make_certificate(&folder);
    assert_eq!(fs::read(&file).expect("it is there"), first);

    let (file_text, key_text) = (file.display().to_string(), key.display().to_string());
    let short = [
        "req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=x", "-newkey", "ec",
    ];
    let place = [
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        &file_text,
        "-keyout",
        &key_text,
    ];
    run_as_owner("openssl", &[&short[..], &place].concat());
    make_certificate(&folder);
    // It fails where the certificate is the old one.
    let lasts = ["x509", "-noout", "-checkend", "2592000", "-in", &file_text];
    run_as_owner("openssl", &lasts);
}
