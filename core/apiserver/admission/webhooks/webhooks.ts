/**
 * Calls the webhooks of Mutating- and ValidatingWebhookConfigurations. Pure but for the caller it is given.
 * kubernetes/apiserver pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go.
 */

import type { Environment } from '@marcbachmann/cel-js'
import { ApiError, forbidden, internalError, isApiError } from '../../../api/api-error.ts'
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../../../api/generated/admissionregistration-v1.ts'
import { evaluatingEnvironment } from '../../../api/cel/admission-environment.ts'
import type { Authorize } from '../../../api/cel/authorizer.ts'
import { MatchConditions } from '../../../api/cel/conditions.ts'
import { isSameValue } from '../../../api/equality.ts'
import { PrintedNulls } from '../../../api/printed-nulls.ts'
import type { KubernetesObject } from '../../../api/object.ts'
import { MUTATING_WEBHOOK_CONFIGURATIONS, VALIDATING_WEBHOOK_CONFIGURATIONS } from '../../../api/scheme.ts'
import type { Random } from '../../../../host/host.ts'
import type { AdmissionRequest, ClusterView } from '../admission-request.ts'
import { ConversionFailure, afterConversion } from '../../custom-resources/conversion/unconverted.ts'
import type { ServedKinds } from '../../registry/kinds.ts'
import { requestedName } from '../matching.ts'
import { SeenRequest } from '../seen.ts'
import type { Invocation } from './invocation.ts'
import { patchedObject, readChanged, sentRequest } from './invocation.ts'
import type { Webhook } from './matching.ts'
import { isExempt, matchedVersionOf } from './matching.ts'
import { InvalidResponse, UnusablePatch, reviewOf, verdictOf } from './review.ts'

/** Sends a review. Rejects with an Error that says why there was no answer. */
export type WebhookCaller = (call: {
  readonly clientConfig: WebhookClientConfig
  readonly body: object
  readonly timeoutMs: number
}) => Promise<unknown>

export interface WebhooksOptions {
  readonly call: WebhookCaller
  readonly random: Pick<Random, 'uuid'>
  readonly kinds: ServedKinds
  /** answers `authorizer` in matchConditions */
  readonly authorize: Authorize
}

const DEFAULT_TIMEOUT_SECONDS = 10

export class Webhooks {
  readonly #options: WebhooksOptions
  readonly #conditions = new WeakMap<Webhook, MatchConditions>()
  readonly #nulls = new PrintedNulls()
  #environment: Environment | undefined

  constructor(options: WebhooksOptions) {
    this.#options = options
  }

  /** @returns the object as the mutating webhooks want it; the same one when none changes it. Rejects with ApiError */
  async change(request: AdmissionRequest, cluster: ClusterView): Promise<KubernetesObject> {
    const webhooks = configured(cluster.list(MUTATING_WEBHOOK_CONFIGURATIONS), request)
    let { object } = request
    const called: { readonly webhook: Webhook; readonly seen: KubernetesObject }[] = []
    // One after another: each sees, and is chosen by, what the one before made of the object.
    for (const webhook of webhooks) {
      const invocation = this.#invocation(webhook, { ...request, object }, cluster)
      if (invocation === undefined) continue
      object = await this.#patched(invocation)
      called.push({ webhook, seen: object })
    }
    for (const { webhook, seen } of called) {
      const isAgain = 'reinvocationPolicy' in webhook && webhook.reinvocationPolicy === 'IfNeeded'
      if (!isAgain || isSameValue(seen, object)) continue
      const invocation = this.#invocation(webhook, { ...request, object }, cluster)
      if (invocation !== undefined) object = await this.#patched(invocation)
    }
    return object === request.object ? object : readChanged(request, object, this.#options.kinds)
  }

  /** Rejects with ApiError when a validating webhook refuses. */
  async judge(request: AdmissionRequest, cluster: ClusterView): Promise<void> {
    const invocations = configured(cluster.list(VALIDATING_WEBHOOK_CONFIGURATIONS), request)
      .map((webhook) => this.#invocation(webhook, request, cluster))
      .filter((each) => each !== undefined)
    await Promise.all(
      invocations.map(async (each) => {
        const sent = await this.#sent(each)
        await this.#asked(each, { sent, mayPatch: false })
      }),
    )
  }

  #invocation(webhook: Webhook, request: AdmissionRequest, cluster: ClusterView): Invocation | undefined {
    const matched = matchedVersionOf(webhook, request, cluster, this.#options.kinds)
    return matched && { webhook, matched, request }
  }

  async #patched(invocation: Invocation): Promise<KubernetesObject> {
    const { request } = invocation
    const { kinds } = this.#options
    const sent = await this.#sent(invocation)
    const patch = await this.#asked(invocation, { sent, mayPatch: true })
    if (patch.length === 0) return request.object
    const patched = patchedObject(invocation, sent.object, patch, kinds)
    return await afterConversion(() => patched())
  }

  /** @returns the request as the webhook is told of it: as Go prints it. Rejects with ApiError InternalError */
  async #sent(invocation: Invocation): Promise<AdmissionRequest> {
    try {
      const sent = await afterConversion(() => sentRequest(invocation, this.#options.kinds))
      const { object, old } = sent
      return { ...sent, object: this.#nulls.print(object), old: old && this.#nulls.print(old) }
    } catch (error) {
      throw error instanceof ConversionFailure ? internalError(error.message, error) : error
    }
  }

  /** @returns the patch the webhook asks for. Rejects with ApiError: it said no, or did not answer and must */
  async #asked(
    invocation: Invocation,
    { sent, mayPatch }: { readonly sent: AdmissionRequest; readonly mayPatch: boolean },
  ): Promise<readonly unknown[]> {
    const { webhook, matched, request } = invocation
    const { call, random } = this.#options
    const uid = random.uuid()
    try {
      if (!(await afterConversion(() => this.#isMeant(invocation)))) return []
      refuseSideEffects(webhook, request)
      const { clientConfig, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = webhook
      const answer = await call({
        clientConfig,
        body: reviewOf(sent, matched, uid),
        timeoutMs: timeoutSeconds * 1000,
      })
      const { patch, warnings } = verdictOf(answer, { uid, name: webhook.name, mayPatch })
      for (const text of warnings) request.context.warn(text)
      return patch
    } catch (error) {
      if (isApiError(error)) throw error
      return unpatched(webhook, error)
    }
  }

  /** @throws ApiError Forbidden for conditions that cannot be evaluated, unless the webhook may fail */
  #isMeant({ webhook, matched, request }: Invocation): boolean {
    const { matchConditions = [] } = webhook
    if (matchConditions.length === 0) return true
    const { kinds, authorize } = this.#options
    this.#environment ??= evaluatingEnvironment()
    const conditions =
      this.#conditions.get(webhook) ?? new MatchConditions(matchConditions, this.#environment)
    this.#conditions.set(webhook, conditions)
    const seen = new SeenRequest(request, { kinds, authorize, namespace: undefined })
    const meant = conditions.meant(seen.as(matched, null).conditions)
    if (typeof meant === 'boolean') return meant
    if (webhook.failurePolicy === 'Ignore') return false
    throw forbidden(request.resource, requestedName(request), meant.error)
  }
}

/** In the order of their configurations' names. */
function configured(
  configurations: readonly KubernetesObject[],
  request: AdmissionRequest,
): readonly Webhook[] {
  if (configurations.length === 0 || isExempt(request)) return []
  return configurations.flatMap(
    (each) => (each as MutatingWebhookConfiguration | ValidatingWebhookConfiguration).webhooks ?? [],
  )
}

/** A dry run must not reach what would act on it. */
function refuseSideEffects({ name, sideEffects }: Webhook, { context }: AdmissionRequest): void {
  if (!context.dryRun || sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return
  throw new ApiError('BadRequest', `admission webhook ${JSON.stringify(name)} does not support dry run`)
}

/** @returns nothing to change where the webhook may fail. @throws ApiError where it may not */
function unpatched({ name, failurePolicy }: Webhook, error: unknown): readonly unknown[] {
  if (failurePolicy === 'Ignore') return []
  const what =
    error instanceof UnusablePatch
      ? ''
      : error instanceof InvalidResponse
        ? 'received invalid webhook response: '
        : 'failed to call webhook: '
  const why = error instanceof Error ? error.message : String(error)
  throw internalError(`failed calling webhook ${JSON.stringify(name)}: ${what}${why}`, error)
}
