//! A server of the Model Context Protocol with one tool, which counts to ten and says so each time.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rmcp::handler::server::tool::ToolRouter;
use rmcp::model::{ProgressNotificationParam, RequestMetaObject};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, Peer, RoleServer, ServerHandler, tool, tool_handler, tool_router};

struct Counter {
    tool_router: ToolRouter<Self>,
}

#[tool_router]
impl Counter {
    #[tool(description = "counts to ten")]
    async fn count(meta: RequestMetaObject, client: Peer<RoleServer>) -> Result<String, ErrorData> {
        let token = meta
            .get_progress_token()
            .ok_or_else(|| ErrorData::invalid_params("a progress token is needed", None))?;
        for step in 1..=10 {
            let progress = ProgressNotificationParam::new(token.clone(), f64::from(step));
            let progress = progress.with_message(format!("{step} / 10: 열 개"));
            // Nobody may be listening just now. What is lost for good, the reader notices.
            _ = client.notify_progress(progress).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok("counted to ten".to_owned())
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Counter {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let service = StreamableHttpService::new(
        || {
            Ok(Counter {
                tool_router: Counter::tool_router(),
            })
        },
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let address = format!("127.0.0.1:{}", env::var("PORT")?);
    let listener = tokio::net::TcpListener::bind(address).await?;
    Ok(axum::serve(listener, Router::new().nest_service("/mcp", service)).await?)
}
