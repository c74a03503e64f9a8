// Reads a stream with somebody else's client, and prints what the application gets: one JSON object
// an event. Ends with the event that has the id COUNT.
//
//     node client.mjs CLIENT URL COUNT TOKEN TYPES     (TYPES: event types, as a JSON array)
const [name, url, count, token, types] = process.argv.slice(2);
const headers = token ? { authorization: `Bearer ${token}` } : {};

function emit(type, data, id) {
  console.log(JSON.stringify({ type, data, id }));
  if (id === count) process.exit();
}

function listen(source) {
  const onEvent = (event) => emit(event.type, event.data, event.lastEventId);
  for (const type of JSON.parse(types)) source.addEventListener(type, onEvent);
}

/** The text of a stream, chunk by chunk. */
async function* chunks() {
  const response = await fetch(url, { headers });
  yield* response.body.pipeThrough(new TextDecoderStream());
}

const clients = {
  async eventsource() {
    const { EventSource } = await import("eventsource");
    const withToken = (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } });
    listen(new EventSource(url, { fetch: withToken }));
  },

  async undici() {
    const { Agent, EventSource } = await import("undici");
    const withToken = (dispatch) => (options, handler) =>
      dispatch({ ...options, headers: { ...options.headers, ...headers } }, handler);
    listen(new EventSource(url, { node: { dispatcher: new Agent().compose(withToken) } }));
    // Its wait before it reconnects does not keep Node running.
    setInterval(() => {}, 1000);
  },

  /** Only a parser: the loop around it is what its users write. */
  async "eventsource-parser"() {
    const { createParser } = await import("eventsource-parser");
    let lastEventId, wait = 3000;
    const parser = createParser({
      onEvent(event) {
        lastEventId = event.id ?? lastEventId;
        emit(event.event ?? "message", event.data, lastEventId);
      },
      onRetry: (retry) => (wait = retry),
    });
    for (;;) {
      const resume = lastEventId ? { "last-event-id": lastEventId } : {};
      const response = await fetch(url, { headers: { ...headers, ...resume } });
      if (response.status !== 200) break;
      try {
        const text = response.body.pipeThrough(new TextDecoderStream());
        for await (const chunk of text) parser.feed(chunk);
      } catch {
        // The connection was cut.
      }
      parser.reset();
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  },

  async "event-source-polyfill"() {
    const { EventSourcePolyfill } = await import("event-source-polyfill");
    listen(new EventSourcePolyfill(url, { headers }));
  },

  async "fetch-event-source"() {
    // What it needs of a browser.
    globalThis.window = globalThis;
    globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} };
    const { fetchEventSource } = await import("@microsoft/fetch-event-source");
    let lastEventId = "";
    await fetchEventSource(url, {
      headers,
      openWhenHidden: true,
      onmessage(event) {
        lastEventId = event.id || lastEventId;
        emit(event.event || "message", event.data, lastEventId);
      },
      // 204 included.
      async onopen(response) {
        if (response.status !== 200) process.exit();
      },
      // A stream that ends is resumed only after an error.
      onclose() {
        throw new Error("ended");
      },
      onerror() {},
    });
  },

  /** As in many tutorials: blocks that begin with `data: `. */
  async "split-blocks"() {
    let buffer = "";
    for await (const chunk of chunks()) {
      const blocks = (buffer + chunk).split("\n\n");
      buffer = blocks.pop();
      for (const block of blocks) {
        if (block.startsWith("data: ")) emit("message", block.slice(6));
      }
    }
  },

  /** The same, with a look at each line of a block. */
  async "split-blocks-and-lines"() {
    let buffer = "";
    for await (const chunk of chunks()) {
      const blocks = (buffer + chunk).split("\n\n");
      buffer = blocks.pop();
      for (const line of blocks.flatMap((block) => block.split("\n"))) {
        if (line.startsWith("data: ")) emit("message", line.slice(6));
      }
    }
  },

  /** The same, for code that believes that a chunk holds whole lines. */
  async "split-chunks"() {
    for await (const chunk of chunks()) {
      for (const line of chunk.split("\n")) {
        if (line.startsWith("data: ")) emit("message", line.slice(6));
      }
    }
  },
};

await clients[name]();
