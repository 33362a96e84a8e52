/** The lines `up` and `status` print. Pure: facts in, text out. */

import type { Instance } from './instance.ts'

export interface Readiness {
  readonly deployments: { readonly ready: number; readonly total: number }
  /** `shop/frontend: 1 of 2 pods ready` */
  readonly waitingFor: readonly string[]
}

/** `portolan 0.1.0 · network host · proxy iptables · 1 node` */
export function headline(instance: Pick<Instance, 'version' | 'network' | 'proxyMode'>): string {
  return `portolan ${instance.version} · network ${instance.network} · proxy ${instance.proxyMode} · 1 node`
}

const line = (mark: string, name: string, value: string, remark = ''): string =>
  `  ${mark} ${name.padEnd(11)} ${remark ? `${value.padEnd(26)} ${remark}` : value}`.trimEnd()

/** `https://127.0.0.1:6443     export KUBECONFIG=...` */
export function apiServerLine(instance: Instance, home: string): string {
  return line(
    '✓',
    'API server',
    instance.server,
    `export KUBECONFIG=${abbreviated(instance.kubeconfig, home)}`,
  )
}

export function dnsLine(instance: Instance): string {
  return line('✓', 'DNS', instance.dns.address, instance.dns.host)
}

export function ingressLine(instance: Instance): string {
  const { http, https } = instance.ingress
  const urls = [
    http === undefined ? '' : `http://127.0.0.1:${http}`,
    https === undefined ? '' : `https://127.0.0.1:${https}`,
  ]
  const open = urls.filter((url) => url !== '')
  return open.length > 0 ? line('✓', 'Ingress', open.join(' ')) : line('-', 'Ingress', 'off')
}

export function readyLine(readiness: Readiness, seconds: number | undefined): string {
  const { ready, total } = readiness.deployments
  const text = `${ready}/${total} deployments ready`
  return `  ${ready === total ? '✓' : '…'} ${seconds === undefined ? text : `${text.padEnd(38)} ${seconds.toFixed(1)} s`}`
}

function abbreviated(path: string, home: string): string {
  return home !== '/' && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path
}
