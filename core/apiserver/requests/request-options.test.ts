/** Query strings and bodies with options, refused in the words of kube-apiserver 1.34. */

import { describe, expect, it } from 'vitest'
import { isApiError } from '../../api/api-error.ts'
import { deleteOptions } from './delete-options.ts'
import { listQuery, watchQuery } from './list-options.ts'
import { listPoint, checkListQuery, pageSize, watchPoint } from './list-query.ts'
import type { ApiRequest } from './request.ts'
import { ANONYMOUS } from './request.ts'
import { readContext, writeContext } from './write-options.ts'

const query = (text: string): URLSearchParams => new URLSearchParams(text)

function refusal(run: () => unknown): string {
  try {
    return JSON.stringify(run())
  } catch (error) {
    if (isApiError(error)) return `${error.code} ${error.message}`
    throw error
  }
}

describe('lists', () => {
  const INVALID = '422 ListOptions.meta.k8s.io "" is invalid: '
  const asked = (text: string): unknown => {
    const wanted = listQuery(query(text), 'default')
    checkListQuery(wanted)
    return listPoint(wanted, 50)
  }
  it.each([
    ['limit=', '400 strconv.ParseInt: parsing "": invalid syntax'],
    ['limit=1.5', '400 strconv.ParseInt: parsing "1.5": invalid syntax'],
    ['limit=0x1', '400 strconv.ParseInt: parsing "0x1": invalid syntax'],
    [
      'limit=99999999999999999999',
      '400 strconv.ParseInt: parsing "99999999999999999999": value out of range',
    ],
    ['limit=-1', '{"kind":"newest"}'],
    ['timeoutSeconds=abc', '400 strconv.ParseInt: parsing "abc": invalid syntax'],
    [
      'resourceVersion=-1',
      '400 invalid resource version: resourceVersion: Invalid value: "-1": strconv.ParseUint: parsing "-1": invalid syntax',
    ],
    [
      'resourceVersion=18446744073709551616',
      '400 invalid resource version: resourceVersion: Invalid value: "18446744073709551616": ' +
        'strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
    ['resourceVersion=51', '504 Timeout: Too large resource version: 51, current: 50'],
    ['resourceVersion=07&limit=1', '{"kind":"exact","revision":7}'],
    [
      'resourceVersionMatch=foo',
      `${INVALID}[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided, ` +
        'resourceVersionMatch: Unsupported value: "foo": supported values: "Exact", "NotOlderThan", ""]',
    ],
    ['continue=x&resourceVersion=7', '400 specifying resource version is not allowed when using continue'],
    [
      'sendInitialEvents=x',
      `${INVALID}sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list`,
    ],
  ])('%s', (text, outcome) => {
    expect(refusal(() => asked(text))).toBe(outcome)
  })

  it('have no pages when any state will do', () => {
    expect(
      ['limit=1', 'limit=1&resourceVersion=0'].map((text) => pageSize(listQuery(query(text), ''))),
    ).toEqual([1, undefined])
  })
})

describe('watches', () => {
  const INVALID = '422 ListOptions.meta.k8s.io "" is invalid: '
  it.each([
    ['', '{"kind":"initial","withBookmark":false}'],
    ['allowWatchBookmarks=x', '{"kind":"initial","withBookmark":true}'],
    ['resourceVersion=0&allowWatchBookmarks=0', '{"kind":"initial","withBookmark":false}'],
    ['resourceVersion=7', '{"kind":"after","revision":7}'],
    [
      'resourceVersion=abc',
      '400 resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    ['limit=', '400 strconv.ParseInt: parsing "": invalid syntax'],
    [
      'continue=x',
      `${INVALID}resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided`,
    ],
    [
      'resourceVersionMatch=Exact',
      `${INVALID}[resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided, ` +
        'resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ],
    [
      'sendInitialEvents=false',
      `${INVALID}resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan`,
    ],
  ])('%s', (text, outcome) => {
    expect(refusal(() => watchPoint(watchQuery(query(text), 'default'), 50))).toBe(outcome)
  })
})

describe('writes', () => {
  const request = (text: string): ApiRequest => ({
    method: 'POST',
    path: '/',
    query: query(text),
    headers: { 'user-agent': 'kubectl/v1.34.4 (linux/amd64)' },
    user: ANONYMOUS,
    body: async () => new Uint8Array(),
    signal: AbortSignal.abort(),
  })
  const context = (text: string, kind: Parameters<typeof writeContext>[2]): unknown => {
    const asked = request(text)
    const { dryRun, fieldManager, fieldValidation } = writeContext(
      asked,
      readContext(asked, () => undefined),
      kind,
    )
    return { dryRun, fieldManager, fieldValidation }
  }
  it.each([
    ['', '{"dryRun":false,"fieldManager":"kubectl"}'],
    ['dryRun=All&dryRun=All&fieldManager=', '{"dryRun":true,"fieldManager":"kubectl"}'],
    ['dryRun=', 'dryRun: Unsupported value: [""]: supported values: "All"'],
    ['dryRun=All&dryRun=x', 'dryRun: Unsupported value: ["All","x"]: supported values: "All"'],
    [`fieldManager=${'a'.repeat(129)}`, 'fieldManager: Too long: may not be more than 128 bytes'],
    ['fieldManager=é%01', 'fieldManager: Invalid value: "é\\x01": invalid character U+0001 (at position 2)'],
    [
      'fieldValidation=strict',
      'fieldValidation: Unsupported value: "strict": supported values: "", "Ignore", "Strict", "Warn"',
    ],
  ])('%s', (text, outcome) => {
    const prefix = outcome.startsWith('{') ? '' : '422 CreateOptions.meta.k8s.io "" is invalid: '
    expect(refusal(() => context(text, { kind: 'CreateOptions' }))).toBe(prefix + outcome)
  })

  it.each([
    ['apply', '', 'fieldManager: Required value: is required for apply patch'],
    ['merge', 'force=false', 'force: Forbidden: may not be specified for non-apply patch'],
  ] as const)('%s %s', (patchType, text, outcome) => {
    expect(refusal(() => context(text, { kind: 'PatchOptions', patchType }))).toBe(
      `422 PatchOptions.meta.k8s.io "" is invalid: ${outcome}`,
    )
  })
})

describe('deletes', () => {
  const INVALID = '422 DeleteOptions.meta.k8s.io "" is invalid: '
  it.each([
    ['gracePeriodSeconds=', undefined, '400 strconv.ParseInt: parsing "": invalid syntax'],
    [
      'gracePeriodSeconds=1.5&propagationPolicy=x',
      undefined,
      '400 strconv.ParseInt: parsing "1.5": invalid syntax',
    ],
    [
      'propagationPolicy=',
      undefined,
      `${INVALID}propagationPolicy: Unsupported value: "": supported values: "Foreground", "Background", "Orphan", "nil"`,
    ],
    ['orphanDependents=x', undefined, '{"propagationPolicy":"Orphan","dryRun":false}'],
    [
      '',
      { propagationPolicy: 'Orphan', orphanDependents: true },
      `${INVALID}propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set`,
    ],
    ['dryRun=All', {}, '{"dryRun":false}'],
    ['uid=x', undefined, '{"preconditions":{"uid":"x"},"dryRun":false}'],
    ['uid=&resourceVersion=0', undefined, '{"preconditions":{"resourceVersion":"0"},"dryRun":false}'],
    ['uid=x', {}, '{"dryRun":false}'],
    [
      '',
      { apiVersion: 'apps/v1', kind: 'DeleteOptions', unknown: 1, preconditions: { uid: '' } },
      '{"preconditions":{"uid":""},"dryRun":false}',
    ],
    [
      '',
      { gracePeriodSeconds: '5' },
      '400 json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
    ],
    [
      '',
      { dryRun: 'All' },
      '400 json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string',
    ],
    [
      '',
      { apiVersion: 'v1', kind: 'Foo' },
      '400 no kind "Foo" is registered for version "v1" in scheme "pkg/apis/meta/internalversion/scheme/register.go:27"',
    ],
  ])('%s %j', (text, body, outcome) => {
    expect(refusal(() => deleteOptions(query(text), body))).toBe(outcome)
  })
})
