//! Attempts at one request, until its answer is final.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use serde_json::json;
use tokio::time::sleep;

use crate::history::{Answer, Row, count};
use crate::http::{Call, Lost, Reply};
use crate::hub::Hub;
use crate::rule::Rule;
use crate::script::Transfer;
use crate::sql::Said;

#[cfg(test)]
mod tests;

/// As long as a request may take in the server. The same request may set out several times at once,
/// and one after another be in progress for that long.
const IN_PROGRESS_S_MAX: u64 = 10;
const IN_PROGRESS_SLACK_S: u64 = 2;
/// How long a request may wait while PostgreSQL is away.
const REFUSAL_S_MAX: u64 = 2;

/// The attempts of one client.
pub struct Attempts {
    hub: Arc<Hub>,
    client: u64,
}

enum Judged {
    Final(Answer),
    Again,
}

impl Attempts {
    /// For a client.
    pub fn new(hub: Arc<Hub>, client: u64) -> Self {
        Self { hub, client }
    }

    /// The final answer to a request. None where the run ended before it came, which is a
    /// violation.
    pub async fn http(&self, call: &Call) -> Option<Answer> {
        let counts = &self.hub.history.counts;
        let mut in_progress_since = None;
        let mut tries = 0;
        while !self.hub.has_given_up() {
            if tries > 0 {
                count(&counts.retried);
                pause().await;
            }
            tries += 1;
            let set_out = Instant::now();
            let result = self.hub.http.attempt(call).await;
            self.log_http(call, &result);
            self.watch_refusal(call, set_out, Instant::now());
            let status = result.as_ref().ok().map(|reply| reply.status);
            if let Judged::Final(answer) = self.judge(call, result) {
                if call.is_write() {
                    count(&counts.acknowledged);
                }
                return Some(answer);
            }
            self.watch_marker(call, status, set_out, &mut in_progress_since);
        }
        let detail = format!(
            "{} {} {:?} after {tries} attempts",
            call.method, call.path, call.key
        );
        self.hub.violate(Rule::RetriesSettle, detail);
        None
    }

    fn judge(&self, call: &Call, result: Result<Reply, Lost>) -> Judged {
        let hub = &self.hub;
        let describe = |reply: &Reply| {
            format!(
                "{} {} {:?}: {} {}",
                call.method, call.path, call.key, reply.status, reply.body
            )
        };
        let reply = match result {
            Ok(reply) => reply,
            Err(lost) => {
                if matches!(lost, Lost::Silence) {
                    let detail = format!("{} {} {:?}", call.method, call.path, call.key);
                    hub.violate(Rule::AnswerInTime, detail);
                }
                self.count_unknown(call);
                return Judged::Again;
            }
        };
        match reply.status {
            409 | 429 | 502..=504 => {
                if !reply.has_retry_after {
                    hub.violate(Rule::RetryAfterGiven, describe(&reply));
                }
                if reply.status >= 500 {
                    self.count_unknown(call);
                }
                Judged::Again
            }
            500.. => {
                hub.violate(Rule::NoInternalError, describe(&reply));
                self.count_unknown(call);
                Judged::Again
            }
            200 | 201 | 404 | 422 => Judged::Final(Answer {
                status: reply.status,
                body: reply.body,
            }),
            _ => {
                hub.violate(Rule::UnexpectedAnswer, describe(&reply));
                Judged::Final(Answer {
                    status: reply.status,
                    body: reply.body,
                })
            }
        }
    }

    fn count_unknown(&self, call: &Call) {
        if call.is_write() {
            count(&self.hub.history.counts.unknown);
        }
    }

    fn watch_refusal(&self, call: &Call, set_out: Instant, ended: Instant) {
        let waited = self.hub.away.waited(set_out, ended);
        if waited > Duration::from_secs(REFUSAL_S_MAX) {
            let detail = format!("{} {} {:?}: {waited:?}", call.method, call.path, call.key);
            self.hub.violate(Rule::RefusedInTime, detail);
        }
    }

    fn watch_marker(
        &self,
        call: &Call,
        status: Option<u16>,
        set_out: Instant,
        since: &mut Option<Instant>,
    ) {
        if status != Some(409) {
            *since = None;
            return;
        }
        let start = *since.get_or_insert_with(Instant::now);
        // Its answer may take longer, for the server looks into the journal when a twin takes long.
        let lasted = set_out.saturating_duration_since(start);
        let max_s = IN_PROGRESS_S_MAX * call.twins + IN_PROGRESS_SLACK_S;
        if lasted > Duration::from_secs(max_s) {
            let detail = format!("{} {:?}: 409 for {lasted:?}", call.path, call.key);
            self.hub.violate(Rule::StuckMarker, detail);
            *since = None;
        }
    }

    fn log_http(&self, call: &Call, result: &Result<Reply, Lost>) {
        let mut line = json!({
            "client": self.client, "door": "http", "method": call.method.as_str(), "path": call.path,
            "key": call.key, "request": call.body,
        });
        match result {
            Ok(reply) => {
                line["status"] = json!(reply.status);
                line["answer"] = json!(reply.body);
            }
            Err(lost) => line["lost"] = json!(format!("{lost:?}")),
        }
        self.hub.history.line(line);
    }

    /// The final result of a transfer through the SQL door.
    pub async fn sql(&self, transfer: &Transfer) -> Option<Row> {
        let counts = &self.hub.history.counts;
        let mut tries = 0;
        while !self.hub.has_given_up() {
            if tries > 0 {
                count(&counts.retried);
                pause().await;
            }
            tries += 1;
            let said = self.hub.sql.transfer_create(transfer).await;
            self.log_sql(transfer, &said);
            match said {
                Said::Result(row) => {
                    count(&counts.acknowledged);
                    return Some(Row::Result(row));
                }
                Said::Lost(_) => count(&counts.unknown),
                Said::Refused(state) if is_final(&state) => return Some(Row::Refused(state)),
                Said::Refused(state) => self.judge_state(transfer, &state),
            }
        }
        let detail = format!("SQL {} after {tries} attempts", transfer.key);
        self.hub.violate(Rule::RetriesSettle, detail);
        None
    }

    /// A state that asks for another attempt.
    fn judge_state(&self, transfer: &Transfer, state: &str) {
        let detail = format!("SQL {}: {state}", transfer.key);
        match state {
            "40P01" => self.hub.violate(Rule::NoDeadlock, detail),
            // Locked, cancelled, in use at this moment; and a server that stops, starts, crashed or
            // is full.
            "55P03" | "57014" | "23505" => {}
            "57P01" | "57P02" | "57P03" | "53300" => count(&self.hub.history.counts.unknown),
            _ => self.hub.violate(Rule::UnexpectedAnswer, detail),
        }
    }

    fn log_sql(&self, transfer: &Transfer, said: &Said) {
        let mut line = json!({
            "client": self.client, "door": "sql", "key": transfer.key,
            "request": {
                "source_id": transfer.source_id.to_string(), "target_id": transfer.target_id.to_string(),
                "amount": transfer.amount, "reference": transfer.reference,
            },
        });
        match said {
            Said::Result(row) => line["answer"] = row.clone(),
            Said::Refused(state) => line["refused"] = json!(state),
            Said::Lost(why) => line["lost"] = json!(why),
        }
        self.hub.history.line(line);
    }
}

/// Whether a refusal will be the same next time.
fn is_final(state: &str) -> bool {
    state.starts_with("WL") && state != "WL007"
}

/// A pause before the next attempt. It need not follow from the seed: how often an attempt fails
/// does not.
pub async fn pause() {
    let ms = rand::rng().random_range(20..250);
    sleep(Duration::from_millis(ms)).await;
}
