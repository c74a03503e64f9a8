"""OpenAI-style chat completion chunks after two pings; CRLF line ends, the library's default."""

import asyncio
import json
import os
import re

import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.routing import Route

ANSWER = """\
Server-Sent Events are a **one-way** stream over plain HTTP:

1. the server keeps the response open,
2. each event is a few `field: value` lines,
3. a blank line dispatches it.

```js
const source = new EventSource("/stream");
source.onmessage = (event) => console.log(event.data);
```

That's all; reconnecting comes for free.
"""


def chunk(choices, **more):
    return json.dumps(
        {
            "id": "chatcmpl-0001",
            "object": "chat.completion.chunk",
            "created": 1700000000,
            "model": "example-1",
            "choices": choices,
        }
        | more
    )


def choice(delta, finish_reason=None):
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}]


async def completion():
    await asyncio.sleep(1.25)  # the model thinks for two pings
    yield chunk(choice({"role": "assistant", "content": ""}))
    for token in re.findall(r" ?\w+|\s+|[^\w\s]+", ANSWER):
        yield chunk(choice({"content": token}))
    yield chunk(choice({}, "stop"))
    yield chunk([], usage={"prompt_tokens": 11, "completion_tokens": 97, "total_tokens": 108})
    yield {"event": "transcript", "id": "chatcmpl-0001", "retry": 4000, "data": ANSWER}
    yield "[DONE]"


async def stream(request):
    return EventSourceResponse(
        completion(),
        ping=0.5,
        # The library's own ping has the time in it.
        ping_message_factory=lambda: ServerSentEvent(comment="ping"),
    )


uvicorn.run(Starlette(routes=[Route("/", stream)]), port=int(os.environ["PORT"]))
