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
      conversion: conversion?.strategy ? conversion : { ...conversion, strategy: 'None' },
    },
  }
}
