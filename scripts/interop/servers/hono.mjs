import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

const texts = JSON.parse(readFileSync(process.env.TEXTS, "utf8"));

const app = new Hono();
app.get("/", (context) => {
  const seen = Number(context.req.header("last-event-id") ?? 0);
  if (seen >= texts.length) return context.body(null, 204);
  return streamSSE(context, async (stream) => {
    for (const [index, data] of texts.slice(seen, seen + Number(process.env.COUNT)).entries()) {
      await stream.writeSSE({ event: "text", data, id: String(seen + index + 1), retry: 100 });
    }
  });
});
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT) });
