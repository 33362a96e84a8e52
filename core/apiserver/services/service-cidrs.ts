/**
 * When a ServiceCIDR that is being deleted may go.
 * KEP-1880; kubernetes/kubernetes pkg/controller/servicecidrs.
 */

import type { ServiceCIDR } from '../../api/generated/networking-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import { IP_ADDRESSES, SERVICE_CIDRS } from '../../api/scheme.ts'
import { cidrContains, parseCidr } from '../../net/cidr.ts'
import { parseIp } from '../../net/ip.ts'
import type { Store } from '../../store/store.ts'
import type { Environment } from '../registry/environment.ts'
import type { RequestContext } from '../registry/registry.ts'
import { storagePrefix } from '../registry/storage-key.ts'
import { CIDR_FINALIZER } from './service-cidr-status.ts'
import { updateObject } from '../objects/update.ts'

/** Lets CIDRs go whose addresses nobody needs, or another CIDR has too. */
export class ServiceCidrCleanup implements Disposable {
  readonly #env: Environment
  readonly #failed: (error: unknown) => void
  readonly #unwatch: readonly (() => void)[]

  constructor(env: Environment, failed: (error: unknown) => void) {
    this.#env = env
    this.#failed = failed
    const { store } = env
    const look = (): void => this.#look()
    this.#unwatch = [SERVICE_CIDRS, IP_ADDRESSES].map((resource) =>
      store.watch(storagePrefix(resource), store.revision, look),
    )
    this.#look()
  }

  [Symbol.dispose](): void {
    for (const end of this.#unwatch) end()
  }

  #look(): void {
    const ending = cidrsIn(this.#env.store).filter(
      ({ metadata }) =>
        metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(CIDR_FINALIZER),
    )
    for (const cidr of ending) {
      if (!isNeeded(this.#env.store, cidr)) this.#release(cidr).catch(this.#failed)
    }
  }

  async #release({ metadata }: ServiceCIDR): Promise<void> {
    await updateObject(this.#env, {
      resource: SERVICE_CIDRS,
      name: { name: metadata.name },
      context: CONTEXT,
      wanted(current) {
        const object = current ?? ({ metadata } as KubernetesObject)
        const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== CIDR_FINALIZER)
        return { object: { ...object, metadata: { ...object.metadata, finalizers } }, isFinal: true }
      },
    })
  }
}

const CONTEXT: RequestContext = {
  user: { name: 'system:apiserver', groups: ['system:masters'] },
  fieldManager: 'kube-apiserver',
  warn: () => undefined,
}

const cidrsIn = (store: Store): readonly ServiceCIDR[] =>
  store.range(storagePrefix(SERVICE_CIDRS)).values.map(({ value }) => value as ServiceCIDR)

const holds = (text: string, address: string): boolean => {
  const [cidr, ip] = [parseCidr(text), parseIp(address)]
  return cidr !== undefined && ip !== undefined && cidrContains(cidr, ip)
}

/** Whether an address is in it that no other CIDR in use has. */
function isNeeded(store: Store, { metadata, spec }: ServiceCIDR): boolean {
  const others = cidrsIn(store)
    .filter(
      (other) => other.metadata.name !== metadata.name && other.metadata.deletionTimestamp === undefined,
    )
    .flatMap((other) => other.spec.cidrs ?? [])
  return store.range(storagePrefix(IP_ADDRESSES)).values.some(({ value }) => {
    const { name } = value.metadata
    return (spec.cidrs ?? []).some((cidr) => holds(cidr, name)) && !others.some((cidr) => holds(cidr, name))
  })
}
