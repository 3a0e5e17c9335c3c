//! A virtual host for each test, made and looked into through RabbitMQ's management API.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use std::{fs, str, thread};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::poll::{SOON, eventually};
use super::postgres::repository;
use super::setting;

/// No call of the API takes longer.
const CALL_MAX: Duration = Duration::from_secs(30);
/// How many messages `messages` looks at.
const MESSAGES_MAX: usize = 20_000;

/// A virtual host of its own, deleted at the end.
pub struct RabbitVhost {
    pub name: String,
}

/// A message as it lies in a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub exchange: String,
    pub routing_key: String,
    pub redelivered: bool,
    /// As the management API names them: `message_id`, `headers`, …
    pub properties: Value,
    pub body: Vec<u8>,
}

impl Message {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// A property that is text, such as `message_id`; empty if absent.
    pub fn property(&self, name: &str) -> &str {
        self.properties[name].as_str().unwrap_or_default()
    }

    /// A header.
    pub fn header(&self, name: &str) -> &Value {
        &self.properties["headers"][name]
    }
}

impl RabbitVhost {
    /// An empty virtual host, in which the tests may do anything, and the worker what it may everywhere.
    pub async fn create() -> Self {
        let name = format!("remit-test-{}", Uuid::new_v4().simple());
        let (user, ..) = Api::of_setting();
        call("PUT", &format!("/api/vhosts/{name}"), None).await;
        let anything = json!({"configure": ".*", "write": ".*", "read": ".*"});
        grant(&name, &user, anything).await;
        let url = setting("REMIT_TEST_AMQP");
        let worker = url.trim_start_matches("amqp://").split(':').next();
        let worker = worker.filter(|worker| *worker != user);
        if let Some(worker) = worker {
            grant(&name, worker, rights_of(worker)).await;
        }
        Self { name }
    }

    /// What `AMQP_URL` should be.
    pub fn url(&self) -> String {
        format!("{}/{}", setting("REMIT_TEST_AMQP"), self.name)
    }

    /// The same with TLS, at a name for loopback.
    pub fn url_with_tls(&self, host: &str) -> String {
        let server = setting("REMIT_TEST_AMQPS").replace("@127.0.0.1:", &format!("@{host}:"));
        format!("{server}/{}", self.name)
    }

    /// The same through another port on loopback, such as a proxy's.
    pub fn url_at(&self, port: u16) -> String {
        let url = setting("REMIT_TEST_AMQP");
        let (server, _) = url.rsplit_once(':').expect("the setting names a port");
        format!("{server}:{port}/{}", self.name)
    }

    /// The port of the broker on loopback.
    pub fn port(&self) -> u16 {
        let url = setting("REMIT_TEST_AMQP");
        let port = url.rsplit_once(':').map(|(_, port)| port.parse());
        port.and_then(Result::ok).expect("the setting names a port")
    }

    /// The messages that are ready in a queue, oldest first. They stay there, marked as redelivered.
    /// None where there is no such queue.
    pub async fn messages(&self, queue: &str) -> Option<Vec<Message>> {
        self.get(queue, "ack_requeue_true").await
    }

    /// Takes the messages that are ready out of a queue.
    pub async fn take(&self, queue: &str) -> Vec<Message> {
        self.get(queue, "ack_requeue_false")
            .await
            .expect("the queue is there")
    }

    /// How many messages are ready in a queue; 0 where there is no such queue.
    pub async fn depth(&self, queue: &str) -> usize {
        self.messages(queue)
            .await
            .map_or(0, |messages| messages.len())
    }

    /// Publishes a persistent message with these properties.
    pub async fn publish(&self, exchange: &str, routing_key: &str, properties: Value, body: &[u8]) {
        let exchange = if exchange.is_empty() {
            "amq.default"
        } else {
            exchange
        };
        let request = json!({
            "routing_key": routing_key, "properties": properties,
            "payload": STANDARD.encode(body), "payload_encoding": "base64",
        });
        let answer = call(
            "POST",
            &format!("/api/exchanges/{}/{exchange}/publish", self.name),
            Some(request),
        )
        .await;
        assert_eq!(answer["routed"], true, "{exchange} {routing_key}");
    }

    /// Declares a durable topic exchange.
    pub async fn exchange(&self, exchange: &str) {
        let path = format!("/api/exchanges/{}/{exchange}", self.name);
        let topic = json!({"type": "topic", "durable": true});
        call("PUT", &path, Some(topic)).await;
    }

    /// A new queue bound to an exchange with a routing key, to see what is published.
    pub async fn tap(&self, exchange: &str, routing_key: &str) -> String {
        let queue = format!("tap-{}", Uuid::new_v4().simple());
        let path = format!("/api/queues/{}/{queue}", self.name);
        call("PUT", &path, Some(json!({"durable": true}))).await;
        self.bind(exchange, &queue, routing_key).await;
        queue
    }

    /// Binds a queue to an exchange.
    pub async fn bind(&self, exchange: &str, queue: &str, routing_key: &str) {
        let path = format!("/api/bindings/{}/e/{exchange}/q/{queue}", self.name);
        call("POST", &path, Some(json!({"routing_key": routing_key}))).await;
    }

    /// Removes a binding between an exchange and a queue.
    pub async fn unbind(&self, exchange: &str, queue: &str, routing_key: &str) {
        let key = routing_key.replace('#', "%23");
        let path = format!("/api/bindings/{}/e/{exchange}/q/{queue}/{key}", self.name);
        call("DELETE", &path, None).await;
    }

    /// Limits how many messages a queue takes; None lifts the limit.
    pub async fn limit(&self, queue: &str, messages_max: Option<usize>) {
        let path = format!("/api/policies/{}/limit", self.name);
        match messages_max {
            Some(max) => {
                let policy =
                    json!({"pattern": format!("^{queue}$"), "definition": {"max-length": max}});
                call("PUT", &path, Some(policy)).await;
            }
            None => drop(call("DELETE", &path, None).await),
        }
    }

    /// What the API says about a part of this virtual host, such as `queues` or `exchanges/NAME`.
    pub async fn describe(&self, kind: &str, name: &str) -> Value {
        call("GET", &format!("/api/{kind}/{}/{name}", self.name), None).await
    }

    /// What the API answers to the user whom the worker is.
    pub async fn api_status_for_worker(&self) -> u16 {
        let url = setting("REMIT_TEST_AMQP");
        let login = url.trim_start_matches("amqp://").split('@').next();
        let login = login.expect("the setting names a user").to_owned();
        let (status, _) =
            tokio::task::spawn_blocking(move || Api::call_as(&login, "GET", "/api/whoami", None))
                .await
                .expect("the call does not panic");
        status
    }

    /// The connections to this virtual host, as the API describes them.
    pub async fn connections(&self) -> Vec<Value> {
        let listed = call(
            "GET",
            &format!("/api/vhosts/{}/connections", self.name),
            None,
        )
        .await;
        listed.as_array().cloned().unwrap_or_default()
    }

    async fn get(&self, queue: &str, mode: &str) -> Option<Vec<Message>> {
        let path = format!("/api/queues/{}/{queue}/get", self.name);
        let request = json!({"count": MESSAGES_MAX, "ackmode": mode, "encoding": "base64"});
        let messages = |all: &Vec<Value>| all.iter().map(message).collect();
        // A queue that is just being declared has a name before it has a process.
        let is_starting = |answer: &Value| {
            answer["reason"]
                .as_str()
                .is_some_and(|text| text.ends_with("noproc"))
        };
        eventually(SOON, &format!("{queue} can be read"), async || {
            let (status, answer) = try_call("POST", &path, Some(request.clone())).await;
            match status {
                200 => Some(answer.as_array().map(messages)),
                404 => Some(None),
                400 if is_starting(&answer) => None,
                _ => panic!("reading {queue}: {status} {answer}"),
            }
        })
        .await
    }
}

impl Drop for RabbitVhost {
    fn drop(&mut self) {
        let path = format!("/api/vhosts/{}", self.name);
        // What is left over disappears with the broker; a second panic would hide the first.
        let _ = thread::spawn(move || Api::call("DELETE", &path, None)).join();
    }
}

fn message(value: &Value) -> Message {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let payload = text("payload");
    Message {
        exchange: text("exchange"),
        routing_key: text("routing_key"),
        redelivered: value["redelivered"] == true,
        properties: value["properties"].clone(),
        body: if value["payload_encoding"] == "base64" {
            STANDARD.decode(payload).expect("the API encodes it")
        } else {
            payload.into_bytes()
        },
    }
}

async fn grant(vhost: &str, user: &str, rights: Value) {
    let path = format!("/api/permissions/{vhost}/{user}");
    call("PUT", &path, Some(rights)).await;
}

/// What a user may do, by the file that every broker of Remit starts with.
fn rights_of(user: &str) -> Value {
    let file = repository().join("rabbitmq/definitions.json.template");
    let text = fs::read_to_string(file).expect("it is in the repository");
    let definitions: Value = serde_json::from_str(&text).expect("it is JSON");
    let mut permissions = definitions["permissions"].as_array().into_iter().flatten();
    let rights = permissions.find(|rights| rights["user"] == user);
    let rights = rights.expect("the user has rights");
    json!({"configure": rights["configure"], "write": rights["write"], "read": rights["read"]})
}

async fn call(method: &'static str, path: &str, body: Option<Value>) -> Value {
    let (status, answer) = try_call(method, path, body).await;
    assert!(
        (200..300).contains(&status),
        "{method} {path}: {status} {answer}"
    );
    answer
}

async fn try_call(method: &'static str, path: &str, body: Option<Value>) -> (u16, Value) {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || Api::call(method, &path, body))
        .await
        .expect("the call does not panic")
}

/// The management API: a minimal HTTP client, as only this file needs one.
struct Api;

impl Api {
    /// User, `user:password`, and the address.
    fn of_setting() -> (String, String, String) {
        let url = setting("REMIT_TEST_RABBITMQ_API");
        let (credentials, address) = url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('@'))
            .expect("REMIT_TEST_RABBITMQ_API is http://user:password@host:port");
        let (user, _) = credentials.split_once(':').unwrap_or((credentials, ""));
        (user.to_owned(), credentials.to_owned(), address.to_owned())
    }

    /// HTTP 1.0: the answer comes whole and the connection ends.
    fn call(method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (_, credentials, _) = Self::of_setting();
        Self::call_as(&credentials, method, path, body)
    }

    fn call_as(credentials: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (.., address) = Self::of_setting();
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nAuthorization: Basic {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            STANDARD.encode(credentials),
            body.len()
        );
        let mut answer = Vec::new();
        let mut stream = TcpStream::connect(address).expect("RabbitMQ of `make test` answers");
        stream
            .set_read_timeout(Some(CALL_MAX))
            .and_then(|()| stream.write_all(request.as_bytes()))
            .and_then(|()| stream.read_to_end(&mut answer))
            .expect("RabbitMQ answers in time");
        let answer = str::from_utf8(&answer).expect("the API speaks UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head ends so");
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        (
            status.expect("a status is a number"),
            serde_json::from_str(body).unwrap_or(Value::Null),
        )
    }
}
