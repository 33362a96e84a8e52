/** Waits for what other loops of this process bring about. */

/** Resolves once `holds` does, looking every 10 ms; rejects, naming it, after 10 s. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`did not come about: ${what}`)
    // oxlint-disable-next-line no-await-in-loop -- a poll
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
