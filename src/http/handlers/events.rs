//! The feed: pages of events, and a stream of them.

use hyper::Method;
use hyper::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use tokio::time::{Instant, timeout_at};

use super::{Context, Handled};
use crate::http::answer::Answer;
use crate::http::feed::{FeedQuery, PageBody, Start, no_types};
use crate::http::problem::{Code, Problem};
use crate::http::stream::{Cut, Streaming, stopped};
use crate::ledger::feed::seats::{NoSeat, READERS_OF_KEY_MAX, Seat};
use crate::sql::failure::Failure;

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const FEED_EPOCH: HeaderName = HeaderName::from_static("feed-epoch");

pub(super) async fn event_list(context: Context<'_>) -> Handled {
    let query = FeedQuery::of_list(context.query())?;
    let (feed, caller) = (&context.app.feed, context.caller);
    let deadline = Instant::now() + query.wait;
    let mut stopping = context.app.stopping();
    let _seat = match query.wait.is_zero() {
        true => None,
        false => Some(seat(&context)?),
    };
    let mut after = start(&context, &query).await?;
    loop {
        let types = query.types.as_deref();
        let page = feed.page(caller, after, query.limit, types).await;
        let page = page.map_err(of_query)?;
        query.check(after, &page)?;
        after = page.next;
        let may_wait = page.events.is_empty() && Instant::now() < deadline && !*stopping.borrow();
        if !may_wait {
            return Answer::ok(&PageBody::from(&page));
        }
        if page.next >= page.head {
            let more = feed.beyond(caller.ledger_id, page.next);
            let is_there = tokio::select! {
                waited = timeout_at(deadline, more) => waited.is_ok(),
                () = stopped(&mut stopping) => false,
            };
            if !is_there {
                return Answer::ok(&PageBody::from(&page));
            }
        }
    }
}

pub(super) async fn event_stream(context: Context<'_>) -> Handled {
    let query = FeedQuery::of_stream(context.query(), &context.head.headers)?;
    let seat = seat(&context)?;
    let after = start(&context, &query).await?;
    let streaming = Streaming {
        feed: context.app.feed.clone(),
        caller: context.caller.clone(),
        types: query.types.clone(),
        stopping: context.app.stopping(),
        cut: context.head.extensions.get::<Cut>().cloned(),
        seat,
    };
    let page = streaming.page(after).await.map_err(of_query)?;
    query.check(after, &page)?;
    let epoch = HeaderValue::from_str(&page.epoch).expect("an epoch is ASCII");
    let mut answer = Answer::bytes(EVENT_STREAM, "")
        .with(CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .with(FEED_EPOCH, epoch);
    if context.head.method != Method::HEAD {
        answer.body = streaming.start(page);
    }
    Ok(answer)
}

/// The position after which a reader begins.
async fn start(context: &Context<'_>, query: &FeedQuery) -> Result<i64, Problem> {
    match query.start {
        Start::After(position) => Ok(position),
        Start::From(moment) => {
            let before = context.app.feed.before(context.caller, moment).await;
            Ok(before?)
        }
    }
}

fn seat(context: &Context<'_>) -> Result<Seat, Problem> {
    context
        .app
        .feed
        .seat(context.caller)
        .map_err(|no_seat| match no_seat {
            NoSeat::OfKey => {
                let detail = format!(
                    "Allowed: {READERS_OF_KEY_MAX} at a time. End one of them, or ask without wait."
                );
                Problem::new(Code::TooManyReaders, detail)
            }
            NoSeat::OfServer => Problem::new(
                Code::Overloaded,
                "Too many readers wait for events. Ask without wait, or try again.",
            ),
        })
}

/// No member of a body is at fault.
fn of_query(failure: Failure) -> Problem {
    let problem = Problem::from(failure);
    match problem.code {
        Code::InvalidField => no_types(),
        _ => problem,
    }
}
