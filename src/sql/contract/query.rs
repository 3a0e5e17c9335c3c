//! How a query is asked and checked.

use deadpool_postgres::Client;
use postgres_types::{FromSql, Type};

use crate::sql::database::{Database, Parameters};
use crate::sql::failure::Failure;
use crate::sql::pools;

/// What calling a function gives.
pub type Result<T> = std::result::Result<T, Failure>;

const ADVICE: &str = "run `remit migrate` of the same version";

/// A query: its text, and the checks that its parameters and its one column have the types of their
/// mirrors.
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
            let said = pools::describe(&error);
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

    /// The one row of a function that is never called twice, because that would do it again.
    pub async fn once<T: for<'a> FromSql<'a>>(
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

/// The functions of the lines, and `QUERIES`, which has them all. A line is
/// `how schema.function(arguments) -> result;`, where `how` is a method of `Query`.
macro_rules! queries {
    ($($how:ident $schema:ident.$name:ident $arguments:tt -> $gives:ty;)*) => {
        $($crate::sql::contract::query::function! { $how $schema.$name $arguments -> $gives })*
        const QUERIES: &[Query] = &[
            $($crate::sql::contract::query::query! { $schema.$name $arguments -> $gives }),*
        ];
    };
}

/// The function in Rust.
macro_rules! function {
    ($how:ident $schema:ident.$name:ident (by $(, $argument:ident: $type:ty)*) -> $gives:ty) => {
        pub async fn $name(
            database: &Database, by: impl Into<By<'_>>, $($argument: $type),*
        ) -> $crate::sql::contract::query::answer!($how $gives) {
            const QUERY: Query = $crate::sql::contract::query::query! {
                $schema.$name (by $(, $argument: $type)*) -> $gives
            };
            let By { ledger_id, key } = by.into();
            QUERY.$how(database, &[&ledger_id, $(&$argument,)* &key]).await
        }
    };
    ($how:ident $schema:ident.$name:ident ($($argument:ident: $type:ty),*) -> $gives:ty) => {
        pub async fn $name(
            database: &Database, $($argument: $type),*
        ) -> $crate::sql::contract::query::answer!($how $gives) {
            const QUERY: Query = $crate::sql::contract::query::query! {
                $schema.$name ($($argument: $type),*) -> $gives
            };
            QUERY.$how(database, &[$(&$argument),*]).await
        }
    };
}

/// Text and types of a query.
macro_rules! query {
    ($schema:ident.$name:ident (by $(, $argument:ident: $type:ty)*) -> $gives:ty) => {
        $crate::sql::contract::query::query! {
            $schema.$name (ledger_id: i64 $(, $argument: $type)*, key: Option<&ApiKeyDigest>) -> $gives
        }
    };
    ($schema:ident.$name:ident ($($argument:ident: $type:ty),*) -> $gives:ty) => {
        Query {
            text: concat!(
                "select r from ", stringify!($schema), ".", stringify!($name), "(",
                $crate::sql::contract::query::numbers!($($argument)*), ") r",
            ),
            takes: &[$(<$type as ToSql>::accepts),*],
            gives: <$gives as FromSql>::accepts,
        }
    };
}

/// What the function gives.
macro_rules! answer {
    (all $gives:ty) => { Result<Vec<$gives>> };
    ($one_or_once:ident $gives:ty) => { Result<$gives> };
}

/// The parameters of a text.
macro_rules! numbers {
    () => {
        ""
    };
    ($a:ident) => {
        "$1"
    };
    ($a:ident $b:ident) => {
        "$1, $2"
    };
    ($a:ident $b:ident $c:ident) => {
        "$1, $2, $3"
    };
    ($a:ident $b:ident $c:ident $d:ident) => {
        "$1, $2, $3, $4"
    };
    ($a:ident $b:ident $c:ident $d:ident $e:ident) => {
        "$1, $2, $3, $4, $5"
    };
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident) => {
        "$1, $2, $3, $4, $5, $6"
    };
}

pub(super) use queries;
pub(in crate::sql::contract) use {answer, function, numbers, query};
