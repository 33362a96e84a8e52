/** What expressions of admission policies evaluate to, and what is said when they cannot be: as kube-apiserver 1.34 does. */

import { describe, expect, it } from 'vitest'
import { evaluatingEnvironment } from './admission-environment.ts'
import type { Activation } from './admission-program.ts'
import { AdmissionProgram, lazyVariables } from './admission-program.ts'
import type { AccessQuestion } from './authorizer.ts'
import { AuthorizerValue } from './authorizer.ts'
import { Budget } from './budget.ts'
import { PER_EVALUATION } from './metering.ts'
import { celValue } from './values.ts'

const environment = evaluatingEnvironment()

const OBJECT = { kind: 'ConfigMap', metadata: { name: 'abc', labels: { t: 'x' } }, data: { n: '3' } }
const OWN = {
  kind: 'resource',
  group: '',
  version: '*',
  resource: 'configmaps',
  subresource: '',
  namespace: 'ns',
  name: 'abc',
} as const

/** Jane may read pods in ns, and look at the health. */
function authorize({ user, verb, target }: AccessQuestion): { allowed: boolean; reason: string } {
  const isPods = target.kind === 'resource' && target.resource === 'pods' && target.namespace === 'ns'
  const isHealth = target.kind === 'path' && target.path === '/healthz'
  return { allowed: user.name === 'jane' && verb === 'get' && (isPods || isHealth), reason: 'because' }
}

const ACTIVATION: Activation = {
  object: celValue(OBJECT, undefined),
  oldObject: null,
  request: celValue({ operation: 'CREATE' }, undefined),
  namespaceObject: null,
  params: null,
  variables: {},
  authorizer: new AuthorizerValue({ user: { name: 'jane', groups: [] }, authorize }, OWN),
}

function outcomeOf(expression: string, activation: Partial<Activation> = {}): unknown {
  const program = new AdmissionProgram(environment, expression)
  const outcome = program.evaluate({ ...ACTIVATION, ...activation }, new Budget(PER_EVALUATION))
  return 'value' in outcome
    ? outcome.value
    : outcome.error.replace(`expression '${expression}' resulted in error: `, 'ERROR ')
}

describe('expressions', () => {
  it.each<[string, unknown]>([
    ['object.metadata.name == "abc" && int(object.data.n) < 4', true],
    ['oldObject == null', true],
    ['has(oldObject.x)', false],
    ['has(object.metadata.name.x)', false],
    ['object.nope || true', true],
    ['object.nope && false', false],
    ['object.?nope.orValue("none")', 'none'],
    ['object.?metadata.?labels[?"t"].optMap(v, v + "!").orValue("")', 'x!'],
    ['object.metadata.labels.transformList(k, v, k + v)[0]', 'tx'],
    ['[1, 2].all(i, v, i < v)', true],
    ['"aXbXcX".replace("X", "-", 2)', 'a-b-cX'],
    ['"abc".charAt(1)', 'b'],
    ['strings.quote("a\\"b\\n")', '"a\\"b\\n"'],
    [
      '"%s|%d|%.2f|%x|%b|%o|%e".format(["a", 3, 1.5, 255, 5, 8, 12345.678])',
      'a|3|1.50|ff|101|10|1.234568×10⁰⁴',
    ],
    ['"%s %s %s".format([[1, "a", true], {"b": 1}, null])', '[1, "a", true] {"b":1} null'],
    [
      'string(timestamp("2020-01-02T03:04:05.678Z")) + string(duration("90s"))',
      '2020-01-02T03:04:05.678Z90s',
    ],
    ['quantity("1").add(quantity("2")).compareTo(quantity("3"))', 0n],
    ['quantity("2k").asInteger()', 2000n],
    [
      'semver("1.2.3-a.1").isLessThan(semver("1.2.3-a.2")) && isSemver("v1.2", true) && !isSemver("v1.2")',
      true,
    ],
    ['format.dns1123Label().validate("a").hasValue()', false],
    ['format.named("uuid").value().validate("x").value()[0]', 'does not match the UUID format'],
    ['ip.isCanonical("::FFFF")', false],
    ['ip("10.0.0.1") == ip("10.0.0.1")', true],
    ['url("https://h/a?x=1&x=2").getQuery()["x"][1]', '2'],
    ['sets.contains([1, 2], [1])', true],
    ['authorizer.group("").resource("pods").namespace("ns").check("get").allowed()', true],
    ['authorizer.group("").resource("pods").check("get").allowed()', false],
    ['authorizer.serviceAccount("ns", "robot").path("/healthz").check("get").allowed()', false],
    ['authorizer.path("/healthz").check("get").allowed()', true],
    ['authorizer.path("/healthz").check("get").reason()', 'because'],
    ['authorizer.requestResource.check("get").allowed()', false],
  ])('%s', (expression, expected) => {
    expect(outcomeOf(expression)).toEqual(expected)
  })

  it.each<[string, string]>([
    ['object.foo.x == 1', 'no such key: foo'],
    ['oldObject.x == 1', 'no such key: x'],
    ['[1, 2][5] == 1', 'index out of bounds: 5'],
    ['1 / 0 == 1', 'division by zero'],
    ['5 % 0 == 1', 'modulus by zero'],
    ['9223372036854775807 + 1 == 1', 'integer overflow'],
    ['object.metadata.name > 1', 'no such overload'],
    ['object.metadata.labels < 1', 'no such overload: _<_'],
    ['-object.metadata == 1', 'no such overload: -_'],
    ['object.metadata.name && true', 'no such overload'],
    ['string(object) == ""', 'no such overload: string(map)'],
    ['object.metadata.name.all(x, x)', "got 'types.String', expected iterable type"],
    [
      'timestamp(object.metadata.name) == timestamp("2020-01-01T00:00:00Z")',
      "type conversion error from 'string' to 'google.protobuf.Timestamp'",
    ],
    [
      'duration(object.metadata.name).getSeconds() == 1',
      "type conversion error from 'string' to 'google.protobuf.Duration'",
    ],
    ['int(object.metadata.name) == 1', "type conversion error from 'string' to 'int'"],
    ['optional.none().value() == 1', 'optional.none() dereference'],
    ['[].max() == 1', 'max called on empty list'],
    [
      'url("x").getHost() == ""',
      'URL parse error during conversion from string: parse "x": invalid URI for request',
    ],
    ['authorizer.path("").check("get").allowed()', 'path must not be empty'],
    ['authorizer.group("").resource(" ").check("get").allowed()', 'resource must not be empty'],
    [
      'authorizer.serviceAccount("a b", "x").path("/").check("get").allowed()',
      'Invalid service account namespace',
    ],
  ])('%s cannot be evaluated: %s', (expression, why) => {
    expect(outcomeOf(expression)).toBe(`ERROR ${why}`)
  })
})

describe('variables', () => {
  const variables = (of: Record<string, string>, budget = new Budget(PER_EVALUATION)): object =>
    lazyVariables(
      new Map(Object.entries(of).map(([name, text]) => [name, new AdmissionProgram(environment, text)])),
      ACTIVATION,
      budget,
    )

  it('are evaluated when they are asked for, and build on one another', () => {
    const known = variables({ a: 'int(object.data.n)', b: 'variables.a * 2', bad: 'object.nope' })
    expect(outcomeOf('variables.b + variables.a', { variables: known })).toBe(9n)
  })

  it('say whose fault it is', () => {
    const known = variables({ a: 'object.nope', b: 'variables.a' })
    expect(outcomeOf('variables.b == 1', { variables: known })).toBe(
      'ERROR composited variable "b" fails to evaluate: composited variable "a" fails to evaluate: no such key: nope',
    )
  })

  it('cost once', () => {
    const budget = new Budget(PER_EVALUATION)
    const known = variables({ a: '[1, 2, 3].map(x, x + 1)' }, budget)
    const read = (): unknown => (known as { readonly a: unknown }).a
    read()
    const { left } = budget
    read()
    expect(left).toBeLessThan(PER_EVALUATION)
    expect(budget.left).toBe(left)
  })
})

describe('what an evaluation may cost', () => {
  const DIGITS = '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]'
  const nested = (depth: number): string =>
    depth === 0 ? 'true' : `${DIGITS}.all(x${depth}, ${nested(depth - 1)})`

  it('ends one expression', () => {
    expect(outcomeOf(nested(7))).toBe('ERROR operation cancelled: actual cost limit exceeded')
  })

  it('ends one that keeps quiet about errors', () => {
    expect(outcomeOf(`${nested(7)} || true`)).toBe('ERROR operation cancelled: actual cost limit exceeded')
  })

  it('ends all of a policy', () => {
    const program = new AdmissionProgram(environment, nested(4))
    expect(() => program.evaluate(ACTIVATION, new Budget(1000))).toThrow('running out of cost budget')
  })

  it('counts what is looked through', () => {
    const spent = (object: unknown): number => {
      const budget = new Budget(PER_EVALUATION)
      new AdmissionProgram(environment, '"x" in object').evaluate({ ...ACTIVATION, object }, budget)
      return PER_EVALUATION - budget.left
    }
    expect(spent(Array.from({ length: 1000 }, String)) - spent([])).toBeGreaterThanOrEqual(1000)
  })
})
