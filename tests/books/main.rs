//! The functions of the SQL API against a model of their contract, in sequences and in
//! interleavings of two sessions.
//!
//! The model in `model` is written from the contract (sql/README.md and the functions' comments)
//! and computes what each call must answer. Cases are random; a failing one is shrunk, printed, and
//! kept in `proptest-regressions`. `PROPTEST_CASES` sets how many are tried.

mod answer;
mod book;
mod call;
mod cast;
mod history;
mod interleavings;
mod kinds;
mod model;
mod planted;
mod requests;
mod runner;
mod schedule;
mod sequences;
mod stories;
mod strategy;
mod terms;
mod verbs;
