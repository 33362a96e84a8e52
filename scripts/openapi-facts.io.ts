/**
 * Writes core/api/schema/openapi-facts.json: what kube-apiserver's OpenAPI document says of the API's types and their
 * protobuf definitions do not: which fields are required, which values a field may have, which objects are one value.
 *
 *   kubectl get --raw /openapi/v2 > swagger.json    # of a kube-apiserver; or the swagger.json of its sources
 *   node scripts/openapi-facts.io.ts swagger.json
 */

import { readFileSync, writeFileSync } from 'node:fs'

interface Definition {
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Property>>
  readonly 'x-kubernetes-map-type'?: string
}

interface Property {
  readonly enum?: readonly string[]
  readonly items?: { readonly enum?: readonly string[] }
}

const FIELDS = 'core/api/schema/fields.json'
const FACTS = 'core/api/schema/openapi-facts.json'

const parsed = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8')) as unknown

/** `k8s.io.api.apps.v1.Deployment` is defined as `io.k8s.api.apps.v1.Deployment`. */
const definitionName = (message: string): string =>
  message
    .replace(/^k8s\.io\./, 'io.k8s.')
    .replace(/apiextensions_apiserver|kube_aggregator/, (name) => name.replace('_', '-'))

function factsOf(definition: Definition): Readonly<Record<string, unknown>> | undefined {
  const values = Object.entries(definition.properties ?? {}).flatMap(([name, property]) => {
    const found = property.enum ?? property.items?.enum
    return found === undefined ? [] : [[name, found]]
  })
  const facts = {
    ...(definition.required ? { required: definition.required } : {}),
    ...(values.length > 0 ? { values: Object.fromEntries(values) as unknown } : {}),
    ...(definition['x-kubernetes-map-type'] === 'atomic' ? { isAtomic: true } : {}),
  }
  return Object.keys(facts).length > 0 ? facts : undefined
}

const [file] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('usage: node scripts/openapi-facts.io.ts SWAGGER.JSON\n')
  process.exitCode = 2
} else {
  const { definitions } = parsed(file) as { readonly definitions: Readonly<Record<string, Definition>> }
  const lines = Object.keys(parsed(FIELDS) as object)
    .toSorted()
    .flatMap((message) => {
      const facts = factsOf(definitions[definitionName(message)] ?? {})
      return facts === undefined ? [] : [`${JSON.stringify(message)}: ${JSON.stringify(facts)}`]
    })
  writeFileSync(FACTS, `{\n${lines.join(',\n')}\n}\n`)
}
