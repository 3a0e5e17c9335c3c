//! Backup and restore to a moment, with the commands of docs/operations.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use remit::base::tls::Trust;
use remit::redis::connection::Redis;
use remit::sql::pools;
use remit_worker::broker::Address;
use remit_worker::contract::{Session, relay_lead};
use remit_worker::drain::{Drain, Drained};
use remit_worker::relay::Relay;
use testbed::cache;
use testbed::cluster::{BIN, Cluster, End};
use testbed::folder::{owned_folder, run_as_owner};
use testbed::place::repository;
use testbed::poll::{SOON, eventually_true};
use testbed::rabbitmq::RabbitVhost;
use testbed::redis::RedisServer;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::relay::with_broker;
use crate::stand::{somebody_reads, wallet};

/// The archive of the runbook, and the two commands that use it.
const ARCHIVE: &str = "/srv/remit/archive";
const ARCHIVE_COMMAND: &str = "test ! -f /srv/remit/archive/%f && cp %p /srv/remit/archive/%f.part && \
                               sync /srv/remit/archive/%f.part && mv /srv/remit/archive/%f.part /srv/remit/archive/%f";
const RESTORE_COMMAND: &str = "cp /srv/remit/archive/%f %p";

/// A setting of the runbook, with the archive where it is here.
fn here(command: &str, archive: &Path) -> String {
    command.replace(ARCHIVE, archive.to_str().unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a line of the runbook's shell.
fn shell(script: &str, arguments: &[&Path]) {
    let arguments = arguments.iter().map(|path| text(path));
    let all: Vec<&str> = ["-euc", script, "sh"]
        .into_iter()
        .chain(arguments)
        .collect();
    run_as_owner("sh", &all);
}

/// What was in the journal, and in the outbox of transfers, at a moment.
#[derive(Debug, PartialEq)]
struct Books {
    transfers: BTreeSet<Uuid>,
    events: BTreeSet<Uuid>,
}

impl Books {
    async fn of(dba: &Client) -> Self {
        Self {
            transfers: ids(dba, "select id from remit.transfers").await,
            events: ids(dba, "select remit.event_id(o.created_at, o.id + e.place - 1) from remit.outbox o, unnest(o.types) with ordinality as e (type, place) where e.type = 'transfer.posted'").await,
        }
    }
}

async fn ids(dba: &Client, query: &str) -> BTreeSet<Uuid> {
    let rows = dba.query(query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Posts transfers of 1, a hundred a call.
async fn load(dba: &Client, [source, target]: [Uuid; 2], calls: usize) {
    let post = "
        select count(*) from remit_v1.transfers_post(1, array(
            select row(gen_random_uuid(), $1::uuid, $2::uuid, 1, null, 'load', null, null)::remit_v1.transfer_request
              from generate_series(1, 100))) r where r.outcome = 'posted'";
    for _ in 0..calls {
        let row = dba.query_one(post, &[&source, &target]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 100);
    }
}

/// A relay on a cluster that has the lead.
async fn lead(cluster: &Cluster, vhost: &RabbitVhost, redis: &RedisServer) -> Drain {
    let trust = Trust::default();
    let redis = Redis::new(&redis.url(), &trust).unwrap();
    let relay = Relay {
        postgres: pools::config(&cluster.url("remit_worker", "remit"), "test", &trust).unwrap(),
        broker: Address::parse(&vhost.url(), &trust).unwrap(),
        redis: redis.into(),
        metrics: Arc::default(),
    };
    let session = Session::connect_relay(&relay.postgres).await.unwrap();
    assert!(relay_lead(&session).await.unwrap());
    with_broker(&relay, session).await
}

/// Publishes all that there is.
pub async fn drain_all(relay: &mut Drain) {
    while relay.drain_once().await.unwrap() != Drained::Empty {}
}

/// The ids of the transfers' events that a queue has got, and how many messages those are.
async fn received(vhost: &RabbitVhost, queue: &str) -> (BTreeSet<Uuid>, usize) {
    let mut messages = vhost.take(queue).await;
    messages.retain(|message| message.routing_key == "transfer.posted");
    let ids = messages
        .iter()
        .map(|message| message.property("message_id").parse().unwrap());
    (ids.collect(), messages.len())
}

/// The version of a wallet in the cache, and in the books.
async fn versions(redis: &RedisServer, dba: &Client, wallet: Uuid) -> [Option<i64>; 2] {
    let mut get = redis::cmd("HGET");
    get.arg(cache::wallet_key(dba, 1, wallet).await)
        .arg("version");
    let cached = get.query_async(&mut redis.connect().await).await.unwrap();
    let query = "select version from remit.wallets where id = $1";
    let stored = dba.query_one(query, &[&wallet]).await.unwrap().get(0);
    [cached, Some(stored)]
}

/// A new server with an archive.
async fn archiving_cluster(archive: &Path) -> Cluster {
    let settings = vec![
        "archive_mode=on".to_owned(),
        format!("archive_command={}", here(ARCHIVE_COMMAND, archive)),
    ];
    let cluster = Cluster::start_with(owned_folder("archiving"), settings).await;
    cluster.create_database("remit").await;
    cluster.migrate("remit").await;
    cluster
}

/// Takes a base backup and checks it.
fn back_up(cluster: &Cluster, backup: &Path) {
    let url = cluster.url("remit", "postgres");
    let target = format!("--pgdata={}", text(backup));
    let options = [
        "--dbname",
        &url,
        &target,
        "--checkpoint=fast",
        "--wal-method=stream",
    ];
    run_as_owner(&format!("{BIN}/pg_basebackup"), &options);
    run_as_owner(
        &format!("{BIN}/pg_verifybackup"),
        &["--quiet", text(backup)],
    );
}

/// Starts a server on a copy of the backup and lets it recover to a moment.
async fn restore(backup: &Path, archive: &Path, moment: &str) -> Cluster {
    let folder = owned_folder("restored");
    shell(
        "cp -R \"$1\" \"$2\"; chmod 700 \"$2\"; touch \"$2/recovery.signal\"",
        &[backup, &folder.join("data")],
    );
    let settings = vec![
        format!("restore_command={}", here(RESTORE_COMMAND, archive)),
        format!("recovery_target_time={moment}"),
        "recovery_target_action=promote".to_owned(),
    ];
    let mut cluster = Cluster::of_data(folder, settings);
    cluster.resume().await;
    let dba = cluster.connect("remit", "remit").await;
    eventually_true(SOON, "the recovery ends", async || {
        let row = dba.query_one("select not pg_is_in_recovery()", &[]).await;
        row.unwrap().get(0)
    })
    .await;
    cluster
}

#[tokio::test]
async fn a_restored_copy_has_the_moment_s_books_and_publishes_what_waited() {
    let archive = owned_folder("archive");
    let mut cluster = archiving_cluster(&archive).await;
    let (vhost, redis) = (
        RabbitVhost::create().await,
        RedisServer::start("remit-worker").await,
    );
    vhost.exchange("remit.events").await;
    let tap = vhost.tap("remit.events", "#").await;
    let dba = cluster.connect("remit", "remit").await;
    let wallets = [wallet(&dba).await, wallet(&dba).await];
    cache::open(&dba, &redis).await;
    somebody_reads(&dba, &redis, wallets).await;
    let mut relay = lead(&cluster, &vhost, &redis).await;

    load(&dba, wallets, 5).await;
    drain_all(&mut relay).await;
    let backup = archive.with_extension("base");
    back_up(&cluster, &backup);
    load(&dba, wallets, 3).await;
    drain_all(&mut relay).await;
    load(&dba, wallets, 3).await;
    let then = Books::of(&dba).await;
    let row = dba
        .query_one("select clock_timestamp()::text", &[])
        .await
        .unwrap();
    let moment: String = row.get(0);
    load(&dba, wallets, 4).await;
    drain_all(&mut relay).await;
    let (published, _) = received(&vhost, &tap).await;
    assert!(then.events.is_subset(&published));
    drop((relay, dba));
    cluster.stop(End::Crash).await;

    // What was not archived yet is still in the old folder.
    let left = cluster.folder.join("data/pg_wal");
    shell("cp -n \"$1\"/0* \"$2\"", &[&left, &archive]);
    let restored = restore(&backup, &archive, &moment).await;
    let dba = restored.connect("remit", "remit").await;
    assert_eq!(Books::of(&dba).await, then);
    assert_eq!((then.transfers.len(), then.events.len()), (1_102, 300));
    let violations = dba.query("select * from remit_ops_v1.verify()", &[]).await;
    assert!(violations.unwrap().is_empty());

    // What Redis has of before is ahead of these books, and nobody reads it: it has other keys.
    let [cached, _] = versions(&redis, &dba, wallets[0]).await;
    assert_eq!(cached, None);
    somebody_reads(&dba, &redis, wallets).await;
    let mut relay = lead(&restored, &vhost, &redis).await;
    drain_all(&mut relay).await;
    let (again, count) = received(&vhost, &tap).await;
    assert_eq!((&again, count), (&then.events, 300));
    assert!(Books::of(&dba).await.events.is_empty());
    let [cached, stored] = versions(&redis, &dba, wallets[0]).await;
    assert_eq!(cached, stored);

    load(&dba, wallets, 1).await;
    drain_all(&mut relay).await;
    let (new, count) = received(&vhost, &tap).await;
    assert!(count == 100 && new.is_disjoint(&published));
    let violations = dba.query("select * from remit_ops_v1.verify()", &[]).await;
    assert!(violations.unwrap().is_empty());
}

#[test]
fn the_runbook_has_the_commands_of_this_test() {
    let path: PathBuf = repository().join("docs/operations.md");
    let runbook = fs::read_to_string(path).unwrap();
    for command in [
        ARCHIVE_COMMAND,
        RESTORE_COMMAND,
        "pg_basebackup",
        "--checkpoint=fast --wal-method=stream",
        "pg_verifybackup",
        "touch /srv/remit/data/recovery.signal",
        "recovery_target_action = 'promote'",
        "cp -n /srv/remit/old/pg_wal/0* /srv/remit/archive",
        "pg_is_in_recovery()",
    ] {
        assert!(runbook.contains(command), "{command}");
    }
}
