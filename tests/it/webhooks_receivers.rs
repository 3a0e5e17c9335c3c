//! The receivers of docs/webhooks.md, each against a message that Remit would send.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use remit::base::clock;
use remit::types::MasterSecret;
use serde_json::json;
use testbed::place::repository;
use testbed::program::WEBHOOK_SECRET;
use uuid::Uuid;

use crate::clients::Workshop;

/// The Rust of the page, as it stands there.
mod receiver {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/receiver.in"));
}

/// A message as it arrives.
struct Message {
    secret: String,
    id: String,
    sent_at: i64,
    signatures: String,
    body: String,
}

/// What may be wrong with a message.
const CASES: [(&str, bool); 5] = [
    ("good", true),
    ("rotating", true),
    ("another body", false),
    ("another secret", false),
    ("old", false),
];

impl Message {
    fn of(case: &str) -> Self {
        let master = MasterSecret::parse(WEBHOOK_SECRET).expect("it is long enough");
        let [old, new, other] = [1, 2, 3].map(|number| master.secret(1, Uuid::nil(), number));
        let body = json!({"type": "transfer.posted", "data": {"reference": "käse"}}).to_string();
        let age_s = if case == "old" { 301 } else { 0 };
        let sent_at = clock::now().unix_timestamp() - age_s;
        let sign =
            |secret: &remit::types::WebhookSecret| secret.sign("msg_1", sent_at, body.as_bytes());
        let signatures = match case {
            "rotating" => format!("{} {}", sign(&new), sign(&old)),
            "another secret" => sign(&other),
            _ => sign(&old),
        };
        let body = match case {
            "another body" => body.replace("käse", "brie"),
            _ => body,
        };
        Self {
            secret: old.text(),
            id: "msg_1".to_owned(),
            sent_at,
            signatures,
            body,
        }
    }

    fn headers(&self) -> [(&'static str, String); 3] {
        [
            ("webhook-id", self.id.clone()),
            ("webhook-timestamp", self.sent_at.to_string()),
            ("webhook-signature", self.signatures.clone()),
        ]
    }

    /// Whether a program accepts it, which gets the secret, the headers and the body.
    fn is_accepted_by(&self, mut command: Command) -> bool {
        let headers = self.headers();
        let names = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)));
        let headers: serde_json::Map<_, _> = names.collect();
        let child = command
            .env("WEBHOOK_SECRET", &self.secret)
            .env("HEADERS", json!(headers).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.expect("the program is there");
        let mut stdin = child.stdin.take().expect("it is a pipe");
        // One that refuses may do so before it has read all.
        let _ = stdin.write_all(self.body.as_bytes());
        drop(stdin);
        child.wait().expect("it ends").success()
    }
}

/// The code of the page in a language.
fn code(language: &str) -> String {
    let page = fs::read_to_string(repository().join("docs/webhooks.md")).expect("it is there");
    let start = format!("```{language}\n");
    let (_, rest) = page.split_once(&start).expect("the page has code in it");
    let (code, _) = rest.split_once("```").expect("which ends");
    code.to_owned()
}

#[test]
fn a_receiver_in_python_accepts_what_remit_signs_and_nothing_else() {
    let workshop = Workshop::open();
    let harness = "\nimport json, os, sys\n\
                   assert receive(os.environ['WEBHOOK_SECRET'], json.loads(os.environ['HEADERS']), sys.stdin.buffer.read())['type'] == 'transfer.posted'\n";
    workshop.put("receive.py", (code("python") + harness).as_bytes());
    for (case, expected) in CASES {
        let mut command = workshop.python("python3");
        command.arg("receive.py");
        assert_eq!(
            Message::of(case).is_accepted_by(command),
            expected,
            "{case}"
        );
    }
}

#[test]
fn a_receiver_in_typescript_accepts_what_remit_signs_and_nothing_else() {
    let workshop = Workshop::open();
    let harness = "\nimport { readFileSync } from 'node:fs';\n\
                   const event = receive(process.env.WEBHOOK_SECRET!, JSON.parse(process.env.HEADERS!), readFileSync(0, 'utf8'));\n\
                   if ((event as { type: string }).type !== 'transfer.posted') process.exit(1);\n";
    workshop.put("receive.ts", (code("typescript") + harness).as_bytes());
    for (case, expected) in CASES {
        let mut command = workshop.command(&workshop.tools.join("node/bin/node"));
        command.arg("receive.ts");
        assert_eq!(
            Message::of(case).is_accepted_by(command),
            expected,
            "{case}"
        );
    }
}

#[test]
fn a_receiver_in_rust_accepts_what_remit_signs_and_nothing_else() {
    assert_eq!(code("rust"), include_str!("receiver.in"));
    for (case, expected) in CASES {
        let message = Message::of(case);
        let headers = message.headers().into_iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().expect("a header's value"))
        });
        let headers: http::HeaderMap = headers.collect();
        let accepted = receiver::receive(&message.secret, &headers, message.body.as_bytes());
        assert_eq!(accepted.is_ok(), expected, "{case}");
    }
}

#[test]
fn a_receiver_in_a_shell_accepts_what_remit_signs_and_nothing_else() {
    for (case, expected) in CASES {
        let message = Message::of(case);
        let mut command = Command::new("sh");
        command.args(["-c", &code("sh"), "receive"]);
        command.args(message.headers().map(|(_, value)| value));
        assert_eq!(message.is_accepted_by(command), expected, "{case}");
    }
}
