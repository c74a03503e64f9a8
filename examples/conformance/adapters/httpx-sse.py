"""`httpx-sse`: `EventSource.iter_sse` over a response whose body is the stream, as documented.

Its events look the same without data and with empty data.
"""

import httpx
import httpx_sse
from adapter import serve


class Body(httpx.SyncByteStream):
    def __init__(self, chunks):
        self._chunks = chunks

    def __iter__(self):
        return self._chunks


def decode(chunks, last_event_id, answer):
    headers = {"Content-Type": "text/event-stream"}
    response = httpx.Response(200, headers=headers, stream=Body(chunks))
    for event in httpx_sse.EventSource(response).iter_sse():
        answer("events", {"type": event.event, "data": event.data, "last_event_id": event.id})
        if event.retry is not None:
            answer("retries", min(event.retry, 2**64 - 1))


serve("httpx-sse", ["type", "last_event_id", "retries"], decode)
