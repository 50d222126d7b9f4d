/** Defaults of a Pod's spec that depend on other fields of it. */
import type { Container } from './container.js';
import type { PodSpec } from './pod.js';
import type { Volume } from './volume.js';

/** The spec of a Pod or of a template; the schema's defaults are there already. Never fails, whatever is missing. */
export function defaultPodSpec(spec: PodSpec): PodSpec {
  const container = (value: Container) => defaultContainer(value, spec.hostNetwork === true);
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  return {
    ...spec,
    ...(spec.containers && { containers: spec.containers.map(container) }),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(container) }),
    ...(spec.volumes && { volumes: spec.volumes.map(defaultVolume) }),
    ...(account && { serviceAccountName: account, serviceAccount: account }),
    securityContext: spec.securityContext ?? {},
  };
}

function defaultContainer(container: Container, hostNetwork: boolean): Container {
  const { image, resources, ports } = container;
  return {
    ...container,
    imagePullPolicy: container.imagePullPolicy ?? (isLatest(image ?? '') ? 'Always' : 'IfNotPresent'),
    resources: resources?.limits
      ? { ...resources, requests: { ...resources.limits, ...resources.requests } }
      : (resources ?? {}),
    // On the node's network a port of the container is a port of the node.
    ...(hostNetwork &&
      ports && { ports: ports.map(port => ({ ...port, hostPort: port.hostPort || port.containerPort })) }),
  };
}

function defaultVolume(volume: Volume): Volume {
  const hasSource = Object.entries(volume).some(([key, value]) => key !== 'name' && value !== undefined);
  return hasSource ? volume : { ...volume, emptyDir: {} };
}

/** An image without a tag or digest is the newest one, which must be looked for every time. */
function isLatest(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}
