//! A session with PostgreSQL whose errors are words.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row};

use crate::words::with_causes;

/// A session.
pub struct Session {
    client: Client,
}

impl Session {
    /// Connects.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn connect(config: &Config) -> Result<Self, String> {
        let client = connect(config).await.map_err(words)?;
        Ok(Self { client })
    }

    /// Runs statements.
    ///
    /// # Errors
    /// One of them fails.
    pub async fn execute(&self, statements: &str) -> Result<(), String> {
        self.client.batch_execute(statements).await.map_err(words)
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// The query fails.
    pub async fn rows(
        &self,
        query: &str,
        arguments: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, String> {
        self.client.query(query, arguments).await.map_err(words)
    }

    /// One text.
    ///
    /// # Errors
    /// The query fails or has no row.
    pub async fn text(&self, query: &str) -> Result<String, String> {
        let row = self.client.query_one(query, &[]).await;
        row.and_then(|row| row.try_get(0)).map_err(words)
    }

    /// One number.
    ///
    /// # Errors
    /// The query fails or has no row.
    pub async fn number(&self, query: &str) -> Result<i64, String> {
        let row = self.client.query_one(query, &[]).await;
        row.and_then(|row| row.try_get(0)).map_err(words)
    }
}

/// A connection, which a task of its own drives.
///
/// # Errors
/// PostgreSQL is away.
pub async fn connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// What PostgreSQL said, or what kept it from saying anything.
fn words(error: Error) -> String {
    match error.as_db_error() {
        Some(refusal) => format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()),
        None => with_causes(&error),
    }
}

/// The URL of a database on loopback for a role.
pub fn url(role: &str, password: &str, port: u16, database: &str) -> String {
    format!("postgresql://{role}:{password}@127.0.0.1:{port}/{database}")
}
