//! One client's connection, from accept to close.

use crate::forward::Gateway;
use crate::stats::Clock;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_util::io::InspectWriter;

/// What the body of a response knows about its socket.
#[derive(Clone, Debug, Default)]
pub struct Socket {
    pub clock: Clock,
    /// Closes the connection at once, with RST instead of FIN.
    pub reset: Arc<Notify>,
}

pub async fn serve(tcp: TcpStream, gateway: Arc<Gateway>) {
    // Without this, an event may wait until the client has acknowledged the one before it.
    _ = tcp.set_nodelay(true);

    let socket = Socket::default();
    let written = {
        let (clock, stats) = (socket.clock.clone(), Arc::clone(&gateway.stats));
        move |bytes: &[u8]| stats.count_written(bytes.len(), clock.stop())
    };
    let service = service_fn(async |request: Request<Incoming>| {
        Ok::<_, Infallible>(gateway.answer(request, socket.clone()).await)
    });
    // The timer limits how long a client may take to send the head of a request.
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(InspectWriter::new(tcp, written)), service);
    let is_reset = tokio::select! {
        _ = &mut connection => false,
        () = socket.reset.notified() => true,
    };
    if is_reset {
        let tcp = connection.into_parts().io.into_inner().into_inner();
        _ = tcp.set_zero_linger();
    }
}
