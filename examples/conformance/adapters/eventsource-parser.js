// `eventsource-parser`: callbacks, on text that a streaming `TextDecoder` makes of the bytes. That
// leaves the BOM to the parser, as otherwise both together would remove two.
// The last event ID is the last one that `onId` reported.

import {createInterface} from 'node:readline'
import {createParser} from 'eventsource-parser'
import manifest from 'eventsource-parser/package.json' with {type: 'json'}

function open() {
  const text = new TextDecoder('utf-8', {ignoreBOM: true})
  let lastEventId = ''
  let answer = {}
  const add = (list, item) => (answer[list] ??= []).push(item)
  const parser = createParser({
    onEvent: ({event, data, id}) => add('events', {type: event, data, id}),
    onComment: (comment) => add('comments', comment),
    onRetry: (milliseconds) => add('retries', milliseconds),
    onId: (id) => (lastEventId = id),
  })
  function handedOver() {
    const handed = answer
    answer = {}
    return handed
  }
  return {
    feed(chunk) {
      parser.feed(text.decode(chunk, {stream: true}))
      return handedOver()
    },
    end() {
      parser.feed(text.decode())
      return {...handedOver(), last_event_id: lastEventId}
    },
  }
}

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

say({
  name: manifest.name,
  version: manifest.version,
  shows: ['type', 'id', 'final_last_event_id', 'retries', 'comments'],
  max_retry: Number.MAX_SAFE_INTEGER,
})
let stream
for await (const line of createInterface({input: process.stdin})) {
  const request = JSON.parse(line)
  if (request.open) {
    stream = open()
    say({})
  } else if (request.end) {
    say(stream.end())
  } else {
    say(stream.feed(Buffer.from(request.feed, 'base64')))
  }
}
