//! The keys of the model.

use serde_json::{Value, json};

use super::{Model, Refusal, check_reason};
use crate::call::Caller;
use crate::cast::Key;

impl Model {
    pub(super) fn key_revoke(
        &mut self,
        caller: Caller,
        key: Key,
        reason: &Option<String>,
    ) -> Result<Vec<Value>, Refusal> {
        self.admit(caller, "administer")?;
        check_reason(reason.as_ref())?;
        if !key.has_row() {
            return Err(("WL018", "key_id"));
        }
        if !self.revoked.contains_key(&key) {
            let moment = self.time('m');
            self.revoked.insert(key, moment);
        }
        self.record("key_revoke", &[key.id()], caller.key);
        let (scope, user) = key.scope().unwrap_or(("admin", None));
        let expires_at = key.scope().is_none().then_some("2000-01-01T00:00:00+00:00");
        Ok(vec![json!({
            "id": key.id(), "name": "key", "scope": scope, "user_id": user,
            "created_at": format!("@key{}", key.id()), "expires_at": expires_at, "revoked_at": self.revoked[&key],
        })])
    }
}
