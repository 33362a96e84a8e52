/**
 * Progress on standard output: a live line per phase on a terminal, plain lines when piped. The live line is
 * rewritten in place and gone once its phase is done.
 */

export interface Progress {
  /** The phase under way; replaces the one before. */
  phase(text: string): void
  /** A line that stays. */
  line(text: string): void
}

export function terminalProgress(output: NodeJS.WriteStream): Progress {
  return output.isTTY ? liveProgress(output) : plainProgress((text) => output.write(`${text}\n`))
}

function liveProgress(output: NodeJS.WriteStream): Progress {
  const clear = '\r\x1b[2K'
  return {
    phase: (text) => output.write(`${clear}  … ${text}`),
    line: (text) => output.write(`${clear}${text}\n`),
  }
}

/** Every phase that differs from the last one is a line. */
export function plainProgress(write: (text: string) => void): Progress {
  let last = ''
  return {
    phase(text) {
      if (text !== last) write(`  … ${text}`)
      last = text
    },
    line: write,
  }
}
