//! One TCP connection to an instance, and the handle by which others may end it.
//!
//! The connection is driven by the task of the client's request, so ending it from outside means
//! setting a flag that the next read sees and waking that task. A link is also the waker that the
//! connection sees: it passes on to whoever uses the connection now, and to nobody while it idles,
//! so that no task is woken for another one's request. Also notes what the retry rules
//! ask: whether anything was written, whether any byte came back, since when we wait.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::clock;

/// Why a connection was ended from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The deregistration delay of its instance ran out.
    Drained,
    /// No answer within the response time-out.
    ResponseTimeout,
}

/// The part of a connection that others may touch.
#[derive(Debug, Default)]
pub struct Link {
    cut: AtomicU8,
    user: AtomicWaker,
    answered: AtomicBool,
    waiting_since: AtomicU64,
}

impl Link {
    /// Ends the connection at its next read or write.
    pub fn cut(&self, why: Cut) {
        let code = match why {
            Cut::Drained => 1,
            Cut::ResponseTimeout => 2,
        };
        // The first reason stands.
        let _ = self
            .cut
            .compare_exchange(0, code, Ordering::AcqRel, Ordering::Acquire);
        self.user.wake();
    }

    /// Why the connection was ended, if it was.
    pub fn was_cut(&self) -> Option<Cut> {
        match self.cut.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Cut::Drained),
            _ => Some(Cut::ResponseTimeout),
        }
    }

    /// Names the task that uses the connection now.
    #[inline]
    pub fn used_by(&self, waker: &Waker) {
        self.user.register(waker);
    }

    /// Nobody uses the connection from now on.
    pub fn unused(&self) {
        self.user.take();
    }

    /// Called before a request is sent: forgets the exchange before it.
    pub fn begin(&self) {
        self.answered.store(false, Ordering::Relaxed);
    }

    /// Called when the head of the answer is there.
    pub fn head_received(&self) {
        self.waiting_since.store(0, Ordering::Relaxed);
    }

    /// Whether any byte came back since [`Link::begin`].
    pub fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// When the last byte of a request still without an answer went out.
    pub fn waiting_since(&self) -> Option<u64> {
        Some(self.waiting_since.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }
}

impl Wake for Link {
    fn wake(self: Arc<Self>) {
        self.user.wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.user.wake();
    }
}

/// The socket, watched. Whoever polls it must have called [`Link::used_by`] before, save after
/// [`LinkedStream::by_hand`].
#[derive(Debug)]
pub struct LinkedStream {
    stream: TcpStream,
    link: Arc<Link>,
    by_hand: bool,
}

impl LinkedStream {
    pub fn new(stream: TcpStream, link: Arc<Link>) -> Self {
        Self {
            stream,
            link,
            by_hand: false,
        }
    }

    /// The stream for use without a connection around it: tasks that poll it name themselves.
    pub fn by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }

    fn check(&self) -> io::Result<()> {
        match self.link.was_cut() {
            None => Ok(()),
            Some(Cut::Drained) => Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the instance left service and its deregistration delay ran out",
            )),
            Some(Cut::ResponseTimeout) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "no answer within the response time-out",
            )),
        }
    }

    fn wrote(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = result
            && !self.link.answered()
        {
            self.link.waiting_since.store(clock::coarse(), Ordering::Relaxed);
        }
        result
    }
}

impl AsyncRead for LinkedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.by_hand {
            self.link.used_by(cx.waker());
        }
        self.check()?;
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.link.answered.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl AsyncWrite for LinkedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        // A head without a body is one slice, for which the plain call is the cheaper one.
        let result = match slices {
            [one] => Pin::new(&mut self.stream).poll_write(cx, one),
            several => Pin::new(&mut self.stream).poll_write_vectored(cx, several),
        };
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
