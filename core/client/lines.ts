/** Chunks of bytes to lines of text, as they come. Pure. */

/** Yields each line without its end; a last one without an end is yielded too. Empty lines are left out. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  // Parts of a line not yet ended: joined once, so that a long line costs its length and no more.
  let parts: string[] = []
  for await (const chunk of chunks) {
    const pieces = decoder.decode(chunk, { stream: true }).split('\n')
    const rest = pieces.pop() ?? ''
    for (const piece of pieces) {
      const line = [...parts, piece].join('')
      parts = []
      if (line.trim() !== '') yield line
    }
    parts.push(rest)
  }
  const last = parts.join('')
  if (last.trim() !== '') yield last
}
