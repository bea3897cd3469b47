// Xen Orchestra's XenAPI client, asked from outside: one JSON request a line comes in, one JSON answer a line goes out.
//
//   node xen_api.mjs '{"url": ..., "transport": "json-rpc" | "xml-rpc", "user": ..., "password": ...}'
//
// Requests: {id, do: "look"}: every object of the client's cache. {id, do: "call" | "async", method, args}: a call, and
// one by a task that the client watches to its end. {id, do: "set", type, ref, field, entry, value}: an entry of a map,
// as the client sets one. {id, do: "barrier"}: wait for every event up to now. {id, do: "quit"}.
// Answers: {id, value} or {id, error: [CODE, ...]}. What the client tells of itself comes as {told: name, of: text}.
import { createInterface } from 'node:readline'

import { Xapi } from 'xen-api'

const { url, transport, user, password } = JSON.parse(process.argv[2])
const say = message => process.stdout.write(JSON.stringify(message) + '\n')
const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))
const codeOf = error => [error?.code ?? error?.name ?? 'ERROR', ...(error?.params ?? [String(error?.message)])]

console.warn = (...words) => process.stderr.write(words.map(String).join(' ') + '\n') // stdout is for answers alone

// 60 s is the client's own pause after an event error: too long for a test. Everything else is as Xen Orchestra has it.
const xapi = new Xapi({ url, transport, auth: { user, password }, allowUnauthorized: true, eventPollDelay: 500 })

// The client does not follow a pool to its new coordinator by itself: whoever uses it connects it again.
let following = false
async function follow() {
  if (following) return
  following = true
  await xapi.disconnect()
  while (xapi.status === 'disconnected') {
    await xapi.connect().catch(error => say({ told: 'not connected', of: codeOf(error)[0] }))
    await pause(100)
  }
  following = false
}

xapi.on('eventFetchingError', error => {
  say({ told: 'event error', of: codeOf(error)[0] })
  if (error?.code === 'HOST_IS_SLAVE') follow()
})
for (const name of ['connected', 'disconnected']) xapi.on(name, () => say({ told: name, of: '' }))

function look() {
  return Object.values(xapi.objects.all).map(object => ({ type: object.$type, ref: object.$ref, record: object }))
}

const doing = {
  look,
  call: ({ method, args }) => xapi.call(method, ...args),
  async: ({ method, args }) => xapi.callAsync(method, ...args),
  set: ({ type, ref, field, entry, value }) => xapi.setFieldEntry(type, ref, field, entry, value),
  barrier: () => xapi.barrier().then(pool => pool ?? null),
  quit: () => xapi.disconnect(),
}

await xapi.connect()
await xapi.objectsFetched
say({ told: 'ready', of: transport })

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  Promise.resolve(request)
    .then(doing[request.do])
    .then(
      value => say({ id: request.id, value: value ?? null }),
      error => say({ id: request.id, error: codeOf(error) })
    )
    .then(() => request.do === 'quit' && process.exit(0))
}
