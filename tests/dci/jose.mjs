// Signs, verifies, encrypts and decrypts DCI messages as OpenCRVS's bridge does: with panva's `jose`.
// One JSON line in ({do, ...}), one JSON line out, until the end of input. JOSE_HOME: where `jose` is installed.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const require = createRequire(`${process.env.JOSE_HOME}/package.json`)
const jose = await import(pathToFileURL(require.resolve('jose')).href)
const text = (value) => new TextEncoder().encode(JSON.stringify(value))
const value = (bytes) => JSON.parse(new TextDecoder().decode(bytes))

const acts = {
  async sign({ payload, key, kid }) {
    const signer = new jose.CompactSign(text(payload)).setProtectedHeader({ alg: 'RS256', kid })
    return signer.sign(await jose.importPKCS8(key, 'RS256'))
  },
  async verify({ signature, key }) {
    const { payload, protectedHeader } = await jose.compactVerify(signature, await jose.importSPKI(key, 'RS256'))
    return { payload: value(payload), kid: protectedHeader.kid }
  },
  async thumbprint({ key }) {
    return jose.calculateJwkThumbprint(await jose.exportJWK(await jose.importSPKI(key, 'RS256', { extractable: true })))
  },
  async encrypt({ payload, key }) {
    const sealer = new jose.FlattenedEncrypt(text(payload))
    sealer.setUnprotectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'enc-1' })
    return sealer.encrypt(await jose.importSPKI(key, 'RSA-OAEP-256'))
  },
  async decrypt({ sealed, key }) {
    const { plaintext } = await jose.flattenedDecrypt(sealed, await jose.importPKCS8(key, 'RSA-OAEP-256'))
    return value(plaintext)
  },
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  try {
    console.log(JSON.stringify({ value: await acts[asked.do](asked) }))
  } catch (error) {
    console.log(JSON.stringify({ error: error.code ?? error.message }))
  }
}
