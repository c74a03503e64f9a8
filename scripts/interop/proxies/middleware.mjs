// Node in front of the stream: http-proxy, and the same behind Express' compression.
import { createServer } from "node:http";
import compression from "compression";
import express from "express";
import httpProxy from "http-proxy";

const [upstream, plain, compressing] = process.argv.slice(2).map(Number);
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${upstream}` });
// A client that has gone, or a stream that was cut: nothing to answer any more.
proxy.on("error", (error, request, response) => response.destroy());

createServer((request, response) => proxy.web(request, response)).listen(plain, "127.0.0.1");

const app = express();
// `text/event-stream` is among what it compresses by default.
app.use(compression());
app.use((request, response) => proxy.web(request, response));
app.listen(compressing, "127.0.0.1", () => console.log("ready"));
