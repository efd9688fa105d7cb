//! Bytes both ways between two streams, until both have ended or nothing moves any more.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split},
    time::{Instant, timeout},
};

const PIECE: usize = 16 * 1024;

/// When anything moved last, in either direction.
struct Pulse {
    began: Instant,
    last_millis: AtomicU64,
    limit: Duration,
}

impl Pulse {
    fn beat(&self) {
        let millis = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_millis.store(millis, Ordering::Relaxed);
    }

    /// How long it may go on without anything moving.
    fn left(&self) -> Duration {
        let last = Duration::from_millis(self.last_millis.load(Ordering::Relaxed));
        (last + self.limit).saturating_sub(self.began.elapsed())
    }
}

/// Carries bytes both ways. An end of one side is passed on to the other, which may still answer. After
/// `idle` without a byte in either direction it is an error.
pub async fn relay<A, B>(one: A, other: B, idle: Duration) -> io::Result<()>
where
    A: AsyncRead + AsyncWrite,
    B: AsyncRead + AsyncWrite,
{
    let pulse = Pulse {
        began: Instant::now(),
        last_millis: AtomicU64::new(0),
        limit: idle,
    };
    let (mut read_one, mut write_one) = split(one);
    let (mut read_other, mut write_other) = split(other);
    tokio::try_join!(
        carry(&mut read_one, &mut write_other, &pulse),
        carry(&mut read_other, &mut write_one, &pulse),
    )?;
    Ok(())
}

async fn carry<A, B>(from: &mut ReadHalf<A>, to: &mut WriteHalf<B>, pulse: &Pulse) -> io::Result<()>
where
    A: AsyncRead,
    B: AsyncWrite,
{
    let mut piece = vec![0; PIECE];
    loop {
        let size = match timeout(pulse.left(), from.read(&mut piece)).await {
            Ok(size) => size?,
            Err(_) if pulse.left().is_zero() => return Err(io::ErrorKind::TimedOut.into()),
            // The other direction moved meanwhile.
            Err(_) => continue,
        };
        pulse.beat();
        if size == 0 {
            return to.shutdown().await;
        }
        let written = async {
            to.write_all(&piece[..size]).await?;
            to.flush().await
        };
        timeout(pulse.limit, written)
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        pulse.beat();
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const IDLE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn bytes_go_both_ways_and_an_end_is_passed_on() {
        let (mut client, inner) = duplex(64);
        let (outer, mut server) = duplex(64);
        let relaying = tokio::spawn(relay(inner, outer, IDLE));
        client.write_all(b"question").await.unwrap();
        client.shutdown().await.unwrap();
        let mut asked = String::new();
        server.read_to_string(&mut asked).await.unwrap();
        assert_eq!(asked, "question");
        server.write_all(b"answer").await.unwrap();
        drop(server);
        let mut answered = String::new();
        client.read_to_string(&mut answered).await.unwrap();
        assert_eq!(answered, "answer");
        relaying.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn silence_on_both_sides_ends_it_and_an_answer_that_takes_its_time_does_not() {
        let (mut client, inner) = duplex(64);
        let (outer, mut server) = duplex(64);
        let relaying = tokio::spawn(relay(inner, outer, IDLE));
        for _ in 0..5 {
            tokio::time::sleep(IDLE - Duration::from_secs(1)).await;
            server.write_all(b".").await.unwrap();
            client.read_exact(&mut [0]).await.unwrap();
        }
        let began = Instant::now();
        let ended = relaying.await.unwrap().unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed().as_secs(), IDLE.as_secs());
    }
}
