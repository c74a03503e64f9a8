import { readFileSync } from "node:fs";
import { H3, createEventStream, noContent, serve } from "h3";

const texts = JSON.parse(readFileSync(process.env.TEXTS, "utf8"));

const app = new H3();
app.get("/", (event) => {
  const seen = Number(event.req.headers.get("last-event-id") ?? 0);
  if (seen >= texts.length) return noContent();
  const stream = createEventStream(event);
  const send = async () => {
    for (const [index, data] of texts.slice(seen, seen + Number(process.env.COUNT)).entries()) {
      await stream.push({ event: "text", data, id: String(seen + index + 1), retry: 100 });
    }
    await stream.close();
  };
  send();
  return stream;
});
serve(app, { hostname: "127.0.0.1", port: Number(process.env.PORT), silent: true });
