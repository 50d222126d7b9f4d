/** Every error a user can meet: code, cause, advice. The only place where a code is defined. */

/**
 * Classes: K kernel and host · A API · N Pod network and IPAM · S Services · P policy · D DNS · G gateways · L lab · U usage.
 * `{…}` in a text is filled from the details of the error.
 */
export const ERRORS = {
  'PW-K101': {
    cause: 'not root: {action} needs CAP_NET_ADMIN and CAP_SYS_ADMIN',
    advice: 'run it as root, for example with sudo',
  },
  'PW-K102': { cause: 'the kernel has no {feature}', advice: '{hint}' },
  'PW-K103': {
    cause: 'the kernel refused {operation}: {errno}',
    advice: 'see `podwire doctor`; if it finds nothing, report it with the line above',
  },
  'PW-L801': { cause: '{field} {value} is not possible', advice: 'use {want}' },
  'PW-L802': { cause: "lab '{lab}' is not running", advice: 'start it with `podwire up`' },
  'PW-L803': {
    cause: 'the range {range} of the lab overlaps {route} of this machine',
    advice: 'remove that route, or run the lab on a machine without it',
  },
  'PW-L804': {
    cause: 'port {port} on {address} is taken',
    advice: 'end what listens there (`ss -ltnp`), or choose another with --api-port',
  },
  'PW-L805': {
    cause: "lab '{lab}' did not become ready within {seconds} s: {missing}",
    advice: 'read {log}, then `podwire down` and try again',
  },
  'PW-L807': { cause: '{file} cannot be used: {problem}', advice: 'mend the file, or `podwire down` and begin anew' },
  'PW-L806': {
    cause: "lab '{lab}' runs with other settings: {difference}",
    advice: '`podwire down` first, or choose another --name',
  },
  'PW-A201': { cause: 'kubeconfig {path}: {problem}', advice: 'name another file with --kubeconfig or KUBECONFIG' },
  'PW-A202': {
    cause: 'agent configuration {path}: {problem}',
    advice: 'see AgentConfigFile in src/agent/config.ts for the fields',
  },
  'PW-A203': {
    cause: '{what} cannot be served on {address}: {reason}',
    advice: 'end what listens there (`ss -ltnp` on the node), or choose another port in the agent configuration',
  },
  'PW-N301': {
    cause: 'another agent (process {pid}) runs for this node: it holds {path}',
    advice: 'end that process first; one agent serves a node',
  },
  'PW-N302': {
    cause: 'the attachments journal {path} is damaged: {problem}',
    advice: "running Pods are not touched; move the file away and delete this node's Pods, so that they are made anew",
  },
  'PW-A251': {
    cause: 'the state directory {path} is in use by process {pid}',
    advice: 'end that process, or choose another state directory',
  },
  'PW-A252': {
    cause: 'the store {path} is corrupt at byte {offset}: {reason}',
    advice: 'restore it from a copy, or remove it to start empty; nothing was changed',
  },
  'PW-L810': {
    cause: "a lab '{lab}' is there already, with its state elsewhere: {file} does not exist, {netns} does",
    advice: '`podwire down` removes it; or choose another --name, or set PODWIRE_STATE_DIR as for that lab',
  },
  'PW-L808': {
    cause: 'not ready after {seconds} s: {what}',
    advice: '`podwire status` and `kubectl describe` say why',
  },
  'PW-U902': { cause: '{file}: {problem}', advice: 'mend the manifest' },
  'PW-L809': {
    cause: "the lab has no node, place or Pod '{where}'",
    advice: '`podwire status` and `kubectl get pods -A` list them',
  },
  'PW-L811': {
    cause: 'the agent of node {node} does not answer: {problem}',
    advice: '`podwire status` shows whether it runs, `podwire logs {node}` why not',
  },
  'PW-U904': { cause: "'{what}' does not say where a packet goes: {problem}", advice: 'see `podwire trace --help`' },
  'PW-U903': { cause: "cannot run '{command}'", advice: 'name a program of this machine' },
  'PW-U901': { cause: "there is no error code '{code}'", advice: '`podwire explain` lists them all' },
  'PW-N311': {
    cause: '{object} has no pod CIDR',
    advice: 'run a controller that gives nodes their pod CIDRs, or set spec.podCIDRs',
  },
  'PW-N312': {
    cause: '{object}: pod CIDR {cidr} is no prefix',
    advice: 'write it as address/length with all host bits zero',
  },
  'PW-N313': {
    cause: '{object}: pod CIDR {cidr} overlaps that of {other}, and is not used',
    advice: 'give every node a range of its own',
  },
  'PW-N314': {
    cause: '{object}: address {ip} belongs to {other}, and is not used',
    advice: 'give every node an InternalIP of its own',
  },
  'PW-S401': {
    cause: '{object}: ClusterIP {ip} lies outside the Service ranges ({cidrs}), and is not served',
    advice: 'let the API server choose the address, or choose one from these ranges',
  },
  'PW-S402': {
    cause: '{object}: {what} belongs to {other}, and is not served here',
    advice: 'delete one of the two, or give this one another address or port',
  },
  'PW-S403': {
    cause: '{object}: {ip} cannot be an endpoint, it is a loopback, link-local, multicast or unspecified address',
    advice: 'see who writes this EndpointSlice; such an endpoint would reach the node itself',
  },
  'PW-S404': {
    cause: '{object}: endpoint address {ip} is no {type} address',
    advice: 'correct the address, or the addressType of the slice',
  },
  'PW-S405': {
    cause: '{object}: {via} address {ip} is none that a Service may take, and is not served',
    advice:
      "choose an address outside of the cluster's own Service and Pod ranges, none of a node, no loopback, link-local or multicast one",
  },
  'PW-S406': {
    cause: '{object}: external IP {ip} is not allowed on this cluster, and is not served',
    advice: "let the administrator add its range to `externalIPs` of the agents' configuration, or use a LoadBalancer",
  },
  'PW-S407': {
    cause: "{object}: source range '{cidr}' cannot be read, and lets nobody in",
    advice: 'write it as an address and a prefix length, such as 192.0.2.0/24',
  },
  'PW-P501': {
    cause: '{object}: {path} is not understood; nothing is allowed by it',
    advice: 'see `kubectl explain` for the field; the API server refuses such an object',
  },
  'PW-P511': {
    cause: '{object}: {path} matches no address, as its exceptions cover all of it',
    advice: 'leave the block out, or make the exceptions smaller',
  },
  'PW-S411': {
    cause: '{object} has no endpoints: no Pod matches its selector {selector}',
    advice: 'compare it with `kubectl -n {namespace} get pods --show-labels`; Pods that have finished do not count',
  },
  'PW-S412': {
    cause: '{object} has no endpoints: it has no selector, and nobody wrote an EndpointSlice for it',
    advice: 'set spec.selector, or write an EndpointSlice with the label kubernetes.io/service-name: {name}',
  },
  'PW-S413': { cause: '{object} does not answer: of its endpoints ({count}) none is ready', advice: '{hint}' },
  'PW-S414': {
    cause: '{object}: none of its ready endpoints has a port for {ports}',
    advice:
      'name a containerPort of the Pods so, or write its number as targetPort; in an EndpointSlice the port must have the name of the Service port',
  },
  'PW-S415': {
    cause: '{object}: its SCTP ports are not served, the kernel of node {node} has no connection tracking for SCTP',
    advice: 'use a kernel with CONFIG_NF_CT_PROTO_SCTP; TCP and UDP ports are not concerned',
  },
  'PW-S416': {
    cause: '{object}: its health check port {port} cannot be opened on node {node}: {reason}',
    advice:
      'end what listens there (`ss -ltnp` on the node), or choose another healthCheckNodePort; load balancers take this node for one without endpoints',
  },
  'PW-D601': {
    cause: '{object}: {problem}; the settings before it stay in force',
    advice: 'correct it with `kubectl -n {namespace} edit configmap {name}`; docs/reference.md lists the settings',
  },
  'PW-D602': {
    cause: 'the upstream resolver {upstream} asks this DNS server in turn, and so nobody answers',
    advice:
      'name a resolver outside of the cluster as upstream; a node whose resolv.conf names the cluster DNS makes such a loop',
  },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error that is the user's to mend: shown as two lines, never with a stack trace. */
export class PodwireError extends Error {
  readonly advice: string;

  constructor(
    readonly code: ErrorCode,
    readonly details: Readonly<Record<string, string | number>> = {},
  ) {
    super(`${code} ${fill(ERRORS[code].cause, details)}`);
    this.name = 'PodwireError';
    this.advice = fill(ERRORS[code].advice, details);
  }
}

function fill(text: string, details: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (_, key: string) => String(details[key] ?? `{${key}}`));
}
