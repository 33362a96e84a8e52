/**
 * Everything that is served: the built-in kinds, and those of the CustomResourceDefinitions in the store. Kept current
 * by the store's watch, so that what one request defines the next can use. Pure but for the watch it holds.
 */

import { ApiError } from '../../api/api-error.ts'
import { completedApiService } from '../../api/api-service.ts'
import { CelRules } from '../../api/cel/rules.ts'
import { rowOf, servedRows, storageVersion } from '../../api/custom-resource.ts'
import { isSameValue } from '../../api/equality.ts'
import type { CustomResourceDefinition } from '../../api/generated/apiextensions-v1.ts'
import type { APIService } from '../../api/generated/apiregistration-v1.ts'
import type { KubernetesObject } from '../../api/object.ts'
import type { ResourceInfo } from '../../api/resource.ts'
import { groupResource } from '../../api/resource.ts'
import { CUSTOM_RESOURCE_DEFINITIONS } from '../../api/scheme.ts'
import type { Clock } from '../../../host/host.ts'
import type { Store } from '../../store/store.ts'
import type { ConvertObjects } from './conversion/version-converter.ts'
import { VersionConverter } from './conversion/version-converter.ts'
import type { Kind, ServedKinds } from '../registry/kinds.ts'
import { builtInKinds } from '../registry/kinds.ts'
import { completedServiceCIDR } from '../services/service-cidr-status.ts'
import { storagePrefix } from '../registry/storage-key.ts'
import { customKind } from './custom-kind.ts'
import { withDefinitionStatus } from './definition-status.ts'

interface Version {
  readonly row: ResourceInfo
  readonly kind: Kind
}

/** One definition, with what it makes the server serve. */
interface Definition {
  readonly crd: CustomResourceDefinition
  /** in the definition's order, whether served or not; none before it is established */
  readonly versions: readonly Version[]
  readonly served: readonly ResourceInfo[]
  readonly end: AbortController
}

const keyOf = ({ group, resource, version }: Pick<ResourceInfo, 'group' | 'resource' | 'version'>): string =>
  `${groupResource({ group, resource })}/${version}`

export class CustomKinds implements ServedKinds, Disposable {
  readonly #builtIn = builtInKinds()
  readonly #clock: Pick<Clock, 'now'>
  readonly #converterOf: (crd: CustomResourceDefinition) => ConvertObjects | undefined
  readonly #definitions = new Map<string, Definition>()
  /** of versions that are not served, too */
  readonly #versions = new Map<string, { readonly kind: Kind; readonly all: readonly ResourceInfo[] }>()
  readonly #served = new Map<string, { readonly row: ResourceInfo; readonly end: AbortSignal }>()
  readonly #unwatch: () => void
  #resources: readonly ResourceInfo[]

  /** @param converterOf the webhook of a definition; undefined: it has none */
  constructor(
    store: Store,
    clock: Pick<Clock, 'now'>,
    converterOf: (crd: CustomResourceDefinition) => ConvertObjects | undefined,
  ) {
    this.#clock = clock
    this.#converterOf = converterOf
    this.#resources = this.#builtIn.resources
    const prefix = storagePrefix(CUSTOM_RESOURCE_DEFINITIONS)
    const { revision, values } = store.range(prefix)
    for (const { value } of values) this.#replace(value.metadata.name, value as CustomResourceDefinition)
    this.#unwatch = store.watch(prefix, revision, (events) => {
      for (const { kind, value } of events) {
        this.#replace(value.metadata.name, kind === 'put' ? (value as CustomResourceDefinition) : undefined)
      }
    })
  }

  get resources(): readonly ResourceInfo[] {
    return this.#resources
  }

  forPath(group: string, version: string, resource: string): ResourceInfo | undefined {
    return (
      this.#builtIn.forPath(group, version, resource) ??
      this.#served.get(keyOf({ group, version, resource }))?.row
    )
  }

  versionsOf(resource: ResourceInfo): readonly ResourceInfo[] {
    return this.#versions.get(keyOf(resource))?.all ?? this.#builtIn.versionsOf(resource)
  }

  of(resource: ResourceInfo): Kind {
    const custom = this.#versions.get(keyOf(resource))
    if (custom !== undefined) return custom.kind
    if (this.#builtIn.forPath(resource.group, resource.version, resource.resource) === undefined) throw gone()
    const kind = this.#builtIn.of(resource)
    const complete = this.#completions[groupResource(resource)]
    return complete === undefined ? kind : { ...kind, complete }
  }

  endOf(resource: ResourceInfo): AbortSignal | undefined {
    return this.#served.get(keyOf(resource))?.end
  }

  [Symbol.dispose](): void {
    this.#unwatch()
  }

  /** What the server itself writes into objects of built-in kinds. */
  readonly #completions: Readonly<Record<string, NonNullable<Kind['complete']>>> = {
    'customresourcedefinitions.apiextensions.k8s.io': (object, old) => this.#completeDefinition(object, old),
    'servicecidrs.networking.k8s.io': (object) => completedServiceCIDR(object, this.#clock.now()),
    'apiservices.apiregistration.k8s.io': (object) =>
      completedApiService(object as APIService, this.#clock.now()),
  }

  #completeDefinition(object: KubernetesObject, old: KubernetesObject | undefined): KubernetesObject {
    const crd = object as CustomResourceDefinition
    const others = [...this.#definitions.values()]
      .map((definition) => definition.crd)
      .filter((other) => other.spec.group === crd.spec.group && other.metadata.name !== crd.metadata.name)
    const facts = { old: old as CustomResourceDefinition | undefined, others, nowMs: this.#clock.now() }
    return withDefinitionStatus(crd, facts)
  }

  #replace(name: string, crd: CustomResourceDefinition | undefined): void {
    const before = this.#definitions.get(name)
    // What is served stays the same while only the status changes: watches go on.
    const isSame =
      before !== undefined &&
      crd !== undefined &&
      isSameValue(before.crd.spec, crd.spec) &&
      isAlike(before.crd, crd)
    if (isSame) {
      this.#definitions.set(name, { ...before, crd })
      return
    }
    for (const row of before?.served ?? []) this.#served.delete(keyOf(row))
    for (const { row } of before?.versions ?? []) this.#versions.delete(keyOf(row))
    this.#definitions.delete(name)
    if (crd !== undefined) this.#define(name, crd)
    const custom = [...this.#definitions.values()].flatMap(({ served }) => served)
    this.#resources = [...this.#builtIn.resources, ...custom.toSorted(inOrder)]
    before?.end.abort()
  }

  #define(name: string, crd: CustomResourceDefinition): void {
    const end = new AbortController()
    const cel = new CelRules()
    const stored = storageVersion(crd)?.name ?? ''
    const converter = new VersionConverter(crd, this.#converterOf(crd))
    const isFree = (row: ResourceInfo): boolean =>
      this.#builtIn.forPath(row.group, row.version, row.resource) === undefined
    const served = servedRows(crd).filter(isFree)
    const versions = (served.length === 0 ? [] : (crd.spec.versions ?? []))
      .map((version) => ({ version, row: rowOf(crd, version) }))
      .filter(({ row }) => isFree(row))
      .map(({ version, row }): Version => {
        const kind = customKind({ resource: row, version, storageVersion: stored, converter, cel })
        return { row, kind }
      })
    const all = versions.map(({ row }) => row)
    for (const { row, kind } of versions) this.#versions.set(keyOf(row), { kind, all })
    for (const row of served) this.#served.set(keyOf(row), { row, end: end.signal })
    this.#definitions.set(name, { crd, versions, served, end })
  }
}

/** 404: it was served when the request came, and is not any more. */
const gone = (): ApiError =>
  new ApiError('NotFound', 'the server could not find the requested resource', { details: {} })

const isAlike = (a: CustomResourceDefinition, b: CustomResourceDefinition): boolean =>
  a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
  isSameValue(a.status?.acceptedNames, b.status?.acceptedNames) &&
  servedRows(a).length === servedRows(b).length

/** Groups by name; versions keep their order. */
const inOrder = (a: ResourceInfo, b: ResourceInfo): number =>
  a.group < b.group ? -1 : a.group > b.group ? 1 : 0
