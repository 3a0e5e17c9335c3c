//! The call that reads gathered wallets.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::ledger::gather::{Batch, Reply};
use crate::sql::contract;
use crate::sql::database::Database;
use crate::sql::failure::Failure;
use crate::types::{ApiKeyDigest, WalletResult};

/// `wallets_get` on one ledger.
pub struct WalletsGet {
    pub ledger_id: i64,
    pub database: Arc<Database>,
}

/// A wallet to read, and on whose behalf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reading {
    pub wallet_id: Uuid,
    pub key: ApiKeyDigest,
}

impl Batch for WalletsGet {
    type Request = Reading;
    type Answer = Result<Option<WalletResult>, Failure>;

    fn wallets(_: &Reading) -> &[Uuid] {
        // Any number of calls may read a wallet at the same time.
        &[]
    }

    async fn call(&self, readings: Vec<Reading>) -> Vec<Reply<Self>> {
        let answers = self.read(&readings).await;
        answers.into_iter().map(Reply::Done).collect()
    }
}

impl WalletsGet {
    /// Reads wallets together. One key that is no longer valid makes the call fail. Then it is made
    /// again in halves, so that only the requests with that key fail.
    fn read<'a>(&'a self, readings: &'a [Reading]) -> BoxFuture<'a, Vec<<Self as Batch>::Answer>> {
        Box::pin(async move {
            match self.read_once(readings).await {
                Ok(wallets) => wallets.into_iter().map(Ok).collect(),
                Err(Failure::Refused(_)) if readings.len() > 1 => {
                    let (left, right) = readings.split_at(readings.len() / 2);
                    let mut answers = self.read(left).await;
                    answers.extend(self.read(right).await);
                    answers
                }
                Err(failure) => vec![Err(failure); readings.len()],
            }
        })
    }

    async fn read_once(&self, readings: &[Reading]) -> Result<Vec<Option<WalletResult>>, Failure> {
        let (ids, keys): (Vec<_>, Vec<_>) = readings
            .iter()
            .map(|reading| (reading.wallet_id, reading.key))
            .unzip();
        let wallets = contract::wallets_get(&self.database, self.ledger_id, &ids, &keys).await?;
        if wallets.len() == readings.len() {
            Ok(wallets)
        } else {
            let cause = "wallets_get gave another number of rows than it had ids";
            Err(Failure::Unexpected(cause.to_owned()))
        }
    }
}
