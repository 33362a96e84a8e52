/** Reads what `-f` names: a file, a folder (its .yaml, .yml and .json files, in name order, not below), `-` for stdin. */

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from './errors.ts'
import type { ManifestText } from './manifests.ts'

/** More than any manifest people write by hand; a wrong path such as a disk image is refused early. */
const MAX_FILE_BYTES = 32 * 1024 * 1024

/** @throws CliError that names the path which cannot be read */
export function readManifests(paths: readonly string[]): readonly ManifestText[] {
  return paths.flatMap((path) => (path === '-' ? [readStdin()] : readPath(path)))
}

function readStdin(): ManifestText {
  return { source: '<stdin>', text: readFileSync(0, 'utf8') }
}

function readPath(path: string): readonly ManifestText[] {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) throw new CliError(`the path ${JSON.stringify(path)} does not exist`)
  if (!stat.isDirectory()) return [readOne(path)]
  const names = readdirSync(path).filter((name) => /\.(ya?ml|json)$/.test(name))
  if (names.length === 0)
    throw new CliError(`the folder ${JSON.stringify(path)} has no .yaml, .yml or .json file`)
  return names
    .toSorted()
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .map(readOne)
}

function readOne(path: string): ManifestText {
  if (statSync(path).size > MAX_FILE_BYTES) throw new CliError(`${path}: larger than ${MAX_FILE_BYTES} bytes`)
  try {
    return { source: path, text: readFileSync(path, 'utf8') }
  } catch (error) {
    throw new CliError(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
