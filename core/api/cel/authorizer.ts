/**
 * `authorizer` in CEL: may who sent the request do this, too? Pure; who decides is handed in.
 * kubernetes/apiserver pkg/cel/library/authz.go.
 */

import type { Environment } from '@marcbachmann/cel-js'
import type { Requester } from '../rules.ts'
import type { FieldRequirement } from '../selector-syntax.ts'
import { parseFieldSelector } from '../selector-syntax.ts'
import { dnsLabelFaults, dnsSubdomainFaults } from '../validation/names.ts'
import type { Functions } from './functions.ts'

export interface ResourceQuestion {
  readonly kind: 'resource'
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  readonly fieldSelector?: readonly FieldRequirement[] | undefined
}

export interface AccessQuestion {
  readonly user: Requester
  readonly verb: string
  readonly target: ResourceQuestion | { readonly kind: 'path'; readonly path: string }
}

/** Decides; never throws. */
export type Authorize = (question: AccessQuestion) => { readonly allowed: boolean; readonly reason: string }

interface Asker {
  readonly user: Requester
  readonly authorize: Authorize
}

export class AuthorizerValue {
  readonly asker: Asker
  /** about the resource of the request itself */
  readonly requestResource: ResourceCheck
  constructor(asker: Asker, own: ResourceQuestion) {
    this.asker = asker
    this.requestResource = new ResourceCheck(asker, own)
  }
}

class PathCheck {
  readonly asker: Asker
  readonly path: string
  constructor(asker: Asker, path: string) {
    this.asker = asker
    this.path = path
  }
}

class GroupCheck {
  readonly asker: Asker
  readonly group: string
  constructor(asker: Asker, group: string) {
    this.asker = asker
    this.group = group
  }
}

class ResourceCheck {
  readonly asker: Asker
  readonly target: ResourceQuestion
  constructor(asker: Asker, target: ResourceQuestion) {
    this.asker = asker
    this.target = target
  }

  with(part: Partial<ResourceQuestion>): ResourceCheck {
    return new ResourceCheck(this.asker, { ...this.target, ...part })
  }
}

class Decision {
  readonly allowed: boolean
  readonly reason: string
  constructor({ allowed, reason }: ReturnType<Authorize>) {
    this.allowed = allowed
    this.reason = reason
  }
}

const AUTHORIZER = 'kubernetes.authorization.Authorizer'
const PATH_CHECK = 'kubernetes.authorization.PathCheck'
const GROUP_CHECK = 'kubernetes.authorization.GroupCheck'
const RESOURCE_CHECK = 'kubernetes.authorization.ResourceCheck'
const DECISION = 'kubernetes.authorization.Decision'

/** Of an API group's resource, whatever its version. */
const anyVersion = (group: string, resource: string): ResourceQuestion => ({
  kind: 'resource',
  group,
  version: '*',
  resource,
  subresource: '',
  namespace: '',
  name: '',
})

function filled(text: string, what: string): string {
  if (text.trim() === '') throw new Error(`${what} must not be empty`)
  return text
}

function serviceAccount(namespace: string, name: string): Requester {
  if (dnsSubdomainFaults(name).length > 0) throw new Error('Invalid service account name')
  if (dnsLabelFaults(namespace).length > 0) throw new Error('Invalid service account namespace')
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  }
}

/** What cannot be read narrows nothing. */
function understood(text: string): readonly FieldRequirement[] | undefined {
  try {
    return parseFieldSelector(text)
  } catch {
    return undefined
  }
}

const AUTHORIZATION: Functions = {
  [`${AUTHORIZER}.path(string): ${PATH_CHECK}`]: ({ asker }: AuthorizerValue, path: string) =>
    new PathCheck(asker, filled(path, 'path')),
  [`${AUTHORIZER}.group(string): ${GROUP_CHECK}`]: ({ asker }: AuthorizerValue, group: string) =>
    new GroupCheck(asker, group),
  [`${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`]: (
    { asker, requestResource }: AuthorizerValue,
    namespace: string,
    name: string,
  ) => new AuthorizerValue({ ...asker, user: serviceAccount(namespace, name) }, requestResource.target),
  [`${GROUP_CHECK}.resource(string): ${RESOURCE_CHECK}`]: ({ asker, group }: GroupCheck, resource: string) =>
    new ResourceCheck(asker, anyVersion(group, filled(resource, 'resource'))),
  [`${RESOURCE_CHECK}.subresource(string): ${RESOURCE_CHECK}`]: (check: ResourceCheck, subresource: string) =>
    check.with({ subresource }),
  [`${RESOURCE_CHECK}.namespace(string): ${RESOURCE_CHECK}`]: (check: ResourceCheck, namespace: string) =>
    check.with({ namespace }),
  [`${RESOURCE_CHECK}.name(string): ${RESOURCE_CHECK}`]: (check: ResourceCheck, name: string) =>
    check.with({ name }),
  [`${RESOURCE_CHECK}.fieldSelector(string): ${RESOURCE_CHECK}`]: (check: ResourceCheck, text: string) =>
    check.with({ fieldSelector: understood(text) }),
  // Nobody looks at labels.
  [`${RESOURCE_CHECK}.labelSelector(string): ${RESOURCE_CHECK}`]: (check: ResourceCheck) => check,
  [`${PATH_CHECK}.check(string): ${DECISION}`]: ({ asker, path }: PathCheck, verb: string) =>
    new Decision(asker.authorize({ user: asker.user, verb, target: { kind: 'path', path } })),
  [`${RESOURCE_CHECK}.check(string): ${DECISION}`]: ({ asker, target }: ResourceCheck, verb: string) =>
    new Decision(asker.authorize({ user: asker.user, verb, target })),
  [`${DECISION}.allowed(): bool`]: ({ allowed }: Decision) => allowed,
  [`${DECISION}.reason(): string`]: ({ reason }: Decision) => reason,
  // Deciding from what is stored does not fail.
  [`${DECISION}.errored(): bool`]: () => false,
  [`${DECISION}.error(): string`]: () => '',
}

/** Adds the types and functions; the variable is `authorizer`, an AuthorizerValue. */
export function registerAuthorizer(environment: Environment): void {
  environment
    .registerType(PATH_CHECK, { ctor: PathCheck, fields: {} })
    .registerType(GROUP_CHECK, { ctor: GroupCheck, fields: {} })
    .registerType(RESOURCE_CHECK, { ctor: ResourceCheck, fields: {} })
    .registerType(DECISION, { ctor: Decision, fields: {} })
    .registerType(AUTHORIZER, { ctor: AuthorizerValue, fields: { requestResource: RESOURCE_CHECK } })
  for (const [signature, run] of Object.entries(AUTHORIZATION)) environment.registerFunction(signature, run)
}
