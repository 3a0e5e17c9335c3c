//! How a query is asked and checked.

use postgres_types::{FromSql, Type};
use tokio_postgres::{Client, Row, Statement};

use crate::base::complaint::Complaint;
use crate::sql::database::{Database, Parameters};
use crate::sql::failure::Failure;
use crate::sql::fault::complaint;

const ADVICE: &str = "run `remit migrate` of the same version";

/// Where queries are asked: the server's pool, an operator's connection, a session of the worker.
pub trait Session {
    type Error;

    /// All rows. They may be asked for twice.
    fn rows(
        &self,
        query: &Query,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, Self::Error>> + Send;

    /// All rows, asked once whatever happens, because a second call would do it again.
    fn rows_once(
        &self,
        query: &Query,
        parameters: Parameters<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, Self::Error>> + Send {
        self.rows(query, parameters)
    }

    /// The error of an answer that does not fit its mirror.
    fn misfit(cause: String) -> Self::Error;
}

impl Session for Database {
    type Error = Failure;

    async fn rows(&self, query: &Query, parameters: Parameters<'_>) -> Result<Vec<Row>, Failure> {
        self.query(query.text, parameters).await
    }

    async fn rows_once(
        &self,
        query: &Query,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        self.query_once(query.text, parameters).await
    }

    fn misfit(cause: String) -> Failure {
        Failure::Unexpected(cause)
    }
}

/// An operator hears what went wrong in PostgreSQL's own words, and what to do.
impl Session for Client {
    type Error = Complaint;

    async fn rows(&self, query: &Query, parameters: Parameters<'_>) -> Result<Vec<Row>, Complaint> {
        let rows = self.query(query.text, parameters).await;
        rows.map_err(|error| complaint("asking PostgreSQL", &error))
    }

    fn misfit(cause: String) -> Complaint {
        Complaint::new(cause, ADVICE)
    }
}

/// A query: its text, and the checks that its parameters and its one column have the types of their
/// mirrors.
pub struct Query {
    pub text: &'static str,
    pub takes: &'static [fn(&Type) -> bool],
    pub gives: fn(&Type) -> bool,
}

impl Query {
    /// Compares the types of the prepared query with their mirrors.
    ///
    /// # Errors
    /// One differs.
    pub fn check(&self, statement: &Statement) -> Result<(), String> {
        let parameters = statement.params();
        let mut pairs = parameters.iter().zip(self.takes);
        let parameters_fit =
            parameters.len() == self.takes.len() && pairs.all(|(sql, accepts)| accepts(sql));
        let mut columns = statement.columns().iter();
        if parameters_fit && columns.all(|column| (self.gives)(column.type_())) {
            return Ok(());
        }
        Err(self.differs("the types in the database differ from this program's"))
    }

    /// What is said of a database that is another version's.
    pub fn differs(&self, how: &str) -> String {
        format!("{}: {how}; {ADVICE}", self.text)
    }

    /// The one row of a function that gives one. It may be asked twice.
    pub async fn one<S: Session, T: for<'a> FromSql<'a>>(
        &self,
        session: &S,
        parameters: Parameters<'_>,
    ) -> Result<T, S::Error> {
        self.only::<S, T>(session.rows(self, parameters).await?)
    }

    /// The one row of a function that is never called twice, because that would do it again.
    pub async fn once<S: Session, T: for<'a> FromSql<'a>>(
        &self,
        session: &S,
        parameters: Parameters<'_>,
    ) -> Result<T, S::Error> {
        self.only::<S, T>(session.rows_once(self, parameters).await?)
    }

    /// All rows. They may be asked for twice.
    pub async fn all<S: Session, T: for<'a> FromSql<'a>>(
        &self,
        session: &S,
        parameters: Parameters<'_>,
    ) -> Result<Vec<T>, S::Error> {
        self.values::<S, T>(&session.rows(self, parameters).await?)
    }

    fn only<S: Session, T: for<'a> FromSql<'a>>(&self, rows: Vec<Row>) -> Result<T, S::Error> {
        let mut values = self.values::<S, T>(&rows)?;
        let cause = || S::misfit(format!("no row: {}", self.text));
        values.pop().ok_or_else(cause)
    }

    fn values<S: Session, T: for<'a> FromSql<'a>>(&self, rows: &[Row]) -> Result<Vec<T>, S::Error> {
        let values: Result<_, tokio_postgres::Error> =
            rows.iter().map(|row| row.try_get(0)).collect();
        values.map_err(|error| {
            let cause = format!("a value does not fit its mirror: {error}: {}", self.text);
            S::misfit(cause)
        })
    }
}

/// Makes a function of each line, and `QUERIES` of all: `queries! { for Session; … }`.
///
/// A line is `how schema.function(arguments) -> result;`, where `how` is a method of `Query`.
/// `by` stands for two parameters of a `By`: the ledger comes first, and the key comes last.
#[macro_export]
#[doc(hidden)]
macro_rules! remit_queries {
    (for $session:ty; $($how:ident $schema:ident.$name:ident $arguments:tt -> $gives:ty;)*) => {
        $($crate::remit_queries! { @function $session, $how $schema.$name $arguments -> $gives })*
        pub const QUERIES: &[$crate::sql::contract::query::Query] = &[
            $($crate::remit_queries! { @query $schema.$name $arguments -> $gives }),*
        ];
    };

    // The function in Rust.
    (@function $session:ty, $how:ident $schema:ident.$name:ident
        (by $(, $argument:ident: $type:ty)*) -> $gives:ty) => {
        pub async fn $name(
            session: &$session, by: impl Into<By<'_>>, $($argument: $type),*
        ) -> $crate::remit_queries!(@answer $session, $how $gives) {
            const QUERY: $crate::sql::contract::query::Query = $crate::remit_queries! {
                @query $schema.$name (by $(, $argument: $type)*) -> $gives
            };
            let By { ledger_id, key } = by.into();
            QUERY.$how(session, &[&ledger_id, $(&$argument,)* &key]).await
        }
    };
    (@function $session:ty, $how:ident $schema:ident.$name:ident
        ($($argument:ident: $type:ty),*) -> $gives:ty) => {
        pub async fn $name(
            session: &$session, $($argument: $type),*
        ) -> $crate::remit_queries!(@answer $session, $how $gives) {
            const QUERY: $crate::sql::contract::query::Query = $crate::remit_queries! {
                @query $schema.$name ($($argument: $type),*) -> $gives
            };
            QUERY.$how(session, &[$(&$argument),*]).await
        }
    };

    // What the function gives.
    (@answer $session:ty, all $gives:ty) => {
        Result<Vec<$gives>, <$session as $crate::sql::contract::query::Session>::Error>
    };
    (@answer $session:ty, $one_or_once:ident $gives:ty) => {
        Result<$gives, <$session as $crate::sql::contract::query::Session>::Error>
    };

    // Text and types of a query.
    (@query $schema:ident.$name:ident (by $(, $argument:ident: $type:ty)*) -> $gives:ty) => {
        $crate::remit_queries! {
            @query $schema.$name
            (ledger_id: i64 $(, $argument: $type)*, key: Option<&ApiKeyDigest>) -> $gives
        }
    };
    (@query $schema:ident.$name:ident ($($argument:ident: $type:ty),*) -> $gives:ty) => {
        $crate::sql::contract::query::Query {
            text: concat!(
                "select r from ", stringify!($schema), ".", stringify!($name), "(",
                $crate::remit_queries!(
                    @numbers ["$1" ", $2" ", $3" ", $4" ", $5" ", $6" ", $7"] $($argument)*
                ),
                ") r",
            ),
            takes: &[$(<$type as postgres_types::ToSql>::accepts),*],
            gives: <$gives as postgres_types::FromSql>::accepts,
        }
    };

    // The parameters of a text.
    (@numbers [$($number:literal)*]) => { "" };
    (@numbers [$number:literal $($others:literal)*] $argument:ident $($arguments:ident)*) => {
        concat!($number, $crate::remit_queries!(@numbers [$($others)*] $($arguments)*))
    };
}

pub use remit_queries as queries;
