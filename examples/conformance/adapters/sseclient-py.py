"""`sseclient-py`: `SSEClient.events` over an iterator of chunks, as a response is one.

Its events have the text of `retry` as it was in the stream, so there is no reconnection time to
judge.
"""

import sseclient
from adapter import serve


def decode(chunks, last_event_id, answer):
    for event in sseclient.SSEClient(chunks).events():
        answer("events", {"type": event.event, "data": event.data, "id": event.id})


serve("sseclient-py", ["type", "id"], decode)
