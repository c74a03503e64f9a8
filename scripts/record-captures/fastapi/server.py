"""OpenAI's other format, typed events with a sequence number, in Chinese; ids, retry, comments."""

import json
import os
from collections.abc import AsyncIterable

import uvicorn
from fastapi import FastAPI
from fastapi.sse import EventSourceResponse, ServerSentEvent

ANSWER = """\
事件流是一种简单的文本格式：每个事件由若干行组成，空行表示结束。
它总是使用 UTF-8 编码，所以汉字、标点和表情符号 😀👍🏽 都可以直接传输。"""

app = FastAPI()


@app.get("/", response_class=EventSourceResponse)
async def stream() -> AsyncIterable[ServerSentEvent]:
    number = 0

    def event(kind, **payload):
        nonlocal number
        number += 1
        payload = {"type": kind, "sequence_number": number, **payload}
        data = json.dumps(payload, ensure_ascii=False)  # `data=payload` would escape all Chinese
        return ServerSentEvent(raw_data=data, event=kind, id=f"resp_0001/{number}")

    yield ServerSentEvent(comment="欢迎\nwelcome", retry=1500)
    yield event("response.created", response={"id": "resp_0001", "status": "in_progress"})
    for at in range(0, len(ANSWER), 3):  # so that a character and its skin tone come in two events
        yield event("response.output_text.delta", item_id="msg_0001", delta=ANSWER[at : at + 3])
    yield event("response.output_text.done", item_id="msg_0001", text=ANSWER)
    yield ServerSentEvent(raw_data="不是 JSON\r\n第二行\r第三行", comment="three lines")
    yield event("response.completed", response={"id": "resp_0001", "status": "completed"})


uvicorn.run(app, port=int(os.environ["PORT"]))
