//! How a query is asked and checked.

use deadpool_postgres::Client;
use postgres_types::{FromSql, Type};

use crate::database::{Database, Parameters};
use crate::postgres;
use crate::problem::Failure;

/// What calling a function gives.
pub(super) type Result<T> = std::result::Result<T, Failure>;

const ADVICE: &str = "run `remit migrate` of the same version";

/// A query: its text, and whether its parameters and its one column have the types of their mirrors.
pub(super) struct Query {
    pub text: &'static str,
    pub takes: &'static [fn(&Type) -> bool],
    pub gives: fn(&Type) -> bool,
}

impl Query {
    /// Prepares the query and compares its types with their mirrors.
    ///
    /// # Errors
    /// The database refuses it, or a type differs.
    pub async fn check(&self, client: &Client) -> std::result::Result<(), String> {
        let statement = client.prepare_cached(self.text).await.map_err(|error| {
            let said = postgres::describe(&error);
            format!("{}: {said}; {ADVICE}", self.text)
        })?;
        let parameters = statement.params();
        let parameters_fit = parameters.len() == self.takes.len()
            && parameters
                .iter()
                .zip(self.takes)
                .all(|(sql, accepts)| accepts(sql));
        let column_fits = statement
            .columns()
            .iter()
            .all(|column| (self.gives)(column.type_()));
        if !parameters_fit || !column_fits {
            let differ = "the types in the database differ from this program's";
            return Err(format!("{}: {differ}; {ADVICE}", self.text));
        }
        Ok(())
    }

    /// The one row of a function that gives one. It may be asked twice.
    pub async fn one<T: for<'a> FromSql<'a>>(
        &self,
        database: &Database,
        parameters: Parameters<'_>,
    ) -> Result<T> {
        self.only(self.all(database, parameters).await?)
    }

    /// The same, asked once whatever happens: a second time would do it again.
    pub async fn one_once<T: for<'a> FromSql<'a>>(
        &self,
        database: &Database,
        parameters: Parameters<'_>,
    ) -> Result<T> {
        let rows = database.query_once(self.text, parameters).await?;
        self.only(self.values(&rows)?)
    }

    /// All rows. They may be asked for twice.
    pub async fn all<T: for<'a> FromSql<'a>>(
        &self,
        database: &Database,
        parameters: Parameters<'_>,
    ) -> Result<Vec<T>> {
        self.values(&database.query(self.text, parameters).await?)
    }

    fn only<T>(&self, mut values: Vec<T>) -> Result<T> {
        let cause = || Failure::Unexpected(format!("no row: {}", self.text));
        values.pop().ok_or_else(cause)
    }

    fn values<T: for<'a> FromSql<'a>>(&self, rows: &[tokio_postgres::Row]) -> Result<Vec<T>> {
        let values: std::result::Result<_, tokio_postgres::Error> =
            rows.iter().map(|row| row.try_get(0)).collect();
        values.map_err(|error| {
            let cause = format!("a value does not fit its mirror: {error}: {}", self.text);
            Failure::Unexpected(cause)
        })
    }
}
