//! What a call answered, and whether it is what the model expects.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Rows, or the SQLSTATE and the field of an error.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Rows(Vec<Value>),
    Refused(String, String),
}

impl Answer {
    /// From what `attempt` in book.sql returns.
    pub fn of(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        match value["rows"].as_array() {
            Some(rows) => Self::Rows(rows.clone()),
            None => Self::Refused(text("error"), text("field")),
        }
    }

    pub fn refused(code: &str, field: &str) -> Self {
        Self::Refused(code.to_owned(), field.to_owned())
    }

    /// A row of the answer; null where there is none.
    pub fn row(&self, place: usize) -> &Value {
        match self {
            Self::Rows(rows) => rows.get(place).unwrap_or(&Value::Null),
            Self::Refused(..) => &Value::Null,
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Rows(rows) => json!(rows),
            Self::Refused(code, field) => json!({"error": code, "field": field}),
        }
    }
}

/// Times that the model names and the database tells. The model cannot know a time, but knows which
/// are the same one, and which comes first. A name begins with `@`, and may end with `+` and how
/// many seconds later it is. What is `*` may be anything.
#[derive(Debug, Clone, Default)]
pub struct Times(BTreeMap<String, OffsetDateTime>);

impl Times {
    /// Compares an answer with the expected one, field by field.
    ///
    /// # Errors
    /// Where they differ.
    pub fn compare(&mut self, expected: &Answer, actual: &Answer) -> Result<(), String> {
        self.values(&expected.value(), &actual.value(), "")
    }

    /// The same for any values.
    pub fn values(&mut self, expected: &Value, actual: &Value, path: &str) -> Result<(), String> {
        let differ = || Err(format!("{path}: expected {expected}, got {actual}"));
        match (expected, actual) {
            (Value::String(name), _) if name == "*" => Ok(()),
            (Value::String(name), Value::String(text)) if name.starts_with('@') => {
                let time = OffsetDateTime::parse(text, &Rfc3339)
                    .map_err(|error| format!("{path}: {name} is {text}: {error}"))?;
                let (base, seconds) = name.split_once('+').unwrap_or((name, "0"));
                let later = Duration::seconds(seconds.parse().expect("it is a number"));
                let known = *self.0.entry(base.to_owned()).or_insert(time - later) + later;
                if known == time {
                    return Ok(());
                }
                Err(format!("{path}: expected {name}, {known}, got {text}"))
            }
            (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
                let mut pairs = ours.iter().zip(theirs).enumerate();
                pairs.try_for_each(|(place, (one, other))| {
                    self.values(one, other, &format!("{path}/{place}"))
                })
            }
            (Value::Object(ours), Value::Object(theirs)) => {
                if !ours.keys().eq(theirs.keys()) {
                    return differ();
                }
                ours.iter().try_for_each(|(name, one)| {
                    self.values(one, &theirs[name], &format!("{path}/{name}"))
                })
            }
            _ if expected == actual => Ok(()),
            _ => differ(),
        }
    }

    /// All that was, was so much earlier.
    pub fn pass(&mut self, away: Duration) {
        for time in self.0.values_mut() {
            *time -= away;
        }
    }

    /// Checks that the moments of changes, `@m000001` and so on, do not go back.
    ///
    /// # Errors
    /// Where they do.
    pub fn check_order(&self) -> Result<(), String> {
        let moments: Vec<_> = self.0.range("@m".to_owned().."@n".to_owned()).collect();
        match moments.windows(2).find(|pair| pair[0].1 > pair[1].1) {
            Some(pair) => Err(format!("{:?} is before {:?}", pair[1], pair[0])),
            None => Ok(()),
        }
    }
}
