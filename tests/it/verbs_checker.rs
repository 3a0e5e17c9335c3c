//! Follows wallets through the journal, version by version, by the rules of holds, reversals and
//! groups and nothing of the functions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_postgres::Client;
use uuid::Uuid;

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn moment(value: &Value) -> Option<OffsetDateTime> {
    let text = value.as_str()?;
    Some(OffsetDateTime::parse(text, &Rfc3339).expect("PostgreSQL writes moments so"))
}

fn kind(row: &Value) -> &str {
    row["terms"]["kind"].as_str().unwrap_or("transfer")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A hold, as its rows so far have left it.
struct Hold {
    amount: i64,
    captured: i64,
    ends: Option<OffsetDateTime>,
}

impl Hold {
    fn remaining(&self) -> i64 {
        self.amount - self.captured
    }

    fn has_ended(&self, now: Option<OffsetDateTime>) -> bool {
        self.ends.is_some() && self.ends <= now
    }
}

/// A wallet at one version.
#[derive(Default)]
struct State<'a> {
    balance: i64,
    now: Option<OffsetDateTime>,
    holds: BTreeMap<&'a str, Hold>,
}

impl<'a> State<'a> {
    fn held(&self) -> i64 {
        self.holds.values().map(Hold::remaining).sum()
    }

    /// Takes the next row of which the wallet is the source.
    fn send(&mut self, row: &'a Value) {
        let amount = number(&row["amount"]);
        let subject = text(&row["terms"]["subject_id"]);
        let ends = moment(&row["effect"]["hold_expires_at"]);
        if matches!(kind(row), "transfer" | "capture" | "reversal") {
            self.balance -= amount;
        }
        match kind(row) {
            "hold" => {
                let made = Hold {
                    amount,
                    captured: 0,
                    ends,
                };
                self.holds.insert(text(&row["id"]), made);
            }
            "transfer" | "reversal" => {}
            kind => {
                let hold = self.holds.get_mut(subject);
                let hold = hold.unwrap_or_else(|| panic!("no open hold: {row}"));
                assert_eq!(hold.has_ended(self.now), kind == "expiry", "{row}");
                let is_last = match kind {
                    "capture" => {
                        let may = row["terms"]["may_exceed"] == true;
                        assert!(amount <= hold.remaining() || may, "too much: {row}");
                        hold.captured += amount;
                        hold.remaining() <= 0 || row["terms"]["is_final"] == true
                    }
                    "adjustment" => {
                        assert!(amount >= hold.captured, "too little: {row}");
                        (hold.amount, hold.ends) = (amount, ends);
                        hold.remaining() == 0
                    }
                    _ => {
                        assert_eq!(amount, hold.remaining(), "all that remains: {row}");
                        true
                    }
                };
                if is_last {
                    self.holds.remove(subject);
                }
            }
        }
    }

    /// Holds what a row says of the wallet against what it is.
    fn check(&self, row: &Value, side: &str) {
        assert_eq!(
            number(&row[format!("{side}_balance")]),
            self.balance,
            "{row}"
        );
        let told = &row["effect"][format!("{side}_held")];
        assert_eq!(number(told), self.held(), "{row}");
        assert!(
            self.balance - self.held() >= 0,
            "held money was spent: {row}"
        );
        let overdue = self.holds.values().any(|hold| hold.has_ended(self.now));
        assert!(kind(row) == "expiry" || !overdue, "a hold has ended: {row}");
    }
}

/// The journal and the wallets.
pub struct Books {
    rows: Vec<Value>,
    wallets: BTreeMap<String, Value>,
}

impl Books {
    pub async fn read(owner: &Client) -> Self {
        let read = async |table: &str| {
            let query = format!("select to_jsonb(t) from remit.{table} t where t.ledger_id = 1");
            let rows = owner.query(&query, &[]).await.expect("the owner may read");
            rows.iter().map(|row| row.get(0)).collect::<Vec<Value>>()
        };
        let wallets = read("wallets").await.into_iter();
        Self {
            rows: read("transfers").await,
            wallets: wallets
                .map(|wallet| (text(&wallet["id"]).to_owned(), wallet))
                .collect(),
        }
    }

    fn posted(&self) -> impl Iterator<Item = &Value> {
        self.rows.iter().filter(|row| row["outcome"] == "posted")
    }

    /// Checks all of it, and says which kinds there are. Panics where something is wrong.
    pub fn check(&self, wallets: &[Uuid]) -> BTreeSet<&str> {
        let mut total = 0;
        for wallet in wallets {
            total += self.check_wallet(&wallet.to_string());
        }
        let made = wallets.len() * 1_000;
        assert_eq!(usize::try_from(total), Ok(made), "money was made or lost");
        self.check_reversals();
        self.check_groups();
        self.posted().map(kind).collect()
    }

    /// Follows one wallet from its first version to its last; gives its balance.
    fn check_wallet(&self, id: &str) -> i64 {
        let mut entries: Vec<(i64, &str, &Value)> = Vec::new();
        for row in self.posted() {
            for side in ["source", "target"] {
                if row[format!("{side}_id")] == id && !row[format!("{side}_version")].is_null() {
                    entries.push((number(&row[format!("{side}_version")]), side, row));
                }
            }
        }
        entries.sort_by_key(|(version, ..)| *version);
        let mut state = State::default();
        for (place, (version, side, row)) in (1..).zip(entries) {
            assert_eq!(version, place, "a version is missing or comes twice: {row}");
            let now = moment(&row["created_at"]);
            assert!(now >= state.now, "time goes back: {row}");
            state.now = now;
            if side == "source" {
                state.send(row);
            } else {
                state.balance += number(&row["amount"]);
            }
            state.check(row, side);
            if place == number(&self.wallets[id]["version"]) {
                let last = &self.wallets[id];
                let told = (number(&last["balance"]), number(&last["held"]));
                assert_eq!(told, (state.balance, state.held()), "{last}");
            }
        }
        state.balance
    }

    fn check_reversals(&self) {
        let rows: BTreeMap<&str, &Value> = self
            .rows
            .iter()
            .map(|row| (text(&row["id"]), row))
            .collect();
        let mut reversed: BTreeMap<&str, i64> = BTreeMap::new();
        for row in self.posted().filter(|row| kind(row) == "reversal") {
            let original = rows[text(&row["terms"]["subject_id"])];
            assert!(matches!(kind(original), "transfer" | "capture"), "{row}");
            assert_eq!(original["outcome"], "posted", "{row}");
            let sides = [&row["source_id"], &row["target_id"]];
            assert_eq!(sides, [&original["target_id"], &original["source_id"]]);
            let sum = reversed.entry(text(&original["id"])).or_default();
            *sum += number(&row["amount"]);
            assert!(*sum <= number(&original["amount"]), "more went back: {row}");
        }
    }

    fn check_groups(&self) {
        let mut groups: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for row in &self.rows {
            if let Some(group) = row["terms"]["group_id"].as_str() {
                groups.entry(group).or_default().push(row);
            }
        }
        for (group, legs) in groups {
            let size = number(&legs[0]["terms"]["group_size"]);
            assert_eq!(i64::try_from(legs.len()), Ok(size), "{group} is torn");
            let posted = legs.iter().filter(|leg| leg["outcome"] == "posted").count();
            assert!(posted == 0 || posted == legs.len(), "{group} is torn");
            let reasons = legs
                .iter()
                .filter(|leg| !["posted", "group_refused"].contains(&text(&leg["outcome"])));
            assert_eq!(
                reasons.count(),
                usize::from(posted == 0),
                "{group} has one reason"
            );
        }
    }

    /// Checks that the journal has what was answered, and nothing of what was said not to be
    /// stored.
    pub fn check_answers(&self, answers: &[Value]) {
        let rows: BTreeMap<&str, &Value> = self
            .rows
            .iter()
            .map(|row| (text(&row["id"]), row))
            .collect();
        for answer in answers {
            let row = rows.get(text(&answer["id"]));
            if answer["created_at"].is_null() {
                assert!(row.is_none(), "it was to leave nothing: {answer}");
                continue;
            }
            let row = row.unwrap_or_else(|| panic!("it is not there: {answer}"));
            for field in [
                "outcome",
                "amount",
                "source_version",
                "source_balance",
                "target_version",
                "target_balance",
                "effect",
                "terms",
            ] {
                assert_eq!(row[field], answer[field], "{field} of {answer}");
            }
        }
    }
}
