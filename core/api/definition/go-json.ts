/**
 * How Go prints the parts of definitions that messages show: kube-apiserver's internal types have no names for JSON,
 * so that their fields appear as in Go, all of them
 * (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/types.go, types_jsonschema.go). Pure.
 */

import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  ExternalDocumentation,
  JSONSchemaProps,
  SelectableField,
  ValidationRule,
} from '../generated/apiextensions-v1.ts'
import { byKey } from '../validation/faults.ts'

type Printed = Readonly<Record<string, unknown>>
type Printer = (value: never) => unknown

interface GoField {
  readonly go: string
  readonly json: keyof JSONSchemaProps
  /** printed when absent; null: behind a pointer, a list, a map */
  readonly zero: '' | false | null
  readonly print?: Printer
}

const text = (go: string, json: keyof JSONSchemaProps): GoField => ({ go, json, zero: '' })
const flag = (go: string, json: keyof JSONSchemaProps): GoField => ({ go, json, zero: false })
const pointer = (go: string, json: keyof JSONSchemaProps, print?: Printer): GoField => ({
  go,
  json,
  zero: null,
  ...(print ? { print } : {}),
})

const each =
  (print: (value: JSONSchemaProps) => unknown): Printer =>
  (list: readonly JSONSchemaProps[]) =>
    list.map(print)
const eachMember =
  (print: (value: never) => unknown): Printer =>
  (map: Readonly<Record<string, never>>) =>
    byKey(Object.fromEntries(Object.entries(map).map(([name, value]) => [name, print(value)])))
const schemaOrBool: Printer = (value: JSONSchemaProps | boolean) =>
  typeof value === 'boolean'
    ? { Allows: value, Schema: null }
    : { Allows: true, Schema: printedSchema(value) }
const schemaOrList: Printer = (value: JSONSchemaProps | readonly JSONSchemaProps[]) =>
  Array.isArray(value)
    ? { Schema: null, JSONSchemas: (value as readonly JSONSchemaProps[]).map(printedSchema) }
    : { Schema: printedSchema(value as JSONSchemaProps), JSONSchemas: null }
const schemaOrNames: Printer = (value: JSONSchemaProps | readonly string[]) =>
  Array.isArray(value)
    ? { Schema: null, Property: value as readonly string[] }
    : { Schema: printedSchema(value as JSONSchemaProps), Property: null }
const docs: Printer = ({ description, url }: ExternalDocumentation) => ({
  Description: description ?? '',
  URL: url ?? '',
})

/** The fields of a schema in the order of Go's struct. */
export const SCHEMA_FIELDS: readonly GoField[] = [
  text('ID', 'id'),
  text('Schema', '$schema'),
  pointer('Ref', '$ref'),
  text('Description', 'description'),
  text('Type', 'type'),
  flag('Nullable', 'nullable'),
  text('Format', 'format'),
  text('Title', 'title'),
  pointer('Default', 'default'),
  pointer('Maximum', 'maximum'),
  flag('ExclusiveMaximum', 'exclusiveMaximum'),
  pointer('Minimum', 'minimum'),
  flag('ExclusiveMinimum', 'exclusiveMinimum'),
  pointer('MaxLength', 'maxLength'),
  pointer('MinLength', 'minLength'),
  text('Pattern', 'pattern'),
  pointer('MaxItems', 'maxItems'),
  pointer('MinItems', 'minItems'),
  flag('UniqueItems', 'uniqueItems'),
  pointer('MultipleOf', 'multipleOf'),
  pointer('Enum', 'enum'),
  pointer('MaxProperties', 'maxProperties'),
  pointer('MinProperties', 'minProperties'),
  pointer('Required', 'required'),
  pointer('Items', 'items', schemaOrList),
  pointer('AllOf', 'allOf', each(printedSchema)),
  pointer('OneOf', 'oneOf', each(printedSchema)),
  pointer('AnyOf', 'anyOf', each(printedSchema)),
  pointer('Not', 'not', printedSchema),
  pointer('Properties', 'properties', eachMember(printedSchema)),
  pointer('AdditionalProperties', 'additionalProperties', schemaOrBool),
  pointer('PatternProperties', 'patternProperties', eachMember(printedSchema)),
  pointer('Dependencies', 'dependencies', eachMember(schemaOrNames)),
  pointer('AdditionalItems', 'additionalItems', schemaOrBool),
  pointer('Definitions', 'definitions', eachMember(printedSchema)),
  pointer('ExternalDocs', 'externalDocs', docs),
  pointer('Example', 'example'),
  pointer('XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields'),
  flag('XEmbeddedResource', 'x-kubernetes-embedded-resource'),
  flag('XIntOrString', 'x-kubernetes-int-or-string'),
  pointer('XListMapKeys', 'x-kubernetes-list-map-keys'),
  pointer('XListType', 'x-kubernetes-list-type'),
  pointer('XMapType', 'x-kubernetes-map-type'),
  pointer('XValidations', 'x-kubernetes-validations', (rules: readonly ValidationRule[]) =>
    rules.map(printedRule),
  ),
]

export function printedSchema(schema: JSONSchemaProps): Printed {
  return Object.fromEntries(
    SCHEMA_FIELDS.map(({ go, json, zero, print }) => {
      const value = schema[json]
      return [go, value === undefined ? zero : print ? print(value as never) : value]
    }),
  )
}

export function printedRule(rule: ValidationRule): Printed {
  return {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }
}

export function printedVersion(version: CustomResourceDefinitionVersion): Printed {
  const { schema, subresources, additionalPrinterColumns, selectableFields } = version
  const root = schema?.openAPIV3Schema
  return {
    Name: version.name,
    Served: version.served,
    Storage: version.storage,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: schema ? { OpenAPIV3Schema: root ? printedSchema(root) : null } : null,
    Subresources: subresources ? printedSubresources(subresources) : null,
    AdditionalPrinterColumns: additionalPrinterColumns?.map(printedColumn) ?? null,
    SelectableFields:
      selectableFields?.map(({ jsonPath }: SelectableField) => ({ JSONPath: jsonPath })) ?? null,
  }
}

const printedSubresources = ({ status, scale }: CustomResourceSubresources): Printed => ({
  Status: status ? {} : null,
  Scale: scale
    ? {
        SpecReplicasPath: scale.specReplicasPath,
        StatusReplicasPath: scale.statusReplicasPath,
        LabelSelectorPath: scale.labelSelectorPath ?? null,
      }
    : null,
})

const printedColumn = (column: CustomResourceColumnDefinition): Printed => ({
  Name: column.name,
  Type: column.type,
  Format: column.format ?? '',
  Description: column.description ?? '',
  Priority: column.priority ?? 0,
  JSONPath: column.jsonPath,
})
