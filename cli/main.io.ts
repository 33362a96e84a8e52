#!/usr/bin/env node
/** The `portolan` command: flags in, exit code out. Commands are loaded when they are called, to keep the start quick. */

import { Command, InvalidArgumentError, Option } from 'commander'
import { AUTHORIZATION_MODES } from '../core/apiserver/authorization/modes.ts'
import { API_SERVER_DEFAULTS } from './api-server-config.ts'
import { DEFAULTS, LOG_LEVELS, NETWORK_CHOICES, PROXY_MODE_CHOICES } from './config.ts'
import { keepCompiledCode } from './compile-cache.io.ts'
import { CliError, EXIT } from './errors.ts'
import { VERSION } from './version.io.ts'

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

function portNumber(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65535)
    throw new InvalidArgumentError('must be a port number from 0 to 65535')
  return port
}

const dataDir = (): Option =>
  new Option('--data-dir <dir>', 'where state is kept (default: $PORTOLAN_DATA_DIR or ~/.portolan)')
const output = (): Option =>
  new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text')
const files = (): Option =>
  repeated('-f, --filename <path>', 'manifest file, folder, or - for standard input')

const repeated = (flags: string, description: string): Option =>
  new Option(flags, `${description}; may be repeated`).argParser(collect).default([], 'none')

/** `a,b`, and again */
const names = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(',')]

/** kube-apiserver's flags of the same names */
const etcd = {
  servers: () =>
    new Option(
      '--etcd-servers <urls>',
      'keep objects in etcd: its servers (comma separated) instead of the data dir',
    ),
  cafile: () => new Option('--etcd-cafile <file>', "CA of etcd's certificate"),
  certfile: () => new Option('--etcd-certfile <file>', 'certificate shown to etcd'),
  keyfile: () => new Option('--etcd-keyfile <file>', 'key of that certificate'),
}

keepCompiledCode()

const program = new Command('portolan')
  .description(
    'Kubernetes networking on one Linux host: API server, Services, DNS, Ingress and NetworkPolicy.',
  )
  .version(VERSION, '-V, --version')
  .configureHelp({ sortSubcommands: false })
  .showHelpAfterError('(see portolan --help)')
  .enablePositionalOptions()
  .exitOverride()

program
  .command('up')
  .description('start a cluster, apply manifests, and stay until stopped')
  .addOption(files())
  .addOption(
    new Option('--network <name>', 'how pods are connected')
      .choices([...NETWORK_CHOICES])
      .default(DEFAULTS.network),
  )
  .addOption(
    new Option('--proxy-mode <mode>', 'how Services are made')
      .choices([...PROXY_MODE_CHOICES])
      .default(DEFAULTS.proxyMode),
  )
  .addOption(dataDir())
  .option('--port <port>', 'API server port on 127.0.0.1 (0: any free one)', portNumber, DEFAULTS.port)
  .option('--detach', 'return once all is ready and go on in the background', false)
  .option('--node-name <name>', 'name of the node', DEFAULTS.nodeName)
  .option('--cluster-domain <domain>', "the cluster's DNS domain", DEFAULTS.clusterDomain)
  .option('--no-host-dns', "leave this host's resolver alone")
  .option('--honor-probe-delays', 'stand-ins wait for initialDelaySeconds as real containers do', false)
  .option('--ingress-http-port <port>', 'first port tried for http', portNumber, DEFAULTS.ingressHTTPPort)
  .option('--ingress-https-port <port>', 'first port tried for https', portNumber, DEFAULTS.ingressHTTPSPort)
  .option(
    '--wait <seconds>',
    'how long to wait for Deployments before going on without them',
    portNumber,
    120,
  )
  .addOption(
    new Option('--log-level <level>', 'what is logged').choices([...LOG_LEVELS]).default(DEFAULTS.logLevel),
  )
  .addOption(etcd.servers())
  .addOption(etcd.cafile())
  .addOption(etcd.certfile())
  .addOption(etcd.keyfile())
  .addOption(output())
  .action(async (flags) => (await import('./commands/up.io.ts')).up(flags))

program
  .command('apiserver')
  .description('the API server alone, without controllers and nodes, until stopped')
  .option('--data-dir <dir>', 'where objects and keys are kept (default: in memory, gone at the end)')
  .option('--bind-address <ip>', 'address to listen on', API_SERVER_DEFAULTS.bindAddress)
  .option(
    '--secure-port <port>',
    'port to listen on (0: any free one)',
    portNumber,
    API_SERVER_DEFAULTS.securePort,
  )
  .option(
    '--service-cluster-ip-range <cidrs>',
    'CIDR that ClusterIPs come from; two of different families for dual stack',
    API_SERVER_DEFAULTS.serviceClusterIPRange,
  )
  .option(
    '--service-node-port-range <range>',
    'ports for Services of type NodePort',
    API_SERVER_DEFAULTS.serviceNodePortRange,
  )
  .option(
    '--advertise-address <ip>',
    'address that Service default/kubernetes leads to (default: --bind-address)',
  )
  .option(
    '--cert-dir <dir>',
    'where its own certificate is, or else is written: apiserver.crt and apiserver.key',
  )
  .option('--tls-cert-file <file>', 'its own certificate (default: one made, and kept in the data dir)')
  .option('--tls-private-key-file <file>', 'key of that certificate')
  .option('--client-ca-file <file>', 'CA whose certificates are good for clients, besides its own')
  .addOption(repeated('--service-account-issuer <url>', 'who service account tokens say they are of'))
  .addOption(repeated('--service-account-key-file <file>', 'keys service account tokens are known by'))
  .addOption(
    new Option('--anonymous-auth <bool>', 'whether requests that prove nothing are those of system:anonymous')
      .choices(['true', 'false'])
      .default('true'),
  )
  .option('--token-auth-file <file>', 'CSV of tokens that are good, too: token, user, uid, groups')
  .option('--service-account-signing-key-file <file>', 'key that signs them (default: one made, and kept)')
  .addOption(
    new Option('--allow-privileged [bool]', 'pods may always be privileged')
      .choices(['true'])
      .default('true'),
  )
  .option(
    '--authorization-mode <modes>',
    `who decides on access, in turn, separated by commas: ${AUTHORIZATION_MODES.join(', ')}`,
    API_SERVER_DEFAULTS.authorizationMode.join(','),
  )
  .option(
    '--kubeconfig <file>',
    "where the administrator's kubeconfig is written (default: into the data dir)",
  )
  .addOption(
    new Option('--log-level <level>', 'what is logged')
      .choices([...LOG_LEVELS])
      .default(API_SERVER_DEFAULTS.logLevel),
  )
  .option(
    '--enable-admission-plugins <names>',
    'steps of admission that are on beside the usual ones (comma separated)',
    names,
    [],
  )
  .option(
    '--disable-admission-plugins <names>',
    'steps of admission that are off (comma separated)',
    names,
    [],
  )
  .addOption(etcd.servers())
  .addOption(etcd.cafile())
  .addOption(etcd.certfile())
  .addOption(etcd.keyfile())
  .addOption(output())
  .action(async (flags) => (await import('./commands/apiserver.io.ts')).apiserver(flags))

program
  .command('down')
  .description('stop the cluster and leave the host as it was')
  .addOption(dataDir())
  .action(async (flags) => (await import('./commands/down.io.ts')).down(flags))

program
  .command('status')
  .description('what runs, and what is not ready')
  .addOption(dataDir())
  .addOption(output())
  .action(async (flags) => (await import('./commands/status.io.ts')).status(flags))

program
  .command('rules')
  .description("print kube-proxy's rules: of manifests (offline, no root) or of the running cluster")
  .addOption(files())
  .addOption(
    new Option('--format <format>', 'which dataplane').choices(['iptables', 'userspace']).default('iptables'),
  )
  .addOption(dataDir())
  .addOption(output())
  .action(async (flags) => (await import('./commands/rules.io.ts')).rules(flags))

program
  .command('doctor')
  .description('what this host can do, what is missing, and how to get it')
  .addOption(output())
  .action(async (flags) => (await import('./commands/doctor.io.ts')).doctor(flags))

program
  .command('kubectl')
  .description("the system's kubectl with this cluster's kubeconfig")
  .argument('[args...]')
  .addOption(dataDir())
  .passThroughOptions()
  .allowUnknownOption()
  .helpOption('--portolan-help', 'show this help')
  .action(async (args, flags) => (await import('./commands/kubectl.io.ts')).kubectl(args, flags))

program
  .command('curl')
  .description("curl with the cluster's names, also where the host's resolver does not know them")
  .argument('[args...]')
  .addOption(dataDir())
  .passThroughOptions()
  .allowUnknownOption()
  .helpOption('--portolan-help', 'show this help')
  .action(async (args, flags) => (await import('./commands/curl.io.ts')).curl(args, flags))

program
  .command('env')
  .description('shell lines that make programs use this cluster: eval "$(portolan env)"')
  .addOption(dataDir())
  .addOption(output())
  .action(async (flags) => (await import('./commands/env.io.ts')).env(flags))

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

/** One clear sentence per fault on standard error. @returns the exit code */
function report(error: unknown): number {
  if (isCommanderError(error)) return error.exitCode === 0 ? 0 : EXIT.usage
  if (error instanceof CliError) {
    for (const line of error.message.split('\n')) process.stderr.write(`portolan: ${line}\n`)
    if (error.remedy) process.stderr.write(`  ${error.remedy}\n`)
    return error.exitCode
  }
  process.stderr.write(
    `portolan: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return EXIT.failed
}

function isCommanderError(error: unknown): error is { exitCode: number } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
}
