/**
 * Defaults of CustomResourceDefinitions (kubernetes/apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go).
 * Pure and idempotent.
 */

import type { CustomResourceDefinition } from '../generated/apiextensions-v1.ts'

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
      conversion: conversion ?? { strategy: 'None' },
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
