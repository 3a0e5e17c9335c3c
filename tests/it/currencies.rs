//! The currencies against ISO 4217 as its maintainers have published it, which a package of Python
//! brings along: `tests/clients/requirements.txt` says of which day.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use testbed::place::setting;
use testbed::postgres::Database;
use testbed::process::run;

use crate::docs::openapi;

/// Codes that wallets may have and the list no longer has.
const WITHDRAWN: [&str; 0] = [];

/// Prints the day, and the codes that have a minor unit, each with its exponent.
const LIST: &str = "
import iso4217, json
codes = {c.code: c.exponent for c in iso4217.Currency if c.exponent is not None}
print(json.dumps([str(iso4217.__published__), codes]))";

/// The day of the published list, and its codes with their exponents.
fn published() -> (String, BTreeMap<String, i16>) {
    let python = PathBuf::from(setting("REMIT_TEST_CLIENTS")).join("python/bin/python3");
    let list = run(Command::new(python).args(["-c", LIST]));
    let list = list.unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&list).expect("the list is JSON")
}

#[tokio::test]
async fn the_currencies_are_those_of_the_published_list_and_of_its_day() {
    let (day, mut codes) = published();
    assert!(codes.len() > 150, "{codes:?}");
    let database = Database::create().await;
    let owner = database.connect().await;
    let rows = owner.query("select code, exponent from remit.currencies", &[]);
    let rows = rows.await.expect("the owner may read it");
    let ours = rows.iter().map(|row| (row.get(0), row.get(1)));
    let ours: BTreeMap<String, i16> = ours.collect();
    for code in WITHDRAWN {
        let exponent = ours.get(code).expect("a withdrawn code stays");
        let listed = codes.insert(code.to_owned(), *exponent);
        assert_eq!(listed, None, "{code} is in the list again");
    }
    assert_eq!(ours, codes, "sql/README.md says how to add a currency");
    let comment = "select obj_description('remit.currencies'::regclass)";
    let row = owner.query_one(comment, &[]).await;
    let comment: String = row.expect("there is a comment").get(0);
    assert!(comment.contains(&format!(" on {day}: ")), "{comment}");
}

#[tokio::test]
async fn the_description_names_the_currencies_and_the_day() {
    let (day, mut codes) = published();
    codes.extend(WITHDRAWN.map(|code| (code.to_owned(), 0)));
    let document = openapi();
    let currency = &document["components"]["schemas"]["WalletRequest"]["properties"]["currency"];
    let listed = currency["enum"].as_array().expect("a list");
    let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
    let codes: Vec<&str> = codes.keys().map(String::as_str).collect();
    assert_eq!(listed, codes);
    let text = currency["description"].as_str().expect("text");
    assert!(text.contains(&format!(" on {day}.")), "{text}");
}
