/**
 * Has objects converted by the webhook of their CustomResourceDefinition. Pure but for the caller it is given.
 * kubernetes/apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go.
 */

import type { CustomResourceDefinition } from '../../../api/generated/apiextensions-v1.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import type { Random } from '../../../../host/host.ts'
import type { WebhookCaller } from '../../admission/webhooks/webhooks.ts'
import { conversionReview, convertedObjects, reviewVersion } from './conversion-review.ts'
import { ConversionFailure } from './unconverted.ts'
import type { ConvertObjects } from './version-converter.ts'

export interface ConversionOptions {
  /** undefined: no webhook can be called from here */
  readonly call: WebhookCaller | undefined
  readonly random: Pick<Random, 'uuid'>
}

const TIMEOUT_MS = 30_000
/** A longer list is converted in parts: of so many characters of JSON, but for the last object's. */
const MAX_PART = 2 * 1024 * 1024

/** @returns the converter of a definition whose strategy is Webhook; undefined: its versions differ in name alone */
export function convertByWebhook(
  { spec }: CustomResourceDefinition,
  options: ConversionOptions,
): ConvertObjects | undefined {
  const { strategy, webhook } = spec.conversion ?? {}
  if (strategy !== 'Webhook') return undefined
  const { clientConfig = {}, conversionReviewVersions = [] } = webhook ?? {}
  const version = reviewVersion(conversionReviewVersions)
  return async (objects, desired) => {
    if (version === undefined) throw new ConversionFailure('no supported conversion review versions')
    const results: KubernetesObject[] = []
    for (const part of parts(objects)) {
      const request = { uid: options.random.uuid(), version, desired, objects: part }
      results.push(...(await converted(request, clientConfig, options)))
    }
    return results
  }
}

type Request = Parameters<typeof conversionReview>[0]

async function converted(
  request: Request,
  clientConfig: Parameters<WebhookCaller>[0]['clientConfig'],
  { call }: ConversionOptions,
): Promise<readonly KubernetesObject[]> {
  const { apiVersion, kind } = request.objects[0] ?? { apiVersion: '', kind: '' }
  const subject = `${apiVersion}, Kind=${kind}`
  const answer = await answered(subject, async () => {
    if (call === undefined) throw new Error('webhooks are not called from here')
    return await call({ clientConfig, body: conversionReview(request), timeoutMs: TIMEOUT_MS })
  })
  try {
    return convertedObjects(answer, request, subject)
  } catch (error) {
    throw new ConversionFailure(messageOf(error), error)
  }
}

async function answered(subject: string, ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask()
  } catch (error) {
    throw new ConversionFailure(`conversion webhook for ${subject} failed: ${messageOf(error)}`, error)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function parts(objects: readonly KubernetesObject[]): readonly (readonly KubernetesObject[])[] {
  const all: KubernetesObject[][] = []
  let size = Infinity
  for (const object of objects) {
    if (size > MAX_PART) {
      all.push([])
      size = 0
    }
    size += JSON.stringify(object).length
    all.at(-1)?.push(object)
  }
  return all
}
