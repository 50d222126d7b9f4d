/** Tells the API server a Pod's status: the newest, one request at a time. Knows how to wait and repeat; the status itself is computed elsewhere. */

import { isDeepStrictEqual } from 'node:util';
import type { Api } from '../../client/api.js';
import { ApiFailure } from '../../client/failure.js';
import type { Pod } from '../../objects/pod.js';
import type { PodStatus } from '../../objects/pod-status.js';
import { resources } from '../../objects/resources.js';
import { logger } from '../../report/log.js';

const log = logger('lab');

export interface StatusPublisher {
  /** `soon`: more is about to change, so it may wait a moment. */
  publish(pod: Pod, status: PodStatus, soon: boolean): void;
  /** Resolves when the last status has arrived, or cannot. */
  settled(): Promise<void>;
  close(): void;
}

/** Most Pods run before this has passed, and then need one request instead of two. Milliseconds. */
const MOMENT = 60;
const RETRY = 1000;

export function statusPublisher(api: Api): StatusPublisher {
  let wanted: { pod: Pod; status: PodStatus } | undefined;
  let told: PodStatus | undefined;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let closed = false;

  const send = async () => {
    while (wanted && !closed) {
      const { pod, status } = wanted;
      wanted = undefined;
      if (isDeepStrictEqual(status, told)) continue;
      const { namespace, name, uid } = pod.metadata;
      try {
        // The uid makes sure that it is not the status of another Pod of the same name.
        await api.patch(
          resources.pods,
          { namespace, name },
          { type: 'merge', subresource: 'status', body: { metadata: { uid }, status } },
        );
        told = status;
      } catch (error) {
        // A refusal will not change; without an answer the same is tried again.
        if (error instanceof ApiFailure && error.status < 500 && error.status !== 429) {
          if (error.status !== 404) log.warn('status refused', { pod: name, error });
          continue;
        }
        wanted ??= { pod, status };
        await new Promise(resolve => setTimeout(resolve, RETRY).unref());
      }
    }
    sending = undefined;
  };
  const start = () => {
    clearTimeout(timer);
    timer = undefined;
    sending ??= send();
  };
  return {
    publish(pod, status, soon) {
      if (closed || isDeepStrictEqual(status, wanted?.status ?? told)) return;
      wanted = { pod, status };
      if (!soon) start();
      else timer ??= setTimeout(start, MOMENT).unref();
    },
    async settled() {
      if (timer) start();
      while (sending) await sending;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
