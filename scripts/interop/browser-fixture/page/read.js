const LONGEST = 20_000;

/** Everything that an EventSource says until it closes for good: events as [type, data, id]. */
export function read(url, types) {
  const events = [];
  const source = new EventSource(url);
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(false), LONGEST);
    const end = (closed) => {
      clearTimeout(timer);
      source.close();
      resolve({ events, closed });
    };
    for (const type of types) {
      source.addEventListener(type, (event) => {
        // The source has events of its own, named open and error.
        if (event instanceof MessageEvent) {
          events.push([event.type, event.data, event.lastEventId]);
        }
      });
    }
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) end(true);
    });
  });
}
