import json
import os

from aiohttp import web
from aiohttp_sse import sse_response

with open(os.environ["TEXTS"], encoding="utf-8") as file:
    TEXTS = json.load(file)


async def stream(request):
    seen = int(request.headers.get("last-event-id", 0))
    if seen >= len(TEXTS):
        return web.Response(status=204)
    async with sse_response(request) as response:
        for number, text in enumerate(TEXTS[seen:][: int(os.environ["COUNT"])], seen + 1):
            await response.send(text, event="text", id=str(number), retry=100)
    return response


app = web.Application()
app.router.add_get("/", stream)
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
