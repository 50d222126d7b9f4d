/** `podwire trace`: where a packet goes in the running lab, step by step, and why; from what its kernels hold at this moment. */

import { Option } from 'commander';
import type { Family } from '../net/ip.js';
import type { Trace } from '../trace/trace.js';
import { type Declare, nameOption, outputOption } from './options.js';
import { line, type OutputFormat, paint, structured } from './print.js';
import type { Names, Receiver, Sender } from './trace-names.js';

interface Options {
  readonly name: string;
  readonly output: OutputFormat;
  readonly protocol: 'tcp' | 'udp';
  readonly family: '4' | '6';
  readonly all?: true;
}

export const trace: Declare = program => {
  program
    .command('trace')
    .description('follow a packet through the lab, and its reply')
    .argument('<from>', 'who sends: [namespace/]pod, node/n1, internet')
    .argument(
      '<to>',
      'to whom: [namespace/]service:port, [namespace/]pod:port, an address:port, node/n1:port, internet',
    )
    .addOption(new Option('--protocol <protocol>', 'transport').choices(['tcp', 'udp']).default('tcp'))
    .addOption(new Option('--family <family>', 'of IP').choices(['4', '6']).default('4'))
    .option('--all', 'every way that the packet may take, not only the first')
    .addOption(nameOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      `
Exits with 0 when the packet is delivered and its reply comes back, else with 1.

  podwire trace client web:80
  podwire trace shop/web internet
  podwire trace node/n1 svc/shop/cart:80 --protocol udp --family 6 --all`,
    )
    .action(run);
};

async function run(from: string, to: string, options: Options): Promise<void> {
  const { name, output, protocol, all } = options;
  const [{ senderOf, receiverOf, labelOf }, { readMachine }, tracer, { labNamespaces }] = await Promise.all([
    import('./trace-names.js'),
    import('../host/machine.js'),
    import('../trace/trace.js'),
    import('../lab/places.js'),
  ]);
  const names = await namesOf(name);
  const sender = senderOf(from, names);
  const family = Number(options.family) as Family;
  const receiver = receiverOf(to, sender, family, protocol === 'tcp' ? 'TCP' : 'UDP', names);
  const machine = readMachine(labNamespaces(names.at));
  const ways = tracer.trace(machine, {
    netns: sender.netns,
    protocol,
    destination: receiver.ip,
    destinationPort: receiver.port,
  });
  const replies = ways.map(way => tracer.reply(way));
  const isGood = ways.every(
    ({ ending }, i) => ending === 'delivered' && replies[i]!.every(back => back.ending === 'delivered'),
  );
  if (!isGood) process.exitCode = 1;
  const found = {
    from: sender.label,
    to: receiver.label,
    ways: ways.map((way, i) => ({ ...way, replies: replies[i]! })),
  };
  const plain = JSON.parse(
    JSON.stringify(found, (_, value) => (value?.constructor?.name === 'Ip' ? String(value) : value)),
  );
  const label = (way: Trace) => way.arrived && labelOf(way.arrived.destination, names.cluster);
  line(
    (await structured(output, plain)) ?? (await screen(found, { sender, receiver, label, all: all ?? false }, names)),
  );
}

/** From the API: what there is now. */
async function namesOf(lab: string): Promise<Names> {
  const [{ withApi }, { resources }, { buildCluster }, { ranges }, { places }, { savedConfig }] = await Promise.all([
    import('./connect.js'),
    import('../objects/resources.js'),
    import('../model/builder.js'),
    import('../lab/config.js'),
    import('../lab/places.js'),
    import('../lab/saved-config.js'),
  ]);
  const at = places(lab);
  const lists = await withApi(lab, api =>
    Promise.all([
      api.list(resources.nodes),
      api.list(resources.pods),
      api.list(resources.services),
      api.list(resources.endpointslices),
    ]),
  );
  const config = savedConfig(at.config)!;
  const { services, pods } = ranges(config);
  const objects = lists.flatMap(
    ({ items }) => items as unknown as Parameters<typeof buildCluster>[0] extends Iterable<infer T> ? T[] : never,
  );
  return { cluster: buildCluster(objects, { serviceCidrs: services, podCidrs: pods }), config, at };
}

interface Shown {
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly label: (way: Trace) => string | undefined;
  readonly all: boolean;
}

async function screen(
  { ways }: { readonly ways: readonly (Trace & { readonly replies: readonly Trace[] })[] },
  { sender, receiver, label, all }: Shown,
  { cluster, at }: Names,
): Promise<string> {
  const [{ format }, { symptom }] = await Promise.all([import('../trace/format.js'), import('../model/symptoms.js')]);
  const pods = new Map([...cluster.pods.values()].map(pod => [at.podNetns(pod.uid), `Pod ${pod.key}`]));
  const called = (netns: string) => {
    const role = netns.slice(at.netns('').length);
    return pods.get(netns) ?? (cluster.nodes.has(role) ? `Node ${role}` : role);
  };
  const text = (way: (typeof ways)[number]) => {
    const [, ...steps] = format(way, called).trimEnd().split('\n');
    const to = label(way);
    const route = [sender.label, receiver.label, ...(to && !receiver.label.startsWith(to) ? [to] : [])].join(' → ');
    const share = way.probability < 1 ? ` (${Math.round(100 * way.probability)} % of such packets)` : '';
    const good = way.ending === 'delivered';
    const missing = receiver.service && !good ? symptom(receiver.service) : undefined;
    return [
      `${route} · ${paint(good ? 'green' : 'red', way.ending)}${share}`,
      ...steps,
      ...(good
        ? way.replies.map(back => `    reply: ${back.ending}${back.ending === 'delivered' ? '' : `, ${back.why}`}`)
        : [`    ${way.why}${way.cause ? ` (${way.cause})` : ''}`]),
      ...(missing ? [`    ${missing.code} ${missing.message}; ${missing.advice}`] : []),
    ].join('\n');
  };
  const shown = all ? ways : ways.slice(0, 1);
  const others = ways.length - shown.length;
  return [
    ...shown.map(text),
    ...(others > 0 ? [`and ${others} other ${others === 1 ? 'way' : 'ways'}: --all shows them`] : []),
  ].join('\n\n');
}
