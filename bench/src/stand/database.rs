//! The databases of a stand.

use testbed::install;
use testbed::session::Session;
use uuid::Uuid;

use super::{PASSWORD, Stand};

/// Minor units in each wallet: no load empties one.
const BALANCE: u64 = 1_000_000_000;
/// The database that a load works on, unless it is told otherwise.
pub(super) const DATABASE: &str = "bench";

impl Stand {
    /// Makes a database with Remit's schema and so many wallets, from which others are made.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn make_template(&mut self, name: &str, wallets: usize) -> Result<(), String> {
        let owner = self.make_database(name).await?;
        owner
            .execute(include_str!("../../sql/textbook.sql"))
            .await?;
        for side in ["remit", "textbook"] {
            let make = format!("select bench.{side}_wallets_make({wallets}, {BALANCE})");
            owner.execute(&make).await?;
        }
        owner.execute("vacuum analyze").await?;
        self.ids = ids(&owner, wallets).await?.into();
        Ok(())
    }

    /// Makes a database with Remit's schema, and what makes wallets and journals in it.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn make_database(&self, name: &str) -> Result<Session, String> {
        let postgres = self.services.session("postgres").await?;
        postgres.execute(&format!("create database {name}")).await?;
        postgres.execute(&because(name)).await?;
        let url = self.services.owner_url(name)?;
        install::migrate(&self.programs.join("remit"), &url, PASSWORD).await?;
        let owner = self.services.session(name).await?;
        owner.execute(include_str!("../../sql/wallets.sql")).await?;
        owner.execute(include_str!("../../sql/journal.sql")).await?;
        Ok(owner)
    }

    /// Drops a database, if it is there: also where a session of the bench has not quite ended.
    ///
    /// # Errors
    /// It cannot be dropped.
    pub async fn drop_database(&self, name: &str) -> Result<(), String> {
        let postgres = self.services.session("postgres").await?;
        let drop = format!("drop database if exists {name} with (force)");
        postgres.execute(&drop).await
    }

    /// Makes the database anew, for whatever is started next.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn reset(&mut self, template: &str) -> Result<(), String> {
        self.stop().await;
        self.drop_database(DATABASE).await?;
        let postgres = self.services.session("postgres").await?;
        let create = format!("create database {DATABASE} template {template}");
        postgres.execute(&create).await?;
        postgres.execute(&because(DATABASE)).await?;
        self.use_database(DATABASE).await
    }

    /// Whatever is started next works on this database, with a new key and an empty cache.
    ///
    /// # Errors
    /// It is not there.
    pub async fn use_database(&mut self, name: &str) -> Result<(), String> {
        self.stop().await;
        name.clone_into(&mut self.database);
        // What was made or copied is not for the load to write.
        self.owner().await?.execute("checkpoint").await?;
        let url = self.services.owner_url(name)?;
        let remit = self.programs.join("remit");
        self.key = install::make_key(&remit, &url, "bench", "service").await?;
        self.services.flush_redis().await
    }

    /// The owner's session with the database.
    ///
    /// # Errors
    /// PostgreSQL is away.
    pub async fn owner(&self) -> Result<Session, String> {
        self.services.session(&self.database).await
    }
}

/// Gives what is done by hand in a database its reason.
fn because(database: &str) -> String {
    format!("alter database {database} set remit.reason = 'bench'")
}

/// The ids of the first so many wallets, in order of their numbers.
///
/// # Errors
/// PostgreSQL is away.
pub async fn ids(owner: &Session, count: usize) -> Result<Vec<Uuid>, String> {
    let all = format!(
        "select string_agg(bench.wallet_id(n)::text, ' ' order by n) from generate_series(1, {count}) n"
    );
    let all = owner.text(&all).await?;
    let ids = all.split(' ').map(str::parse);
    ids.collect::<Result<_, _>>()
        .map_err(|error: uuid::Error| error.to_string())
}
