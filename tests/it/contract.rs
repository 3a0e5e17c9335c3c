//! The Rust mirrors against the SQL types that they mirror.

use std::collections::BTreeMap;
use std::fs;

use remit::base::complaint::Complaint;
use remit::base::tls::Trust;
use remit::sql::contract;
use remit::sql::pools;
use testbed::place::repository;
use testbed::postgres::Database;

async fn check(database: &Database) -> Result<(), Complaint> {
    let url = database.url("remit_server");
    let config = pools::config(&url, "test", &Trust::default()).expect("a URL");
    let client = pools::first(&pools::pool(&config, 1, pools::LOCK_TIMEOUT_MS), &config).await?;
    contract::check(&client).await
}

#[tokio::test]
async fn a_fresh_database_has_the_types_of_the_server() {
    assert_eq!(check(&Database::create().await).await, Ok(()));
}

#[tokio::test]
async fn any_other_type_is_noticed() {
    let database = Database::create().await;
    let owner = database.connect().await;
    for (change, undo) in [
        (
            "alter type remit_v1.transfer_request add attribute more text",
            "alter type remit_v1.transfer_request drop attribute more",
        ),
        (
            "alter type remit_v1.wallet_result rename attribute held to kept",
            "alter type remit_v1.wallet_result rename attribute kept to held",
        ),
        (
            "alter type remit_v1.entry alter attribute version type integer",
            "alter type remit_v1.entry alter attribute version type bigint",
        ),
        (
            "alter function remit_v1.transfer_get(bigint, uuid, bytea) rename to transfer_read",
            "alter function remit_v1.transfer_read(bigint, uuid, bytea) rename to transfer_get",
        ),
        (
            "revoke execute on function remit_v1.outbox_lag() from remit_server;
             alter function remit_v1.outbox_lag() rename to outbox_lag_old",
            "alter function remit_v1.outbox_lag_old() rename to outbox_lag",
        ),
        (
            "alter type remit_v1.transfer_outcome add value 'lost'",
            "select",
        ),
    ] {
        owner.batch_execute(change).await.expect("the owner may");
        assert!(check(&database).await.is_err(), "{change}");
        owner.batch_execute(undo).await.expect("the owner may");
        let is_undone = undo != "select";
        assert_eq!(check(&database).await.is_ok(), is_undone, "{undo}");
    }
}

/// The mirrors of a source file: the name of the SQL type, and its members in order.
fn mirrors(source: &str) -> BTreeMap<String, Vec<String>> {
    let mut mirrors = BTreeMap::new();
    let mut sql_name = None;
    let mut open: Option<(String, Vec<String>)> = None;
    for line in source.lines().map(str::trim) {
        let name = line.strip_prefix("#[postgres(name = \"");
        if let Some((name, _)) = name.and_then(|rest| rest.split_once('"')) {
            // Of a type, or of a field that Rust cannot call so.
            sql_name = Some(name.to_owned());
        } else if line.ends_with('{') {
            open = sql_name.take().map(|name| (name, Vec::new()));
        } else if line == "}" {
            mirrors.extend(open.take());
        } else if let (Some((_, members)), Some(member)) = (&mut open, line.strip_suffix(',')) {
            let field = member
                .strip_prefix("pub ")
                .and_then(|field| field.split_once(':'));
            let name = field.map_or_else(|| snake_case(member), |(name, _)| name.to_owned());
            members.push(sql_name.take().unwrap_or(name));
        }
    }
    mirrors
}

fn snake_case(label: &str) -> String {
    let mut name = String::new();
    for letter in label.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[tokio::test]
async fn mirrors_have_the_members_of_their_types_in_the_same_order() {
    let database = Database::create().await;
    let owner = database.connect().await;
    let query = "
        select t.typname::text, array_agg(a.attname::text order by a.attnum)
          from pg_type t join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
         where t.typnamespace = $1::text::regnamespace and t.typtype = 'c' group by 1
        union all
        select t.typname::text, array_agg(e.enumlabel::text order by e.enumsortorder)
          from pg_type t join pg_enum e on e.enumtypid = t.oid
         where t.typnamespace = $1::text::regnamespace group by 1";
    let of_server = [
        "src/types/mirrors.rs",
        "src/types/event.rs",
        "src/types/proof.rs",
        "src/types/transfers.rs",
        "src/types/webhooks.rs",
    ];
    let of_worker = ["worker/src/contract.rs", "worker/src/contract/webhooks.rs"];
    for (schema, sources) in [
        ("remit_v1", &of_server[..]),
        ("remit_worker_v1", &of_worker[..]),
    ] {
        let rows = owner
            .query(query, &[&schema])
            .await
            .expect("the catalog can be read");
        let mut types: BTreeMap<String, Vec<String>> =
            rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        // Text in Rust.
        types.remove("event_type");
        let read = |source| fs::read_to_string(repository().join(source)).expect("it is there");
        let source: String = sources.iter().map(read).collect();
        assert!(!types.is_empty());
        assert_eq!(mirrors(&source), types, "{schema}");
    }
}
