// Node in front of the stream: plain http-proxy; http-proxy that also ends the client's connection
// when the server's breaks; and the latter with Express' compression.
import { createServer } from "node:http";
import compression from "compression";
import express from "express";
import httpProxy from "http-proxy";

const [upstream, plain, closing, compressing] = process.argv.slice(2).map(Number);

function proxyTo(port) {
  const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${port}` });
  // Without a listener, a server that breaks a connection would end this process.
  proxy.on("error", (error, request, response) => response.destroy());
  return proxy;
}

const asItIs = proxyTo(upstream);
createServer((request, response) => asItIs.web(request, response)).listen(plain, "127.0.0.1");

const thatCloses = proxyTo(upstream);
thatCloses.on("proxyRes", (answer, request, response) => {
  answer.on("error", () => response.destroy());
});
createServer((request, response) => thatCloses.web(request, response)).listen(closing, "127.0.0.1");

const app = express();
// `text/event-stream` is among what it compresses by default.
app.use(compression());
app.use((request, response) => thatCloses.web(request, response));
app.listen(compressing, "127.0.0.1");
