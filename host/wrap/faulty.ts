/**
 * A machine on which some calls fail, the same ones for the same seed: what `apply` and the loops around it must
 * survive. Pure: it only passes calls on, or does not.
 */

import { HostError } from '../errors.ts'
import type { Host } from '../host.ts'

export interface FaultyOptions {
  /** in [0, 1), one draw per call */
  readonly draw: () => number
  /** share of calls that fail; default 0.2 */
  readonly rate?: number | undefined
}

/** A call fails before it is made, or after: made, but its success not reported. Both happen in the field. */
export function faulty(host: Host, { draw, rate = 0.2 }: FaultyOptions): Host {
  const before = (what: string, drawn: number): void => {
    if (drawn < rate / 2) throw new HostError('IO', `${what}: made to fail before`)
  }
  const perhaps = async <T>(what: string, call: () => Promise<T>): Promise<T> => {
    const drawn = draw()
    before(what, drawn)
    const result = await call()
    if (drawn < rate) throw new HostError('IO', `${what}: made to fail after`)
    return result
  }
  return {
    ...host,
    commands: {
      run: (argv, options) => perhaps(argv.join(' '), () => host.commands.run(argv, options)),
    },
    namespaces: {
      // Never after: nobody could close what was made.
      createNetwork: async () => {
        before('create network', draw())
        return await host.namespaces.createNetwork()
      },
    },
    links: {
      ...host.links,
      apply: (operations, network) => perhaps('network set-up', () => host.links.apply(operations, network)),
    },
    ledger: {
      ...host.ledger,
      record: (change) => perhaps('ledger', () => host.ledger.record(change)),
    },
  }
}
