/**
 * What nodes may do: read what has to do with them, and write what is theirs. Pure, given the graph.
 * kubernetes/kubernetes plugin/pkg/auth/authorizer/node/node_authorizer.go. What is written is held against
 * ../admission/node-restriction.ts, which sees it.
 */

import type { PolicyRule } from '../../api/generated/rbac-v1.ts'
import type { Attributes, Authorizer, Decision, ResourceTarget } from './attributes.ts'
import type { NodeGraph, VertexKind } from './node-graph.ts'
import { vertex } from './node-graph.ts'
import { nodeNameOf } from './node-identity.ts'
import { ruleAllows } from './rules.ts'

const ALLOWED: Decision = { allowed: true, reason: '' }
const refused = (reason = ''): Decision => ({ allowed: false, reason })

const READS = ['get', 'list', 'watch']
const OWN_OBJECT = ['get', 'create', 'update', 'patch', 'delete']
const LEASES = 'kube-node-lease'

/** A node that asks for something. */
interface Question {
  readonly node: string
  readonly verb: string
  readonly target: ResourceTarget
}

type Judge = (question: Question) => Decision

export class NodeAuthorizer implements Authorizer {
  readonly #graph: () => NodeGraph
  readonly #rules: readonly PolicyRule[]

  /**
   * @param graph as it is now; asked for only when a node asks
   * @param rules for all that is not subdivided by node
   */
  constructor(graph: () => NodeGraph, rules: readonly PolicyRule[]) {
    this.#graph = graph
    this.#rules = rules
  }

  authorize(attributes: Attributes): Decision {
    const { user, verb, target } = attributes
    const node = nodeNameOf(user)
    if (node === undefined) return refused()
    if (node === '') return refused(`unknown node for user ${JSON.stringify(user.name)}`)
    const judge = target.kind === 'resource' ? this.#judgeOf(target) : undefined
    if (judge && target.kind === 'resource') return judge({ node, verb, target })
    return this.#rules.some((rule) => ruleAllows(rule, attributes)) ? ALLOWED : refused()
  }

  /** @returns undefined for what all nodes may do alike */
  #judgeOf({ group, resource, subresource }: ResourceTarget): Judge | undefined {
    switch (group === '' ? resource : `${resource}.${group}`) {
      case 'secrets':
        return (asked) => this.#read(asked, 'secret')
      case 'configmaps':
        return (asked) => this.#read(asked, 'configmap')
      case 'persistentvolumeclaims':
        return (asked) => (subresource === 'status' ? this.#status(asked, 'pvc') : this.#get(asked, 'pvc'))
      case 'persistentvolumes':
        return (asked) => this.#get(asked, 'pv')
      case 'resourceclaims.resource.k8s.io':
        return (asked) => this.#get(asked, 'resourceclaim')
      case 'volumeattachments.storage.k8s.io':
        return (asked) => this.#get(asked, 'volumeattachment')
      case 'serviceaccounts':
        return (asked) => this.#serviceAccount(asked)
      case 'leases.coordination.k8s.io':
        return lease
      case 'csinodes.storage.k8s.io':
        return csiNode
      case 'resourceslices.resource.k8s.io':
        return (asked) => this.#resourceSlice(asked)
      case 'nodes':
        return ownNode
      case 'pods':
        return (asked) => this.#pod(asked)
      default:
        return undefined
    }
  }

  #read(asked: Question, kind: VertexKind): Decision {
    const { verb, target } = asked
    if (!READS.includes(verb)) return refused('can only read resources of this type')
    if (target.subresource !== '') return refused('cannot read subresource')
    if (target.namespace === '') return refused('can only read namespaced object of this type')
    return this.#related(asked, kind)
  }

  #get(asked: Question, kind: VertexKind): Decision {
    if (asked.verb !== 'get') return refused('can only get individual resources of this type')
    if (asked.target.subresource !== '') return refused('cannot get subresource')
    return this.#related(asked, kind)
  }

  #status(asked: Question, kind: VertexKind): Decision {
    if (asked.verb !== 'update' && asked.verb !== 'patch')
      return refused('can only get/update/patch this type')
    return this.#related(asked, kind)
  }

  #related({ node, target }: Question, kind: VertexKind): Decision {
    const { namespace, name } = target
    if (name === '') return refused('No Object name found')
    if (this.#graph().leadsTo(vertex(kind, namespace, name), node)) return ALLOWED
    return refused(`no relationship found between node '${node}' and this object`)
  }

  #serviceAccount(asked: Question): Decision {
    const { verb, target } = asked
    if (verb === 'get' && target.subresource === '') return this.#read(asked, 'serviceaccount')
    if (verb !== 'create' || target.name === '')
      return refused('can only create tokens for individual service accounts')
    if (target.subresource !== 'token') return refused('can only create token subresource of serviceaccount')
    return this.#related(asked, 'serviceaccount')
  }

  #resourceSlice(asked: Question): Decision {
    const { node, verb, target } = asked
    if (target.subresource !== '') return refused('cannot authorize ResourceSlice subresources')
    if (verb === 'create') return ALLOWED
    if (['get', 'update', 'patch', 'delete'].includes(verb)) return this.#related(asked, 'resourceslice')
    if (!['watch', 'list', 'deletecollection'].includes(verb)) {
      return refused(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      )
    }
    return selects(target, 'spec.nodeName', node)
      ? ALLOWED
      : refused('can only list/watch/deletecollection resourceslices with nodeName field selector')
  }

  #pod(asked: Question): Decision {
    const { node, verb, target } = asked
    switch (target.subresource) {
      case '':
        if (verb === 'get') return this.#get(asked, 'pod')
        if (verb === 'create' || verb === 'delete') return ALLOWED
        if (verb !== 'list' && verb !== 'watch') return refused()
        if (selects(target, 'spec.nodeName', node)) return ALLOWED
        if (target.name !== '') return this.#related(asked, 'pod')
        return refused('can only list/watch pods with spec.nodeName field selector')
      case 'status':
        return verb === 'update' || verb === 'patch' ? ALLOWED : refused()
      case 'eviction':
        return verb === 'create' ? ALLOWED : refused()
      default:
        return refused()
    }
  }
}

const selects = ({ fieldSelector = [] }: ResourceTarget, field: string, wanted: string): boolean =>
  fieldSelector.some((each) => each.field === field && each.operator === '=' && each.value === wanted)

/** Who creates names the object in the body, which only admission sees. */
function lease({ node, verb, target }: Question): Decision {
  if (!OWN_OBJECT.includes(verb))
    return refused('can only get, create, update, patch, or delete a node lease')
  if (target.namespace !== LEASES)
    return refused(`can only access leases in the "${LEASES}" system namespace`)
  return verb === 'create' || target.name === node
    ? ALLOWED
    : refused('can only access node lease with the same name as the requesting node')
}

function csiNode({ node, verb, target }: Question): Decision {
  if (!OWN_OBJECT.includes(verb)) return refused('can only get, create, update, patch, or delete a CSINode')
  if (target.subresource !== '') return refused('cannot authorize CSINode subresources')
  return verb === 'create' || target.name === node
    ? ALLOWED
    : refused('can only access CSINode with the same name as the requesting node')
}

function ownNode({ node, verb, target }: Question): Decision {
  const { name, subresource } = target
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? ALLOWED : refused()
  if (subresource !== '') return refused()
  if (['create', 'update', 'patch'].includes(verb)) return ALLOWED
  if (!READS.includes(verb)) return refused()
  if (name === node) return ALLOWED
  return refused(
    name === ''
      ? `node '${node}' cannot read all nodes, only its own Node object`
      : `node '${node}' cannot read '${name}', only its own Node object`,
  )
}
