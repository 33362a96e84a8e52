/** `portolan env`: what to set so that a shell's programs reach this cluster. */

import { dataDirAt, runningInstance } from '../instance.io.ts'

export function env(flags: { dataDir?: string; output: string }): void {
  const instance = runningInstance(dataDirAt(flags.dataDir))
  const proxy = `http://127.0.0.1:${instance.proxyPort}`
  const none = '127.0.0.1,localhost'
  const variables: Readonly<Record<string, string>> = {
    KUBECONFIG: instance.kubeconfig,
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: none,
    // curl reads http_proxy in lower case only.
    http_proxy: proxy,
    https_proxy: proxy,
    no_proxy: none,
  }
  if (flags.output === 'json') {
    process.stdout.write(`${JSON.stringify(variables, null, 2)}\n`)
    return
  }
  for (const [name, value] of Object.entries(variables))
    process.stdout.write(`export ${name}=${quoted(value)}\n`)
}

/** Single quotes, with those inside spelled '\'' as POSIX shells want. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
}
