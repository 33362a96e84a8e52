/**
 * LinkOperations as the command lines a person would type. Pure: what Links.apply does by netlink and what is
 * printed here are the same list.
 *
 *   ip link add ptl1 type veth peer name eth0 netns /proc/4711/fd/23
 *   nsenter --net=/proc/4711/fd/23 ip address add 10.244.0.5/32 dev eth0
 */

import type { LinkOperation, NetworkNamespace } from './host.ts'

/** @returns one shell line per operation, each runnable in the namespace portolan was started in */
export function printLinkOperations(
  operations: readonly LinkOperation[],
  network?: NetworkNamespace,
): readonly string[] {
  const prefix = network === undefined ? '' : `nsenter --net=${network.path} `
  return operations.map((operation) => prefix + printed(operation))
}

function printed(operation: LinkOperation): string {
  switch (operation.kind) {
    case 'veth': {
      const { name, network } = operation.peer
      const inside = network === undefined ? '' : ` netns ${network.path}`
      return `ip link add ${operation.name} type veth peer name ${name}${inside}`
    }
    case 'up':
      return `ip link set ${operation.link} up`
    case 'delete-link':
      return `ip link delete ${operation.link}`
    case 'address':
      return `ip address add ${operation.address} dev ${operation.link}`
    case 'delete-address':
      return `ip address delete ${operation.address} dev ${operation.link}`
    case 'route':
      return `ip route add ${printedRoute(operation)}`
    case 'delete-route':
      return `ip route delete ${printedRoute(operation)}`
    case 'sysctl':
      return `sysctl -w ${operation.name}=${operation.value}`
  }
}

function printedRoute(route: Extract<LinkOperation, { kind: 'route' | 'delete-route' }>): string {
  return [
    route.type === 'local' ? `local ${route.to}` : route.to,
    ...(route.via === undefined ? [] : [`via ${route.via}`]),
    `dev ${route.link}`,
    ...(route.source === undefined ? [] : [`src ${route.source}`]),
    ...(route.scope === undefined ? [] : [`scope ${route.scope}`]),
  ].join(' ')
}
