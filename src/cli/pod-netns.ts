/** From a Pod's name to its network namespace on this machine. */

import { places } from '../lab/places.js';
import { resources } from '../objects/resources.js';
import { PodwireError } from '../report/errors.js';
import { withApi } from './connect.js';

export async function podNetns(lab: string, pod: string): Promise<string> {
  const [name, namespace = 'default'] = pod.split('/').reverse() as [string, string?];
  const found = await withApi(lab, api =>
    api.list(resources.pods, { namespace, fieldSelector: `metadata.name=${name}` }),
  );
  const object = found.items[0];
  if (!object) throw new PodwireError('PW-L809', { where: pod });
  const at = places(lab);
  return object.spec.hostNetwork ? at.netns(object.spec.nodeName ?? '') : at.podNetns(object.metadata.uid!);
}
