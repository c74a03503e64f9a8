//! Runs the program.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

const RECORDED: &str = "\
--- /openai/chat/completions
Hello from 서울.
Goodbye.
--- /anthropic/messages
Hello from a \"stream\".
--- /gemini/small:streamGenerateContent
Hello from Zürich.
--- /overloaded/messages
Hello
failed: Overloaded
";

#[test]
fn prints_recorded_answers_without_a_key() {
    let output = llm().output().unwrap();
    assert!(output.status.success());
    assert_eq!(text(&output.stdout), RECORDED);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn checks_in_passing() {
    let output = llm().arg("--check").output().unwrap();
    assert_eq!(text(&output.stdout), RECORDED);
    // The missing blank line, and an event type that browsers give to `onerror`.
    let diagnostics: Vec<_> = text(&output.stderr).lines().collect();
    assert!(matches!(diagnostics[..], [cut, error]
        if cut.contains("before the blank line") && error.contains("onerror")));
}

#[test]
fn asks_as_the_path_says_with_the_key_from_the_environment() {
    for (path, header) in [
        ("/v1/chat/completions", "authorization: Bearer secret\r\n"),
        ("/v1/messages", "x-api-key: secret\r\n"),
        (
            "/v1/models/m:streamGenerateContent",
            "x-goog-api-key: secret\r\n",
        ),
    ] {
        let (request, output) = ask(path, "text/event-stream", "data: [DONE]\n\n");
        assert!(output.status.success());
        assert!(request.contains(header), "{request}");
        assert!(request.contains("\"a question\""));
        assert_eq!(request.contains("?alt=sse"), path.contains(':'));
    }
}

#[test]
fn fails_if_the_answer_does() {
    for (content_type, answer, printed, error) in [
        (
            "application/json",
            "{\"error\": 1}",
            "",
            "200: {\"error\": 1}",
        ),
        (
            "text/event-stream",
            "data: {\"delta\": {\"text\": \"a\"}}\n\n",
            "a\n",
            "is missing",
        ),
        (
            "text/event-stream",
            "data: {\"delta\": {\"text\": \"a",
            "",
            "EOF",
        ),
        (
            "text/event-stream",
            "data: {\"error\": {\"message\": \"no\"}}\n\n",
            "\n",
            "no",
        ),
    ] {
        let (_, output) = ask("/v1/messages", content_type, answer);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stdout), printed);
        assert!(text(&output.stderr).contains(error));
    }
}

/// Runs the program against a server that gives one answer. Returns the request as well.
fn ask(path: &str, content_type: &str, answer: &str) -> (String, Output) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}{path}", listener.local_addr().unwrap());
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            let (mut tcp, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                let mut byte = [0];
                tcp.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            // The last brackets of the body.
            let mut rest = [0; 1024];
            tcp.set_read_timeout(Some(std::time::Duration::from_millis(100)))
                .unwrap();
            if let Ok(len) = tcp.read(&mut rest) {
                request.extend(&rest[..len]);
            }
            write!(tcp, "HTTP/1.1 200 OK\r\nconnection: close\r\n").unwrap();
            write!(tcp, "content-type: {content_type}\r\n\r\n{answer}").unwrap();
            text(&request).to_owned()
        });
        let program = llm()
            .args([&url, "--prompt", "a question", "--model", "m"])
            .env("API_KEY", "secret")
            .output();
        (server.join().unwrap(), program.unwrap())
    })
}

fn llm() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sse-wire-llm"));
    command.env_remove("API_KEY");
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
