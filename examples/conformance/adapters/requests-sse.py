"""`requests-sse`: `EventSource` over a `requests` session whose transport answers with the stream.

The response returns the chunks as those of a chunked body. At the end `EventSource` would wait and
connect again; the callback that it calls before that stops it.
"""

import requests
import requests_sse
from adapter import serve
from requests.adapters import BaseAdapter


class Raw:
    """The part of urllib3's response that `requests` reads a body through."""

    def __init__(self, chunks):
        self._chunks = chunks

    def stream(self, amount, decode_content):
        return self._chunks

    def close(self):
        pass

    release_conn = close


class Transport(BaseAdapter):
    def __init__(self, chunks):
        super().__init__()
        self._chunks = chunks

    def send(self, request, **kwargs):
        response = requests.Response()
        response.status_code = 200
        response.url = request.url
        response.headers["Content-Type"] = "text/event-stream"
        response.raw = Raw(self._chunks)
        return response

    def close(self):
        pass


class End(Exception):
    """The stream is at its end."""


def stop():
    raise End


def decode(chunks, last_event_id, answer):
    session = requests.Session()
    session.mount("http://", Transport(chunks))
    options = {"session": session, "on_error": stop, "latest_event_id": last_event_id or None}
    with requests_sse.EventSource("http://localhost/", **options) as events:
        try:
            for event in events:
                last_id = event.last_event_id
                answer("events", {"type": event.type, "data": event.data, "last_event_id": last_id})
        except End:
            pass


serve("requests-sse", ["type", "last_event_id", "resume"], decode)
