/** A key that signs service account tokens, for registries that tests make. */

import { generateKeyPairSync } from 'node:crypto'

/** PEM */
export function serviceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
