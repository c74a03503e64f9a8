"""A service's log with a stack trace of many lines; CR line ends, which the library offers."""

import asyncio
import os

from aiohttp import web
from aiohttp_sse import sse_response

TRACE = """\
Traceback (most recent call last):
  File "app/orders.py", line 41, in place
    stock.reserve(order)
  File "app/stock.py", line 17, in reserve
    raise OutOfStock(order.article)
OutOfStock: article 4711
"""


async def log(request):
    async with sse_response(request, sep="\r", ping_interval=0.5) as response:
        await response.send("log of service orders", retry=5000)
        for number in range(1, 13):
            line = f"request {number} served in {number * 7 % 40} ms"
            await response.send(line, id=str(number), event="info")
        await asyncio.sleep(1.25)  # idle for two pings
        await response.send(TRACE, id="13", event="error")
        await response.send("windows\r\nline\rends\n\n", id="14", event="info")
        await response.send("", id="15", event="end", retry=60_000)
    return response


app = web.Application()
app.router.add_get("/", log)
web.run_app(app, host="127.0.0.1", port=int(os.environ["PORT"]), print=None)
