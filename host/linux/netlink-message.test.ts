import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeAck, decodeReplies, encodeRequests } from './netlink-message.ts'
import { decodeAddress, decodeLink, decodeRoute } from './rtnetlink-reply.ts'
import { changeAddress, changeRoute, linkUp, newVeth } from './rtnetlink-request.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

it('encodes a link coming up as rtnetlink(7) lays it out', () => {
  expect(hex(encodeRequests([linkUp('lo')], 7))).toBe(
    [
      '28000000' + '1000' + '0500' + '07000000' + '00000000', // 40 bytes, RTM_NEWLINK, REQUEST|ACK, sequence 7
      '00000000' + '00000000' + '01000000' + '01000000', // any index, IFF_UP of IFF_UP
      '0700' + '0300' + '6c6f0000', // IFLA_IFNAME "lo", padded
    ].join(''),
  )
})

it('puts several requests into one datagram, each with its own sequence number', () => {
  const datagram = encodeRequests([linkUp('lo'), changeAddress('add', 3, '192.0.2.1/24')], 41)
  expect(decodeReplies(datagram).map(({ type, sequence }) => ({ type, sequence }))).toEqual([
    { type: 16, sequence: 41 },
    { type: 20, sequence: 42 },
  ])
})

it.each([
  { request: newVeth('ptl1', { name: 'eth0', networkFd: undefined }), read: 'ptl1' },
  { request: newVeth('a-name-of-15-ch', { name: 'eth0', networkFd: 9 }), read: 'a-name-of-15-ch' },
])('names the near end of a veth $read', ({ request, read }) => {
  const [message] = decodeReplies(encodeRequests([request], 1))
  expect(message && decodeLink(message)?.name).toBe(read)
})

const octet = fc.integer({ min: 0, max: 255 })
const address = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'))
const bits = fc.integer({ min: 1, max: 32 })

it('reads back the addresses it writes', () => {
  fc.assert(
    fc.property(address, bits, fc.integer({ min: 1, max: 1e6 }), (ip, length, linkIndex) => {
      const [message] = decodeReplies(encodeRequests([changeAddress('add', linkIndex, `${ip}/${length}`)], 1))
      expect(message && decodeAddress(message)).toEqual({ linkIndex, address: `${ip}/${length}` })
    }),
  )
})

it('reads back the routes it writes', () => {
  fc.assert(
    fc.property(address, bits, fc.option(address, { nil: undefined }), (ip, length, via) => {
      const route = { to: `${ip}/${length}`, linkIndex: 5, via, source: '192.0.2.9' }
      const [message] = decodeReplies(encodeRequests([changeRoute('add', route)], 1))
      expect(message && decodeRoute(message)).toEqual({ ...route, type: 'unicast', table: 254 })
    }),
  )
})

it.each([
  ['a missing length', '192.0.2.1'],
  ['a length above 32', '192.0.2.0/33'],
  ['five parts', '192.0.2.1.1/32'],
  ['IPv6', '2001:db8::1/64'],
])('refuses an address with %s', (_what, text) => {
  expect(() => changeAddress('add', 1, text)).toThrow(RangeError)
})

it('reads the kernel’s own words in a refusal', () => {
  // NLMSG_ERROR, CAPPED|ACK_TLVS; -ENETUNREACH; header of the request; NLMSGERR_ATTR_MSG "bad"
  const body = Buffer.alloc(4 + 16 + 8)
  body.writeInt32LE(-101, 0)
  body.writeUInt32LE(52, 4)
  body.writeUInt16LE(8, 20)
  body.writeUInt16LE(1, 22)
  body.write('bad\0', 24)
  expect(decodeAck({ type: 2, flags: 0x300, sequence: 1, body })).toEqual({ errno: 101, message: 'bad' })
})

it('survives any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const reply of decodeReplies(Buffer.from(bytes))) expect(reply.body.length).toBeLessThan(200)
    }),
  )
})
