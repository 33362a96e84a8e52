import { expect, it } from 'vitest'
import { API_SERVER_DEFAULTS, apiServerFaults } from './api-server-config.ts'

it('refuses admission plugins nobody knows, in the words of kube-apiserver', () => {
  const faults = (enabled: readonly string[], disabled: readonly string[]): readonly string[] =>
    apiServerFaults({ ...API_SERVER_DEFAULTS, admissionPlugins: { enabled, disabled } })
  expect(faults(['NodeRestriction'], ['ServiceAccount'])).toEqual([])
  expect(faults(['Foo'], ['Bar'])).toEqual([
    'enable-admission-plugins plugin "Foo" is unknown',
    'disable-admission-plugins plugin "Bar" is unknown',
  ])
})
