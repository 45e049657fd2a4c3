// Webhooks of the Marketplace verified with standardwebhooks; changed and old ones are refused.
import { createServer } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { MARKET, WORLD, call, proven, publish, until } from './world.mjs'

const received = []
const server = createServer(async (request, answer) => {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  received.push({ headers: request.headers, body: Buffer.concat(pieces).toString() })
  answer.writeHead(204).end()
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))

const facts = WORLD.bundles.webhooks_node
const subscription = await call('POST', `${MARKET}/api/marketplace/subscriptions`, 'installation', {
  tenantRef: 'webhooks-node', tenantName: 'Receiver in Node', pluginId: facts.pluginId, channel: 'stable', policy: 'notify',
  webhookUrl: `http://127.0.0.1:${server.address().port}/hook`,
})
const webhook = new Webhook(subscription.webhookSecret)
await publish(facts)
const { headers, body } = await until('the delivery', () => received.find(got => got.body.includes(facts.pluginId)))

const event = webhook.verify(body, headers)
if (event.type !== 'plugin.publish.approved') throw new Error(event.type)

function refused(what, text, fields, verifier = webhook) {
  try {
    verifier.verify(text, fields)
  } catch (error) {
    return error.message
  }
  throw new Error(`accepted: ${what}`)
}
refused('a changed body', body.replace(facts.version, '9.9.9'), headers)
refused('another id', body, { ...headers, 'webhook-id': 'msg_other' })
refused('another secret', body, headers, new Webhook('whsec_' + 'QUJD'.repeat(8)))
const then = new Date(Date.now() - 3600_000)
const time = String(Math.floor(then.getTime() / 1000))
refused('a changed time', body, { ...headers, 'webhook-timestamp': time })
const signature = webhook.sign(headers['webhook-id'], then, body)
const why = refused('an old message', body, { ...headers, 'webhook-timestamp': time, 'webhook-signature': signature })
if (!why.includes('too old')) throw new Error(why)

await call('DELETE', `${MARKET}/api/marketplace/subscriptions/${subscription.subscriptionId}`, 'installation')
server.close()
proven('standardwebhooks', `${event.type} of ${event.subject} verified`, 'changed body, id, secret and time refused', 'old message refused')
