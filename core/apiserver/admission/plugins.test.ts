import { describe, expect, it } from 'vitest'
import type { PluginChoice } from './plugins.ts'
import { absentPlugins, ADMISSION_PLUGINS, enabledPlugins, pluginFaults } from './plugins.ts'

const choice = (enabled: readonly string[], disabled: readonly string[]): PluginChoice => ({
  enabled,
  disabled,
})

describe('admission plugins', () => {
  it.each<[readonly string[], readonly string[], readonly string[]]>([
    [[], [], []],
    [['NodeRestriction', 'AlwaysPullImages'], ['ServiceAccount', 'PodTopologyLabels'], []],
    [['Foo'], [], ['enable-admission-plugins plugin "Foo" is unknown']],
    [
      ['Priority', 'LimitRanger', ''],
      ['LimitRanger', 'limitranger', 'Priority'],
      [
        'enable-admission-plugins plugin "" is unknown',
        'disable-admission-plugins plugin "limitranger" is unknown',
        '[LimitRanger Priority] in enable-admission-plugins and disable-admission-plugins overlapped',
      ],
    ],
  ])('on %j, off %j', (enabled, disabled, faults) => {
    expect(pluginFaults(choice(enabled, disabled))).toEqual(faults)
  })

  it('are on unless they are off, and the other way around', () => {
    expect(enabledPlugins(choice([], []))).toEqual(new Set(ADMISSION_PLUGINS))
    const some = enabledPlugins(choice(['AlwaysPullImages', 'EventRateLimit'], ['ServiceAccount']))
    expect(some.symmetricDifference(new Set(ADMISSION_PLUGINS))).toEqual(
      new Set(['AlwaysPullImages', 'ServiceAccount']),
    )
  })

  it('that are not here are told of', () => {
    expect(absentPlugins(choice(['EventRateLimit', 'Priority'], []))).toEqual(['EventRateLimit'])
  })
})
