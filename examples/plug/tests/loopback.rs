//! Each server with each client, on loopback.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};

const EXPECTED: [&str; 2] = ["hello", "two\nlines"];

#[tokio::test]
async fn axum() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().route("/", axum::routing::get(plug::axum::handler));
    tokio::spawn(async { axum::serve(listener, app).await });
    both_clients_see_all_events_of(address).await;
}

#[tokio::test]
async fn hyper() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service_fn(plug::hyper::service);
            tokio::spawn(server::Builder::new().serve_connection(TokioIo::new(socket), service));
        }
    });
    both_clients_see_all_events_of(address).await;
}

#[tokio::test]
async fn actix() {
    use actix_web::{App, HttpServer, web};
    let server = HttpServer::new(|| App::new().route("/", web::get().to(plug::actix::handler)));
    let server = server
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
    let address = server.addrs()[0];
    tokio::spawn(server.run());
    both_clients_see_all_events_of(address).await;
}

/// The client that reconnects needs two rounds, and then an answer that ends it.
async fn both_clients_see_all_events_of(address: SocketAddr) {
    let socket = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = client::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("/")
        .header("host", "localhost")
        .body(Empty::<Bytes>::new());
    let response = sender.send_request(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(plug::hyper::client(response).await, EXPECTED);

    let seen = Mutex::new(Vec::new());
    let gate = gate(address).await;
    let url = format!("http://{gate}/");
    let shown = plug::reqwest::client(&url, |event| {
        seen.lock().unwrap().push(event.data().to_owned());
    });
    shown.await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [EXPECTED, EXPECTED].concat());
}

/// Forwards a request without a last event ID and one with it, and answers the third with 204.
async fn gate(address: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gate = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for round in 0.. {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let len = socket.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..len]).to_lowercase();
            assert_eq!(
                request.contains("last-event-id: 2\r\n"),
                round > 0,
                "{request}"
            );
            if round == 2 {
                let gone = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                socket.write_all(gone).await.unwrap();
                return;
            }
            let mut upstream = TcpStream::connect(address).await.unwrap();
            let request = request.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
            upstream
                .write_all(request.replace("get / http", "GET / HTTP").as_bytes())
                .await
                .unwrap();
            tokio::io::copy(&mut upstream, &mut socket).await.unwrap();
        }
    });
    gate
}

#[tokio::test]
async fn framed() {
    let (near, mut far) = duplex(1024);
    let exchange = tokio::spawn(plug::framed::exchange(near));
    let mut sent = [0; b"id: 1\ndata: hello\n\n".len()];
    far.read_exact(&mut sent).await.unwrap();
    assert_eq!(&sent, b"id: 1\ndata: hello\n\n");
    far.write_all(b"data: a\n\ndata: b\n\n").await.unwrap();
    drop(far);
    assert_eq!(exchange.await.unwrap().unwrap(), ["a", "b"]);
}
