//! Whether all that was asked, heard, kept and told fits together. Nothing here asks Remit.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::books::Books;
use crate::history::{Facts, History};
use crate::model::Model;

mod answers;
mod events;
mod journal;
mod made;
mod reads;

#[cfg(test)]
mod tests;

/// Everything that a rule may look at.
pub struct Evidence<'a> {
    pub facts: &'a Facts,
    pub books: &'a Books,
    pub model: Model,
    /// The bodies of all deliveries of the broker.
    pub heard: &'a [Value],
}

/// Finds all violations and keeps them in the history.
pub fn check(history: &History, books: &Books, heard: &[Value]) {
    let mut violations = Vec::new();
    {
        let facts = history.facts();
        let evidence = Evidence {
            facts: &facts,
            books,
            model: Model::of(&books.journal),
            heard,
        };
        answers::check(&evidence, &mut violations);
        made::check(&evidence, &mut violations);
        journal::check(&evidence, &mut violations);
        reads::check(&evidence, &mut violations);
        events::check(&evidence, &mut violations);
    }
    for violation in violations {
        history.violate(violation);
    }
}

/// Microseconds since 1970 of an RFC 3339 time.
fn microseconds(value: &Value) -> Option<i64> {
    let moment = OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()?;
    i64::try_from(moment.unix_timestamp_nanos() / 1_000).ok()
}

/// An object without its time, and that time. Times are compared as moments, not as texts.
fn split_time(mut object: Value, name: &str) -> (Value, Option<i64>) {
    let moment = object.get(name).and_then(microseconds);
    if let Some(object) = object.as_object_mut() {
        object.remove(name);
    }
    (object, moment)
}
