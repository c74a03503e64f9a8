"""Flask has no event streams of its own: a generator writes the lines."""

import json
import os
import re

from flask import Flask, Response, request

with open(os.environ["TEXTS"], encoding="utf-8") as file:
    TEXTS = json.load(file)

app = Flask(__name__)


@app.get("/")
def stream():
    seen = int(request.headers.get("last-event-id", 0))
    if seen >= len(TEXTS):
        return "", 204

    def events():
        for number, text in enumerate(TEXTS[seen:][: int(os.environ["COUNT"])], seen + 1):
            yield f"event: text\nid: {number}\nretry: 100\n"
            # Not splitlines(), which splits at U+2028 and others as well.
            yield "".join(f"data: {line}\n" for line in re.split("\r\n|\r|\n", text)) + "\n"

    return Response(events(), mimetype="text/event-stream")


app.run(port=int(os.environ["PORT"]), threaded=True)
