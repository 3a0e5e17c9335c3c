//! The server against real PostgreSQL, Redis, RabbitMQ and nginx. Run by `make test`.
//!
//! Each test has a database, a Redis and a server process of its own.

mod bodies;
mod body_members;
mod body_transport;
mod cache;
mod cache_faults;
mod cache_servers;
mod entries;
mod foreign;
mod foreign_cache;
mod front;
mod fuzz;
mod gate;
mod hot_wallet;
mod http;
mod idempotency;
mod idempotency_doors;
mod idempotency_faults;
mod idempotency_twins;
mod idempotency_unstored;
mod idempotency_users;
mod limits;
mod load;
#[path = "../support/fuzz.rs"]
mod mutate;
mod problems;
mod problems_cases;
mod problems_inside;
mod proxied;
mod raw;
mod stack;
#[path = "../support/mod.rs"]
mod support;
mod world;

mod callers;
mod chain;
mod cli;
mod contract;
mod docs;
mod faults;
mod front_door;
mod front_limits;
mod front_rates;
mod front_tls;
mod front_upstream;
mod keys;
mod keys_cli;
mod keys_faults;
mod leaks;
mod ledgers;
mod logs;
mod metrics;
mod migrate;
mod ops;
mod ops_parameters;
mod overload;
mod rate_limit;
mod readiness;
mod rights;
mod schemathesis;
mod scopes;
mod shutdown;
mod silence;
mod tidy;
mod tidy_guarantees;
mod tidy_limits;
mod tidy_packaging;
mod tidy_sql;
mod tls;
mod transfers;
mod users;
mod verify;
mod wall;
mod wallets;
