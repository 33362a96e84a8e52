/**
 * Defaults of CustomResourceDefinitions (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go).
 * Pure and idempotent.
 */

import type { CustomResourceConversion, CustomResourceDefinition } from '../generated/apiextensions-v1.ts'

export function defaultCustomResourceDefinition(crd: CustomResourceDefinition): CustomResourceDefinition {
  const { names, conversion } = crd.spec
  const { kind = '' } = names
  return {
    ...crd,
    spec: {
      ...crd.spec,
      names: {
        ...names,
        singular: names.singular || kind.toLowerCase(),
        listKind: names.listKind || (kind === '' ? '' : `${kind}List`),
      },
      conversion: conversion ? defaultConversion(conversion) : { strategy: 'None' },
    },
  }
}

const HTTPS = 443

/** A webhook of which nothing is said is none. */
function defaultConversion({ webhook, ...conversion }: CustomResourceConversion): CustomResourceConversion {
  const { clientConfig, conversionReviewVersions } = webhook ?? {}
  if (clientConfig === undefined && conversionReviewVersions === undefined) return conversion
  const { service } = clientConfig ?? {}
  return {
    ...conversion,
    webhook: {
      ...webhook,
      ...(service ? { clientConfig: { ...clientConfig, service: { port: HTTPS, ...service } } } : {}),
    },
  }
}

/** Objects are stored in one version at least: in that which is marked for it. */
export function withStoredVersions(crd: CustomResourceDefinition): CustomResourceDefinition {
  const { status, spec } = crd
  const current = spec.versions?.find(({ storage }) => storage)?.name
  if ((status?.storedVersions ?? []).length > 0 || current === undefined) return crd
  return { ...crd, status: { ...status, storedVersions: [current] } as CustomResourceDefinition['status'] }
}
