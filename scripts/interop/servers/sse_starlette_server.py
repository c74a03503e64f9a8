import json
import os

import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

with open(os.environ["TEXTS"], encoding="utf-8") as file:
    TEXTS = json.load(file)


async def stream(request):
    seen = int(request.headers.get("last-event-id", 0))
    if seen >= len(TEXTS):
        return Response(status_code=204)

    async def events():
        for number, text in enumerate(TEXTS[seen:][: int(os.environ["COUNT"])], seen + 1):
            yield ServerSentEvent(text, event="text", id=str(number), retry=100)

    return EventSourceResponse(events())


uvicorn.run(Starlette(routes=[Route("/", stream)]), port=int(os.environ["PORT"]))
