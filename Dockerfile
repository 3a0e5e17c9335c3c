# One image with both programs, `remit` and `remit-worker`. Migrations and functions are compiled into `remit`.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /remit

# The dependencies, from the manifests and empty crates: this layer is built again only when a manifest or the
# lock file changes. The empty crates are cleaned away, or cargo would take them for newer than the real sources.
COPY Cargo.toml Cargo.lock ./
COPY worker/Cargo.toml worker/
# Only for the workspace to be whole: nothing of it is built.
COPY testbed/Cargo.toml testbed/
COPY chaos/Cargo.toml chaos/
COPY bench/Cargo.toml bench/
RUN mkdir -p src worker/src testbed/src chaos/src bench/src \
    && touch src/lib.rs testbed/src/lib.rs chaos/src/lib.rs bench/src/lib.rs \
    && echo 'fn main() {}' | tee src/main.rs > worker/src/main.rs \
    && cargo build --release --locked --package remit --package remit-worker \
    && cargo clean --release --package remit --package remit-worker

COPY build.rs ./
COPY sql sql
COPY src src
COPY worker worker
# What `remit --version` calls the sources: no repository comes along.
ARG REMIT_COMMIT
RUN cargo build --release --locked --package remit --package remit-worker

FROM debian:bookworm-slim
# Whom TLS to the servers trusts, unless REMIT_TLS_CA_FILE names others.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /remit/target/release/remit /remit/target/release/remit-worker /usr/local/bin/
# Any user but root: the programs need no home, no name and no file of their own.
USER 10001:10001
CMD ["remit", "serve"]
