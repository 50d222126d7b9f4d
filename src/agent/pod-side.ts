/** The inside of a Pod's namespace, as the plan wants it: made at ADD, read back at CHECK, mended on request. */

import { diff } from '../kernel/diff.js';
import { key } from '../kernel/kinds.js';
import type { KernelObject, KernelPort, Operation } from '../kernel/port.js';
import type { Attachment } from '../plan/attachment.js';
import { podSide } from '../plan/pods/pod-side.js';

/** Network namespaces by path: whether there is one, and its kernel. */
export interface Namespaces {
  exists(path: string): boolean;
  open(path: string): KernelPort;
}

export interface PodSide {
  exists(netns: string): boolean;
  /** In a namespace into which the link was just put. Throws an Error that says what the kernel refused. */
  wire(attachment: Attachment): void;
  /** What is missing or otherwise than wanted, in words. */
  check(attachment: Attachment): readonly string[];
  repair(attachment: Attachment): void;
}

export function podSides(namespaces: Namespaces): PodSide {
  const inside = <T>(attachment: Attachment, work: (port: KernelPort) => T): T => {
    const port = namespaces.open(attachment.netns);
    try {
      return work(port);
    } finally {
      port.close();
    }
  };
  const missing = (attachment: Attachment, port: KernelPort) => {
    const wanted = podSide(attachment);
    const state = new Map(wanted.map(object => [key(object), object]));
    return diff(state, port.read([...new Set(wanted.map(object => object.kind))]), { remove: false });
  };
  return {
    exists: netns => namespaces.exists(netns),
    wire: attachment => inside(attachment, port => apply(port, podSide(attachment).map(operation))),
    repair: attachment => inside(attachment, port => apply(port, missing(attachment, port))),
    check(attachment) {
      if (!namespaces.exists(attachment.netns)) return [`${attachment.netns} is no network namespace`];
      return inside(attachment, port => missing(attachment, port)).map(({ object }) => `in the Pod: ${key(object)}`);
    },
  };
}

/** Links are there, made as a pair or with the namespace, and only have to be set; reading first would take longer than all the rest. */
function operation(object: KernelObject): Operation {
  return { verb: object.kind === 'link' ? 'replace' : 'add', object };
}

function apply(port: KernelPort, operations: readonly Operation[]): void {
  const failures = port.apply(operations);
  if (failures.length > 0)
    throw new Error(
      failures.map(failure => `${key(failure.operation.object)}: ${failure.message || failure.errno}`).join('; '),
    );
}
