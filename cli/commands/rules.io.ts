/** `portolan rules`: kube-proxy's rules of manifests (offline) or of the running cluster. */

import { rulesFor } from '../../core/api/kind-rules.ts'
import type { KubernetesObject } from '../../core/api/object.ts'
import { ENDPOINT_SLICES, SERVICES } from '../../core/api/scheme.ts'
import { strictDecode } from '../../core/api/strict-decode.ts'
import { httpClient } from '../../core/client/http.io.ts'
import { readKubeconfig } from '../../core/client/kubeconfig.io.ts'
import { compileIptables } from '../../kube-proxy/iptables/compile.ts'
import { printIptables } from '../../kube-proxy/iptables/print.ts'
import { tableOfManifests } from '../../kube-proxy/offline.ts'
import type { ServiceTable } from '../../kube-proxy/service-table.ts'
import { serviceTable } from '../../kube-proxy/service-table.ts'
import { compileUserspace, printUserspace } from '../../kube-proxy/userspace/program.ts'
import { listed } from '../errors.ts'
import { dataDirAt, runningInstance } from '../instance.io.ts'
import type { ManifestObject } from '../manifests.ts'
import { parseManifests } from '../manifests.ts'
import { readManifests } from '../manifests.io.ts'
import { addressPlan } from '../../core/pod-network/address-plan.ts'

export interface RulesFlags {
  readonly filename: readonly string[]
  readonly format: 'iptables' | 'userspace'
  readonly dataDir?: string
  readonly output: 'text' | 'json'
}

const NODE_NAME = 'portolan'

export async function rules(flags: RulesFlags): Promise<void> {
  const table = flags.filename.length > 0 ? tableOfFiles(flags.filename) : await tableOfCluster(flags)
  const options = {
    clusterCIDR: addressPlan('host').podCIDR,
    masqueradeAll: false,
    localhostNodePorts: true,
    randomFully: true,
  }
  const iptables = compileIptables(table, options)
  const userspace = compileUserspace(table, ['0.0.0.0'], options.clusterCIDR)
  if (flags.output === 'json') {
    process.stdout.write(`${JSON.stringify(flags.format === 'iptables' ? iptables : userspace, null, 2)}\n`)
    return
  }
  process.stdout.write(flags.format === 'iptables' ? printIptables(iptables) : printUserspace(userspace))
}

function tableOfFiles(paths: readonly string[]): ServiceTable {
  const { objects, faults } = parseManifests(readManifests(paths))
  if (faults.length > 0) throw listed(faults)
  return tableOfManifests(objects.map(defaulted), { ...addressPlan('host'), nodeName: NODE_NAME })
}

/** With the defaults the API server would set: target ports, protocols, types. */
function defaulted({ resource, body }: ManifestObject): KubernetesObject {
  const { object } = strictDecode(resource, body)
  return rulesFor(resource).setDefaults(object)
}

async function tableOfCluster(flags: RulesFlags): Promise<ServiceTable> {
  const instance = runningInstance(dataDirAt(flags.dataDir))
  using client = httpClient(await readKubeconfig(instance.kubeconfig))
  const [services, slices] = await Promise.all([client.list(SERVICES), client.list(ENDPOINT_SLICES)])
  return serviceTable({
    services: services.items,
    slices: slices.items,
    node: { name: instance.nodeName, zone: '' },
  })
}
