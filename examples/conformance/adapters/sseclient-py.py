"""`sseclient-py`: `SSEClient.events` over an iterator of chunks, as a response is one.

Its events carry the value of `retry` as it stood in the stream, so there is no reconnection time to
be judged.
"""

import sseclient
from adapter import serve


def decode(chunks, last_event_id, answer):
    for event in sseclient.SSEClient(chunks).events():
        answer("events", {"type": event.event, "data": event.data, "id": event.id})


serve("sseclient-py", ["type", "id"], decode)
