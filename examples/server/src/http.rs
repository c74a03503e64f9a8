//! The four paths of the server.

use crate::hub::{Hub, Reset};
use crate::redis::Redis;
use crate::stream;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response, Result};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use serde::Deserialize;
use serde_json::json;
use sse_wire::{Event, EventType, headers};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

#[derive(Clone)]
pub struct App {
    pub hub: Arc<Hub>,
    /// Without it, events stay in this process.
    pub redis: Option<Redis>,
    pub token: Option<Arc<str>>,
    pub retry: Duration,
    pub keep_alive: Duration,
}

/// In bytes. Together with the length of the history this bounds the history's memory.
const MAX_MESSAGE_SIZE: usize = 64 * 1024;

pub fn routes(app: App) -> Router {
    // Polyfills on pages of other origins ask with headers of their own. Such a page has no cookie
    // to abuse: only the token decides who may read.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .max_age(Duration::from_secs(3600));
    Router::new()
        .route("/events", get(events))
        .route("/send", post(send))
        .route("/stats", get(stats))
        .layer(DefaultBodyLimit::max(MAX_MESSAGE_SIZE))
        .layer(middleware::from_fn_with_state(app.clone(), authorize))
        .route("/", get(Html(include_str!("page.html"))))
        .layer(cors)
        .with_state(app)
}

/// The header wins over the query parameter, which polyfills send instead: a page may have the
/// parameter in its URL, and then its browser repeats the old id at every reconnect.
async fn events(
    State(app): State<App>,
    Extension(reset): Extension<Reset>,
    Query(query): Query<Parameters>,
    request_headers: HeaderMap,
) -> Response {
    let header = request_headers
        .get(headers::LAST_EVENT_ID)
        .map(|value| value.as_bytes());
    let last_event_id = match header.map(headers::last_event_id) {
        Some(Ok(id)) => Some(id.to_string()),
        // Not even text: treated like an id that was never sent.
        Some(Err(_)) => Some("?".to_owned()),
        None => find(query, headers::LAST_EVENT_ID_PARAMETER),
    };
    let last_event_id = last_event_id.as_deref().filter(|id| !id.is_empty());
    let (client, start) = app.hub.connect(last_event_id, reset);
    let body = stream::body(client, start, app.retry, app.keep_alive);
    (headers::RESPONSE, Body::from_stream(body)).into_response()
}

async fn send(State(app): State<App>, request: Request) -> Result<Response> {
    let message = Message::from_request(request).await?;
    // A line end in an event type would be another field, or another event.
    let event_type = EventType::new(message.event_type)
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let event = Event::new(message.data).with_event_type(event_type);
    let id = app
        .send(event)
        .await
        .map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    Ok(Json(json!({ "id": id })).into_response())
}

impl App {
    /// Sends an event to all clients, here or on all servers. Returns its id.
    pub async fn send(&self, event: Event<'_>) -> redis::RedisResult<String> {
        match &self.redis {
            None => Ok(self.hub.send(event).to_string()),
            Some(redis) => redis.send(&event).await,
        }
    }
}

async fn stats(State(app): State<App>) -> Response {
    Json(app.hub.stats()).into_response()
}

/// The body of a request to send an event.
#[derive(Deserialize)]
struct Message {
    #[serde(default, rename = "type")]
    event_type: String,
    data: String,
}

impl Message {
    /// From JSON, from a form, or from any other text, which then is the data.
    async fn from_request(request: Request) -> Result<Self> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.map_or("", |value| value.to_str().unwrap_or_default());
        if content_type.starts_with("application/json") {
            let Json(message) = Json::from_request(request, &()).await?;
            Ok(message)
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            let Form(message) = Form::from_request(request, &()).await?;
            Ok(message)
        } else {
            let data = String::from_request(request, &()).await?;
            Ok(Self {
                event_type: String::new(),
                data,
            })
        }
    }
}

/// A list, not a struct: a struct would refuse a parameter that comes twice, and so end an
/// `EventSource`.
type Parameters = Vec<(String, String)>;

fn find(parameters: Parameters, wanted: &str) -> Option<String> {
    parameters
        .into_iter()
        .rev()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value)
}

/// Asks for the token, in the header or, since `EventSource` cannot set headers, in the query
/// parameter that RFC 6750 names. URLs end up in logs: prefer the header where you can.
///
/// A 401 ends an `EventSource` for good, as it should here.
async fn authorize(
    State(app): State<App>,
    Query(query): Query<Parameters>,
    request: Request,
    next: Next,
) -> Response {
    let Some(token) = &app.token else {
        return next.run(request).await;
    };
    let header = request.headers().get(header::AUTHORIZATION);
    let parameter = find(query, "access_token");
    let given = match header {
        Some(header) => header.as_bytes().strip_prefix(b"Bearer "),
        None => parameter.as_ref().map(String::as_bytes),
    };
    // Compared in constant time, so that the time of a refusal tells nothing about the token.
    if given.is_some_and(|given| given.ct_eq(token.as_bytes()).into()) {
        next.run(request).await
    } else {
        (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer")],
        )
            .into_response()
    }
}
