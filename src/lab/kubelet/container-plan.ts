/** A Pod's container as the runtime starts it. Pure: all that was fetched, prepared or looked up is handed in. */

import type { Container as Spec } from '../../objects/container.js';
import type { Pod } from '../../objects/pod.js';
import type { Image, ImageFile } from '../images/catalogue.js';
import type { Container, ContainerMount, Identity, Program } from '../runtime/container.js';
import type { Layer } from '../runtime/layers.js';
import { keptCapabilities } from './capabilities.js';
import { ConfigError } from './environment.js';
import { expand } from './expand.js';
import { hostName } from './name-files.js';

export interface Surroundings {
  readonly netns: string;
  readonly scratch: string;
  readonly layers: readonly Layer[];
  readonly hidden: ReadonlyMap<string, number>;
  /** /etc/hosts and its like, by path. */
  readonly files: Readonly<Record<string, string>>;
  readonly mounts: readonly ContainerMount[];
  readonly nodeName: string;
}

/** `variables` are the container's environment as the Pod defines it. */
export function containerPlan(
  pod: Pod,
  spec: Spec,
  image: Image,
  variables: ReadonlyMap<string, string>,
  around: Surroundings,
): Container {
  const security = spec.securityContext;
  const privileged = security?.privileged === true;
  const identity = identityOf(pod, spec);
  const argv = commandOf(spec, image, variables);
  const paused = image.pause === true && argv.length === 1 && argv[0] === '/pause';
  const program: Program = paused
    ? 'pause'
    : {
        argv,
        env: environmentOf(pod, image, variables, identity, around.nodeName),
        workingDir: spec.workingDir || image.workingDir,
      };
  const text = Object.entries(around.files).map(([path, content]): [string, ImageFile] => [
    path,
    { content, mode: 0o644 },
  ]);
  return {
    netns: around.netns,
    hostname: pod.spec.hostNetwork ? around.nodeName : hostName(pod),
    scratch: around.scratch,
    layers: image.pause ? [] : around.layers,
    hidden: around.hidden,
    files: new Map([...Object.entries(image.files), ...text]),
    mounts: [
      ...image.provided.map(({ from, to }) => ({
        source: from,
        target: to,
        readOnly: true,
        directory: !/\/node$/.test(to),
      })),
      ...around.mounts,
    ],
    readOnlyRoot: security?.readOnlyRootFilesystem === true,
    privileged,
    identity,
    program,
    tty: spec.tty === true,
  };
}

/** ENTRYPOINT and CMD of the image, replaced by `command` and `args`: a `command` alone also removes the image's CMD. */
export function commandOf(
  spec: Pick<Spec, 'command' | 'args'>,
  image: Pick<Image, 'entrypoint' | 'command'>,
  variables: ReadonlyMap<string, string>,
): string[] {
  const command = spec.command?.length ? spec.command : undefined;
  const args = spec.args?.length ? spec.args : undefined;
  const expanded = (words: readonly string[]) => words.map(word => expand(word, name => variables.get(name)));
  if (command) return expanded([...command, ...(args ?? [])]);
  return [...image.entrypoint, ...(args ? expanded(args) : image.command)];
}

/** Throws ConfigError when the Pod forbids root and says no other user. */
export function identityOf(pod: Pod, spec: Spec): Identity {
  const security = spec.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const user = security.runAsUser ?? shared.runAsUser ?? 0;
  const group = security.runAsGroup ?? shared.runAsGroup ?? 0;
  if ((security.runAsNonRoot ?? shared.runAsNonRoot) && user === 0) {
    throw new ConfigError('container has runAsNonRoot and image will run as root');
  }
  const privileged = security.privileged === true;
  return {
    user,
    group,
    groups: [...(shared.supplementalGroups ?? []), ...(shared.fsGroup === undefined ? [] : [shared.fsGroup])],
    capabilities: keptCapabilities(privileged, security.capabilities),
    noNewPrivileges: security.allowPrivilegeEscalation === false,
  };
}

function environmentOf(
  pod: Pod,
  image: Image,
  variables: ReadonlyMap<string, string>,
  identity: Identity,
  nodeName: string,
): string[] {
  const all = new Map<string, string>([
    ...Object.entries(image.env),
    ['HOSTNAME', pod.spec.hostNetwork ? nodeName : hostName(pod)],
    ['HOME', identity.user === 0 ? '/root' : '/'],
    ...variables,
  ]);
  return [...all].map(([name, value]) => `${name}=${value}`);
}
