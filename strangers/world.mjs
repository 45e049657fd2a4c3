// As world.py, for clients written in JavaScript.
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export const WORLD = JSON.parse(readFileSync(process.env.STRANGERS_WORLD))
export const MARKET = WORLD.market

export const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

export async function call(method, url, login, body) {
  const headers = login ? { Authorization: `Bearer ${WORLD.tokens[login]}` } : {}
  if (body !== undefined) headers['Content-Type'] = Buffer.isBuffer(body) ? 'application/octet-stream' : 'application/json'
  const answer = await fetch(url, { method, headers, body: body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text.slice(0, 500)}`)
  return text ? JSON.parse(text) : null
}

export async function register(facts) {
  const made = await call('POST', `${MARKET}/api/marketplace/plugins/publish`, 'publisher', {
    publishRequestId: randomUUID(),
    pluginId: facts.pluginId,
    version: facts.version,
    channel: 'stable',
    artifact: { sha256: facts.sha256, size: facts.size },
    permissions: facts.permissions,
    signatures: [{ keyFingerprint: facts.keyFingerprint }],
    notes: '- Sent by a client written in JavaScript.',
  })
  return [made.versionId, new URL(made.uploadUrl, MARKET).href]
}

export async function until(what, ask, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(200)) {
    const found = await ask()
    if (found) return found
  }
  throw new Error(`${what} did not come about within ${seconds} s`)
}

const view = id => call('GET', `${MARKET}/api/marketplace/plugins/${id}/review`, 'publisher')

async function reaches(id, state, passing) {
  const reached = await until(state, async () => {
    const now = await view(id)
    return passing.includes(now.state) ? null : now
  })
  if (reached.state !== state) throw new Error(`${reached.state} instead of ${state}: ${reached.verdict}`)
  return reached
}

// Submits an uploaded version, lets a reviewer approve it, and answers it once it is listed.
export async function submitAndApprove(id) {
  const place = `${MARKET}/api/marketplace/plugins/${id}`
  await call('POST', `${place}/submit-review`, 'publisher')
  await reaches(id, 'in_review', ['draft', 'uploading', 'submitted', 'scanning'])
  const claim = await call('POST', `${place}/review/claim`, 'reviewer', {})
  await call('PATCH', `${place}/review`, 'reviewer', { decision: 'approve', notes: 'Looks right.', claimToken: claim.claimToken })
  return reaches(id, 'listed', ['in_review', 'approved'])
}

export async function publish(facts) {
  const [id, upload] = await register(facts)
  await call('PUT', upload, 'publisher', readFileSync(facts.path))
  return submitAndApprove(id)
}

export function proven(client, ...what) {
  const { version } = JSON.parse(readFileSync(new URL(`./node_modules/${client}/package.json`, import.meta.url)))
  console.log('PROVEN ' + JSON.stringify({ client: `${client} (npm)`, version, what: what.join('; ') }))
}
