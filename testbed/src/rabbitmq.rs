//! A virtual host for each test, made and looked into through RabbitMQ's management API.

use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::management::{Management, WORKER};
use crate::place::setting;
use crate::poll::{SOON, eventually};

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
    /// An empty virtual host, in which the tests may do anything, and the worker what it may
    /// everywhere.
    pub async fn create() -> Self {
        let name = format!("remit-test-{}", Uuid::new_v4().simple());
        let made = Management::of_tests().make_vhost(&name).await;
        made.unwrap_or_else(|error| panic!("{error}"));
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

    /// A login with the rights of a user of Remit's, and what its `AMQP_URL` would be. It goes with
    /// the broker.
    pub async fn login_like(&self, user: &str) -> String {
        let name = format!("like-{}", Uuid::new_v4().simple());
        let api = Management::of_tests();
        let made = api.make_user(&name, user, &self.name).await;
        made.unwrap_or_else(|error| panic!("{error}"));
        format!(
            "amqp://{name}:{name}@127.0.0.1:{}/{}",
            self.port(),
            self.name
        )
    }

    /// The port of the broker on loopback.
    pub fn port(&self) -> u16 {
        let url = setting("REMIT_TEST_AMQP");
        let port = url.rsplit_once(':').map(|(_, port)| port.parse());
        port.and_then(Result::ok).expect("the setting names a port")
    }

    /// The messages that are ready in a queue, oldest first. They stay there, marked as
    /// redelivered. None where there is no such queue.
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
            &format!("exchanges/{}/{exchange}/publish", self.name),
            Some(request),
        )
        .await;
        assert_eq!(answer["routed"], true, "{exchange} {routing_key}");
    }

    /// Declares a durable topic exchange.
    pub async fn exchange(&self, exchange: &str) {
        let path = format!("exchanges/{}/{exchange}", self.name);
        let topic = json!({"type": "topic", "durable": true});
        call("PUT", &path, Some(topic)).await;
    }

    /// A new queue bound to an exchange with a routing key, to see what is published.
    pub async fn tap(&self, exchange: &str, routing_key: &str) -> String {
        let queue = format!("tap-{}", Uuid::new_v4().simple());
        let path = format!("queues/{}/{queue}", self.name);
        call("PUT", &path, Some(json!({"durable": true}))).await;
        self.bind(exchange, &queue, routing_key).await;
        queue
    }

    /// A consumer's queue that refuses what comes when it holds so many messages.
    pub async fn narrow_tap(
        &self,
        exchange: &str,
        routing_key: &str,
        messages_max: usize,
    ) -> String {
        let queue = format!("narrow-{}", Uuid::new_v4().simple());
        let path = format!("queues/{}/{queue}", self.name);
        let arguments = json!({"x-max-length": messages_max, "x-overflow": "reject-publish"});
        let body = json!({"durable": true, "arguments": arguments});
        call("PUT", &path, Some(body)).await;
        self.bind(exchange, &queue, routing_key).await;
        queue
    }

    /// Deletes a part of this virtual host, such as `queues` or `exchanges` and its name.
    pub async fn delete(&self, kind: &str, name: &str) {
        call("DELETE", &format!("{kind}/{}/{name}", self.name), None).await;
    }

    /// Forbids the worker's user to publish to an exchange with other routing keys than these.
    pub async fn permit_keys(&self, exchange: &str, pattern: &str) {
        let path = format!("topic-permissions/{}/{WORKER}", self.name);
        let body = json!({"exchange": exchange, "write": pattern, "read": ".*"});
        call("PUT", &path, Some(body)).await;
    }

    /// Binds a queue to an exchange.
    pub async fn bind(&self, exchange: &str, queue: &str, routing_key: &str) {
        let path = format!("bindings/{}/e/{exchange}/q/{queue}", self.name);
        call("POST", &path, Some(json!({"routing_key": routing_key}))).await;
    }

    /// The exchanges to which a queue is bound; none where it is gone.
    pub async fn bindings(&self, queue: &str) -> Vec<String> {
        let path = format!("queues/{}/{queue}/bindings", self.name);
        let answer = Management::of_tests().try_call("GET", &path, None).await;
        let (_, answer) = answer.unwrap_or_else(|error| panic!("{error}"));
        let sources = answer.as_array().into_iter().flatten();
        let source = |binding: &Value| binding["source"].as_str().unwrap_or_default().to_owned();
        sources.map(source).collect()
    }

    /// Removes a binding between an exchange and a queue.
    pub async fn unbind(&self, exchange: &str, queue: &str, routing_key: &str) {
        let key = routing_key.replace('#', "%23");
        let path = format!("bindings/{}/e/{exchange}/q/{queue}/{key}", self.name);
        call("DELETE", &path, None).await;
    }

    /// Limits how many messages a queue takes; None lifts the limit.
    pub async fn limit(&self, queue: &str, messages_max: Option<usize>) {
        let path = format!("policies/{}/limit", self.name);
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
        call("GET", &format!("{kind}/{}/{name}", self.name), None).await
    }

    /// What the API answers to the user whom the worker is.
    pub async fn api_status_for_worker(&self) -> u16 {
        let url = setting("REMIT_TEST_AMQP");
        let login = url.trim_start_matches("amqp://").split('@').next();
        let login = login.expect("the setting names a user").to_owned();
        let api = Management::of_tests().with_login(&login);
        let answer = api.try_call("GET", "whoami", None).await;
        let (status, _) = answer.unwrap_or_else(|error| panic!("{error}"));
        status
    }

    /// The connections to this virtual host, as the API describes them.
    pub async fn connections(&self) -> Vec<Value> {
        let listed = call("GET", &format!("vhosts/{}/connections", self.name), None).await;
        listed.as_array().cloned().unwrap_or_default()
    }

    async fn get(&self, queue: &str, mode: &str) -> Option<Vec<Message>> {
        let path = format!("queues/{}/{queue}/get", self.name);
        let request = json!({"count": MESSAGES_MAX, "ackmode": mode, "encoding": "base64"});
        let messages = |all: &Vec<Value>| all.iter().map(message).collect();
        // A queue that is just being declared has a name before it has a process.
        let is_starting = |answer: &Value| {
            answer["reason"]
                .as_str()
                .is_some_and(|text| text.ends_with("noproc"))
        };
        eventually(SOON, &format!("{queue} can be read"), async || {
            let api = Management::of_tests();
            let answer = api.try_call("POST", &path, Some(request.clone())).await;
            let (status, answer) = answer.unwrap_or_else(|error| panic!("{error}"));
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
        let path = format!("vhosts/{}", self.name);
        // What is left over disappears with the broker; a second panic would hide the first.
        let _ =
            thread::spawn(move || Management::of_tests().exchange("DELETE", &path, None)).join();
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

async fn call(method: &'static str, path: &str, body: Option<Value>) -> Value {
    let answer = Management::of_tests().call(method, path, body).await;
    answer.unwrap_or_else(|error| panic!("{error}"))
}
