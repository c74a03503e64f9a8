//! One connection, from accept to close.
//!
//! Why not `axum::serve`: while it waits for a slow client to read, nothing can stop it.

use crate::hub::Reset;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::pin::pin;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

/// Serves requests until one side closes the connection, or it is reset. Handlers find its [`Reset`]
/// in the request's extensions.
pub async fn serve(tcp: TcpStream, routes: Router, closing: CancellationToken) {
    // Without this, an event may wait until the client has acknowledged the one before it.
    _ = tcp.set_nodelay(true);

    let reset = Reset::default();
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(Reset::clone(&reset));
        routes.clone().call(request)
    });
    // The timer limits how long a client may take to send the head of a request.
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(tcp), service);

    tokio::select! {
        _ = &mut connection => return,
        () = reset.notified() => return abort(connection.into_parts().io.into_inner()),
        () = closing.cancelled() => {}
    }
    // Its stream ends now. After that it would wait for another request.
    let mut connection = pin!(connection);
    connection.as_mut().graceful_shutdown();
    _ = connection.await;
}

/// Closes with RST instead of FIN. The kernel then discards what it still holds for a slow client,
/// which may be megabytes, and the client notices at once. It resumes after the last event that it
/// has.
fn abort(tcp: TcpStream) {
    _ = tcp.set_zero_linger();
}
