/** Certificates and keys that a server is given to serve with. Types only. */

/** PEM texts. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

export interface ServerCredentials {
  readonly caCertificate: string
  /** authorities whose certificates are good for clients, too */
  readonly otherClientCaCertificates?: string | undefined
  readonly serverCertificate: string
  readonly serverKey: string
  /** whose certificates speak for other users to extension API servers: an authority that signs nothing else */
  readonly frontProxyCaCertificate: string
  readonly frontProxyClient: KeyPair
}
