"""Reads a stream with somebody else's client, and prints what the application gets: one JSON object
an event. Ends with the event that has the id COUNT.

    python client.py CLIENT URL COUNT TOKEN
"""

import json
import sys
import time

import httpx
import httpx_sse
import requests
import sseclient

NAME, URL, COUNT, TOKEN = sys.argv[1:]
HEADERS = {"accept": "text/event-stream"} | ({"authorization": f"Bearer {TOKEN}"} if TOKEN else {})
WAIT = 0.05


def main():
    {
        "sseclient-py": resume(read_sseclient),
        "httpx-sse": resume(read_httpx),
        "openai": read_openai,
        "iter_lines": read_lines,
    }[NAME]()


def emit(event_type, data, event_id=None):
    print(json.dumps({"type": event_type, "data": data, "id": event_id}), flush=True)
    if event_id == COUNT:
        sys.exit()


def resume(read):
    """Neither client reconnects: the loop around it is what its users write."""

    def loop():
        last_event_id = None
        while True:
            headers = HEADERS | ({"last-event-id": last_event_id} if last_event_id else {})
            try:
                for event_type, data, event_id in read(headers):
                    last_event_id = event_id or last_event_id
                    emit(event_type, data, last_event_id)
            except (requests.RequestException, httpx.TransportError):
                pass  # The connection was cut.
            if last_event_id is None:
                return  # There is nothing to resume at.
            time.sleep(WAIT)

    return loop


def read_sseclient(headers):
    with requests.get(URL, headers=headers, stream=True, timeout=30) as response:
        for event in sseclient.SSEClient(response).events():
            yield event.event, event.data, event.id


def read_httpx(headers):
    with (
        httpx.Client() as client,
        httpx_sse.connect_sse(client, "GET", URL, headers=headers) as source,
    ):
        for event in source.iter_sse():
            yield event.event, event.data, event.id


def read_openai():
    """Feeds bytes as each stream of the package does."""
    from openai._streaming import SSEDecoder

    with httpx.stream("GET", URL, headers=HEADERS) as response:
        for event in SSEDecoder().iter_bytes(response.iter_bytes()):
            event.json()
            emit(event.event or "message", event.data, event.id)


def read_lines():
    """As in many tutorials: lines that begin with `data: `."""
    with requests.get(URL, headers=HEADERS, stream=True, timeout=30) as response:
        for line in response.iter_lines(decode_unicode=True):
            if line.startswith("data: "):
                emit("message", line.removeprefix("data: "))


main()
