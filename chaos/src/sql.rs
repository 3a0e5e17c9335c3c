//! The SQL door as an operator in psql uses it: sessions of an operator, one call each time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use testbed::words::with_causes;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls};

use crate::model::transfer_id;
use crate::script::Transfer;

/// As the scripts of sql/ops set them.
const SESSION: &str = "-c TimeZone=UTC -c statement_timeout=5s -c lock_timeout=2s";
const CALL_S_MAX: u64 = 15;

/// What differs from call to call is not part of the result.
const TRANSFER_CREATE: &str = "
    select to_jsonb(r) - 'replayed' - 'field'
      from remit_v1.transfer_create(1, row($1, $2, $3, $4, null, $5, null, 'chaos')::remit_v1.transfer_request) r";

/// What came back.
#[derive(Debug)]
pub enum Said {
    Result(Value),
    /// The session was refused with this state.
    Refused(String),
    /// No answer: what was asked may have been done.
    Lost(String),
}

/// A database and the idle sessions with it.
pub struct Sql {
    config: Config,
    idle: Mutex<Vec<Client>>,
}

impl Sql {
    /// Sessions as this configuration says.
    pub fn new(mut config: Config) -> Self {
        config.options(SESSION).application_name("remit-chaos");
        Self {
            config,
            idle: Mutex::default(),
        }
    }

    /// One attempt at a transfer.
    pub async fn transfer_create(&self, transfer: &Transfer) -> Said {
        timeout(Duration::from_secs(CALL_S_MAX), self.call(transfer))
            .await
            .unwrap_or_else(|_| Said::Lost("silence".to_owned()))
    }

    async fn call(&self, transfer: &Transfer) -> Said {
        let client = match self.client().await {
            Ok(client) => client,
            Err(error) => return said(&error),
        };
        let id = transfer_id(&transfer.key);
        let result = client
            .query_one(
                TRANSFER_CREATE,
                &[
                    &id,
                    &transfer.source_id,
                    &transfer.target_id,
                    &transfer.amount,
                    &transfer.reference,
                ],
            )
            .await;
        match result {
            Ok(row) => {
                self.idle().push(client);
                Said::Result(row.get(0))
            }
            Err(error) => {
                if !error.is_closed() {
                    self.idle().push(client);
                }
                said(&error)
            }
        }
    }

    async fn client(&self) -> Result<Client, tokio_postgres::Error> {
        loop {
            let Some(client) = self.idle().pop() else {
                break;
            };
            if !client.is_closed() {
                return Ok(client);
            }
        }
        let (client, connection) = self.config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Client>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn said(error: &tokio_postgres::Error) -> Said {
    match error.code() {
        Some(state) => Said::Refused(state.code().to_owned()),
        None => Said::Lost(with_causes(error)),
    }
}
