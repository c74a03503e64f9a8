// A tool call of the Model Context Protocol: progress notifications, then the result. Each event
// has an id for resuming; the first is a priming event, an id and a retry with empty data.
import { setTimeout } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { McpServer, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { z } from "zod";

const counter = () => {
  const server = new McpServer({ name: "counter", version: "1.0.0" });
  const inputSchema = z.object({ to: z.number() });
  server.registerTool("count", { inputSchema }, async ({ to }, context) => {
    for (let progress = 1; progress <= to; progress += 1) {
      if (progress === to) await setTimeout(1250); // idle for two keep-alives
      const { progressToken } = context.mcpReq._meta;
      const params = { progressToken, progress, total: to, message: `${progress} of ${to}` };
      await context.mcpReq.notify({ method: "notifications/progress", params });
    }
    return { content: [{ type: "text", text: `counted to ${to}` }] };
  });
  return server;
};

const fetch = async (request) => {
  let stored = 0;
  const eventStore = { storeEvent: async () => `event-${(stored += 1)}` };
  const options = { eventStore, retryInterval: 2500, keepAliveMs: 500 };
  const transport = new WebStandardStreamableHTTPServerTransport(options);
  await counter().connect(transport);
  return transport.handleRequest(request);
};
serve({ fetch, hostname: "127.0.0.1", port: Number(process.env.PORT) });
