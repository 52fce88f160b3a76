//! The listener on this machine that the browser comes back to.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::AbortHandle;

/// The path that a browser comes back to.
const PATH: &str = "/back";

/// The largest head of a request.
const MAX_HEAD: usize = 16 * 1024;

/// How long a browser may take for a request: some open connections in advance and send nothing.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// A listener on the loopback interface.
pub(crate) struct Listener {
    port: u16,
    visits: Receiver<Visit>,
    task: AbortHandle,
}

/// A browser that came back, and waits for a page.
pub(crate) struct Visit {
    target: String,
    stream: TcpStream,
}

impl Listener {
    pub(crate) async fn start(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let (sender, visits) = channel(8);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, sender.clone()));
            }
        });
        Ok(Self { port, visits, task: task.abort_handle() })
    }

    /// The address that the browser is sent back to.
    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}{PATH}", self.port)
    }

    /// The next browser that comes back.
    pub(crate) async fn next(&mut self) -> Visit {
        match self.visits.recv().await {
            Some(visit) => visit,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Visit {
    /// Path and query of the request.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// Shows the person a sentence.
    pub(crate) async fn answer(mut self, status: u16, sentence: &str) {
        let sentence = sentence.replace('&', "&amp;").replace('<', "&lt;");
        let page =
            format!("<!doctype html><meta charset=utf-8><title>authorize</title><p id=answer>{sentence}</p>");
        // The address holds the code: it goes neither into a cache nor to another site.
        let head = format!(
            "HTTP/1.1 {status} \r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n",
            page.len()
        );
        // A browser that is gone needs no answer.
        let _ = self.stream.write_all(&[head.as_bytes(), page.as_bytes()].concat()).await;
        let _ = self.stream.shutdown().await;
    }
}

/// Reads one request, and passes it on if it is one of a browser that comes back.
async fn receive(mut stream: TcpStream, sender: Sender<Visit>) {
    let Ok(Some(target)) = tokio::time::timeout(MAX_WAIT, target_of(&mut stream)).await else { return };
    let visit = Visit { target, stream };
    if visit.target.split('?').next() == Some(PATH) {
        let _ = sender.send(visit).await;
    } else {
        visit.answer(404, "There is nothing here.").await;
    }
}

/// The target of a request by GET.
async fn target_of(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let line = head.split(|&byte| byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    (words.next()? == "GET").then_some(())?;
    words.next().map(str::to_owned)
}
