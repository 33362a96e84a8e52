/** Reads and writes kubeconfig files. */

import { mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { writeFileAtomically } from './atomic-file.io.ts'
import type { ClientConfig } from './kubeconfig.ts'
import { KubeconfigError, parseKubeconfig, printKubeconfig } from './kubeconfig.ts'

/** Writes the file for its owner alone, in one step. */
export async function writeKubeconfig(path: string, name: string, config: ClientConfig): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFileAtomically(path, printKubeconfig(name, config), 0o600)
}

/**
 * @param path a kubeconfig; of a `$KUBECONFIG` list, the caller chooses one
 * @param context default: the file's current-context
 * @throws KubeconfigError naming the file, also when it cannot be read
 */
export async function readKubeconfig(path: string, context?: string): Promise<ClientConfig> {
  try {
    const parsed = parseKubeconfig(await readFile(path, 'utf8'), context)
    const beside = async (file: string | undefined): Promise<string | undefined> =>
      file === undefined ? undefined : await readFile(resolve(dirname(path), file), 'utf8')
    return {
      server: parsed.server,
      caCertificate: parsed.caCertificate ?? (await beside(parsed.caCertificateFile)),
      clientCertificate: parsed.clientCertificate ?? (await beside(parsed.clientCertificateFile)),
      clientKey: parsed.clientKey ?? (await beside(parsed.clientKeyFile)),
      token: parsed.token ?? (await beside(parsed.tokenFile))?.trim(),
      tlsServerName: parsed.tlsServerName,
      skipTlsVerify: parsed.skipTlsVerify,
      namespace: parsed.namespace,
    }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    throw Object.assign(new KubeconfigError(`${path}: ${detail}`), { cause: error })
  }
}
