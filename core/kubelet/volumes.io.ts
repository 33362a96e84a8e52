/**
 * Volumes on disk, below a pod's folder: files in a timestamped folder behind the link `..data`, which is replaced at
 * once, so that readers see the old set or the new one (kubernetes/kubernetes pkg/volume/util/atomic_writer.go).
 */

import { chmod, mkdir, mkdtemp, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import type { VolumeContent, VolumeFile } from './volume-files.ts'

/** @returns the folder to mount. Only for contents that exist ('files', 'empty', 'host'). */
export async function writeVolume(podFolder: string, name: string, content: VolumeContent): Promise<string> {
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
  const fresh = await mkdtemp(join(folder, '..'))
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
  for (const top of new Set(files.map(({ path }) => safePath(path).split('/')[0] ?? ''))) {
    await symlink(join('..data', top), join(folder, top)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
  if (before !== undefined) await rm(join(folder, before), { recursive: true, force: true })
}

/** Validation refuses `..` in paths already; a path may never leave its volume. */
function safePath(path: string): string {
  const clean = normalize(path)
  if (clean.startsWith('..') || clean.startsWith('/'))
    throw new Error(`a path outside of its volume: ${path}`)
  return clean
}
