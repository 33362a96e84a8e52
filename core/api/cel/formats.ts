/**
 * Named formats of texts, for CEL: `format.dns1123Label().validate(text)`, `format.named('uuid')`. Pure.
 * kubernetes/apiserver pkg/cel/library/format.go.
 */

import { Optional } from '@marcbachmann/cel-js'
import {
  dns1035LabelFaults,
  dnsLabelFaults,
  dnsSubdomainFaults,
  labelValueFaults,
  qualifiedNameFaults,
} from '../validation/names.ts'
import type { Functions } from './functions.ts'

/** `format.named(text)`: a name whose functions look like a namespace's. */
export class FormatLibrary {}

export class FormatValue {
  readonly faultsOf: (text: string) => readonly string[]
  constructor(faultsOf: (text: string) => readonly string[]) {
    this.faultsOf = faultsOf
  }
}

/** What generateName may be: a name is added to it, so that it may end with a hyphen. */
const asPrefix =
  (faultsOf: (text: string) => readonly string[]) =>
  (text: string): readonly string[] =>
    faultsOf(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text)

const matching =
  (isGood: (text: string) => boolean, fault: string) =>
  (text: string): readonly string[] =>
    isGood(text) ? [] : [fault]

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const DATE = /^\d{4}-\d{2}-\d{2}$/
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:?\d{2})$/

// oxlint-disable-next-line no-restricted-globals -- a day out of a text, not the clock
const isDay = (text: string): boolean => DATE.test(text) && !Number.isNaN(new Date(text).getTime())

const isUri = (text: string): boolean => text.startsWith('/') || URL.canParse(text)

const uriFaults = (text: string): readonly string[] =>
  isUri(text)
    ? []
    : [text === '' ? 'parse "": empty url' : `parse ${JSON.stringify(text)}: invalid URI for request`]

const FORMATS: Readonly<Record<string, (text: string) => readonly string[]>> = {
  dns1123Label: dnsLabelFaults,
  dns1123Subdomain: dnsSubdomainFaults,
  dns1035Label: dns1035LabelFaults,
  qualifiedName: qualifiedNameFaults,
  dns1123LabelPrefix: asPrefix(dnsLabelFaults),
  dns1123SubdomainPrefix: asPrefix(dnsSubdomainFaults),
  dns1035LabelPrefix: asPrefix(dns1035LabelFaults),
  labelValue: labelValueFaults,
  uri: uriFaults,
  uuid: matching((text) => UUID.test(text), 'does not match the UUID format'),
  byte: matching((text) => BASE64.test(text), 'invalid base64'),
  date: matching(isDay, 'invalid date'),
  datetime: matching((text) => DATE_TIME.test(text), 'invalid datetime'),
}

export const FORMAT_FUNCTIONS: Functions = {
  'kubernetes.Formats.named(string): optional<kubernetes.NamedFormat>': (_formats: unknown, name: string) => {
    const faultsOf = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined
    return faultsOf === undefined ? Optional.none() : Optional.of(new FormatValue(faultsOf))
  },
  'kubernetes.NamedFormat.validate(string): optional<list<string>>': (
    { faultsOf }: FormatValue,
    text: string,
  ) => {
    const faults = faultsOf(text)
    return faults.length === 0 ? Optional.none() : Optional.of([...faults])
  },
  ...Object.fromEntries(
    Object.entries(FORMATS).map(([name, faultsOf]) => [
      `kubernetes.Formats.${name}(): kubernetes.NamedFormat`,
      () => new FormatValue(faultsOf),
    ]),
  ),
}
