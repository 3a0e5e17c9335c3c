//! RabbitMQ's management API: a minimal HTTP client, as this one server needs it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use std::{fs, str};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::place::{repository, setting};
use crate::process::blocking;

/// No call takes longer.
const CALL_MAX: Duration = Duration::from_secs(30);
/// The user that the worker is, with the rights that it has everywhere.
pub const WORKER: &str = "remit-worker";

/// The API for one user.
#[derive(Debug, Clone)]
pub struct Management {
    /// `user:password`.
    login: String,
    /// `host:port`.
    address: String,
}

impl Management {
    /// For a user of a broker on loopback.
    pub fn new(user: &str, password: &str, port: u16) -> Self {
        Self {
            login: format!("{user}:{password}"),
            address: format!("127.0.0.1:{port}"),
        }
    }

    /// For the administrator of the broker that `make test` has started.
    pub fn of_tests() -> Self {
        let url = setting("REMIT_TEST_RABBITMQ_API");
        let (login, address) = url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('@'))
            .expect("REMIT_TEST_RABBITMQ_API is http://user:password@host:port");
        Self {
            login: login.to_owned(),
            address: address.to_owned(),
        }
    }

    /// The same for another user.
    #[must_use]
    pub fn with_login(self, login: &str) -> Self {
        Self {
            login: login.to_owned(),
            ..self
        }
    }

    fn user(&self) -> &str {
        self.login.split(':').next().unwrap_or_default()
    }

    /// Makes a virtual host, in which this user may do anything, and the worker what it may
    /// everywhere.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn make_vhost(&self, name: &str) -> Result<(), String> {
        self.call("PUT", &format!("vhosts/{name}"), None).await?;
        let anything = json!({"configure": ".*", "write": ".*", "read": ".*"});
        let path = format!("permissions/{name}/{}", self.user());
        self.call("PUT", &path, Some(anything)).await?;
        let path = format!("permissions/{name}/{WORKER}");
        self.call("PUT", &path, Some(rights_of(WORKER)?))
            .await
            .map(drop)
    }

    /// Makes a user with the rights in a virtual host that a user of Remit's has everywhere.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn make_user(&self, name: &str, like: &str, vhost: &str) -> Result<(), String> {
        let user = json!({"password": name, "tags": ""});
        self.call("PUT", &format!("users/{name}"), Some(user))
            .await?;
        let path = format!("permissions/{vhost}/{name}");
        self.call("PUT", &path, Some(rights_of(like)?))
            .await
            .map(drop)
    }

    /// Removes a virtual host.
    ///
    /// # Errors
    /// The broker refuses.
    pub async fn remove_vhost(&self, name: &str) -> Result<(), String> {
        let path = format!("vhosts/{name}");
        self.call("DELETE", &path, None).await.map(drop)
    }

    /// Calls a path below `/api/`, and gives what it answers where that is a success.
    ///
    /// # Errors
    /// It is none.
    pub async fn call(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        match self.try_call(method, path, body).await? {
            (200..300, answer) => Ok(answer),
            (status, answer) => Err(format!("{method} {path}: {status} {answer}")),
        }
    }

    /// Calls a path below `/api/`, and gives status and answer.
    ///
    /// # Errors
    /// The broker is away.
    pub async fn try_call(
        &self,
        method: &'static str,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value), String> {
        let (api, path) = (self.clone(), path.to_owned());
        blocking(move || api.exchange(method, &path, body)).await
    }

    /// The same where no task runs. HTTP 1.0: the answer comes whole and the connection ends.
    ///
    /// # Errors
    /// The broker is away.
    pub fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value), String> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{method} /api/{path} HTTP/1.0\r\nAuthorization: Basic {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            STANDARD.encode(&self.login),
            body.len()
        );
        let describe = |error: std::io::Error| format!("{method} {path}: {error}");
        let mut answer = Vec::new();
        let mut stream = TcpStream::connect(&self.address).map_err(describe)?;
        stream
            .set_read_timeout(Some(CALL_MAX))
            .and_then(|()| stream.write_all(request.as_bytes()))
            .and_then(|()| stream.read_to_end(&mut answer))
            .map_err(describe)?;
        parse(&answer).ok_or_else(|| format!("{method} {path}: no HTTP"))
    }
}

fn parse(answer: &[u8]) -> Option<(u16, Value)> {
    let (head, body) = str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or_default()))
}

/// What a user may do, by the file that every broker of Remit starts with.
fn rights_of(user: &str) -> Result<Value, String> {
    let path = repository().join("rabbitmq/definitions.json.template");
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let definitions: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let mut permissions = definitions["permissions"].as_array().into_iter().flatten();
    let rights = permissions.find(|rights| rights["user"] == user);
    let rights = rights.ok_or_else(|| format!("{user} has no rights"))?;
    Ok(json!({"configure": rights["configure"], "write": rights["write"], "read": rights["read"]}))
}
