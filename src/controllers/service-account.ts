/** ServiceAccounts: every namespace has one called `default`. */

import { type Resource, resources } from '../objects/resources.js';
import type { Controller } from './controller.js';

const serviceaccounts = resources.serviceaccounts as unknown as Resource;

export const serviceAccountController: Controller = {
  name: 'service-account',
  watches: [resources.namespaces as unknown as Resource, serviceaccounts],
  keys: ({ kind, metadata }) => [kind === 'Namespace' ? metadata.name : metadata.namespace!],
  reconcile: (view, name) => {
    const namespace = view.get(resources.namespaces, undefined, name);
    if (!namespace || namespace.metadata.deletionTimestamp || view.get(resources.serviceaccounts, name, 'default'))
      return [];
    const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } };
    return [{ do: 'create', resource: serviceaccounts, object }];
  },
};
