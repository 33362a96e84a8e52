/**
 * The CEL rules the Gateway API's CustomResourceDefinitions are made of (standard and experimental channel,
 * v1.0 to v1.4: kubernetes-sigs/gateway-api apis/v1): each compiles here, and says yes and no where upstream does.
 */

import { expect, it } from 'vitest'
import type { Schema } from '../json-schema/schema.ts'
import { CelRules } from './rules.ts'

const OBJECT: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const LIST: Schema = { type: 'array', items: OBJECT }
const TEXTS: Schema = { type: 'array', items: { type: 'string' } }
const TEXT: Schema = { type: 'string' }
/** As the real schemas do it: `namespace` is a word of CEL. */
const PARENT: Schema = {
  type: 'object',
  properties: Object.fromEntries(
    ['group', 'kind', 'namespace', 'name', 'sectionName'].map((name) => [name, TEXT]),
  ),
}
const PARENTS: Schema = { type: 'array', items: PARENT }

const exact = (condition: string): string => `(self.type in ['Exact','PathPrefix']) ? ${condition} : true`

const onlyPathPrefix = (filter: string, has: string): string =>
  `(${has.replaceAll('FILTER', filter)}) ? ((size(self.matches) != 1 || !has(self.matches[0].path) || self.matches[0].path.type != 'PathPrefix') ? false : true) : true`

const rewrites =
  "self.filters.exists_one(f, has(f.FILTER) && has(f.FILTER.path) && f.FILTER.path.type == 'ReplacePrefixMatch' && has(f.FILTER.path.replacePrefixMatch))"

const sumOf = (term: (index: number) => string): string =>
  `${Array.from({ length: 16 }, (_, index) => term(index)).join(' + ')} <= 128`

const SAME_PARENT =
  "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__ ))"

const http = { name: 'a', port: 80, protocol: 'HTTP' }
const rewrite = {
  type: 'URLRewrite',
  urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
}
const prefixMatch = [{ path: { type: 'PathPrefix', value: '/a' } }]
const exactMatch = [{ path: { type: 'Exact', value: '/a' } }]
const PARENT_A = { group: 'g', kind: 'Gateway', name: 'a' }

const filterRules = ['requestHeaderModifier', 'cors', 'urlRewrite', 'extensionRef'].flatMap(
  (member): readonly Case[] => {
    const type = member === 'cors' ? 'CORS' : `${member.at(0)?.toUpperCase()}${member.slice(1)}`
    return [
      [
        OBJECT,
        `!(has(self.${member}) && self.type != '${type}')`,
        { type, [member]: {} },
        { type: 'X', [member]: {} },
      ],
      [OBJECT, `!(!has(self.${member}) && self.type == '${type}')`, { type: 'X' }, { type }],
      [LIST, `self.filter(f, f.type == '${type}').size() <= 1`, [{ type }], [{ type }, { type }]],
    ]
  },
)

type Case = readonly [schema: Schema, rule: string, good: unknown, bad: unknown]

it.each<Case>([
  [
    LIST,
    "self.all(l, l.protocol.matches('(?i)^(HTTP|TCP|UDP)$') ? !has(l.tls) : true)",
    [http],
    [{ ...http, protocol: 'http', tls: {} }],
  ],
  [
    LIST,
    "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
    [http],
    [{ ...http, tls: {} }],
  ],
  [
    LIST,
    "self.all(l, (l.protocol.matches('(?i)^HTTPS$') && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)",
    [{ protocol: 'HTTPS', tls: { mode: 'Terminate' } }],
    [{ protocol: 'https', tls: { mode: 'Passthrough' } }],
  ],
  [
    LIST,
    "self.all(l, (l.protocol.matches('(?i)^TLS$') ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))",
    [{ protocol: 'TLS', tls: { mode: 'Passthrough' } }],
    [{ protocol: 'tls', tls: {} }],
  ],
  [
    LIST,
    "self.all(l, l.protocol.matches('(?i)^(TCP|UDP)$')  ? (!has(l.hostname) || l.hostname == '') : true)",
    [{ protocol: 'TCP', hostname: '' }],
    [{ protocol: 'udp', hostname: 'a' }],
  ],
  [
    LIST,
    'self.all(l1, self.exists_one(l2, l1.name == l2.name))',
    [http, { ...http, name: 'b' }],
    [http, http],
  ],
  [
    LIST,
    'self.all(l1, self.exists_one(l2, l1.port == l2.port && l1.protocol == l2.protocol && (has(l1.hostname) && has(l2.hostname) ? l1.hostname == l2.hostname : !has(l1.hostname) && !has(l2.hostname))))',
    [http, { ...http, hostname: 'x' }],
    [http, { ...http, name: 'b' }],
  ],
  ...['IPAddress', 'Hostname'].map((type): Case => [
    LIST,
    `self.all(a1, a1.type == '${type}' && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )`,
    [{ type, value: 'a' }, { type, value: 'b' }, { type }, { type }],
    [
      { type, value: 'a' },
      { type, value: 'a' },
    ],
  ]),
  [
    OBJECT,
    'self.type == \'Hostname\' ? self.value.matches(r"""^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"""): true',
    { type: 'Hostname', value: '*.a.test' },
    { type: 'Hostname', value: 'A_b' },
  ],
  [
    OBJECT,
    "self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
    { mode: 'Terminate', certificateRefs: [{}], options: {} },
    { mode: 'Terminate', certificateRefs: [], options: {} },
  ],
  [TEXT, 'self == oldSelf', undefined, undefined],
  [
    LIST,
    'self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))',
    [{}, {}],
    [{ name: 'a' }, { name: 'a' }],
  ],
  [
    LIST,
    sumOf((n) => `(self.size() > ${n} ? self[${n}].matches.size() : 0)`),
    [{ matches: Array(128).fill({}) }],
    [{ matches: Array(100).fill({}) }, { matches: Array(29).fill({}) }],
  ],
  [
    LIST,
    sumOf((n) => `(size(self) > ${n} ? (has(self[${n}].matches) ? size(self[${n}].matches) : 0) : 0)`),
    [{}, {}],
    [{ matches: Array(100).fill({}) }, {}, { matches: Array(29).fill({}) }],
  ],
  [
    OBJECT,
    '(has(self.backendRefs) && size(self.backendRefs) > 0) ? (!has(self.filters) || self.filters.all(f, !has(f.requestRedirect))): true',
    { backendRefs: [{}] },
    { backendRefs: [{}], filters: [{ requestRedirect: {} }] },
  ],
  [
    OBJECT,
    onlyPathPrefix('urlRewrite', `has(self.filters) && ${rewrites}`),
    { filters: [rewrite], matches: prefixMatch },
    { filters: [rewrite], matches: exactMatch },
  ],
  [
    OBJECT,
    onlyPathPrefix(
      'urlRewrite',
      `has(self.backendRefs) && self.backendRefs.exists_one(b, (has(b.filters) && ${rewrites.replace('self', 'b')}) )`,
    ),
    { backendRefs: [{ filters: [rewrite] }], matches: prefixMatch },
    { backendRefs: [{ filters: [rewrite] }], matches: exactMatch },
  ],
  [
    LIST,
    "!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))",
    [{ type: 'URLRewrite' }],
    [{ type: 'URLRewrite' }, { type: 'RequestRedirect' }],
  ],
  ...filterRules,
  [
    OBJECT,
    "!(has(self.request) && has(self.backendRequest) && duration(self.request) != duration('0s') && duration(self.backendRequest) > duration(self.request))",
    { request: '10s', backendRequest: '500ms' },
    { request: '1m', backendRequest: '1h5s' },
  ],
  [TEXT, "!(duration(self) < duration('1s') || duration(self) > duration('1h'))", '10s', '2h'],
  [OBJECT, exact("self.value.startsWith('/')"), { type: 'Exact', value: '/' }, { type: 'Exact', value: 'a' }],
  ...['//', '/./', '/../', '%2f', '#'].map((text): Case => [
    OBJECT,
    exact(`!self.value.contains('${text}')`),
    { type: 'RegularExpression', value: text },
    { type: 'PathPrefix', value: `/a${text}b` },
  ]),
  [
    OBJECT,
    exact("!self.value.endsWith('/..')"),
    { type: 'Exact', value: '/' },
    { type: 'Exact', value: '/..' },
  ],
  [
    OBJECT,
    "self.type in ['Exact','PathPrefix'] || self.type == 'RegularExpression'",
    { type: 'Exact' },
    { type: 'x' },
  ],
  [
    OBJECT,
    exact('self.value.matches(r"""^(?:[-A-Za-z0-9/._~!$&\'()*+,;=:@]|[%][0-9a-fA-F]{2})+$""")'),
    { type: 'Exact', value: "/a(b)'%20" },
    { type: 'Exact', value: '/a b' },
  ],
  [OBJECT, '!(has(self.percent) && has(self.fraction))', { percent: 1 }, { percent: 1, fraction: {} }],
  [
    OBJECT,
    'self.numerator <= self.denominator',
    { numerator: 1, denominator: 1 },
    { numerator: 2, denominator: 1 },
  ],
  [
    OBJECT,
    "self.type == 'ReplaceFullPath' ? has(self.replaceFullPath) : true",
    { type: 'ReplaceFullPath', replaceFullPath: '' },
    { type: 'ReplaceFullPath' },
  ],
  [
    OBJECT,
    "has(self.replaceFullPath) ? self.type == 'ReplaceFullPath' : true",
    { type: 'ReplaceFullPath', replaceFullPath: '' },
    { type: 'x', replaceFullPath: '' },
  ],
  [
    OBJECT,
    "(size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true",
    { group: '', kind: 'Service', port: 80 },
    { group: '', kind: 'Service' },
  ],
  [
    PARENTS,
    `self.all(p1, self.all(p2, ${SAME_PARENT} ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))`,
    [
      { ...PARENT_A, sectionName: 'x' },
      { ...PARENT_A, namespace: 'n' },
    ],
    [{ ...PARENT_A, sectionName: 'x' }, PARENT_A],
  ],
  [
    PARENTS,
    `self.all(p1, self.exists_one(p2, ${SAME_PARENT} && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || ( has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))`,
    [
      { ...PARENT_A, sectionName: 'x' },
      { ...PARENT_A, sectionName: 'y' },
    ],
    [PARENT_A, PARENT_A],
  ],
  [
    OBJECT,
    "!has(self.cookieConfig) || !has(self.cookieConfig.lifetimeType) || self.cookieConfig.lifetimeType != 'Permanent' || has(self.absoluteTimeout)",
    { cookieConfig: { lifetimeType: 'Permanent' }, absoluteTimeout: '1h' },
    { cookieConfig: { lifetimeType: 'Permanent' } },
  ],
  [
    OBJECT,
    'has(self.type) ? has(self.service) || has(self.method) : true',
    { type: 'Exact', method: 'm' },
    { type: 'Exact' },
  ],
  [
    OBJECT,
    '(!has(self.type) || self.type == \'Exact\') && has(self.service) ? self.service.matches(r"""^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$"""): true',
    { service: 'Foo.Bar_1' },
    { service: 'a/b' },
  ],
  [
    OBJECT,
    '(!has(self.type) || self.type == \'Exact\') && has(self.method) ? self.method.matches(r"""^[A-Za-z_][A-Za-z_0-9]*$"""): true',
    { method: 'Get' },
    { method: '9' },
  ],
  [
    OBJECT,
    '!(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 && has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")',
    { caCertificateRefs: [{}] },
    { caCertificateRefs: [{}], wellKnownCACertificates: 'System' },
  ],
  [
    OBJECT,
    '(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 || has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")',
    { caCertificateRefs: [{}] },
    { wellKnownCACertificates: '' },
  ],
  [
    OBJECT,
    '!(self.type == "Hostname" && (!has(self.hostname) || self.hostname == ""))',
    { type: 'Hostname', hostname: 'a' },
    { type: 'Hostname', hostname: '' },
  ],
  [TEXTS, "!('*' in self && self.size() > 1)", ['*'], ['*', 'a']],
  [TEXTS, 'self.all(h, !isIP(h))', ['a.test'], ['10.0.0.1']],
  [
    TEXTS,
    "self.all(h, !h.contains('*') || (h.startsWith('*.') && !h.substring(1).contains('*')))",
    ['*.a.test'],
    ['a.*.test'],
  ],
  [
    { type: 'object', additionalProperties: TEXT },
    "self.all(key, key.split('/')[0].size() < 253)",
    { 'a.test/b': 'c' },
    { ['x'.repeat(254)]: '' },
  ],
  [
    { type: 'object', additionalProperties: TEXT },
    'self.all(key, key.matches(r"""^(([^\\/]+\\/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])$"""))',
    { 'a.test/b': 'c' },
    { 'a b': '' },
  ],
])('%# %j: %s', (schema, rule, good, bad) => {
  const ruled: Schema = { ...schema, 'x-kubernetes-validations': [{ rule, message: 'no' }] }
  const rules = new CelRules()
  expect(rules.unsupported(ruled)).toEqual([])
  const details = (value: unknown): readonly unknown[] =>
    rules.faults(value, undefined, ruled, 'spec').map(({ detail }) => detail)
  expect(details(good)).toEqual([])
  if (bad !== undefined) expect(details(bad)).toEqual(['no'])
})
