/** Joins the Ingress controller to the cluster: its ports on loopback, its default certificate from the cluster's CA. */

import { startIngress } from '../ingress/ingress.io.ts'
import type { IngressController } from '../ingress/ingress.io.ts'
import type { Pki } from '../core/apiserver/pki/pki.io.ts'
import type { Client } from '../core/client/client.ts'
import type { Informers } from '../core/client/informer.ts'
import type { PodNetwork } from '../core/pod-network/pod-network.ts'
import type { Host } from '../host/host.ts'
import type { ClusterConfig } from './config.ts'

export interface JoinIngressOptions {
  readonly config: ClusterConfig
  readonly client: Client
  readonly informers: Informers
  readonly host: Host
  readonly network: PodNetwork
  readonly pki: Pki
}

/** The port asked for, then its usual substitutes, then any free one. */
const candidates = (port: number, substitutes: readonly number[]): readonly number[] => [
  port,
  ...substitutes,
  0,
]

export async function joinIngress({
  config,
  client,
  informers,
  host,
  network,
  pki,
}: JoinIngressOptions): Promise<IngressController> {
  return await startIngress({
    client,
    informers,
    host,
    nodeNetwork: network.node.network,
    address: '127.0.0.1',
    httpPorts: candidates(config.ingressHTTPPort, [8080, 8081, 8082]),
    httpsPorts: candidates(config.ingressHTTPSPort, [8443, 8444, 8445]),
    // Signed by the cluster's CA, for localhost: what names without a certificate of their own get.
    defaultCertificate: { cert: pki.serverCertificate, key: pki.serverKey },
  })
}
