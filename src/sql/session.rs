//! What a session must be for Remit's promises to hold: the settings that they rest on, which each
//! session pins when it opens and compares then, and the server and the database behind it.

use std::fmt::Write as _;

use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};

use crate::base::complaint::Complaint;
use crate::sql::fault::{POOLER, complaint, describe};

/// A role, a database or a server may have other defaults. None of these is theirs to choose.
const PINNED: [(&str, &str); 11] = [
    // What was acknowledged is on the disk.
    ("synchronous_commit", "on"),
    // A function sees what is committed at its moment.
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("default_transaction_deferrable", "off"),
    // Texts of moments, spans and bytes are the same in every session.
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("bytea_output", "hex"),
    // The bodies of functions mean the same in every session.
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("array_nulls", "on"),
];
/// What only a superuser may set, and must not: with `replica` the journal's triggers are off.
const REQUIRED: [(&str, &str); 1] = [("session_replication_role", "origin")];

/// The oldest version that has all that Remit uses, and the one that it is tested with.
const MAJOR_MIN: u32 = 15;
/// Older minor versions have known faults that lose or show data (release of August 14, 2025).
const MINOR_MIN: u32 = 14;
/// The locales whose order no update of the system changes.
const LOCALES: [&str; 4] = ["C", "POSIX", "C.UTF-8", "C.utf8"];

const VERSION: &str = "select current_setting('server_version_num')";
const FACTS: &str = "
    select pg_is_in_recovery(), pg_encoding_to_char(d.encoding), d.datlocprovider, d.datcollate
      from pg_database d where d.datname = current_database()";
const RANK: &str = "
    select r.rolsuper,
           coalesce((select pg_has_role(session_user, n.nspowner, 'member') from pg_namespace n where n.nspname = 'remit'), false)
      from pg_roles r where r.rolname = session_user";
const PROCESS: &str = "select pg_backend_pid()";
/// What an acknowledged transfer needs to be there after a power cut.
const DURABLE: [&str; 3] = ["fsync", "full_page_writes", "synchronous_commit"];

/// Why a session is of no use.
#[derive(Debug)]
pub enum Unfit {
    /// It did not open: what is said of that.
    Unreached(Complaint),
    /// PostgreSQL refused to say, or is away.
    Postgres(tokio_postgres::Error),
    /// What is wrong with it, and what to do.
    Wrong(String),
}

impl From<tokio_postgres::Error> for Unfit {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<Unfit> for Complaint {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Unreached(complaint) => complaint,
            Unfit::Postgres(error) => complaint("asking PostgreSQL what it is", &error),
            Unfit::Wrong(cause) => Self::of_lines([cause]),
        }
    }
}

fn wrong(what: impl std::fmt::Display, advice: &str) -> Unfit {
    Unfit::Wrong(format!("PostgreSQL: {what}; {advice}"))
}

/// The options with which a session opens: those of the URL, what the promises rest on, and these
/// settings more. Of a name that comes twice the last one counts.
pub fn options(of_url: Option<&str>, more: &[(&str, &str)]) -> String {
    let mut options = of_url.unwrap_or_default().to_owned();
    for (name, value) in PINNED.iter().chain(more) {
        let value = value.replace('\\', "\\\\").replace(' ', "\\ ");
        write!(options, " -c {name}={value}").expect("a text takes all that is written");
    }
    options.trim_start().to_owned()
}

/// Compares the settings of a session with what it pinned.
///
/// # Errors
/// One differs, as behind a pooler that drops them.
pub async fn check(client: &Client) -> Result<(), Unfit> {
    let all = || PINNED.iter().chain(&REQUIRED);
    let row = row(client, &current(all().map(|(name, _)| *name))).await?;
    for (column, (name, value)) in all().enumerate() {
        let found = row.get(column).unwrap_or_default();
        if found != *value {
            let what = format!("this session has {name} = {found}, and Remit needs {value}");
            return Err(wrong(what, POOLER));
        }
    }
    Ok(())
}

/// Looks at the server and the database of a session. Gives what is worth a warning.
///
/// # Errors
/// They are not what Remit needs.
pub async fn inspect(client: &Client) -> Result<Vec<String>, Unfit> {
    let version = row(client, VERSION).await?;
    let mut warnings = Vec::new();
    warnings.extend(version_of(version.get(0).unwrap_or_default())?);
    let facts = row(client, FACTS).await?;
    let fact = |column| facts.get(column).unwrap_or_default();
    if fact(0) != "f" {
        let what = "this server is a standby, which takes no writes";
        return Err(wrong(what, "name the primary in DATABASE_URL"));
    }
    if fact(1) != "UTF8" {
        let what = format!(
            "this database has the encoding {}, and Remit needs UTF8",
            fact(1)
        );
        let advice = "make another one: create database … template template0 encoding 'UTF8' locale 'C.UTF-8'";
        return Err(wrong(what, advice));
    }
    warnings.extend(locale(fact(2), fact(3)));
    warnings.extend(durability(client).await?);
    Ok(warnings)
}

/// Refuses a login that no rule of Remit's holds, where one of this `role` is meant: who takes the
/// program over would have all that its login has.
///
/// # Errors
/// It is a superuser, or may act as the owner of Remit's tables.
pub async fn check_rank(client: &Client, role: &str) -> Result<(), Unfit> {
    let rank = row(client, RANK).await?;
    let what = match [rank.get(0), rank.get(1)] {
        [Some("f"), Some("f")] => return Ok(()),
        [Some("f"), _] => "this login owns Remit's tables",
        _ => "this login is a superuser",
    };
    let advice = format!("name a login of {role} in DATABASE_URL, and keep this one for people");
    Err(wrong(what, &advice))
}

/// What a session may lose that was committed in it. One that pins nothing has what its login has
/// in psql.
///
/// # Errors
/// PostgreSQL's.
pub async fn durability(client: &Client) -> Result<Vec<String>, Unfit> {
    let row = row(client, &current(DURABLE.into_iter())).await?;
    let names = DURABLE.iter().enumerate();
    let values = names.map(|(column, name)| (name, row.get(column).unwrap_or_default()));
    let lossy = values.filter(|(_, value)| !["on", "remote_apply"].contains(value));
    let said = lossy.map(|(name, value)| {
        format!(
            "{name} is {value}: a crash may lose what was acknowledged; set it to on in \
             postgresql.conf, and for this login"
        )
    });
    Ok(said.collect())
}

/// The query of settings.
fn current<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let columns: Vec<_> = names
        .map(|name| format!("current_setting('{name}')"))
        .collect();
    format!("select {}", columns.join(", "))
}

/// Refuses two connections that are not two sessions: a pooler in transaction mode lends the same
/// session to both. Locks and settings are the session's.
///
/// # Errors
/// They share one.
pub async fn check_apart(one: &Client, other: &Client) -> Result<(), Unfit> {
    let mut processes: [String; 6] = Default::default();
    // An order in which sessions that are lent in turn are seen, too.
    let order = [one, other, other, one, one, other];
    for (process, client) in processes.iter_mut().zip(order) {
        let row = row(client, PROCESS).await?;
        *process = row.get(0).unwrap_or_default().to_owned();
    }
    let [a, b, c, d, e, f] = processes;
    if a == d && d == e && b == c && c == f && a != b {
        return Ok(());
    }
    Err(wrong(
        "this connection changes its session with each transaction",
        POOLER,
    ))
}

/// What is to be said of a version.
fn version_of(number: &str) -> Result<Option<String>, Unfit> {
    let number: u32 = number.parse().unwrap_or(0);
    let (major, minor) = (number / 10_000, number % 10_000);
    if major < MAJOR_MIN {
        let what = format!("this is version {major}, and Remit needs {MAJOR_MIN}");
        return Err(wrong(what, "upgrade PostgreSQL"));
    }
    Ok(if major > MAJOR_MIN {
        Some(format!(
            "PostgreSQL {major}: Remit is tested with {MAJOR_MIN}; run its tests first"
        ))
    } else if minor < MINOR_MIN {
        Some(format!(
            "PostgreSQL {major}.{minor} has faults that {MAJOR_MIN}.{MINOR_MIN} mends: update it"
        ))
    } else {
        None
    })
}

/// What is to be said of a locale.
fn locale(provider: &str, collate: &str) -> Option<String> {
    let is_fixed = provider == "c" && LOCALES.contains(&collate);
    (!is_fixed).then(|| {
        let whose = match provider {
            "c" => format!("the system's locale {collate}"),
            _ => "a locale of ICU's".to_owned(),
        };
        format!(
            "text has the order of {whose}, which an update may change: `reindex database` after \
             it, or use a database with locale 'C.UTF-8'"
        )
    })
}

/// The one row of a query, as text, in one round trip.
async fn row(client: &Client, query: &str) -> Result<SimpleQueryRow, Unfit> {
    let messages = client.simple_query(query).await?;
    let row = messages.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    row.ok_or_else(|| wrong("it did not say what it is", "PostgreSQL's log says more"))
}

/// Why a session was refused, in one text.
impl std::fmt::Display for Unfit {
    fn fmt(&self, text: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreached(complaint) => text.write_str(&complaint.lines().join(" ")),
            Self::Postgres(error) => text.write_str(&describe(error)),
            Self::Wrong(cause) => text.write_str(cause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_the_url_come_before_the_pinned_ones() {
        let options = options(Some("-c TimeZone=CET"), &[("lock_timeout", "2000")]);
        let (first, last) = (options.find("TimeZone=CET"), options.find("TimeZone=UTC"));
        assert!(first.is_some() && first < last, "{options}");
        assert!(options.contains(r"-c default_transaction_isolation=read\ committed -c"));
        assert!(options.ends_with("-c lock_timeout=2000"), "{options}");
    }

    #[test]
    fn versions_are_refused_warned_of_or_taken() {
        for (number, said) in [
            ("140023", Err("version 14")),
            ("90624", Err("version 9")),
            ("", Err("version 0")),
            ("150013", Ok(Some("15.13"))),
            ("150014", Ok(None)),
            ("150018", Ok(None)),
            ("170010", Ok(Some("PostgreSQL 17"))),
        ] {
            let found = version_of(number);
            let is_right = match (&found, said) {
                (Err(Unfit::Wrong(cause)), Err(said)) => cause.contains(said),
                (Ok(Some(warning)), Ok(Some(said))) => warning.contains(said),
                (Ok(None), Ok(None)) => true,
                _ => false,
            };
            assert!(is_right, "{number}: {found:?}");
        }
    }

    #[test]
    fn locales_whose_order_may_change_are_warned_of() {
        for fixed in LOCALES {
            assert_eq!(locale("c", fixed), None);
        }
        let warned = |provider, collate| locale(provider, collate).is_some();
        assert!(warned("c", "en_US.UTF-8") && warned("i", "C.UTF-8"));
    }
}
