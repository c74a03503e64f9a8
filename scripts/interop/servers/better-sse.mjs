import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createSession } from "better-sse";

const texts = JSON.parse(readFileSync(process.env.TEXTS, "utf8"));

createServer(async (request, response) => {
  const seen = Number(request.headers["last-event-id"] ?? 0);
  if (seen >= texts.length) return response.writeHead(204).end();
  const session = await createSession(request, response, { retry: 100, serializer: String });
  for (const [index, text] of texts.slice(seen, seen + Number(process.env.COUNT)).entries()) {
    session.push(text, "text", String(seen + index + 1));
  }
  response.end();
}).listen(Number(process.env.PORT), "127.0.0.1");
