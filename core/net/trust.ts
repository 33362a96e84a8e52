/** What a TLS peer's certificate is held against. Pure. */

/** The part of node:tls options that says so. */
export interface Trust {
  readonly ca: string | string[] | undefined
  readonly allowPartialTrustChain: true
}

/**
 * As in Go, and so in every Kubernetes client: whatever is in a bundle is trusted for itself, be it an intermediate
 * authority or the peer's own certificate.
 *
 * @param ca PEM; absent: the roots of Node.js
 */
export const trusting = (ca: string | readonly string[] | undefined): Trust => ({
  ca: typeof ca === 'object' ? [...ca] : ca,
  allowPartialTrustChain: true,
})
