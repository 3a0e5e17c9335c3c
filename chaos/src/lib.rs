//! Breaks a private Remit under load, and checks that nothing was lost and nothing doubled.

#![forbid(unsafe_code)]

pub mod aim;
pub mod ask;
pub mod attempts;
pub mod away;
pub mod backward;
pub mod books;
pub mod check;
pub mod client;
pub mod diary;
pub mod end;
pub mod fault;
pub mod history;
pub mod http;
pub mod hub;
pub mod inflict;
pub mod look;
pub mod mix;
pub mod model;
pub mod moment;
pub mod options;
pub mod planted;
pub mod probe;
pub mod program;
pub mod relay;
pub mod report;
pub mod rule;
pub mod run;
pub mod script;
pub mod sql;
pub mod stage;
pub mod tap;
pub mod told;
pub mod world;
