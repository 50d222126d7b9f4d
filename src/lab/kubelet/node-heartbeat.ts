/** Registers the node and keeps saying that it lives: Node status and Lease, every 10 s. Knows when the network is ready by CNI STATUS. */

import type { Api } from '../../client/api.js';
import { ApiFailure } from '../../client/failure.js';
import { isTrue } from '../../objects/condition-status.js';
import type { Node } from '../../objects/node.js';
import { resources } from '../../objects/resources.js';
import { logger } from '../../report/log.js';
import type { Cni } from '../runtime/cni.js';
import { type MachineDescription, type NodeDescription, nodeObject, nodeStatus } from './node-object.js';

const PERIOD = 10_000;
const LEASE_SECONDS = 40;
/** The longest pause while the network is not ready, milliseconds. */
const WAITING = 250;
/** While the network is not ready it is asked more often: from this on, ever more slowly. Milliseconds. */
const EAGER = 20;
/**
 * A node that was ready stays so for this long while the network does not answer, in milliseconds: an agent that starts again
 * needs less, and a node that is not ready takes its Pods out of every Service although they can be reached.
 */
const GRACE = 10_000;
const log = logger('lab');

export interface Heartbeat {
  stop(): void;
}

/** `ready` is told each time the network's readiness changes. */
export function heartbeat(api: Api, node: NodeDescription, machine: MachineDescription, cni: Cni): Heartbeat {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let known: Node | undefined;
  let pause = EAGER;
  let told: string | undefined;
  let last = 0;
  let answered = Date.now();

  const beat = async () => {
    const answer = await cni.status().then(
      () => '',
      (error: Error) => error.message,
    );
    try {
      known ??= await register(api, nodeObject(node, machine) as Node);
      const now = Date.now();
      if (!answer) answered = now;
      const trouble = now - answered < GRACE && isTrue(known, 'Ready') ? '' : answer;
      if (trouble !== told || now - last >= PERIOD) {
        const status = nodeStatus(node, machine, trouble, known.status, now);
        known = await api.patch(
          resources.nodes,
          { name: node.name },
          // Two InternalIPs of a dual-stack node have one merge key: the list is replaced as a whole.
          {
            type: 'strategic',
            subresource: 'status',
            body: { status: { ...status, addresses: [...(status.addresses ?? []), { $patch: 'replace' }] } },
          },
        );
        await renew(api, node.name, known);
        if (told !== undefined && trouble !== told)
          log.info(trouble ? 'node is not ready' : 'node is ready', { node: node.name, trouble });
        told = trouble;
        last = now;
      }
      pause = answer ? Math.min(WAITING, pause * 1.5) : PERIOD;
    } catch (error) {
      // The Node may have been deleted: it is registered anew.
      if (ApiFailure.isNotFound(error)) known = undefined;
      log.debug('no heartbeat', { node: node.name, error });
      pause = Math.min(PERIOD, pause * 2);
    }
    if (!stopped) timer = setTimeout(() => void beat(), pause).unref();
  };
  void beat();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Labels of a node that is there already are completed, not replaced. */
async function register(api: Api, object: Node): Promise<Node> {
  try {
    return await api.create(resources.nodes, object);
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== 409) throw error;
    const { name, labels } = object.metadata;
    return api.patch(resources.nodes, { name }, { type: 'merge', body: { metadata: { labels } } });
  }
}

async function renew(api: Api, name: string, node: Node): Promise<void> {
  const renewTime = `${new Date().toISOString().slice(0, -1)}000Z`;
  const ref = { namespace: 'kube-node-lease', name };
  const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime };
  try {
    await api.patch(resources.leases, ref, { type: 'merge', body: { spec } });
  } catch (error) {
    if (!ApiFailure.isNotFound(error)) throw error;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid ?? '' }];
    await api.create(resources.leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { ...ref, ownerReferences },
      spec,
    });
  }
}
