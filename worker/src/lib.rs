//! Remit's worker: the relay drains the outbox into RabbitMQ, the notifier delivers notifications.

pub mod backoff;
pub mod broker;
pub mod channel;
pub mod cli;
pub mod config;
pub mod contract;
pub mod dead;
pub mod drain;
pub mod error;
pub mod event;
pub mod health;
pub mod letter;
pub mod notifier;
pub mod records;
pub mod relay;
pub mod supervisor;
pub mod topology;
pub mod wallet_changes;
