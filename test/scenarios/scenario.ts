/** Scenario files: steps and the kernel state expected after each, in one text; run on a kernel in memory. See README.md beside this. */

import { parseAllDocuments } from 'yaml';
import { FakeKernel } from '../../src/kernel/fake.js';
import { format, key, RANK } from '../../src/kernel/kinds.js';
import type { KernelObject, KernelState } from '../../src/kernel/port.js';
import { ClusterBuilder } from '../../src/model/builder.js';
import type { ClusterEvent } from '../../src/model/cluster.js';
import { Ip } from '../../src/net/ip.js';
import type { KubeObject } from '../../src/objects/meta.js';
import type { Attachment, HostPort, Profile } from '../../src/plan/attachment.js';
import { Planner, plan } from '../../src/plan/planner.js';
import { podSide } from '../../src/plan/pods/pod-side.js';
import type { Settings } from '../../src/plan/settings.js';
import { Reconciler } from '../../src/reconcile/reconciler.js';
import { attachmentOf } from '../plan/attachment.js';
import { node1, RANGES } from '../plan/world.js';

/** `-- verb argument --` and the text up to the next such line. */
export interface Section {
  readonly verb: string;
  readonly argument: string;
  readonly body: string;
}

export interface Scenario {
  /** The text before the first section: what the scenario shows. */
  readonly title: string;
  readonly sections: readonly Section[];
}

export function parseScenario(text: string): Scenario {
  const [title = '', ...rest] = text.split(/^-- (.+) --\n/m);
  const sections: Section[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    const [verb = '', argument = ''] = rest[i]!.split(/ (.*)/);
    sections.push({ verb, argument, body: rest[i + 1]! });
  }
  return { title: title.trim(), sections };
}

export function formatScenario({ title, sections }: Scenario): string {
  const heads = sections.map(({ verb, argument, body }) => `-- ${verb}${argument && ` ${argument}`} --\n${body}`);
  return `${title}\n\n${heads.join('')}`;
}

/** Runs it step by step; the same scenario with what was really observed in the expecting sections. */
export function run(scenario: Scenario): Scenario {
  const lab = new Lab(settingsOf(scenario));
  return { ...scenario, sections: scenario.sections.map(section => ({ ...section, body: lab.step(section) })) };
}

/** The final state of ours when all steps reach the kernel at once. */
export function runSquashed(scenario: Scenario): string {
  const lab = new Lab(settingsOf(scenario), { flush: false });
  for (const section of scenario.sections) if (!EXPECTING.has(section.verb)) lab.step(section);
  return lab.finish();
}

/** The final state of ours when the plan is made once, from what is left after all steps. */
export function runFromScratch(scenario: Scenario): string {
  const lab = new Lab(settingsOf(scenario), { plan: false });
  for (const section of scenario.sections) if (!EXPECTING.has(section.verb)) lab.step(section);
  return lab.finish();
}

/** The final state of ours, step by step. */
export function runInSteps(scenario: Scenario): string {
  const lab = new Lab(settingsOf(scenario));
  for (const section of scenario.sections) if (!EXPECTING.has(section.verb)) lab.step(section);
  return lab.finish();
}

const EXPECTING: ReadonlySet<string> = new Set(['changes', 'kernel', 'pod', 'problems']);

function settingsOf(scenario: Scenario): Settings {
  const first = scenario.sections[0];
  if (first?.verb !== 'settings') return node1();
  return node1(parseAllDocuments(first.body)[0]!.toJS() as Parameters<typeof node1>[0]);
}

/** Node n1 with one link to the others, and a namespace for every Pod. */
class Lab {
  readonly #pods = new Map<string, FakeKernel>();
  readonly #kernel = new FakeKernel(this.#pods);
  readonly #builder: ClusterBuilder;
  readonly #planner: Planner;
  readonly #reconciler = new Reconciler(this.#kernel, () => 0);
  readonly #attachments = new Map<string, Attachment>();
  #seen: KernelState;

  constructor(
    private readonly settings: Settings,
    private readonly options: { flush?: boolean; plan?: boolean } = {},
  ) {
    this.#kernel.apply([
      { verb: 'replace', object: { kind: 'link', type: 'other', driver: '', name: 'lo', up: true } },
      {
        verb: 'add',
        object: { kind: 'link', type: 'veth', name: 'eth0', up: true, mac: '02:00:00:00:00:11', mtu: 1500 },
      },
      ...settings.addresses.map(
        ip =>
          ({ verb: 'add', object: { kind: 'address', link: 'eth0', ip, prefix: ip.family === 4 ? 24 : 64 } }) as const,
      ),
    ]);
    this.#builder = new ClusterBuilder({ ...RANGES, serviceCidrs: settings.serviceCidrs });
    this.#planner = new Planner(this.#builder.cluster, 'n1', settings);
    this.#set(this.#planner.start());
    this.#flush();
    this.#seen = this.#kernel.read();
  }

  /** Does what the section says; the body that it should have. */
  step({ verb, argument, body }: Section): string {
    if (verb === 'settings') return body;
    if (verb === 'apply') this.#events(documents(body).map(object => ({ type: 'upsert', object })));
    else if (verb === 'delete') this.#events(lines(body).map(line => ({ type: 'delete', object: reference(line) })));
    else if (verb === 'attach') for (const line of lines(body)) this.#attach(line);
    else if (verb === 'leave') for (const line of lines(body)) this.#leave(line);
    else if (verb === 'detach') for (const line of lines(body)) this.#detach(line);
    else if (verb === 'changes') return this.#changes();
    else if (verb === 'kernel') return this.#kernel.dump();
    else if (verb === 'pod') return this.#pods.get(`/run/netns/${argument}`)?.dump() ?? 'no such Pod\n';
    else if (verb === 'problems') return this.#problems();
    else throw new Error(`unknown section '${verb}'`);
    this.#flush();
    return body;
  }

  finish(): string {
    if (this.options.plan === false) {
      const whole = plan(this.#builder.cluster, 'n1', this.settings, this.#attachments.values());
      for (const [owner, objects] of whole) this.#reconciler.set(owner, objects);
    }
    refuseFailures(this.#reconciler.flush());
    return this.#kernel.dump();
  }

  #events(events: readonly ClusterEvent[]): void {
    for (const event of events) {
      const change = this.#builder.apply(event);
      this.#set(this.#planner.apply(change));
    }
  }

  /** `default/client 10.244.1.5 fd00:10:244:1::5 [bridge] [8080→80/TCP@172.30.0.11]`. */
  #attach(line: string): void {
    const words = line.split(' ');
    const profile: Profile = words.includes('bridge') ? 'bridge' : 'routed';
    const [namespace, name] = words[0]!.split('/') as [string, string];
    const ips = words.slice(1).flatMap(word => Ip.parse(word) ?? []);
    const netns = `/run/netns/${words[0]}`;
    const hostPorts = words.flatMap(word => hostPort(word) ?? []);
    const attachment = attachmentOf({
      id: words[0]!,
      namespace,
      name,
      ips,
      netns,
      profile,
      hostPorts,
      settings: this.settings,
    });
    this.#attachments.set(attachment.id, attachment);
    this.#pods.set(attachment.netns, new FakeKernel(this.#pods));
    this.#set(this.#planner.attach(attachment));
    this.#flush();
    if (this.options.flush === false || this.options.plan === false) return;
    const inside = new Reconciler(this.#pods.get(attachment.netns)!, () => 0);
    inside.set('pod', podSide(attachment));
    refuseFailures(inside.flush());
  }

  /** DEL was called, and the link not yet deleted. */
  #leave(id: string): void {
    const attachment = { ...this.#attachments.get(id)!, leaving: true };
    this.#attachments.set(id, attachment);
    this.#set(this.#planner.attach(attachment));
  }

  #detach(id: string): void {
    this.#attachments.delete(id);
    this.#set(this.#planner.detach(id));
  }

  #set(owners: ReadonlyMap<string, readonly KernelObject[]>): void {
    if (this.options.plan === false) return;
    for (const [owner, objects] of owners) this.#reconciler.set(owner, objects);
  }

  #flush(): void {
    if (this.options.flush === false || this.options.plan === false) return;
    refuseFailures(this.#reconciler.flush());
  }

  /** What is other than at the last look: `+` came, `-` went, `~` is now so. */
  #changes(): string {
    const now = this.#kernel.read();
    const found: { readonly object: KernelObject; readonly text: string }[] = [];
    for (const [key, object] of now) {
      const before = this.#seen.get(key);
      if (!before) found.push({ object, text: `+ ${format(object)}` });
      else if (format(before) !== format(object)) found.push({ object, text: `~ ${format(object)}` });
    }
    for (const [key, object] of this.#seen) if (!now.has(key)) found.push({ object, text: `- ${format(object)}` });
    this.#seen = now;
    found.sort(
      (a, b) => RANK.get(a.object.kind)! - RANK.get(b.object.kind)! || natural.compare(key(a.object), key(b.object)),
    );
    return found.map(({ text }) => `${text}\n`).join('');
  }

  #problems(): string {
    const problems = this.#builder.cluster.problems();
    return problems.map(({ code, message }) => `${code} ${message}\n`).join('');
  }
}

const natural = new Intl.Collator('en', { numeric: true });

function refuseFailures({ failures }: ReturnType<Reconciler['flush']>): void {
  const [first] = failures;
  if (first)
    throw new Error(`the kernel refused ${first.operation.verb} ${format(first.operation.object)}: ${first.errno}`);
}

function documents(body: string): KubeObject[] {
  return parseAllDocuments(body).map(document => document.toJS() as KubeObject);
}

function lines(body: string): string[] {
  return body.split('\n').filter(line => line.trim());
}

/** `Service default/web`, `Node n2`. */
function reference(line: string): KubeObject {
  const [kind = '', path = ''] = line.split(' ');
  const [name = '', namespace] = path.split('/').reverse();
  return { apiVersion: 'v1', kind, metadata: { name, namespace } };
}

function hostPort(word: string): HostPort | undefined {
  const [, number, containerPort, protocol, ip] = /^(\d+)→(\d+)\/(\w+)(?:@(.+))?$/.exec(word) ?? [];
  if (!protocol) return undefined;
  const hostIP = ip === undefined ? undefined : Ip.of(ip);
  return {
    protocol: protocol as HostPort['protocol'],
    number: Number(number),
    containerPort: Number(containerPort),
    hostIP,
  };
}
