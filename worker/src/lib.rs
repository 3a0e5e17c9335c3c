//! Remit's worker: the relay drains the outbox into RabbitMQ, the notifier delivers notifications,
//! and webhooks are sent to endpoints of clients.
//!
//! A module uses those of the groups below its own, and none of its own group.

pub mod cli;

pub mod supervisor;

pub mod config;

pub mod dead;
pub mod exposition;
pub mod health;
pub mod notifier;
pub mod relay;
pub mod replay;
pub mod witness;

pub mod webhooks;

pub mod channel;
pub mod drain;
pub mod letter;
pub mod records;

pub mod intake;
pub mod publisher;

pub mod backlog;
pub mod event;
pub mod floor;
pub mod held;
pub mod metrics;
pub mod wallet_changes;

pub mod backoff;
pub mod broker;
pub mod contract;
pub mod topology;

pub mod refusals;

pub mod error;

#[cfg(test)]
mod sample;
