// The event feed read with the CloudEvents SDK: every event is one, and survives the SDK unchanged.
import { CloudEvent, HTTP } from 'cloudevents'
import { deepStrictEqual } from 'node:assert'
import { MARKET, call, proven } from './world.mjs'

const page = await call('GET', `${MARKET}/api/marketplace/events?after=0&limit=500`, 'installation')
if (!page.events.length) throw new Error('nothing has happened yet')
const kinds = new Set()
for (const plain of page.events) {
  const event = HTTP.toEvent({ headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(plain) })
  if (!(event instanceof CloudEvent) || !event.validate()) throw new Error(JSON.stringify(plain))
  const { time, ...rest } = JSON.parse(JSON.stringify(event))
  const { time: sent, ...all } = plain
  deepStrictEqual(rest, all)
  if (new Date(time).getTime() !== new Date(sent).getTime()) throw new Error(`${time} is not ${sent}`)
  kinds.add(event.type)
}
proven('cloudevents', `${page.events.length} events parsed, validated and unchanged`, [...kinds].sort().join(', '))
