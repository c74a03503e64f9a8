"""What the Python adapters share: the protocol, and control over decoders that read by themselves."""

import base64
import json
import sys
import threading
from importlib.metadata import version
from queue import SimpleQueue


def serve(name, shows, decode):
    """Answers the runner.

    `decode(chunks, last_event_id, answer)` reads the chunks of one stream, an iterator of bytes, and
    calls `answer(list, item)` for all that its decoder returns.
    """
    say({"name": name, "version": version(name), "shows": shows})
    for line in sys.stdin:
        request = json.loads(line)
        if "open" in request:
            stream = Stream(decode, request["open"].get("last_event_id", ""))
            say({})
        elif "feed" in request:
            say(stream.feed(base64.b64decode(request["feed"])))
        else:
            say(stream.feed(None))


def say(line):
    print(json.dumps(line), flush=True)


class Stream:
    """A decoder that pulls its chunks, on a thread of its own.

    It asks for a chunk only when it has finished the chunks that it has. So all that it has returned
    until then came from those, however it works inside.
    """

    def __init__(self, decode, last_event_id):
        self._chunks = SimpleQueue()
        self._asks = SimpleQueue()
        self._answer = {}
        arguments = (decode, last_event_id)
        threading.Thread(target=self._run, args=arguments, daemon=True).start()
        self._reads = self._asks.get()

    def feed(self, chunk):
        """Gives the decoder a chunk, or None for the end, and returns what came of it."""
        if self._reads:
            self._chunks.put(chunk)
            self._reads = self._asks.get()
        answer, self._answer = self._answer, {}
        return answer

    def _run(self, decode, last_event_id):
        try:
            decode(self._pull(), last_event_id, self._add)
        except Exception as error:
            self._answer["error"] = repr(error)
        self._asks.put(False)

    def _pull(self):
        while True:
            self._asks.put(True)
            chunk = self._chunks.get()
            if chunk is None:
                return
            yield chunk

    def _add(self, list_name, item):
        self._answer.setdefault(list_name, []).append(item)
