//! What every kind of caller hears of the routes of holds, reversals, groups and bulks.

use serde_json::json;
use uuid::Uuid;

use crate::callers::{OF_USER, Row, TO_TRANSFERS, get, post};
use crate::world::World;

impl World {
    /// Holds and reversals. A user may hold and raise a hold. It may not capture or release.
    pub async fn rows_of_holds(&self) -> Vec<Row> {
        let wallet = self.wallet;
        let of_hold = json!({"source_id": wallet, "target_id": self.other_wallet, "amount": 1});
        let held = |key: &'static str| {
            let http = &self.stack.http;
            let body = of_hold.clone();
            async move { http.post_with_key("/holds", key, &body).await.id("id") }
        };
        let (hold, captured, released) = (held("a").await, held("b").await, held("c").await);
        let at = |hold: Uuid, verb: &str| format!("/holds/{hold}{verb}");
        // The second who captures or releases hears that it is closed.
        let once = [403, 403, 403, 201, 422, 404];
        let part = json!({"amount": 1});
        let reverse = format!("/transfers/{}/reversals", self.transfer);
        vec![
            post("hold_create", "/holds", of_hold.clone(), TO_TRANSFERS),
            get("hold_get", at(hold, ""), OF_USER),
            get("hold_list", format!("/wallets/{wallet}/holds"), OF_USER),
            post(
                "hold_adjust",
                at(hold, "/adjustments"),
                json!({"amount": 2}),
                TO_TRANSFERS,
            ),
            post(
                "hold_capture",
                at(captured, "/captures"),
                part.clone(),
                once,
            ),
            post("hold_release", at(released, "/release"), json!({}), once),
            post(
                "transfer_reverse",
                reverse,
                part,
                [403, 201, 404, 422, 422, 404],
            ),
        ]
    }

    /// Groups and bulks.
    pub fn rows_of_many(&self) -> [Row; 3] {
        let leg = json!({"source_id": self.wallet, "target_id": self.other_wallet, "amount": 1});
        let item = json!({"id": "k", "source_id": self.wallet, "target_id": self.other_wallet, "amount": 1});
        let bulk = json!({"transfers": [item]});
        let group = format!("/groups/{}", self.group);
        [
            post(
                "group_create",
                "/groups",
                json!({"legs": [leg, leg]}),
                TO_TRANSFERS,
            ),
            get("group_get", group, OF_USER),
            // What is refused to them is told of its items.
            post(
                "transfer_bulk",
                "/transfers/bulk",
                bulk,
                [403, 200, 200, 200, 200, 200],
            ),
        ]
    }
}
