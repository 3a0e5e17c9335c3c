//! A connection to the broker with one channel, on which every message is confirmed.

use std::borrow::Cow;
use std::future::poll_fn;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{MaybeDone, maybe_done};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::tcp::{AMQPUriTcpExt, AsyncTcpStream, RustlsConnector};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, PublisherConfirm,
};
use remit::base::complaint::with_causes;
use remit::base::tls::{Tls, Trust};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::error::Error;
use crate::refusals::Refusals;

/// The broker counts as dead after twice this silence.
const HEARTBEAT_S: u16 = 10;
/// How long a connection may take to open.
const CONNECT_MS_MAX: u64 = 2_000;
/// How long a batch may stay unconfirmed. A broker that is short of memory or disk blocks
/// publishers.
const CONFIRM_MS_MAX: u64 = 10_000;
/// How long a connection may take to close.
const CLOSE_MS_MAX: u64 = 1_000;

/// How often it looks whether the broker blocks publishers.
const LOOK_MS: u64 = 20;
/// The name of a queue that is never there.
const NOBODY: &str = "remit.notifications.nobody";

/// AMQP's delivery mode of messages that survive a restart.
const PERSISTENT: u8 = 2;

/// Where the broker is, and how to reach it.
#[derive(Clone, Debug)]
pub struct Address {
    pub uri: AMQPUri,
    tls: Option<Tls>,
}

impl Address {
    /// Parses a URL; `amqps` asks for TLS.
    ///
    /// # Errors
    /// A URL that is none. The message does not repeat it.
    pub fn parse(url: &str, trust: &Trust) -> Result<Self, String> {
        let uri: AMQPUri = url
            .parse()
            .map_err(|_| "must be an AMQP URL: amqp://user:password@host:port/%2f")?;
        let tls = match uri.scheme {
            AMQPScheme::AMQP => None,
            AMQPScheme::AMQPS => Some(trust.tls()?),
        };
        Ok(Self { uri, tls })
    }

    /// Where the broker is to be: `host:port`.
    fn place(&self) -> String {
        let authority = &self.uri.authority;
        format!("{}:{}", authority.host, authority.port)
    }
}

/// A message to publish.
pub struct Message {
    pub exchange: Cow<'static, str>,
    pub routing_key: String,
    pub properties: BasicProperties,
    pub body: Vec<u8>,
}

/// A copy of the connection's socket, by which it can be ended whatever lapin is waiting for.
type Socket = Arc<Mutex<Option<TcpStream>>>;

/// A connection and its channel.
pub struct Broker {
    pub channel: Channel,
    connection: Connection,
    socket: Socket,
}

impl Broker {
    /// Connects, with publisher confirms.
    ///
    /// # Errors
    /// The broker is away, slow, or refuses the user.
    pub async fn connect(address: &Address, name: &str) -> Result<Self, Error> {
        let socket = Socket::default();
        let opening = open(address.clone(), name, Arc::clone(&socket));
        let opened = timeout(Duration::from_millis(CONNECT_MS_MAX), opening).await;
        let cause = match opened {
            Ok(Ok((connection, channel))) => {
                return Ok(Self {
                    channel,
                    connection,
                    socket,
                });
            }
            Ok(Err(error)) => with_causes(&error),
            Err(_) => format!("no answer within {CONNECT_MS_MAX} ms"),
        };
        // lapin's thread would wait for the rest of the handshake for ever.
        end(&socket);
        Err(Error::broker_unreached(&address.place(), &cause))
    }

    /// Whether the connection is up as far as known.
    pub fn is_connected(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// Whether the broker takes nothing from this connection, which it says once something is
    /// published.
    pub fn is_blocked(&self) -> bool {
        self.connection.status().blocked()
    }

    /// Whether the broker takes messages: publishes one for which there is no queue, which it has
    /// to return.
    ///
    /// # Errors
    /// The connection was lost, or the broker is slow.
    pub async fn takes_messages(&self) -> Result<bool, Error> {
        let nobody = Message {
            // It routes by the name of a queue.
            exchange: "".into(),
            routing_key: NOBODY.to_owned(),
            properties: BasicProperties::default(),
            body: Vec::new(),
        };
        let blocked = async {
            while !self.is_blocked() {
                sleep(Duration::from_millis(LOOK_MS)).await;
            }
        };
        tokio::select! {
            () = blocked => Ok(false),
            refusals = self.publish(vec![nobody]) => match refusals.undecided {
                Some((_, Error::Blocked)) => Ok(false),
                Some((_, error)) => Err(error),
                None => Ok(!self.is_blocked()),
            },
        }
    }

    /// Publishes messages in order, persistent and mandatory, and waits until the broker has
    /// decided on all, closes the channel or is slow.
    pub async fn publish(&self, messages: Vec<Message>) -> Refusals {
        let deadline = Instant::now() + Duration::from_millis(CONFIRM_MS_MAX);
        let mut sending = send(&self.channel, messages).await;
        let mut refusals = Refusals::default();
        // To the last one, also after a failure: a returned message may come with any confirm.
        for (place, one) in sending.iter_mut().enumerate() {
            let confirming = confirmation(one.as_mut());
            let late = |_| match self.is_blocked() {
                true => Err(Error::Blocked),
                false => Err(Error::Slow("the broker")),
            };
            match timeout_at(deadline, confirming).await.unwrap_or_else(late) {
                Ok(confirmation) => refusals.add(place, confirmation),
                Err(error) => refusals.fail(place, error),
            }
        }
        refusals
    }

    /// Opens another channel, and closes the one that was there if it is open.
    ///
    /// # Errors
    /// The connection was lost too.
    pub async fn reopen(&mut self) -> Result<(), Error> {
        let opening = async {
            if self.channel.status().connected() {
                self.channel.close(200, "OK".into()).await?;
            }
            Ok::<_, Error>(open_channel(&self.connection).await?)
        };
        let opened = timeout(Duration::from_millis(CONNECT_MS_MAX), opening).await;
        self.channel = opened.map_err(|_| Error::Slow("the broker"))??;
        Ok(())
    }

    /// Whether the connection is there, though the channel may be closed.
    pub fn has_connection(&self) -> bool {
        self.connection.status().connected()
    }

    /// Closes the connection in good order. Messages that were not acknowledged go back to their
    /// queue.
    pub async fn close(self) {
        let closing = self.connection.close(200, "OK".into());
        // The socket ends either way.
        let _ = timeout(Duration::from_millis(CLOSE_MS_MAX), closing).await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        end(&self.socket);
    }
}

async fn open(
    Address { mut uri, tls }: Address,
    name: &str,
    socket: Socket,
) -> lapin::Result<(Connection, Channel)> {
    uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
    let tls = tls.map(|tls| RustlsConnector::from(tls.client_config()));
    let connection = Connection::connector(
        uri,
        lapin::runtime::default_runtime()?,
        async move |mut uri, runtime| {
            // The library's own TLS would trust other certificates.
            uri.scheme = AMQPScheme::AMQP;
            let stream = uri.connect_async(&runtime).await?;
            if let AsyncTcpStream::Plain(plain) = &stream {
                let copy = plain.get_ref().as_fd().try_clone_to_owned()?;
                *lock(&socket) = Some(TcpStream::from(copy));
            }
            match &tls {
                Some(tls) => Ok(stream.into_rustls(tls, &uri.authority.host).await?),
                None => Ok(stream),
            }
        },
        ConnectionProperties::default().with_connection_name(name.into()),
    )
    .await?;
    let channel = open_channel(&connection).await?;
    Ok((connection, channel))
}

async fn open_channel(connection: &Connection) -> lapin::Result<Channel> {
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    Ok(channel)
}

fn end(socket: &Socket) {
    if let Some(socket) = lock(socket).take() {
        // It may be closed already.
        let _ = socket.shutdown(Shutdown::Both);
    }
}

fn lock(socket: &Socket) -> MutexGuard<'_, Option<TcpStream>> {
    socket.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A message on its way; its output is the confirm to wait for.
type Sending<F> = Pin<Box<MaybeDone<F>>>;

/// Sends messages in order. A message is handed over when its future is first polled, so all are
/// handed over before the first one is awaited: awaiting each in turn would cost a switch of
/// threads a message.
async fn send(
    channel: &Channel,
    messages: Vec<Message>,
) -> Vec<Sending<impl Future<Output = lapin::Result<PublisherConfirm>>>> {
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let mut sending = Vec::with_capacity(messages.len());
    for message in messages {
        let mut one = Box::pin(maybe_done(async move {
            let Message {
                exchange,
                routing_key,
                properties,
                body,
            } = message;
            let properties = properties.with_delivery_mode(PERSISTENT);
            channel
                .basic_publish(
                    exchange.as_ref().into(),
                    routing_key.into(),
                    options,
                    &body,
                    properties,
                )
                .await
        }));
        // Done or not, it is awaited later.
        let _ = poll_fn(|context| Poll::Ready(one.as_mut().poll(context))).await;
        sending.push(one);
    }
    sending
}

/// Waits until a message is sent and confirmed.
async fn confirmation<F>(mut sending: Pin<&mut MaybeDone<F>>) -> Result<Confirmation, Error>
where
    F: Future<Output = lapin::Result<PublisherConfirm>>,
{
    sending.as_mut().await;
    let sent = sending.take_output();
    Ok(sent
        .expect("it was just awaited, and its output not taken")?
        .await?)
}
