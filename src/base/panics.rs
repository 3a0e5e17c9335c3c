//! Panics, which are bugs: where they were, for the log.
//!
//! Only constant messages are told. Others may show the values that the program handled.

use std::cell::RefCell;
use std::panic;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Has panics logged from now on, of every thread and task.
pub fn note() {
    panic::set_hook(Box::new(|panicked| {
        let mut cause = "panicked".to_owned();
        if let Some(place) = panicked.location() {
            cause = format!("{cause} at {place}");
        }
        if let Some(message) = panicked.payload().downcast_ref::<&str>() {
            cause = format!("{cause}: {message}");
        }
        tracing::error!(cause, "a bug");
        LAST.set(cause);
    }));
}

/// The last panic of this thread.
pub fn last() -> String {
    LAST.with_borrow(Clone::clone)
}
