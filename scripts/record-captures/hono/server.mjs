// An answer in Korean, Japanese and emoji as bare text, token by token, many with a leading space.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

const answer =
  "안녕하세요! 서버가 보내는 이벤트는 한 줄씩 도착합니다.\n" +
  "こんにちは。 文字は途中で切れても 大丈夫です。\n\n" +
  "가족 👨‍👩‍👧‍👦 깃발 🇰🇷 손 👋🏽 조합 각 끝.\n";

const app = new Hono();
app.get("/", (context) =>
  streamSSE(context, async (stream) => {
    await stream.writeSSE({ event: "start", data: "", id: "0", retry: 3000 });
    let number = 0;
    for (const token of answer.match(/ ?\p{L}{1,2}|\n+|[^]/gu)) {
      await stream.writeSSE({ event: "token", data: token, id: String(++number) });
    }
    await stream.write(": raw comment\n\n"); // streamSSE has no call for comments
    await stream.writeSSE({ data: "[DONE]" });
  }),
);
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env.PORT) });
