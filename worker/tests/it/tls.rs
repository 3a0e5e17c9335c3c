use serde_json::Value;
use testbed::cache;
use testbed::poll::{SOON, eventually_true};
use testbed::redis::RedisServer;
use testbed::tls::{Authority, trusting};

use crate::stand::{NOTIFICATIONS, Stand};

/// The address for which the servers have certificates, and another name for it.
const CERTIFIED: &str = "127.0.0.1";
const OTHER: &str = "localhost";

#[tokio::test]
async fn a_notification_goes_through_with_tls_everywhere() {
    let mut stand = Stand::new().await;
    let authority = Authority::create();
    stand.redis =
        RedisServer::start_with_tls("remit-worker", authority.certify("IP:127.0.0.1")).await;
    let database = stand.database.url_with_tls("remit_worker", CERTIFIED);
    let worker = stand
        .worker()
        .with(
            "DATABASE_URL",
            format!("{database}&channel_binding=require"),
        )
        .with("REDIS_URL", stand.redis.url_with_tls(CERTIFIED))
        .with("AMQP_URL", stand.vhost.url_with_tls(CERTIFIED))
        .with("REMIT_TLS_CA_FILE", trusting(&authority));
    cache::open(&stand.dba, &stand.redis).await;
    stand.somebody_reads().await;
    let running = worker.start(&[]);
    let posted = stand.post(3).await;
    let recorded = stand.await_recorded(posted.len()).await;
    for id in posted {
        assert!(recorded.iter().any(|(subject, _)| *subject == id));
    }
    assert!(running.said("interrupted").is_empty());
    let (code, _, errors) = worker.run(&["health"]);
    assert_eq!((code, errors.as_str()), (0, ""));

    let plain = "select count(*) from pg_stat_activity join pg_stat_ssl using (pid)
                  where datname = current_database() and usename = 'remit_worker' and not ssl";
    let row = stand.dba.query_one(plain, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
    for wallet in stand.wallets {
        let version: i64 = redis::cmd("HGET")
            .arg(cache::wallet_key(&stand.dba, 1, wallet).await)
            .arg("version")
            .query_async(&mut stand.redis.connect().await)
            .await
            .unwrap();
        assert!(version > 0, "the cache is written");
    }
    eventually_true(SOON, "the broker lists its connections", async || {
        let connections = stand.vhost.connections().await;
        let with_tls = |connection: &&Value| connection["ssl"] == true;
        !connections.is_empty() && connections.iter().filter(with_tls).count() == connections.len()
    })
    .await;
}

#[tokio::test]
async fn servers_that_cannot_prove_who_they_are_get_nothing() {
    let stand = Stand::new().await;
    let authority = Authority::create();
    let (trusted, stranger) = (trusting(&authority), authority.file().display().to_string());
    let database = |host| stand.database.url_with_tls("remit_worker", host);
    let plain = stand.vhost.url().replace("amqp://", "amqps://");
    let cases = [
        (
            "DATABASE_URL",
            database(CERTIFIED),
            &stranger,
            "UnknownIssuer",
        ),
        (
            "DATABASE_URL",
            database(OTHER),
            &trusted,
            "not valid for name",
        ),
        (
            "AMQP_URL",
            stand.vhost.url_with_tls(CERTIFIED),
            &stranger,
            "UnknownIssuer",
        ),
        (
            "AMQP_URL",
            stand.vhost.url_with_tls(OTHER),
            &trusted,
            "not valid for name",
        ),
        ("AMQP_URL", plain, &trusted, "connecting to RabbitMQ"),
    ];
    stand.post(1).await;
    for (variable, url, trust, reason) in cases {
        let worker = stand.worker().with(variable, url);
        let worker = worker.with("REMIT_TLS_CA_FILE", trust);
        let running = worker.start(&["--relay"]);
        running.await_interrupted("relay", 1).await;
        let error = running.said("interrupted")[0]["error"].to_string();
        assert!(error.contains(reason) && !error.contains("://"), "{error}");
        let (code, _, errors) = worker.run(&["health"]);
        assert!(code == 1 && errors.contains(reason), "{errors}");
    }
    assert_eq!(stand.unpublished().await, 1);
    assert_eq!(stand.vhost.depth(NOTIFICATIONS).await, 0);
}
