//! What a request gets while the database is away, and that nothing needs a restart afterwards.

use beanpole_protocol::api::PageQuery;

use super::{World, refusal};

#[tokio::test]
async fn connections_that_died_are_replaced_by_themselves() {
    let world = World::start().await;
    for _ in 0..3 {
        world.admin.users(&PageQuery::default()).await.unwrap();
        // Ends every connection of this database, as a crash of the server would.
        let _ = sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()",
        )
        .execute(&world.app.pool)
        .await;
        let mut answers = 0;
        loop {
            match world.admin.users(&PageQuery::default()).await {
                Ok(_) => break,
                Err(error) => {
                    assert_eq!(
                        refusal::<()>(Err(error)),
                        (503, "database_unavailable".to_owned())
                    );
                    answers += 1;
                    assert!(answers < 20, "the pool does not heal");
                }
            }
        }
    }
}

#[tokio::test]
async fn another_master_key_for_the_same_database_is_refused() {
    use crate::{config::MasterKeySource, serve, store::testing};
    use tokio_util::sync::CancellationToken;

    let (config, _folder) = testing::config().await;
    serve::prepare(config.clone(), CancellationToken::new())
        .await
        .unwrap();
    serve::prepare(config.clone(), CancellationToken::new())
        .await
        .unwrap();
    let other = crate::Config {
        master_key: MasterKeySource::Text("ab".repeat(32).into()),
        ..config
    };
    let error = serve::prepare(other, CancellationToken::new())
        .await
        .err()
        .unwrap();
    assert!(matches!(error, serve::StartError::OtherKey), "{error}");
}

#[tokio::test]
async fn a_request_while_postgres_is_down_is_refused_for_now_and_the_next_works() {
    use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

    use beanpole_protocol::client::Client;
    use tokio_util::sync::CancellationToken;

    use crate::{Config, postgres::Cluster, serve, store::testing};

    let folder = tempfile::tempdir().unwrap();
    // The server's account must be able to enter the folder.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let cluster = Cluster::prepare(&folder.path().join("pg")).unwrap();
    cluster.start().unwrap();
    let (config, _data) = testing::config().await;
    let config = Config {
        database_url: cluster.url().parse().unwrap(),
        ..config
    };
    let server = serve::start(config, CancellationToken::new()).await.unwrap();
    let anyone = Client::new(&format!("http://{}", server.address), None).unwrap();
    assert!(anyone.is_ready().await);

    cluster.stop().unwrap();
    assert!(!anyone.is_ready().await);
    let token = anyone.with_token(Some("bpt_unknown".to_owned()));
    assert_eq!(
        refusal(token.whoami().await),
        (503, "database_unavailable".to_owned())
    );

    cluster.start().unwrap();
    let healed = async { while !anyone.is_ready().await {} };
    tokio::time::timeout(Duration::from_secs(20), healed)
        .await
        .unwrap();
    assert_eq!(refusal(token.whoami().await).0, 401);
    server.stop().await;
    cluster.stop().unwrap();
}
