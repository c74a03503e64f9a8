import { readFileSync } from "node:fs";
import fastifySse from "@fastify/sse";
import Fastify from "fastify";

const texts = JSON.parse(readFileSync(process.env.TEXTS, "utf8"));

const fastify = Fastify();
await fastify.register(fastifySse);
fastify.get("/", { sse: { kind: "manual", serializer: String } }, async (request, reply) => {
  const seen = Number(request.headers["last-event-id"] ?? 0);
  if (seen >= texts.length) return reply.code(204).send();
  for (const [index, data] of texts.slice(seen, seen + Number(process.env.COUNT)).entries()) {
    await reply.sse.send({ event: "text", data, id: String(seen + index + 1), retry: 100 });
  }
});
await fastify.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
