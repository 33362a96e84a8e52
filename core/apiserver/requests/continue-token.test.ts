/** Continue tokens: ours are read back, all else is refused in the words of kube-apiserver 1.34. */

import { describe, expect, it } from 'vitest'
import { decodeContinue, encodeContinue } from './continue-token.ts'

const encoded = (json: string): string => Buffer.from(json).toString('base64url')

describe('continue tokens', () => {
  it('are read back', () => {
    const token = { revision: 7, start: 'default/a\0' }
    expect(decodeContinue(encodeContinue(token))).toEqual(token)
  })

  it.each([
    ['abc', ": invalid character 'i' looking for beginning of value"],
    ['a b', ': illegal base64 data at input byte 1'],
    ['abcd=', ': illegal base64 data at input byte 4'],
    ['abcde', ': illegal base64 data at input byte 4'],
    [encoded('{'), ': unexpected end of JSON input'],
    [encoded('{}'), ': server does not recognize this encoded version '],
    [encoded('{"v":"x"}'), ': server does not recognize this encoded version x'],
    [encoded('[]'), ': json: cannot unmarshal array into Go value of type storage.continueToken'],
    [
      encoded('{"v":5}'),
      ': json: cannot unmarshal number into Go struct field continueToken.v of type string',
    ],
    [
      encoded('{"rv":1.5}'),
      ': json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64',
    ],
    [
      encoded('{"v":"meta.k8s.io/v1","start":"a"}'),
      ': incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    ],
    [encoded('{"v":"meta.k8s.io/v1","rv":1}'), ': encoded start key empty (version meta.k8s.io/v1)'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"a/../../b"}'), ': a/../../b'],
  ])('%s is refused%s', (text, why) => {
    expect(() => decodeContinue(text)).toThrow(`invalid continue token: continue key is not valid${why}`)
  })
})
