/**
 * A kubeconfig file's text, both ways, and what a client needs of it: which server, trusted how, as whom. Pure.
 * kubernetes/client-go tools/clientcmd/api/v1/types.go.
 */

import { parse, stringify } from 'yaml'

/** PEM texts. Absent where the file leaves it out. */
export interface ClientConfig {
  /** `https://127.0.0.1:6443` */
  readonly server: string
  readonly caCertificate?: string | undefined
  readonly clientCertificate?: string | undefined
  readonly clientKey?: string | undefined
  readonly token?: string | undefined
  /** the name the server's certificate is for, where it is not the server's host */
  readonly tlsServerName?: string | undefined
  readonly skipTlsVerify?: boolean | undefined
  /** namespace of the context */
  readonly namespace?: string | undefined
}

/** What a kubeconfig's current context names. Paths are as written, relative to the file. */
export interface KubeconfigContext extends ClientConfig {
  readonly caCertificateFile?: string | undefined
  readonly clientCertificateFile?: string | undefined
  readonly clientKeyFile?: string | undefined
  readonly tokenFile?: string | undefined
}

/** The text is no kubeconfig, or does not have what is asked for. */
export class KubeconfigError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'KubeconfigError'
  }
}

/** @param name of the cluster, the user and the context alike */
export function printKubeconfig(name: string, config: ClientConfig): string {
  const encoded = (pem: string | undefined): string | undefined =>
    pem === undefined ? undefined : Buffer.from(pem).toString('base64')
  const user = {
    'client-certificate-data': encoded(config.clientCertificate),
    'client-key-data': encoded(config.clientKey),
    token: config.token,
  }
  const cluster = {
    'certificate-authority-data': encoded(config.caCertificate),
    'insecure-skip-tls-verify': config.skipTlsVerify || undefined,
    server: config.server,
    'tls-server-name': config.tlsServerName,
  }
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: present(cluster) }],
    users: [{ name: `${name}-admin`, user: present(user) }],
    contexts: [
      { name, context: present({ cluster: name, user: `${name}-admin`, namespace: config.namespace }) },
    ],
    'current-context': name,
    preferences: {},
  }
  return stringify(document, { lineWidth: 0 })
}

function present(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

type Fields = Readonly<Record<string, unknown>>

/**
 * @param contextName default: current-context
 * @throws KubeconfigError with the name that is missing
 */
export function parseKubeconfig(text: string, contextName?: string): KubeconfigContext {
  const document = fields(parseText(text))
  const wanted = contextName ?? string(document['current-context'])
  if (wanted === undefined) throw new KubeconfigError('no current-context is set')
  const context = named(document, 'contexts', wanted)['context']
  const { cluster: clusterName, user: userName, namespace } = fields(context)
  const cluster = fields(named(document, 'clusters', string(clusterName) ?? '')['cluster'])
  const user = userName ? fields(named(document, 'users', string(userName) ?? '')['user']) : {}
  const server = string(cluster['server'])
  if (server === undefined) throw new KubeconfigError(`cluster "${String(clusterName)}" has no server`)
  return {
    server: server.replace(/\/$/, ''),
    caCertificate: decoded(cluster['certificate-authority-data']),
    caCertificateFile: string(cluster['certificate-authority']),
    clientCertificate: decoded(user['client-certificate-data']),
    clientCertificateFile: string(user['client-certificate']),
    clientKey: decoded(user['client-key-data']),
    clientKeyFile: string(user['client-key']),
    token: string(user['token']),
    tokenFile: string(user['tokenFile']),
    tlsServerName: string(cluster['tls-server-name']),
    skipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
    namespace: string(namespace),
  }
}

function parseText(text: string): unknown {
  try {
    return parse(text) as unknown
  } catch (error) {
    throw new KubeconfigError(`not YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

const string = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

const decoded = (value: unknown): string | undefined => {
  const text = string(value)
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8')
}

function named(document: Fields, list: string, name: string): Fields {
  const entries = document[list]
  const found = (Array.isArray(entries) ? entries : []).map(fields).find((entry) => entry['name'] === name)
  if (found === undefined) throw new KubeconfigError(`${list} has no "${name}"`)
  return found
}
