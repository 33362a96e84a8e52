/** Writes a file so that nobody ever reads half of it. */

import { open, rename, rm } from 'node:fs/promises'

/** Writes beside the file, flushes, then takes its place. Rejects with the file system's error; then nothing changed. */
export async function writeFileAtomically(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = await open(temporary, 'w', mode)
    try {
      // Whatever the umask, and also when a file of that name was left behind.
      await file.chmod(mode)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
