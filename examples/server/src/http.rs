//! The server's four paths.

use crate::hub::{Hub, Reset};
use crate::redis::Redis;
use crate::{stream, wire};
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Json, Router};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

#[derive(Clone)]
pub struct App {
    pub hub: Arc<Hub>,
    pub redis: Option<Redis>,
    pub token: Option<Arc<str>>,
    pub retry: Duration,
    pub keep_alive: Duration,
}

/// The log keeps this many bytes an event at most.
const LARGEST_MESSAGE: usize = 64 * 1024;

pub fn routes(app: App) -> Router {
    // A polyfill asks from a page of another origin, with headers of its own. There are no cookies
    // to abuse: who may read is a matter of the token.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .max_age(Duration::from_secs(3600));
    Router::new()
        .route("/events", get(events))
        .route("/send", post(send))
        .route("/stats", get(stats))
        .layer(DefaultBodyLimit::max(LARGEST_MESSAGE))
        .layer(middleware::from_fn_with_state(app.clone(), authorize))
        .route("/", get(Html(include_str!("page.html"))))
        .layer(cors)
        .with_state(app)
}

#[derive(Deserialize)]
struct EventsQuery {
    #[serde(rename = "lastEventId")]
    last_event_id: Option<String>,
}

/// A client resumes by the header, or by the query parameter if it is a polyfill. The header wins:
/// when a browser reconnects, the parameter is still the one of the page's first request.
async fn events(
    State(app): State<App>,
    Extension(reset): Extension<Reset>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Response {
    // An id that is not even text is an unknown one, like any other.
    let header = headers
        .get(sse_wire::http::LAST_EVENT_ID)
        .map(|value| sse_wire::http::last_event_id(value.as_bytes()).unwrap_or("?"));
    let asked = header
        .or(query.last_event_id.as_deref())
        .filter(|id| !id.is_empty());
    let (client, start) = app.hub.connect(asked, reset);
    let body = stream::body(client, start, app.retry, app.keep_alive);
    (wire::RESPONSE, Body::from_stream(body)).into_response()
}

#[derive(Deserialize)]
struct Message {
    r#type: Option<String>,
    data: String,
}

/// JSON, a form, or any other text, which is then the data.
impl<S: Send + Sync> FromRequest<S> for Message {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type
            .map_or(&b""[..], |value| value.as_bytes())
            .to_owned();
        if content_type.starts_with(b"application/json") {
            Json::from_request(request, state)
                .await
                .map(|Json(message)| message)
                .map_err(IntoResponse::into_response)
        } else if content_type.starts_with(b"application/x-www-form-urlencoded") {
            Form::from_request(request, state)
                .await
                .map(|Form(message)| message)
                .map_err(IntoResponse::into_response)
        } else {
            String::from_request(request, state)
                .await
                .map(|data| Self { r#type: None, data })
                .map_err(IntoResponse::into_response)
        }
    }
}

async fn send(State(app): State<App>, message: Message) -> Response {
    match app.send(message.r#type, message.data).await {
        Ok(id) => Json(json!({ "id": id })).into_response(),
        Err((status, error)) => (status, error).into_response(),
    }
}

impl App {
    pub async fn send(
        &self,
        event_type: Option<String>,
        data: String,
    ) -> Result<String, (StatusCode, String)> {
        let message = wire::Message::new(event_type, data)
            .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
        match &self.redis {
            None => Ok(self.hub.send(|id| message.encode(id)).to_string()),
            Some(redis) => redis
                .send(&message)
                .await
                .map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string())),
        }
    }
}

async fn stats(State(app): State<App>) -> Response {
    Json(app.hub.stats()).into_response()
}

/// `EventSource` cannot set headers, so the token may also be a query parameter, by the name of
/// RFC 6750. An `EventSource` gives up for good on a 401, as it should here.
async fn authorize(State(app): State<App>, request: Request, next: Next) -> Response {
    #[derive(Deserialize)]
    struct AccessToken {
        access_token: Option<String>,
    }

    let Some(token) = &app.token else {
        return next.run(request).await;
    };
    let header = request
        .headers()
        .get(header::AUTHORIZATION)
        .map(|value| value.as_bytes());
    let query = Query::<AccessToken>::try_from_uri(request.uri()).ok();
    let given = match (header, &query) {
        (Some(header), _) => header.strip_prefix(b"Bearer "),
        (None, Some(query)) => query.access_token.as_deref().map(str::as_bytes),
        _ => None,
    };
    // Equal times for all wrong tokens: they tell nothing about the right one.
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
