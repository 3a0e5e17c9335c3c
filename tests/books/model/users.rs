//! The users of the model.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Model, Refusal, check_labels};
use crate::answer::Answer;
use crate::call::{Caller, Session, UserRequest};

impl Model {
    pub(super) fn user_create(
        &mut self,
        caller: Caller,
        request: &UserRequest,
        actual: &Answer,
    ) -> Result<Vec<Value>, Refusal> {
        self.admit(caller, "serve")?;
        let name = request.name.as_deref().unwrap_or_default();
        if !(1..=200).contains(&name.chars().count()) {
            return Err(("WL001", "name"));
        }
        if request
            .email
            .as_deref()
            .is_some_and(|email| !is_address(email))
        {
            return Err(("WL001", "email"));
        }
        check_labels(request.reference.as_ref(), request.metadata.as_ref())?;

        let new_id = actual.row(0)["id"].as_str().and_then(|id| id.parse().ok());
        let id = request.id.or(new_id).unwrap_or_default();
        let content = json!({
            "id": id, "name": name, "email": request.email, "reference": request.reference,
            "metadata": request.metadata.clone().unwrap_or_else(|| json!({})),
        });
        let Some(stored) = self.users.get(&id) else {
            let mut row = content;
            row["created_at"] = json!(self.time('c'));
            row["replayed"] = json!(false);
            self.users.insert(id, row.clone());
            if caller.session == Session::Operator {
                self.record("user_create", &[id], None);
            }
            return Ok(vec![row]);
        };
        let mut row = stored.clone();
        let fields = content.as_object().expect("it is one").iter();
        if fields.into_iter().any(|(name, value)| row[name] != *value) {
            return Err(("WL005", "id"));
        }
        row["replayed"] = json!(true);
        Ok(vec![row])
    }

    pub(super) fn user_get(&self, caller: Caller, id: Uuid) -> Result<Vec<Value>, Refusal> {
        let known = self.admit(caller, "read")?;
        let is_visible = known.user.is_none_or(|user| user == id);
        let row = self.users.get(&id).filter(|_| is_visible);
        row.map(|row| vec![row.clone()]).ok_or(("WL003", "user_id"))
    }
}

/// One `@` with something on both sides and no space.
fn is_address(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    (3..=254).contains(&text.chars().count())
        && parts.len() == 2
        && parts.iter().all(|part| !part.is_empty())
        && !text.contains(char::is_whitespace)
}
