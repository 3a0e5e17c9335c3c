//! What the notifier has sent, in PostgreSQL. While PostgreSQL is away its callers wait and hold
//! their messages: that is no failed delivery.

use std::collections::{BTreeMap, HashSet};

use remit::sql::pools::Config;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::backoff::Reconnect;
use crate::contract::{self, Notification, Session};
use crate::error::Error;
use crate::event::by_ledger;

/// An event's ledger and id.
pub type EventKey = (i64, Uuid);

/// Notifications to record, by ledger.
pub type Sent = BTreeMap<i64, Vec<Notification>>;

/// A session with PostgreSQL, opened anew as often as it takes.
pub struct Records {
    config: Config,
    session: Option<Session>,
    reconnect: Reconnect,
    shutdown: CancellationToken,
}

impl Records {
    /// Connects on first use.
    pub fn new(config: Config, shutdown: CancellationToken) -> Self {
        Self {
            config,
            session: None,
            reconnect: Reconnect::new("notifier's records"),
            shutdown,
        }
    }

    /// Those of the events of which no notification was sent yet.
    ///
    /// # Errors
    /// The process is to end.
    pub async fn unsent(
        &mut self,
        events: impl Iterator<Item = EventKey>,
    ) -> Result<HashSet<EventKey>, Error> {
        let mut unsent = HashSet::new();
        for (ledger_id, ids) in by_ledger(events) {
            let found = loop {
                match self.try_unsent(ledger_id, &ids).await {
                    Ok(found) => break found,
                    Err(error) => self.wait(error).await?,
                }
            };
            unsent.extend(found.into_iter().map(|id| (ledger_id, id)));
        }
        self.reconnect.reset();
        Ok(unsent)
    }

    /// Records what was sent.
    ///
    /// # Errors
    /// The process is to end.
    pub async fn record(&mut self, sent: &Sent) -> Result<(), Error> {
        for (ledger_id, notifications) in sent {
            while let Err(error) = self.try_record(*ledger_id, notifications).await {
                self.wait(error).await?;
            }
        }
        self.reconnect.reset();
        Ok(())
    }

    async fn try_unsent(&mut self, ledger_id: i64, ids: &[Uuid]) -> Result<Vec<Uuid>, Error> {
        contract::notifications_unsent(self.session().await?, ledger_id, ids).await
    }

    async fn try_record(
        &mut self,
        ledger_id: i64,
        notifications: &[Notification],
    ) -> Result<i32, Error> {
        contract::notifications_record(self.session().await?, ledger_id, notifications).await
    }

    async fn session(&mut self) -> Result<&Session, Error> {
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::connect(&self.config).await?,
        };
        Ok(self.session.insert(session))
    }

    /// After a failure: leaves the session and waits before the next one.
    async fn wait(&mut self, error: Error) -> Result<(), Error> {
        self.session = None;
        if self.reconnect.wait(&error, &self.shutdown).await {
            return Err(Error::Shutdown);
        }
        Ok(())
    }
}
