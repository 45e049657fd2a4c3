// A bundle is uploaded with tus-js-client: its own upload resource, cut off in a request, resumed.
import { readFileSync } from 'node:fs'
import * as tus from 'tus-js-client'
import { MARKET, WORLD, call, proven, register, sha256, submitAndApprove } from './world.mjs'

const facts = WORLD.bundles.tus_js
const bytes = readFileSync(facts.path)
const headers = { Authorization: `Bearer ${WORLD.tokens.publisher}` }
const [id, given] = await register(facts)

// The protocol's termination: the resource that came with the registration is dropped.
await tus.Upload.terminate(given, { headers, retryDelays: null })

// The protocol's creation: the client makes one, and is cut off in the middle of a request.
const { url, sent } = await new Promise((resolve, reject) => {
  const upload = new tus.Upload(bytes, {
    endpoint: `${MARKET}/api/marketplace/uploads`,
    headers,
    metadata: { versionId: id },
    chunkSize: 2 << 20,
    retryDelays: null,
    onChunkComplete(_size, accepted) {
      if (accepted > bytes.length / 4) upload.abort().then(() => resolve({ url: upload.url, sent: accepted }), reject)
    },
    onError: reject,
    onSuccess: () => reject(new Error('the upload came to its end before it was cut off')),
  })
  upload.start()
})
if (!url || url === given) throw new Error(`no upload of its own: ${url}`)

// Another client goes on from what the server has.
let first = null
await new Promise((resolve, reject) => {
  new tus.Upload(bytes, {
    uploadUrl: url,
    headers,
    retryDelays: null,
    onProgress: at => { first ??= at },
    onError: reject,
    onSuccess: resolve,
  }).start()
})
if (first < sent) throw new Error(`it began again at ${first}, not at ${sent}`)

const listed = await submitAndApprove(id)
if (listed.artifact.sha256 !== facts.sha256) throw new Error('another digest is listed')
const got = await fetch(`${MARKET}/api/marketplace/bundles/${facts.sha256}.pxp`)
if (sha256(Buffer.from(await got.arrayBuffer())) !== facts.sha256) throw new Error('other bytes are served')
await call('GET', `${MARKET}/api/marketplace/plugins/${facts.pluginId}/versions`)

proven('tus-js-client', 'termination and creation', `cut off at ${sent} of ${bytes.length} bytes, resumed`, 'listed', 'digest equal')
