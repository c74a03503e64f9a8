//! One connection, from accept to close.
//!
//! `axum::serve` would do, but for one thing: a server that waits for a slow client's socket cannot
//! be told to give up. So the connection listens for that beside its work.

use crate::hub::Reset;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

/// Serves requests until either side closes the connection, or it is reset. Handlers find its
/// [`Reset`] among the request's extensions.
pub async fn serve(tcp: TcpStream, app: Router, closing: CancellationToken) {
    // An event must not wait for the acknowledgement of the one before it.
    _ = tcp.set_nodelay(true);

    let reset = Reset::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(Reset::clone(&reset));
        app.clone().call(request)
    });
    // With a timer, a client that does not finish its request's head is cut off as well.
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(tcp), service);

    tokio::select! {
        _ = &mut connection => return,
        () = closing.cancelled() => std::pin::Pin::new(&mut connection).graceful_shutdown(),
        () = reset.notified() => return abort(connection.into_parts().io),
    }
    // It ends by itself now that the streams end; unless its client is slow.
    _ = connection.await;
}

/// Closes with RST and not FIN. What is still on its way to a slow client, up to some megabytes, is
/// freed at once; the client knows at once as well, and comes back with the last id that it read.
fn abort(io: TokioIo<TcpStream>) {
    _ = io.into_inner().set_zero_linger();
}
