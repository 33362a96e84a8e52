/** DNS answers as short text, for tables of cases: `NOERROR | web.shop.svc.cluster.local. 5 A 10.96.0.7`. */

import type { Answer } from '../../dns/answer.ts'
import type { RecordData, ResourceRecord } from '../../dns/message.ts'
import { RCODE, TYPE } from '../../dns/message.ts'
import { nameText } from '../../dns/names.ts'

const nameOf = (table: Readonly<Record<string, number>>, value: number): string =>
  Object.entries(table).find(([, number]) => number === value)?.[0] ?? `TYPE${value}`

export const typeName = (type: number): string => nameOf(TYPE, type)
export const rcodeName = (rcode: number): string => nameOf(RCODE, rcode)

export function recordText({ name, ttl, type, data }: ResourceRecord): string {
  return `${nameText(name)} ${ttl} ${typeName(type)} ${dataText(data)}`
}

function dataText(data: RecordData): string {
  switch (data.kind) {
    case 'address':
      return data.address
    case 'name':
      return nameText(data.target)
    case 'preference':
      return `${data.preference} ${nameText(data.target)}`
    case 'service':
      return `${data.priority} ${data.weight} ${data.port} ${nameText(data.target)}`
    case 'soa':
      return [
        nameText(data.primary),
        nameText(data.mailbox),
        data.serial,
        data.refresh,
        data.retry,
        data.expire,
        data.minimum,
      ].join(' ')
    case 'text':
      return data.strings.map((string) => JSON.stringify(string)).join(' ')
    case 'raw':
      return data.bytes.toString('hex')
  }
}

/** Rcode, then answers, `additional`, `authority`, sorted within each; an SOA in authority shows as `SOA zone`. */
export function answerText(answer: Answer): readonly string[] {
  switch (answer.kind) {
    case 'forward':
    case 'refused':
      return [answer.kind]
    case 'chase':
      return ['chase', ...answer.aliases.map(recordText), nameText(answer.target)]
    case 'answered': {
      const authority = answer.authority.map((record) =>
        record.type === TYPE.SOA ? `SOA ${nameText(record.name)}` : recordText(record),
      )
      const additional = answer.additional.map((record) => `+ ${recordText(record)}`)
      const answers = answer.answers.map(recordText)
      return [rcodeName(answer.rcode), ...answers.toSorted(), ...additional.toSorted(), ...authority]
    }
  }
}
