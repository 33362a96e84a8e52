/**
 * Names of kube-proxy's chains (kubernetes/kubernetes pkg/proxy/iptables/proxier.go): the first 16 characters of base32
 * of SHA-256 over service port name, protocol and endpoint. Pure.
 */

import { createHash } from 'node:crypto'

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const LENGTH = 16

function shortHash(text: string): string {
  const digest = createHash('sha256').update(text).digest()
  let value = BigInt(`0x${digest.subarray(0, 10).toString('hex')}`)
  let name = ''
  for (let index = 0; index < LENGTH; index += 1) {
    name = (BASE32[Number(value & 31n)] ?? '') + name
    value >>= 5n
  }
  return name
}

/** @param id `ns/name:port`. @param protocol any case */
export function servicePortHash(id: string, protocol: string): string {
  return shortHash(id + protocol.toLowerCase())
}

export const servicePortChainName = (hash: string): string => `KUBE-SVC-${hash}`
export const serviceLocalChainName = (hash: string): string => `KUBE-SVL-${hash}`
export const serviceExternalChainName = (hash: string): string => `KUBE-EXT-${hash}`
export const serviceFirewallChainName = (hash: string): string => `KUBE-FW-${hash}`

/** @param endpoint `ip:port` */
export function servicePortEndpointChainName(id: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${shortHash(id + protocol.toLowerCase() + endpoint)}`
}

/** Chains that come and go with Services. */
export const SERVICE_CHAIN = /^KUBE-(SVC|SVL|EXT|FW|SEP)-[A-Z2-7]{16}$/
