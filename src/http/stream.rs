//! A stream of events (`text/event-stream`), for as long as its reader takes them.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Bytes;
use serde_json::to_writer;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::http::answer::Body;
use crate::http::feed::EventBody;
use crate::ledger::feed::Feed;
use crate::ledger::feed::seats::Seat;
use crate::sql::failure::Failure;
use crate::types::{Caller, EventPage};

/// The events of a page.
const PAGE_EVENTS: i32 = 100;
/// The pages that may wait for the reader.
const PAGES_MAX: usize = 2;
/// How long the reader may leave them waiting. Longer, and its connection is cut: it comes again
/// when it can, and goes on where it was.
const READER_MS_MAX: u64 = 15_000;
/// How often an idle stream says that it is there. Shorter than `proxy_read_timeout` of nginx.
const COMMENT_MS: u64 = 10_000;
/// How often the key ring is asked whether the reader's key is still valid.
const KEY_MS: u64 = 1_000;

/// Ends the connection of a request, without an answer's end.
#[derive(Debug, Clone)]
pub struct Cut(pub Arc<Notify>);

/// A stream and its reader.
pub struct Streaming {
    pub feed: Arc<Feed>,
    pub caller: Caller,
    pub types: Option<Vec<String>>,
    pub stopping: watch::Receiver<bool>,
    pub cut: Option<Cut>,
    pub seat: Seat,
}

impl Streaming {
    /// The events after a position.
    ///
    /// # Errors
    /// Those of `events_get`.
    pub async fn page(&self, after: i64) -> Result<EventPage, Failure> {
        let types = self.types.as_deref();
        self.feed
            .page(&self.caller, after, PAGE_EVENTS, types)
            .await
    }

    /// Tells a first page, and what follows it.
    pub fn start(self, first: EventPage) -> Body {
        let (sender, receiver) = mpsc::channel(PAGES_MAX);
        tokio::spawn(self.run(first, sender));
        Body::Parts(receiver)
    }

    async fn run(mut self, first: EventPage, sender: mpsc::Sender<Bytes>) {
        let epoch = first.epoch.clone();
        let mut page = first;
        let comment = Duration::from_millis(COMMENT_MS);
        let mut comment_at = Instant::now();
        // A reader that comes again is told what is wrong: its key, PostgreSQL, its epoch.
        while page.epoch == epoch {
            let after = page.next;
            // A log may grow by what the reader does not want.
            if !page.events.is_empty() || Instant::now() >= comment_at {
                if !self.send(&page, &sender).await {
                    return;
                }
                comment_at = Instant::now() + comment;
            }
            if after >= page.head && !self.wait(after, comment_at, &sender).await {
                return;
            }
            match self.page(after).await {
                Ok(next) => page = next,
                Err(failure) => {
                    let cause = failure.cause();
                    tracing::debug!(cause, "a stream of events ends");
                    return;
                }
            }
        }
    }

    async fn send(&self, page: &EventPage, sender: &mpsc::Sender<Bytes>) -> bool {
        let limit = Duration::from_millis(READER_MS_MAX);
        match timeout(limit, sender.send(text(page))).await {
            Ok(sent) => sent.is_ok(),
            Err(_) => {
                if let Some(Cut(cut)) = &self.cut {
                    cut.notify_one();
                }
                false
            }
        }
    }

    /// Waits until there is an event after a position, or it is time for a comment. False: the
    /// stream ends.
    async fn wait(
        &mut self,
        after: i64,
        comment_at: Instant,
        sender: &mpsc::Sender<Bytes>,
    ) -> bool {
        let feed = Arc::clone(&self.feed);
        let mut more = std::pin::pin!(feed.beyond(self.caller.ledger_id, after));
        loop {
            let key_at = Instant::now() + Duration::from_millis(KEY_MS);
            tokio::select! {
                () = &mut more => return true,
                () = sleep_until(comment_at) => return true,
                () = sleep_until(key_at) => {
                    if !self.feed.admits(&self.caller).await {
                        return false;
                    }
                }
                () = stopped(&mut self.stopping) => return false,
                () = sender.closed() => return false,
            }
        }
    }
}

/// Waits until the server is to end.
pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // The sender lives as long as the server.
    let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
}

/// A page as the stream has it. Where it ends with an event that the reader does not want, or has
/// none, a comment and an id alone follow: the reader comes again after that, and nothing is told.
fn text(page: &EventPage) -> Bytes {
    let mut text = Vec::with_capacity(1_024 * (page.events.len() + 1));
    for event in &page.events {
        let head = format!("id: {}\nevent: {}\ndata: ", event.position, event.kind);
        text.extend_from_slice(head.as_bytes());
        let start = text.len();
        if to_writer(&mut text, &EventBody::from(event)).is_err() {
            // Its moment has no text, as only a database has that was tampered with.
            text.truncate(start);
            text.extend_from_slice(b"null");
        }
        text.extend_from_slice(b"\n\n");
    }
    if page.events.last().map(|event| event.position) != Some(page.next) {
        let end = format!(": still here\nid: {}\n\n", page.next);
        text.extend_from_slice(end.as_bytes());
    }
    text.into()
}
