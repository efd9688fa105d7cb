//! Kills, one after another, at moments and of processes that a seed decides.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use beanpole_testkit::Servers;
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// How often what was killed.
#[derive(Debug, Default)]
pub struct Kills {
    pub servers: usize,
    pub postgres: usize,
}

pub async fn run(servers: &mut Servers, seed: u64, length: Duration) -> Kills {
    let mut random = StdRng::seed_from_u64(seed);
    let mut kills = Kills::default();
    let started = Instant::now();
    let count = servers.addresses().len();
    while started.elapsed() < length {
        // Not a wait for something: this is when the next kill comes.
        tokio::time::sleep(Duration::from_millis(random.random_range(300..2500))).await;
        if random.random_range(0..3) == 0 {
            tell("Postgres");
            servers.kill_postgres();
            servers.start_postgres().await;
            kills.postgres += 1;
        } else {
            let number = random.random_range(0..count);
            tell(&format!("server {number}"));
            servers.kill_server(number);
            servers.start_server(number);
            kills.servers += 1;
        }
    }
    for number in 0..count {
        servers.wait_until_it_answers(number).await;
    }
    kills
}

fn tell(what: &str) {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    eprintln!("{:.3} {what} is killed", at.as_secs_f64());
}
