/**
 * Gives a Service its addresses and ports: those it asks for, those it had, else free ones. All or nothing.
 *
 * kubernetes/kubernetes pkg/registry/core/service/storage/alloc.go; texts from
 * pkg/registry/core/service/{ipallocator,portallocator}. Two ports of one Service with the same number and
 * different protocols share a node port.
 */

import { wantsNodePorts } from '../../api/service-transitions.ts'
import { ApiError, invalid } from '../../api/api-error.ts'
import type { FieldError } from '../../api/field-error.ts'
import type { Service, ServicePort, ServiceSpec } from '../../api/generated/core-v1.ts'
import { SERVICES } from '../../api/scheme.ts'
import { chosenFamilies } from './ip-families.ts'
import type { AddressPool, ServiceAllocations } from './service-allocations.ts'
import { HEADLESS, isHeadless, present, usesClusterIP, wantsHealthCheckPort } from './service-fields.ts'

/** A Service with all it needs; dispose once the write has ended, whichever way. */
export interface Allocation extends Disposable {
  readonly service: Service
}

/**
 * @param owner the Service's key in the store
 * @throws ApiError Invalid naming the field, or InternalError when a range is full; nothing is then held
 */
export function allocateService(
  allocations: ServiceAllocations,
  owner: string,
  service: Service,
): Allocation {
  const holds = new DisposableStack()
  try {
    const draft = new Draft(allocations, owner, holds)
    const { spec } = service
    const allocated = { ...service, spec: usesClusterIP(spec) ? draft.completed(spec) : spec }
    if (draft.errors.length > 0) throw invalid(SERVICES, service.metadata.name, draft.errors)
    return { service: allocated, [Symbol.dispose]: () => holds.dispose() }
  } catch (error) {
    holds.dispose()
    throw error
  }
}

/** One Service being completed: collects what is held and what is wrong. */
class Draft {
  readonly errors: FieldError[] = []
  readonly #allocations: ServiceAllocations
  readonly #owner: string
  readonly #holds: DisposableStack

  constructor(allocations: ServiceAllocations, owner: string, holds: DisposableStack) {
    this.#allocations = allocations
    this.#owner = owner
    this.#holds = holds
  }

  completed(spec: ServiceSpec): ServiceSpec {
    const { choice, errors } = chosenFamilies(spec, this.#allocations.families)
    this.errors.push(...errors)
    if (errors.length > 0) return spec
    const clusterIPs = isHeadless(spec) ? [HEADLESS] : this.#clusterIPs(spec, choice.ipFamilies)
    const ports = this.#nodePorts(spec)
    return {
      ...spec,
      ...choice,
      ...present({
        clusterIP: clusterIPs[0],
        clusterIPs,
        ports,
        healthCheckNodePort: wantsHealthCheckPort(spec)
          ? this.#healthCheckNodePort(spec.healthCheckNodePort)
          : spec.healthCheckNodePort,
      }),
    }
  }

  #clusterIPs(spec: ServiceSpec, families: readonly string[]): readonly string[] {
    const asked = spec.clusterIPs ?? []
    return families.flatMap((family, index) => {
      const pools = this.#allocations.addresses.filter(({ cidr }) => cidr.family === family)
      if (pools.length === 0) return []
      const wanted = asked[index]
      if (!wanted) return [this.#drawnAddress(pools)]
      this.#askedAddress(pools, wanted, asked)
      return [wanted]
    })
  }

  /** Ranges may overlap: an address is free when it is in all that have it. */
  #askedAddress(pools: readonly AddressPool[], address: string, asked: readonly string[]): void {
    const inside = pools.filter(({ numberOf }) => numberOf(address) !== undefined)
    const isFree = inside.length > 0 && inside.every((pool) => this.#held(pool, address))
    if (isFree) return
    const ranges = pools.map(({ text }) => text).join(', ')
    const why =
      inside.length === 0
        ? `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${ranges}`
        : 'provided IP is already allocated'
    const detail = `failed to allocate IP ${address}: ${why}`
    this.errors.push({ type: 'invalid', field: 'spec.clusterIPs', value: asked, detail })
  }

  #held({ numberOf, numbers }: AddressPool, address: string): boolean {
    const number = numberOf(address)
    if (number === undefined || !numbers.hold(number, this.#owner)) return false
    this.#holds.defer(() => numbers.unhold(number))
    return true
  }

  /** From the first range that has any left. */
  #drawnAddress(pools: readonly AddressPool[]): string {
    for (const pool of pools) {
      const number = pool.numbers.holdDrawn(this.#owner)
      if (number === undefined) continue
      this.#holds.defer(() => pool.numbers.unhold(number))
      const address = pool.addressOf(number)
      // Another range may have it, too, and have given it away.
      const others = pools.filter((other) => other !== pool && other.numberOf(address) !== undefined)
      if (others.every((other) => this.#held(other, address))) return address
    }
    throw full('failed to allocate a serviceIP: range is full')
  }

  #nodePorts(spec: ServiceSpec): readonly ServicePort[] | undefined {
    const asked = new Map(
      (spec.ports ?? []).flatMap(({ port, nodePort }) => (nodePort ? [[port, nodePort]] : [])),
    )
    const given = new Map<number, number>()
    return spec.ports?.map((port, index) => {
      if (port.nodePort) this.#askedPort(port.nodePort, `spec.ports[${index}].nodePort`)
      if (port.nodePort || !wantsNodePorts(spec)) return port
      const nodePort = this.#sharedPort(port, spec, asked) ?? given.get(port.port) ?? this.#drawnPort()
      given.set(port.port, nodePort)
      return { ...port, nodePort }
    })
  }

  /** The node port asked for by another protocol of the same port, where this protocol does not use it yet. */
  #sharedPort(port: ServicePort, spec: ServiceSpec, asked: ReadonlyMap<number, number>): number | undefined {
    const nodePort = asked.get(port.port)
    const isUsed = spec.ports?.some((each) => each.nodePort === nodePort && each.protocol === port.protocol)
    return isUsed ? undefined : nodePort
  }

  #askedPort(port: number, field: string): void {
    const { first, last, numbers } = this.#allocations.ports
    const isInRange = this.#allocations.hasPort(port)
    if (isInRange && numbers.hold(port - first, this.#owner)) {
      this.#holds.defer(() => numbers.unhold(port - first))
      return
    }
    const detail = isInRange
      ? 'provided port is already allocated'
      : `provided port is not in the valid range. The range of valid ports is ${first}-${last}`
    this.errors.push({ type: 'invalid', field, value: port, detail })
  }

  #drawnPort(): number {
    const { first, numbers } = this.#allocations.ports
    const number = numbers.holdDrawn(this.#owner)
    if (number === undefined) throw full('failed to allocate a nodePort: range is full')
    this.#holds.defer(() => numbers.unhold(number))
    return first + number
  }

  #healthCheckNodePort(asked: number | undefined): number {
    if (!asked) return this.#drawnPort()
    this.#askedPort(asked, 'spec.healthCheckNodePort')
    return asked
  }
}

const full = (text: string): ApiError => new ApiError('InternalError', `Internal error occurred: ${text}`)
