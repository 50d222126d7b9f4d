/** `podwire dns query`: how a name becomes an answer in a Pod, query by query. */

import { readFileSync } from 'node:fs';
import type { ExplainedAnswer } from '../agent/dns-pages.js';
import type { PodResolver } from '../dns/resolv-conf.js';
import type { Pod } from '../objects/pod.js';
import { PodwireError } from '../report/errors.js';
import { type Declare, nameOption, outputOption } from './options.js';
import { line, type OutputFormat, structured } from './print.js';

interface Query extends ExplainedAnswer {
  readonly name: string;
  readonly type: string;
}

/** What `-o json` prints. */
interface Explanation {
  readonly pod: string;
  readonly node: string;
  readonly policy: string;
  readonly resolvConf: string;
  /** The names that are asked for until one has an address. */
  readonly order: readonly string[];
  readonly queries: readonly Query[];
  readonly addresses: readonly string[];
  /** Queries that the Pod is spared because the server walks its search path. */
  readonly spared: number;
}

export const dnsQuery: Declare = program => {
  program
    .command('query')
    .description('explain step by step how a name becomes an answer in a Pod')
    .argument('<name>', 'as a program in the Pod would write it')
    .requiredOption('--from <pod>', 'the Pod that asks ([namespace/]name)')
    .addOption(nameOption())
    .addOption(outputOption())
    .action(run);
};

async function run(asked: string, { from, name, output }: { from: string; name: string; output: OutputFormat }) {
  const [{ withApi }, { resources }, { formatResolver, podResolver }, config, { places }, { savedConfig }] =
    await Promise.all([
      import('./connect.js'),
      import('../objects/resources.js'),
      import('../dns/resolv-conf.js'),
      import('../lab/config.js'),
      import('../lab/places.js'),
      import('../lab/saved-config.js'),
    ]);
  const [podName, namespace = 'default'] = from.split('/').reverse() as [string, string?];
  const pod = (
    await withApi(name, api => api.list(resources.pods, { namespace, fieldSelector: `metadata.name=${podName}` }))
  ).items[0];
  if (!pod) throw new PodwireError('PW-L809', { where: from });
  const servers = config.addresses(savedConfig(places(name).config)!).dns.map(String);
  // As the lab's kubelets do.
  const resolver = podResolver(
    pod,
    { servers, domain: config.CLUSTER_DOMAIN },
    readFileSync('/etc/resolv.conf', 'utf8'),
  );
  const found = await explain(name, asked, pod, resolver, servers);
  const explanation = {
    pod: `${namespace}/${podName}`,
    node: pod.spec.nodeName ?? '',
    policy: resolver.policy,
    resolvConf: formatResolver(resolver),
    ...found,
  };
  line((await structured(output, explanation)) ?? text(asked, explanation));
  if (!found.addresses.length) process.exitCode = 1;
}

/** As the C library does: both families of a name, then the next name, until there is an address. */
async function explain(lab: string, asked: string, pod: Pod, resolver: PodResolver, servers: readonly string[]) {
  const [{ searchOrder }, { agentPage, textOf }] = await Promise.all([
    import('../dns/search-path.js'),
    import('./agent-page.js'),
  ]);
  const order = searchOrder(asked, resolver);
  const queries: Query[] = [];
  let addresses: string[] = [];
  let spared = 0;
  // Another server's answers are not ours to tell.
  for (const name of servers.includes(resolver.servers[0] ?? '') ? order : []) {
    for (const type of ['A', 'AAAA']) {
      const client = pod.status?.podIP ?? '';
      const page = await agentPage(
        lab,
        pod.spec.nodeName ?? '',
        `/dns/query?${new URLSearchParams({ name, type, client })}`,
      );
      const answer = JSON.parse(await textOf(page)) as ExplainedAnswer;
      queries.push({ name, type, ...answer });
      const records = answer.answers.map(record => record.split(' '));
      addresses = [
        ...addresses,
        ...records.filter(([, , , type]) => type === 'A' || type === 'AAAA').map(words => words[4]!),
      ];
      const target =
        answer.handler === 'autopath' ? records.find(([owner]) => owner === name.toLowerCase())?.[4] : undefined;
      const led = order.findIndex(each => each.toLowerCase() === target);
      if (led > 0) spared += led - order.indexOf(name);
    }
    if (addresses.length) break;
  }
  return { order, queries, addresses, spared };
}

function text(
  asked: string,
  { pod, node, policy, resolvConf, order, queries, addresses, spared }: Explanation,
): string {
  const steps = queries.flatMap(({ name, type, rcode, handler, why, answers }, i) => [
    ...(queries[i - 1]?.name === name ? [] : ['', name]),
    `  ${type.padEnd(4)} ${rcode}, by ${handler}: ${why}`,
    ...answers.map(record => `       ${record}`),
  ]);
  return [
    `Pod ${pod} on ${node || 'no node'}, dnsPolicy ${policy}; its resolv.conf:`,
    ...resolvConf
      .trimEnd()
      .split('\n')
      .map(line => `  ${line}`),
    `${asked} is asked for as: ${order.join(' ')}`,
    ...(queries.length
      ? steps
      : ['', "Its first nameserver is not the cluster's: what that answers is not known here."]),
    '',
    ...(spared
      ? [`The server walked the search path: ${queries.length} queries instead of ${queries.length + spared}.`]
      : []),
    addresses.length ? `${asked} is ${addresses.join(' ')}` : `${asked} has no address`,
  ].join('\n');
}
