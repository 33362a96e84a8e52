/** Which expressions of admission policies are good, and what is said of those that are not: as kube-apiserver 1.34 does. */

import { describe, expect, it } from 'vitest'
import { checkingEnvironment, withVariables } from './admission-environment.ts'
import type { TypeKind } from './check/types.ts'
import { BOOL, INT, STRING, listOf } from './check/types.ts'
import { checked } from './compile.ts'

const environment = checkingEnvironment({ hasParams: false, hasAuthorizer: true })

function faultOf(expression: string, returns: readonly TypeKind[] = ['bool']): string | undefined {
  const outcome = checked(environment, expression, returns)
  return 'fault' in outcome ? outcome.fault : undefined
}

/** Faults without the lines they are in. */
const places = (fault: string | undefined): string =>
  fault?.startsWith('compilation failed')
    ? [...fault.matchAll(/ERROR: <input>:(.*)/g)].map(([, place]) => place).join('\n')
    : (fault ?? '')

describe('expressions', () => {
  it.each([
    'object.a.b.c > 1',
    'request.namespace == ""',
    'authorizer.group("").resource("pods").check("get").allowed()',
    'object.spec[1.5] == 1',
    '"%d".format([1]) == "1"',
    'request == null',
    'authorizer.requestResource.check("x").allowed()',
    'dyn(1) == "a"',
    'type(object) == map',
    'object == null',
    'namespaceObject == null',
    'request.options == 1',
    '[].all(x, x.y == 1)',
    'strings.quote("a") == ""',
    'object.all(i, v, true)',
    '[1].transformList(i, v, v) == [1]',
    'object.x.exists_one(i, i)',
    'object.x.existsOne(i, j, true)',
    'dyn([1]) == 1',
    'object.metadata.name.startsWith("x") && size(object.spec.containers) <= 5',
    'object.spec.containers.all(c, c.image.contains(":") && !c.image.endsWith(":latest"))',
    'has(object.metadata.labels) && "a" in object.metadata.labels',
    '!has(object.spec.x) || object.spec.x == oldObject.spec.x',
    'object.metadata.?labels[?"a"].orValue("") == "b"',
    'object.spec.replicas <= int(object.metadata.annotations["max"])',
    'request.userInfo.username.matches("^a.*$")',
    'timestamp(object.metadata.creationTimestamp) < timestamp("2030-01-01T00:00:00Z")',
    'quantity(object.spec.resources.limits.memory).isLessThan(quantity("1Gi"))',
    'object.x.map(i, i.name).filter(n, n != "").size() == 0',
    '[1,2,3].max() > 2',
    '[1,2].indexOf(2) == 1',
    'object.items.map(i, i.x).sum() > 3',
    'string(object.x) + "a" == "b"',
    '"a,b".split(",").join(";") == "a;b"',
    'object.x.lowerAscii() == "a"',
    'object.list.exists(x, x.name == "a" && x.value == "b")',
    'type(object.x) == string',
    'request.options.fieldManager == "x"',
    'oldObject == null || object.spec == oldObject.spec',
    '(request.operation == "CREATE" ? object : oldObject).metadata.name == "x"',
    'object.x.isSorted()',
    'object.metadata.labels.all(k, k.startsWith("a"))',
    'object.metadata.labels.exists(k, object.metadata.labels[k] == "v")',
    '"abc".substring(1,2) == "b"',
    '"abc".find("b") == "b"',
    'isURL("http://x") && url("http://x").getHost() == "x"',
    'cidr("10.0.0.0/8").containsIP("10.1.1.1")',
    'cidr("10.0.0.0/8").containsIP(ip("10.1.1.1"))',
    '!format.dns1123Label().validate("x").hasValue()',
    'format.named("x").hasValue()',
    'sets.intersects(object.x, ["a"])',
    'object.x + 1 > 2',
    'object.x * 2.0 > 3.0',
    '5 % 2 == 1',
    'duration(object.x).getSeconds() > 1',
    'timestamp(object.x).getFullYear() == 2020',
    'true < false',
    'null == null',
    'object.x == [1,2]',
    'object.x == {"a": 1}',
    '{"a": 1}.a == 1',
    '{"a": 1}.b == 1',
    '[1,2][0] == 1',
    '"a".size() == 1',
    'b"abc".size() == 3',
    'bytes("a") == b"a"',
    'double("1.5") > 1.0',
    'uint(1) == 1u',
    'int(1.5) == 1',
    'bool("true")',
    'string(1) == "1"',
    'optional.none().hasValue()',
    'optional.ofNonZeroValue("").hasValue()',
    'object.?x.optMap(v, v + 1).orValue(0) == 1',
    'object.?x.optFlatMap(v, v.?y).hasValue()',
    'object.?x.or(object.?y).hasValue()',
    'object.spec.template.spec.containers[0].image == "x"',
    'object.x.replace("a","b") == "c"',
    'object.x.trim() == "a"',
    '1 in [1,2]',
    '"a" in {"a": 1}',
    'object.a && object.b || !object.c',
    '"a" == \'a\'',
    'r"\\d" == ""',
    "'''a''' == \"a\"",
    '0x1F == 31',
    '1e3 == 1000.0',
    '-1 < 0',
    '--1 > 0',
    '!!true',
    '1 - -1 == 2',
    'object.x.y.z[0]["a"].b == 1',
    '// comment\ntrue',
    'true // c',
    'object.x.all(c, c.y.all(c, c == 1))',
    'object.matches("x")',
    'matches("a","b")',
    '"a".matches(object.x)',
    'has(object.x.y)',
    'has(request.namespace)',
    'has(namespaceObject.metadata.labels)',
    'object.__x == 1',
  ])('%j is good', (expression) => {
    expect(faultOf(expression)).toBeUndefined()
  })

  it.each<[string, string]>([
    ['foo > 1', "1:1: undeclared reference to 'foo' (in container '')"],
    ['1 + "a"', "1:3: found no matching overload for '_+_' applied to '(int, string)'"],
    ['object.foo.nope("x")', "1:16: undeclared reference to 'nope' (in container '')"],
    ['"a".nope()', "1:9: undeclared reference to 'nope' (in container '')"],
    ['nope("x", 1)', "1:5: undeclared reference to 'nope' (in container '')"],
    [
      'request.a + undefd.b',
      "1:8: undefined field 'a'\n1:13: undeclared reference to 'undefd' (in container '')",
    ],
    ['  1 + (2 + "a")', "1:10: found no matching overload for '_+_' applied to '(int, string)'"],
    ['object.x.all(i, i.foo == und)', "1:26: undeclared reference to 'und' (in container '')"],
    ['[1].map(x, x + "a") == []', "1:14: found no matching overload for '_+_' applied to '(int, string)'"],
    ['true && 1', "1:9: expected type 'bool' but found 'int'"],
    ['!1', "1:1: found no matching overload for '!_' applied to '(int)'"],
    ['1 ? 2 : 3', "1:3: found no matching overload for '_?_:_' applied to '(int, int, int)'"],
    ['has(object)', '1:5: invalid argument to has() macro'],
    [
      '1 + ',
      "1:5: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    ['object.', "1:8: Syntax error: no viable alternative at input '.'"],
    ['a b', "1:3: Syntax error: extraneous input 'b' expecting <EOF>"],
    ['[1,2', "1:5: Syntax error: mismatched input '<EOF>' expecting {']', ','}"],
    [
      '{"a":}',
      "1:6: Syntax error: mismatched input '}' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    [
      'object.x ==',
      "1:12: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    [
      '&& true',
      "1:1: Syntax error: extraneous input '&&' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    ['object.namespace', 'must evaluate to bool but got dyn'],
    ['object.spec.if', 'must evaluate to bool but got dyn'],
    ['namespaceObject.metadata.foo == ""', "1:25: undefined field 'foo'"],
    ['object', 'must evaluate to bool but got dyn'],
    ['"a"', 'must evaluate to bool but got string'],
    ['1', 'must evaluate to bool but got int'],
    ['[1,"a"] == []', "1:4: expected type 'int' but found 'string'"],
    ['{"a":1,"b":"c"} == {}', "1:12: expected type 'int' but found 'string'"],
    [
      'request.userInfo.groups.all(g, g > 1)',
      "1:34: found no matching overload for '_>_' applied to '(string, int)'",
    ],
    ['params.x', "1:1: undeclared reference to 'params' (in container '')"],
    ['variables.x', "1:1: undeclared reference to 'variables' (in container '')"],
    ['authorizer.x', "1:11: unexpected failed resolution of 'kubernetes.authorization.Authorizer'"],
    ['1 == 1.0', "1:3: found no matching overload for '_==_' applied to '(int, double)'"],
    [
      'object.x == "a" || und1 || und2',
      "1:20: undeclared reference to 'und1' (in container '')\n1:28: undeclared reference to 'und2' (in container '')",
    ],
    [
      'timestamp("x") == timestamp("y")',
      '1:11: invalid timestamp argument\n1:29: invalid timestamp argument',
    ],
    ['"a".matches("[")', '1:13: invalid matches argument'],
    ['duration("x") == duration("y")', '1:10: invalid duration argument\n1:27: invalid duration argument'],
    ['object.x.foo()', "1:13: undeclared reference to 'foo' (in container '')"],
    ['size(1) > 0', "1:5: found no matching overload for 'size' applied to '(int)'"],
    ['true ? 1 : "a"', "1:6: found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
    ['"a".startsWith(1)', "1:15: found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ['[1][0.5] == 1', "1:4: found no matching overload for '_[_]' applied to '(list(int), double)'"],
    [
      'string(request) == ""',
      "1:7: found no matching overload for 'string' applied to '(kubernetes.AdmissionRequest)'",
    ],
    [
      'namespaceObject.metadata.creationTimestamp == ""',
      "1:44: found no matching overload for '_==_' applied to '(timestamp, string)'",
    ],
    ['a.b.c == 1', "1:1: undeclared reference to 'a' (in container '')"],
    ['object.x\n  == foo', "2:6: undeclared reference to 'foo' (in container '')"],
    ['optional.of(1)', 'must evaluate to bool but got optional_type(int)'],
    ['object.?x', 'must evaluate to bool but got optional_type(dyn)'],
    ['null', 'must evaluate to bool but got null_type'],
    [
      'request.kind.kind == "Pod" && request.resource.resource == 1',
      "1:57: found no matching overload for '_==_' applied to '(string, int)'",
    ],
    ['[object.x, "a"] == []', "1:12: expected type 'dyn' but found 'string'"],
    ['object.x in ["a", object.y]', "1:25: expected type 'string' but found 'dyn'"],
    ['["a",object.x] == []', "1:12: expected type 'string' but found 'dyn'"],
    ['request.name.foo == 1', "1:13: type 'string' does not support field selection"],
    [
      'request.userInfo.groups == null',
      "1:25: found no matching overload for '_==_' applied to '(list(string), null)'",
    ],
    ['-"a" == 1', "1:1: found no matching overload for '-_' applied to '(string)'"],
    ['"a" in 1', "1:5: found no matching overload for '@in' applied to '(string, int)'"],
    ['request.dryRun > 1', "1:16: found no matching overload for '_>_' applied to '(bool, int)'"],
    ['[1] + ["a"] == []', "1:5: found no matching overload for '_+_' applied to '(list(int), list(string))'"],
    ['object.all(1, true)', '1:12: argument must be a simple name'],
    ['object.all(i, 1)', "1:15: expected type 'bool' but found 'int'"],
    [
      'object.filter(i, 1) == []',
      "1:14: found no matching overload for '_?_:_' applied to '(int, list(dyn), list(dyn))'",
    ],
    ['[[1],["a"]] == []', "1:6: expected type 'list(int)' but found 'list(string)'"],
    ['1u == 1', "1:4: found no matching overload for '_==_' applied to '(uint, int)'"],
    ['1u + 1 == 2', "1:4: found no matching overload for '_+_' applied to '(uint, int)'"],
    ['size(object) > "a"', "1:14: found no matching overload for '_>_' applied to '(int, string)'"],
    ['duration("1s") > 1', "1:16: found no matching overload for '_>_' applied to '(duration, int)'"],
    ['ip("1.2.3.4") == 1', "1:15: found no matching overload for '_==_' applied to '(net.IP, int)'"],
    [
      'quantity("1") > 1',
      "1:15: found no matching overload for '_>_' applied to '(kubernetes.Quantity, int)'",
    ],
    [
      'url("http://a") == ""',
      "1:17: found no matching overload for '_==_' applied to '(kubernetes.URL, string)'",
    ],
    [
      'cidr("1.2.3.0/24") == ""',
      "1:20: found no matching overload for '_==_' applied to '(net.CIDR, string)'",
    ],
    [
      'format.dns1123Label() == 1',
      "1:23: found no matching overload for '_==_' applied to '(kubernetes.NamedFormat, int)'",
    ],
    [
      'semver("1.0.0") == 1',
      "1:17: found no matching overload for '_==_' applied to '(kubernetes.Semver, int)'",
    ],
    [
      'optional.of(1) == 1',
      "1:16: found no matching overload for '_==_' applied to '(optional_type(int), int)'",
    ],
    ['object.?x.foo() == 1', "1:14: undeclared reference to 'foo' (in container '')"],
    ['b"a" == 1', "1:6: found no matching overload for '_==_' applied to '(bytes, int)'"],
    ['{"a":1} == 1', "1:9: found no matching overload for '_==_' applied to '(map(string, int), int)'"],
    ['oldObject.x && request.name', "1:23: expected type 'bool' but found 'string'"],
    [
      'authorizer.path("x") == 1',
      "1:22: found no matching overload for '_==_' applied to '(kubernetes.authorization.PathCheck, int)'",
    ],
    [
      'authorizer.group("x") == 1',
      "1:23: found no matching overload for '_==_' applied to '(kubernetes.authorization.GroupCheck, int)'",
    ],
    [
      'authorizer.group("x").resource("y") == 1',
      "1:37: found no matching overload for '_==_' applied to '(kubernetes.authorization.ResourceCheck, int)'",
    ],
    [
      'authorizer.group("x").resource("y").check("z") == 1',
      "1:48: found no matching overload for '_==_' applied to '(kubernetes.authorization.Decision, int)'",
    ],
    [
      'authorizer == 1',
      "1:12: found no matching overload for '_==_' applied to '(kubernetes.authorization.Authorizer, int)'",
    ],
    [
      'authorizer.requestResource == 1',
      "1:28: found no matching overload for '_==_' applied to '(kubernetes.authorization.ResourceCheck, int)'",
    ],
    [
      'namespaceObject == 1',
      "1:17: found no matching overload for '_==_' applied to '(kubernetes.Namespace, int)'",
    ],
    [
      'namespaceObject.spec == 1',
      "1:22: found no matching overload for '_==_' applied to '(kubernetes.NamespaceSpec, int)'",
    ],
    [
      'namespaceObject.status.conditions[0] == 1',
      "1:38: found no matching overload for '_==_' applied to '(kubernetes.NamespaceCondition, int)'",
    ],
    [
      'request.kind == 1',
      "1:14: found no matching overload for '_==_' applied to '(kubernetes.GroupVersionKind, int)'",
    ],
    [
      'request.resource == 1',
      "1:18: found no matching overload for '_==_' applied to '(kubernetes.GroupVersionResource, int)'",
    ],
    [
      'request.userInfo == 1',
      "1:18: found no matching overload for '_==_' applied to '(kubernetes.UserInfo, int)'",
    ],
    ['true == 1', "1:6: found no matching overload for '_==_' applied to '(bool, int)'"],
    ['false || "a"', "1:10: expected type 'bool' but found 'string'"],
    ['"a" ? true : false', "1:5: found no matching overload for '_?_:_' applied to '(string, bool, bool)'"],
    ['object.x(1)', "1:9: undeclared reference to 'x' (in container '')"],
    [
      'request.name(1)',
      "1:13: found no matching overload for 'name' applied to 'kubernetes.AdmissionRequest.(int)'",
    ],
    ['"%d".format(1) == ""', "1:12: found no matching overload for 'format' applied to 'string.(int)'"],
    ['"a".find(1)==""', "1:9: found no matching overload for 'find' applied to 'string.(int)'"],
    ['"a".charAt(0) == 1', "1:15: found no matching overload for '_==_' applied to '(string, int)'"],
    [
      'math.greatest(1,2) == 1',
      "1:1: undeclared reference to 'math' (in container '')\n1:14: undeclared reference to 'greatest' (in container '')",
    ],
    [
      'base64.encode(b"a") == ""',
      "1:1: undeclared reference to 'base64' (in container '')\n1:14: undeclared reference to 'encode' (in container '')",
    ],
    ['[1].flatten() == [1]', "1:12: undeclared reference to 'flatten' (in container '')"],
    [
      'lists.range(3) == [1]',
      "1:1: undeclared reference to 'lists' (in container '')\n1:12: undeclared reference to 'range' (in container '')",
    ],
    ['int("x") == "a"', "1:10: found no matching overload for '_==_' applied to '(int, string)'"],
    ['x', "1:1: undeclared reference to 'x' (in container '')"],
    ['a.', "1:3: Syntax error: no viable alternative at input '.'"],
    ['(1', "1:3: Syntax error: missing ')' at '<EOF>'"],
    ['1 2', "1:3: Syntax error: extraneous input '2' expecting <EOF>"],
    ['object["a"', "1:11: Syntax error: missing ']' at '<EOF>'"],
    ['@a', "1:1: Syntax error: token recognition error at: '@'"],
    ['a ? b', "1:6: Syntax error: mismatched input '<EOF>' expecting ':'"],
    ['a &', "1:3: Syntax error: token recognition error at: '&'"],
    ['1.0 * 2 == 2.0', "1:5: found no matching overload for '_*_' applied to '(double, int)'"],
    ['5.0 % 2.0 == 1.0', "1:5: found no matching overload for '_%_' applied to '(double, double)'"],
    ['"a" * 2 == "aa"', "1:5: found no matching overload for '_*_' applied to '(string, int)'"],
    ['"a" < 1', "1:5: found no matching overload for '_<_' applied to '(string, int)'"],
    ['[1] < [2]', "1:5: found no matching overload for '_<_' applied to '(list(int), list(int))'"],
    ['[1,2].foo', "1:6: type 'list(int)' does not support field selection"],
    ['"x" + 1u == "x1"', "1:5: found no matching overload for '_+_' applied to '(string, uint)'"],
    ['object.a ? object.b : object.c', 'must evaluate to bool but got dyn'],
    ['object.a ? "x" : "y"', 'must evaluate to bool but got string'],
    [
      'size("a") == 1 ? true : 1',
      "1:16: found no matching overload for '_?_:_' applied to '(bool, bool, int)'",
    ],
    ['not true', "1:5: Syntax error: extraneous input 'true' expecting <EOF>"],
    ['has(object.x["y"])', '1:13: invalid argument to has() macro'],
    ['has(request.foo)', "1:4: undefined field 'foo'"],
    ['oldObject.x', 'must evaluate to bool but got dyn'],
    ['__x == 1', "1:1: undeclared reference to '__x' (in container '')"],
    ['object.x-y == 1', "1:10: undeclared reference to 'y' (in container '')"],
    ['quantity("1").x == 1', "1:14: unexpected failed resolution of 'kubernetes.Quantity'"],
    ['type(1) == kubernetes.URL', "1:12: undeclared reference to 'kubernetes' (in container '')"],
    ['type(1) == dyn', "1:12: undeclared reference to 'dyn' (in container '')"],
    ['object.type(1)', "1:12: found no matching overload for 'type' applied to 'dyn.(int)'"],
    [
      'optional_type == 1',
      "1:15: found no matching overload for '_==_' applied to '(type(optional_type), int)'",
    ],
    [
      'google.protobuf.Timestamp == 1',
      "1:27: found no matching overload for '_==_' applied to '(type(timestamp), int)'",
    ],
    ['timestamp("2020-01-01T00:00:00Z")', 'must evaluate to bool but got google.protobuf.Timestamp'],
    ['{"a":duration("1s")}', 'must evaluate to bool but got map(string, google.protobuf.Duration)'],
    ['type(1)', 'must evaluate to bool but got type(int)'],
    [
      '"%d".format([[1]]) == ""',
      '1:14: error during formatting: decimal clause can only be used on integers, was given list',
    ],
    [
      'authorizer.name("x")',
      "1:16: found no matching overload for 'name' applied to 'kubernetes.authorization.Authorizer.(string)'",
    ],
    ['if', '1:1: reserved identifier: if'],
    ['a b c', "1:3: Syntax error: mismatched input 'b' expecting <EOF>"],
    ['"a" "b"', '1:5: Syntax error: extraneous input \'"b"\' expecting <EOF>'],
    ['[1 2]', "1:4: Syntax error: extraneous input '2' expecting {']', ','}"],
    ['{"a":1', "1:7: Syntax error: mismatched input '<EOF>' expecting {'}', ','}"],
    ['{"a" 1}', "1:6: Syntax error: missing ':' at '1'"],
    ['size(1 2)', "1:8: Syntax error: extraneous input '2' expecting ')'"],
    [
      'size("a", )',
      "1:11: Syntax error: mismatched input ')' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    [
      'object[',
      "1:8: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    ],
    [
      'a @ b',
      "1:3: Syntax error: token recognition error at: '@'\n1:5: Syntax error: extraneous input 'b' expecting <EOF>",
    ],
    [
      'object.x = 1',
      "1:10: Syntax error: token recognition error at: '= '\n1:12: Syntax error: extraneous input '1' expecting <EOF>",
    ],
    ['99999999999999999999', '1:1: invalid int literal'],
    ['1e400', '1:1: invalid double literal'],
    ['object.all(x.y, true)', '1:13: argument must be a simple name'],
    ['object.map(1, 2)', '1:12: argument is not an identifier'],
    ['object.optMap(1, 2)', '1:15: optMap() variable name must be a simple identifier'],
    ['object.all(i, i, true)', '1:15: duplicate variable name: i'],
    ['object.all(__result__, true)', '1:12: iteration variable overwrites accumulator variable'],
  ])('%j is not: %s', (expression, expected) => {
    expect(places(faultOf(expression))).toBe(expected)
  })

  it('have patterns that are some, in both forms', () => {
    expect(faultOf('matches("[", "a")')).toBeUndefined()
    expect(places(faultOf('matches(object.x, "[")'))).toBe('1:19: invalid matches argument')
  })

  it.each([
    ['int("x") == 1', "type conversion error from 'string' to 'int'"],
    ['int("9223372036854775808") == 1', "type conversion error from 'string' to 'int'"],
    ['int(dyn("a")) == 1', "type conversion error from 'string' to 'int'"],
    [
      'duration(string(1)) == duration("1s")',
      "type conversion error from 'string' to 'google.protobuf.Duration'",
    ],
    ['int(1.5e30) == 1', 'integer overflow'],
    ['uint(-1) == 1u', 'unsigned integer overflow'],
    ['string(null) == ""', 'no such overload: string(null_type)'],
    ['string(b"\\xff") == ""', 'invalid UTF-8 in bytes, cannot convert to string'],
  ])('%j is fine, and cannot be prepared: %s', (expression, why) => {
    const fault = `program instantiation failed: ${why}`
    expect(checked(environment, expression, ['bool'])).toEqual({ fault, isInternal: true })
  })

  it('are shown with a caret under what is wrong', () => {
    expect(faultOf("'é' + 1 == ''")).toBe(
      "compilation failed: ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'\n | 'é' + 1 == ''\n | .．..^",
    )
    expect(faultOf('true &&\n  foo')).toBe(
      "compilation failed: ERROR: <input>:2:3: undeclared reference to 'foo' (in container '')\n |   foo\n | ..^",
    )
  })

  it.each<[string, readonly TypeKind[], string | undefined]>([
    ['"a"', ['string'], undefined],
    ['object.x', ['string'], 'must evaluate to string but got dyn'],
    ['1', ['string', 'null'], 'must evaluate to one of [string null_type] but got int'],
    ['null', ['string', 'null'], undefined],
  ])('%s may be %j: %s', (expression, returns, expected) => {
    expect(faultOf(expression, returns)).toBe(expected)
  })

  it.each([
    ['sums', Array(4900).fill('1').join('+'), 'nested too deeply'],
    ['negations', `${'!'.repeat(9000)}true`, 'nested too deeply'],
    ['brackets', '('.repeat(2000), 'Exceeded maxDepth'],
    ['optionals of optionals', `object.?x${'.optMap(v, v)'.repeat(40)}`, 'expression is too large'],
    ['strange characters', '#'.repeat(60_000), "token recognition error at: '#'"],
  ])('that go on too long are stopped: %s', (_what, expression, why) => {
    expect(faultOf(expression)).toContain(why)
  })

  it('know the types of variables', () => {
    const known = withVariables(environment, { a: INT, b: listOf(STRING) })
    expect(checked(known, 'variables.b.exists(x, x == "y") && variables.a > 0')).toEqual({ type: BOOL })
    expect(checked(known, 'variables.a == "x"')).toMatchObject({
      fault: expect.stringContaining('(int, string)'),
    })
    expect(checked(known, 'variables.c')).toMatchObject({
      fault: expect.stringContaining("undefined field 'c'"),
    })
  })
})
