/** Lines of the Prometheus text format, version 0.0.4. Pure. */

export type MetricType = 'counter' | 'gauge' | 'histogram'

/** @returns what comes before a metric's samples */
export const metricHead = (name: string, type: MetricType, help: string): readonly string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
]

/** @returns `name="value",...`, escaped */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const escaped = (value: string): string => value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')
}

export const sample = (metric: string, labels: Readonly<Record<string, string>>, value: number): string =>
  `${metric}{${labelText(labels)}} ${value}`
