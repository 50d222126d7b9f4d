/** Finds the kubelet of a Pod's node for the API server. Knows where Pods run; the kubelets do the work. */

import type { Duplex, Readable } from 'node:stream';
import type { ExecOptions, ExecSession, LogOptions, NodeProxy, PodRef } from '../apiserver/node-proxy.js';
import { ApiError } from '../apiserver/status.js';
import type { Api } from '../client/api.js';
import { resources } from '../objects/resources.js';

export class NodeProxies implements NodeProxy {
  /** By node name. */
  readonly kubelets = new Map<string, NodeProxy>();
  api: Api | undefined;

  async logs(pod: PodRef, options: LogOptions): Promise<Readable> {
    return (await this.#kubelet(pod)).logs(pod, options);
  }

  async exec(pod: PodRef, options: ExecOptions): Promise<ExecSession> {
    return (await this.#kubelet(pod)).exec(pod, options);
  }

  async attach(pod: PodRef, options: ExecOptions): Promise<ExecSession> {
    return (await this.#kubelet(pod)).attach(pod, options);
  }

  async portForward(pod: PodRef, port: number): Promise<Duplex> {
    return (await this.#kubelet(pod)).portForward(pod, port);
  }

  async #kubelet(ref: PodRef): Promise<NodeProxy> {
    const pod = await this.api!.get(resources.pods, ref);
    const kubelet = this.kubelets.get(pod.spec.nodeName ?? '');
    if (!kubelet) throw new ApiError(400, 'BadRequest', `pod ${ref.name} does not have a host assigned`);
    return kubelet;
  }
}
