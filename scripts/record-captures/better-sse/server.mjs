// The progress of a job. No space after the colon; retry and keep-alives by the library itself.
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { createSession } from "better-sse";

// Strings as they are: a setting for people who do not want their text in JSON quotes.
const serializer = (data) => (typeof data === "string" ? data : JSON.stringify(data));

createServer(async (request, response) => {
  const session = await createSession(request, response, { keepAlive: 500, serializer });
  for (let done = 0; done <= 100; done += 5) {
    session.push({ job: 7, done, total: 100 }, "progress", `7-${done}`);
  }
  await setTimeout(1250); // idle for two keep-alives
  session.push("almost done", "note", "7-note");
  session.push("  indented by two", "note", "7-indented");
  session.push("", "note", "7-empty");
  await session.batch((buffer) => {
    buffer.comment("a batch").dispatch();
    buffer.retry(10_000).dispatch();
    buffer.push({ job: 7, state: "finished", emoji: "🎉" }, "state", "7-finished");
    buffer.id().data({ bye: true }).dispatch(); // an empty id: the client is to forget the last one
  });
  response.end();
}).listen(Number(process.env.PORT), "127.0.0.1");
