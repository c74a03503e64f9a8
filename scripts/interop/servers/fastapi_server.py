import json
import os
from collections.abc import AsyncIterable
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.sse import EventSourceResponse, ServerSentEvent

with open(os.environ["TEXTS"], encoding="utf-8") as file:
    TEXTS = json.load(file)

app = FastAPI()


def left(last_event_id: Annotated[int, Header()] = 0):
    if last_event_id >= len(TEXTS):
        raise HTTPException(status_code=204)
    return last_event_id


@app.get("/", response_class=EventSourceResponse)
async def stream(seen: Annotated[int, Depends(left)]) -> AsyncIterable[ServerSentEvent]:
    for number, text in enumerate(TEXTS[seen:][: int(os.environ["COUNT"])], seen + 1):
        yield ServerSentEvent(raw_data=text, event="text", id=str(number), retry=100)


uvicorn.run(app, port=int(os.environ["PORT"]))
