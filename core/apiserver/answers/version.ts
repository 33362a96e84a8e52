/**
 * Which Kubernetes this server says it is. Pure.
 *
 * Clients compare the minor with their own (kubectl warns beyond one apart) and parse gitVersion as a semantic
 * version; build metadata after `+` is ignored by both.
 */

/** k8s.io/apimachinery/pkg/version.Info */
export interface VersionInfo {
  readonly major: string
  readonly minor: string
  readonly emulationMajor: string
  readonly emulationMinor: string
  readonly minCompatibilityMajor: string
  readonly minCompatibilityMinor: string
  readonly gitVersion: string
  readonly gitCommit: string
  readonly gitTreeState: string
  readonly buildDate: string
  readonly goVersion: string
  readonly compiler: string
  readonly platform: string
}

/** The API surface served is that of this minor. */
export const KUBERNETES_VERSION = { major: '1', minor: '34', patch: '0' } as const

/** @param platform `linux/amd64` */
export function versionInfo(platform: string): VersionInfo {
  const { major, minor, patch } = KUBERNETES_VERSION
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion: `v${major}.${minor}.${patch}+portolan`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: 'none',
    compiler: 'none',
    platform,
  }
}
