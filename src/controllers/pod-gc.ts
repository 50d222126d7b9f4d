/** Pods that nobody will ever end: bound to a node that is no more. */

import type { Pod } from '../objects/kinds.js';
import { type Resource, resources } from '../objects/resources.js';
import { type Controller, keyOf, parseKey } from './controller.js';

const pods = resources.pods as unknown as Resource;

export const podGc: Controller = {
  name: 'pod-gc',
  watches: [pods, resources.nodes as unknown as Resource],
  keys: (object, view) => {
    if (object.kind === 'Node') {
      if (view.get(resources.nodes, undefined, object.metadata.name)) return [];
      return view
        .list(resources.pods)
        .filter(({ spec }) => spec.nodeName === object.metadata.name)
        .map(keyOf);
    }
    const { nodeName } = (object as unknown as Pod).spec;
    return nodeName && !view.get(resources.nodes, undefined, nodeName) ? [keyOf(object)] : [];
  },
  reconcile: (view, key) => {
    const pod = view.get(resources.pods, ...parseKey(key));
    if (!pod?.spec.nodeName || view.get(resources.nodes, undefined, pod.spec.nodeName)) return [];
    const namespace = undefined;
    const node = { resource: resources.nodes as unknown as Resource, namespace, name: pod.spec.nodeName, uid: '' };
    return [{ do: 'delete', resource: pods, object: pod, gracePeriodSeconds: 0, ifGone: [node] }];
  },
};
