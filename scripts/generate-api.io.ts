/**
 * Writes core/api/generated/*.ts, the TypeScript types of the Kubernetes API, from core/api/schema/fields.json
 * (the facts of kubernetes/api's generated.proto: names, numbers, pointer-ness, merge and list keys).
 *
 * `npm run generate` updates the files; `npm run generate:verify` fails when they differ.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One field of a message; the letters are those of fields.json. */
interface Field {
  /** proto name */ readonly n: string
  /** JSON name when it differs */ readonly j?: string
  /** scalar, or full message name */ readonly t: string
  /** repeated */ readonly r?: 1
  /** map key type */ readonly k?: string
  /** optional */ readonly o?: 1
  /** pointer in Go */ readonly p?: 1
  /** fields merge into the parent */ readonly inl?: 1
}

const GROUPS: Readonly<Record<string, string>> = {
  'k8s.io.apimachinery.pkg.apis.meta.v1': 'meta-v1',
  'k8s.io.api.core.v1': 'core-v1',
  'k8s.io.api.apps.v1': 'apps-v1',
  'k8s.io.api.batch.v1': 'batch-v1',
  'k8s.io.api.autoscaling.v1': 'autoscaling-v1',
  'k8s.io.api.networking.v1': 'networking-v1',
  'k8s.io.api.discovery.v1': 'discovery-v1',
  'k8s.io.api.coordination.v1': 'coordination-v1',
  'k8s.io.api.policy.v1': 'policy-v1',
  'k8s.io.api.autoscaling.v2': 'autoscaling-v2',
  'k8s.io.api.rbac.v1': 'rbac-v1',
  'k8s.io.api.storage.v1': 'storage-v1',
  'k8s.io.api.scheduling.v1': 'scheduling-v1',
  'k8s.io.api.node.v1': 'node-v1',
  'k8s.io.api.events.v1': 'events-v1',
  'k8s.io.api.certificates.v1': 'certificates-v1',
  'k8s.io.api.authentication.v1': 'authentication-v1',
  'k8s.io.api.authorization.v1': 'authorization-v1',
  'k8s.io.api.admissionregistration.v1': 'admissionregistration-v1',
  'k8s.io.api.flowcontrol.v1': 'flowcontrol-v1',
  'k8s.io.api.resource.v1': 'resource-v1',
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1': 'apiextensions-v1',
  'k8s.io.kube_aggregator.pkg.apis.apiregistration.v1': 'apiregistration-v1',
}

/** Groups of the packages whose group is not their name. */
const QUALIFIED: Readonly<Record<string, string>> = {
  networking: 'networking.k8s.io',
  discovery: 'discovery.k8s.io',
  coordination: 'coordination.k8s.io',
  rbac: 'rbac.authorization.k8s.io',
  storage: 'storage.k8s.io',
  scheduling: 'scheduling.k8s.io',
  node: 'node.k8s.io',
  events: 'events.k8s.io',
  certificates: 'certificates.k8s.io',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  admissionregistration: 'admissionregistration.k8s.io',
  flowcontrol: 'flowcontrol.apiserver.k8s.io',
  resource: 'resource.k8s.io',
  apiextensions: 'apiextensions.k8s.io',
  apiregistration: 'apiregistration.k8s.io',
}

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  bytes: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
}

/** Messages whose JSON form is not an object of their fields. */
const SPECIAL: Readonly<Record<string, string>> = {
  'k8s.io.apimachinery.pkg.apis.meta.v1.Time': 'string',
  'k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime': 'string',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Duration': 'string',
  'k8s.io.apimachinery.pkg.api.resource.Quantity': 'string',
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': 'number | string',
  'k8s.io.apimachinery.pkg.runtime.RawExtension': 'unknown',
  'k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1': 'Readonly<Record<string, unknown>>',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Verbs': 'readonly string[]',
  'k8s.io.api.authentication.v1.ExtraValue': 'readonly string[]',
  'k8s.io.api.authorization.v1.ExtraValue': 'readonly string[]',
  'k8s.io.api.certificates.v1.ExtraValue': 'readonly string[]',
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON': 'unknown',
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray':
    'JSONSchemaProps | readonly JSONSchemaProps[]',
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool':
    'JSONSchemaProps | boolean',
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray':
    'JSONSchemaProps | readonly string[]',
}

/** Lists that validation never lets be empty; every other list or map may be absent (or null, from Go). */
const NEVER_EMPTY = new Set([
  'k8s.io.api.core.v1.PodSpec.containers',
  'k8s.io.api.discovery.v1.Endpoint.addresses',
])

const OBJECT_META = 'k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const messages = JSON.parse(readFileSync('core/api/schema/fields.json', 'utf8')) as Record<string, Field[]>

const packageOf = (message: string): string => message.slice(0, message.lastIndexOf('.'))
const shortName = (message: string): string => message.slice(message.lastIndexOf('.') + 1)

/** The module of `message`'s types, or undefined when it is not generated (then its type is `unknown`). */
const moduleOf = (message: string): string | undefined => GROUPS[packageOf(message)]

function apiVersionOf(message: string): string {
  const [group = '', version = ''] = packageOf(message).split('.').slice(-2)
  return group === 'core' ? version : `${QUALIFIED[group] ?? group}/${version}`
}

/** Top-level kinds carry ObjectMeta directly and are not templates. */
function isKind(message: string): boolean {
  const isTemplate =
    /TemplateSpec$|Template$/.test(message) && !/\.(Pod|ResourceClaim)Template$/.test(message)
  return !isTemplate && (messages[message] ?? []).some((f) => f.n === 'metadata' && f.t === OBJECT_META)
}

function fieldsOf(message: string): readonly Field[] {
  return (messages[message] ?? []).flatMap((field) => (field.inl ? fieldsOf(field.t) : [field]))
}

function typeOf(field: Field, imports: Map<string, Set<string>>, home: string): string {
  const base = SCALARS[field.t] ?? SPECIAL[field.t] ?? referenceTo(field.t, imports, home)
  if (field.k) return `Readonly<Record<string, ${base}>>`
  if (field.r) return base.includes(' ') ? `readonly (${base})[]` : `readonly ${base}[]`
  return base
}

function referenceTo(message: string, imports: Map<string, Set<string>>, home: string): string {
  const module = moduleOf(message)
  if (module === undefined) return 'unknown'
  if (module !== home) imports.set(module, (imports.get(module) ?? new Set()).add(shortName(message)))
  return shortName(message)
}

function fieldLine(message: string, field: Field, imports: Map<string, Set<string>>, home: string): string {
  const given = field.j ?? field.n
  const name = /^\w+$/.test(given) ? given : `'${given}'`
  const kind = isKind(message)
  if (kind && field.t === OBJECT_META) {
    imports.set('../object', new Set(['NamedMeta']))
    return `  readonly metadata: NamedMeta`
  }
  const isSpecOfKind = kind && name === 'spec' && !field.p
  const isList = field.r !== undefined || field.k !== undefined
  const required =
    isSpecOfKind ||
    NEVER_EMPTY.has(`${message}.${name}`) ||
    (!field.o && !field.p && !isList && name !== 'continue')
  return `  readonly ${name}${required ? '' : '?'}: ${typeOf(field, imports, home)}${required ? '' : ' | undefined'}`
}

function interfaceText(message: string, imports: Map<string, Set<string>>, home: string): string {
  const head = isKind(message)
    ? [`  readonly apiVersion: '${apiVersionOf(message)}'`, `  readonly kind: '${shortName(message)}'`]
    : []
  const lines = fieldsOf(message).map((field) => fieldLine(message, field, imports, home))
  return [`export interface ${shortName(message)} {`, ...head, ...lines, '}'].join('\n')
}

function moduleText(pkg: string, home: string): string {
  const imports = new Map<string, Set<string>>()
  const own = Object.keys(messages)
    .filter((message) => packageOf(message) === pkg && !SPECIAL[message] && !message.endsWith('List'))
    .sort()
    .map((message) => interfaceText(message, imports, home))
  const importLines = [...imports]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([from, names]) => {
      const path = from.startsWith('.') ? from : `./${from}`
      return `import type { ${[...names].sort().join(', ')} } from '${path}.ts'`
    })
  const header = `// Generated by scripts/generate-api.io.ts from core/api/schema/fields.json; change that, not this.\n`
  return [header, ...importLines, '', own.join('\n\n'), ''].join('\n')
}

const verify = process.argv.includes('--verify')
const folder = 'core/api/generated'
mkdirSync(folder, { recursive: true })
let stale = 0
for (const [pkg, name] of Object.entries(GROUPS)) {
  const path = join(folder, `${name}.ts`)
  const text = moduleText(pkg, name)
  if (!verify) {
    writeFileSync(path, text)
  } else if (readFileSync(path, 'utf8') !== text) {
    stale += 1
    console.error(`${path} is out of date: run npm run generate`)
  }
}
process.exitCode = stale > 0 ? 1 : 0
