/**
 * Volumes on disk, below a pod's folder: files in a timestamped folder behind the link `..data`, which is replaced at
 * once, so that readers see the old set or the new one (kubernetes/kubernetes pkg/volume/util/atomic_writer.go).
 */

import { chmod, mkdir, mkdtemp, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import type { VolumeContent, VolumeFile } from './volume-files.ts'

/**
 * The volumes of one pod. Each is written once, however many containers mount it, and one change comes after the
 * other.
 */
export class PodVolumes {
  readonly #podFolder: string
  readonly #folders = new Map<string, Promise<string>>()

  constructor(podFolder: string) {
    this.#podFolder = podFolder
  }

  /** @returns the folder to mount; written now if this is the first to ask. Rejects when it cannot be written. */
  async mounted(name: string, content: () => VolumeContent): Promise<string> {
    const writing = this.#folders.get(name) ?? writeVolume(this.#podFolder, name, content())
    this.#folders.set(name, writing)
    try {
      return await writing
    } catch (error) {
      // The next container, or the next start of this one, tries again.
      if (this.#folders.get(name) === writing) this.#folders.delete(name)
      throw error
    }
  }

  /** Writes a volume anew if it is mounted; what has gone missing leaves the files as they are. */
  async refresh(name: string, content: VolumeContent): Promise<void> {
    const before = this.#folders.get(name)
    if (before === undefined || content.kind !== 'files') return
    const writing = before.then(() => writeVolume(this.#podFolder, name, content))
    this.#folders.set(name, writing)
    await writing
  }
}

/** @returns the folder to mount. Only for contents that exist ('files', 'empty', 'host'). */
async function writeVolume(podFolder: string, name: string, content: VolumeContent): Promise<string> {
  const folder = join(podFolder, 'volumes', name)
  switch (content.kind) {
    case 'host':
      if (content.type === 'DirectoryOrCreate') await mkdir(content.path, { recursive: true })
      return content.path
    case 'empty':
      await mkdir(folder, { recursive: true })
      // Any user of the pod may write there.
      await chmod(folder, 0o777)
      return folder
    case 'files':
      await mkdir(folder, { recursive: true })
      await chmod(folder, 0o755)
      await replaceFiles(folder, content.files)
      return folder
    case 'missing':
    case 'unsupported':
      throw new Error(content.message)
  }
}

async function replaceFiles(folder: string, files: readonly VolumeFile[]): Promise<void> {
  const before = await readlink(join(folder, '..data')).catch(() => undefined)
  const fresh = await mkdtemp(`${folder}/..`)
  await chmod(fresh, 0o755)
  for (const { path, content, mode } of files) {
    const target = join(fresh, safePath(path))
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, content)
    await chmod(target, mode)
  }
  const link = join(folder, '..data_tmp')
  await rm(link, { force: true })
  await symlink(fresh.slice(folder.length + 1), link)
  await rename(link, join(folder, '..data'))
  await linkTops(folder, new Set(files.map(({ path }) => safePath(path).split('/')[0] ?? '')))
  if (before !== undefined) await rm(join(folder, before), { recursive: true, force: true })
}

/** What readers open: a link for each file or folder at the top, none for what is no longer there. */
async function linkTops(folder: string, tops: ReadonlySet<string>): Promise<void> {
  const present = (await readdir(folder)).filter((name) => !name.startsWith('..'))
  for (const name of present) if (!tops.has(name)) await rm(join(folder, name), { force: true })
  for (const top of tops) if (!present.includes(top)) await symlink(join('..data', top), join(folder, top))
}

/** Validation refuses `..` in paths already; a path may never leave its volume. */
function safePath(path: string): string {
  const clean = normalize(path)
  if (clean.startsWith('..') || clean.startsWith('/'))
    throw new Error(`a path outside of its volume: ${path}`)
  return clean
}
