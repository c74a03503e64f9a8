//! What recording tools add to a stream.

use memchr::memmem;

/// A tool that has left its traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// curl's progress meter.
    Meter,
    /// What curl shows with `-v`.
    Trace,
    /// The prompt of a shell, perhaps with the command.
    Prompt,
}

impl Tool {
    /// The tool that writes such a line, if it is one of those that no server writes.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        if is_meter(line) {
            Some(Self::Meter)
        } else if is_trace(line) {
            Some(Self::Trace)
        } else if is_prompt(line) {
            Some(Self::Prompt)
        } else {
            None
        }
    }

    /// Whether the tool writes such a line, as far as it is known to be there.
    pub(super) fn may_write(self, line: &[u8]) -> bool {
        match self {
            Self::Trace => matches!(
                line,
                [b'*' | b'<' | b'>' | b'{' | b'}', b' ', ..] | [b'<' | b'>']
            ),
            Self::Meter | Self::Prompt => false,
        }
    }

    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Meter => "curl's progress meter",
            Self::Trace => "what curl shows with `-v`",
            Self::Prompt => "a shell's prompt",
        }
    }
}

/// Its head, or one of its states: times that are not known, and numbers.
fn is_meter(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let is_head = text.starts_with(b"% Total") || text.starts_with(b"Dload  Upload");
    is_head
        || memmem::find(text, b"--:--:--").is_some_and(|time| {
            text[..time]
                .iter()
                .all(|byte| byte.is_ascii_digit() || b" .:kMG-".contains(byte))
        })
}

fn is_trace(line: &[u8]) -> bool {
    const NEWS: [&[u8]; 17] = [
        b"Trying ",
        b"Connected to ",
        b"Connection ",
        b"Established connection ",
        b"Closing connection",
        b"Host ",
        b"IPv4: ",
        b"IPv6: ",
        b"Uses proxy env",
        b"Re-using existing",
        b"Mark bundle",
        b"Request completely sent",
        b"Could not resolve",
        b"using HTTP/",
        b"ALPN",
        b"TLS",
        b"SSL ",
    ];
    const METHODS: [&[u8]; 7] = [
        b"GET ",
        b"POST ",
        b"PUT ",
        b"HEAD ",
        b"PATCH ",
        b"DELETE ",
        b"OPTIONS ",
    ];
    match line {
        [b'*', b' ', rest @ ..] => {
            let news = rest.trim_ascii_start();
            NEWS.into_iter().any(|start| news.starts_with(start))
        }
        [b'<', b' ', rest @ ..] => rest.starts_with(b"HTTP/"),
        [b'>', b' ', rest @ ..] => {
            let has_version = memmem::find(rest, b" HTTP/").is_some();
            has_version && METHODS.into_iter().any(|method| rest.starts_with(method))
        }
        [b'{' | b'}', b' ', b'[', rest @ ..] => rest
            .strip_suffix(b" bytes data]")
            .is_some_and(|number| number.iter().all(u8::is_ascii_digit)),
        _ => false,
    }
}

/// `user@host:~$ `, `(shell) C:\>`, `PS C:\Users>`, `$ curl URL`.
fn is_prompt(line: &[u8]) -> bool {
    let mut text = line.trim_ascii();
    if let [b'(', rest @ ..] = text {
        let end = memchr::memchr(b')', rest).map_or(rest.len(), |end| end + 1);
        text = rest[end..].trim_ascii_start();
    }
    if let [b'$' | b'%' | b'#' | b'>', b' ', command @ ..] = text {
        return [&b"curl "[..], b"wget ", b"http "]
            .into_iter()
            .any(|program| command.starts_with(program));
    }
    let path = text.strip_prefix(b"PS ").unwrap_or(text);
    if let [drive, b':', b'\\', rest @ ..] = path {
        return drive.is_ascii_alphabetic() && rest.contains(&b'>');
    }
    // `user@host:directory$`, perhaps with a command.
    let Some(end) = text.iter().position(|byte| b"$#%".contains(byte)) else {
        return false;
    };
    let rest = &text[end + 1..];
    let prompt = text[..end].trim_ascii_start();
    let (prompt, is_bracketed) = match prompt {
        [b'[', prompt @ ..] => (prompt, true),
        _ => (prompt, false),
    };
    let user = prompt.iter().position(|&byte| byte == b'@').unwrap_or(0);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let host = &prompt[(user + 1).min(prompt.len())..];
    let host_end = host
        .iter()
        .position(|byte| !is_name(byte))
        .unwrap_or(host.len());
    user > 0
        && prompt[..user].iter().all(is_name)
        && host_end > 0
        && match &host[host_end..] {
            [b':', next, ..] => *next != b' ',
            [b':'] => true,
            [b' ', ..] => is_bracketed,
            _ => false,
        }
        && matches!(rest, [] | [b' ', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_write() {
        use Tool::{Meter, Prompt, Trace};
        for (line, expected) in [
            (
                "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current",
                Some(Meter),
            ),
            (
                "                                 Dload  Upload   Total   Spent    Left  Speed",
                Some(Meter),
            ),
            (
                "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0",
                Some(Meter),
            ),
            (
                "100   99    0   99    0     0   1.1k      0 --:--:--  0:00:01 --:--:--  1184data: a",
                Some(Meter),
            ),
            ("time --:--:--", None),
            ("0% done", None),
            ("*   Trying 127.0.0.1:8080...", Some(Trace)),
            (
                "* Connected to localhost (127.0.0.1) port 8080",
                Some(Trace),
            ),
            ("> GET /events HTTP/1.1", Some(Trace)),
            ("< HTTP/1.1 200 OK", Some(Trace)),
            ("{ [94 bytes data]", Some(Trace)),
            ("} [5 bytes data]", Some(Trace)),
            ("* a list", None),
            ("> a quotation", None),
            ("{ [a, b] }", None),
            ("< 5", None),
            ("user@host:~$ ", Some(Prompt)),
            ("user@host:~/a b$ curl -N http://localhost", Some(Prompt)),
            ("[root@host tmp]# ", Some(Prompt)),
            ("(venv) user@my-host:/$", Some(Prompt)),
            ("(shell) C:\\>", Some(Prompt)),
            ("PS C:\\Users\\me> curl.exe -N x", Some(Prompt)),
            ("$ curl -N http://localhost", Some(Prompt)),
            ("me@example.com: 5$", None),
            ("costs 5$ a@b", None),
            ("a:\\b", None),
            ("(a) hello", None),
            ("$ 5", None),
            ("$", None),
            ("", None),
        ] {
            assert_eq!(Tool::of(line.as_bytes()), expected, "{line}");
        }
    }
}
