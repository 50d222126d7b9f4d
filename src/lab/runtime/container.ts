/** A container as a list of system calls: namespaces, root, files, mounts, identity, program. Knows no Kubernetes object. */

import { type Layer, upper } from './layers.js';
import type { Step } from './program.js';
import * as step from './steps.js';

export interface ContainerMount {
  /** On the machine. */
  readonly source: string;
  /** In the container. */
  readonly target: string;
  readonly readOnly: boolean;
  /** Whether `source` is a directory. */
  readonly directory: boolean;
}

export interface Identity {
  readonly user: number;
  readonly group: number;
  readonly groups: readonly number[];
  /** Numbers of the capabilities to keep (linux/capability.h). */
  readonly capabilities: readonly number[];
  readonly noNewPrivileges: boolean;
}

/** What runs in it: 'pause' is no program at all. */
export type Program =
  | 'pause'
  | { readonly argv: readonly string[]; readonly env: readonly string[]; readonly workingDir: string };

export interface Container {
  /** Path of the Pod's network namespace. */
  readonly netns: string;
  readonly hostname: string;
  /** An empty directory on the machine that everything private to the container is mounted at, for itself alone. */
  readonly scratch: string;
  /** The machine's file systems, copied on write; without any the root is empty. */
  readonly layers: readonly Layer[];
  /** Directories of the machine that the container sees empty, with their modes. */
  readonly hidden: ReadonlyMap<string, number>;
  /** Files by path. */
  readonly files: ReadonlyMap<string, { readonly content: string; readonly mode: number }>;
  readonly mounts: readonly ContainerMount[];
  readonly readOnlyRoot: boolean;
  readonly privileged: boolean;
  readonly identity: Identity;
  readonly program: Program;
  readonly tty: boolean;
}

/** Runs as process 1 of a new PID namespace, as root, with file descriptor 3 for the report. */
export function containerProgram(container: Container): Step[] {
  const { scratch, layers, program, tty } = container;
  const root = layers.length > 0 ? `${scratch}/root` : scratch;
  const more = layers.length > 0 || container.mounts.length > 0;
  return [
    step.closeReportOnStart(),
    step.closeOthers(),
    step.umask(0),
    ...step.enter(container.netns, step.CLONE_NEWNET),
    step.unshare(step.CLONE_NEWNS | step.CLONE_NEWUTS | step.CLONE_NEWIPC),
    step.privateMounts(),
    step.mount('tmpfs', scratch, 'mode=0755'),
    ...(layers.length > 0 ? layered(container, root) : []),
    ...(more ? kernelFiles(root, container.privileged) : []),
    step.open('/'),
    ...step.pivot(root),
    ...container.mounts.flatMap(mountInto),
    ...(container.readOnlyRoot ? [step.readOnly('/')] : []),
    ...step.leaveOldRoot(step.FIRST_FD),
    step.hostname(container.hostname),
    step.umask(0o022),
    ...(tty ? [step.controlTerminal()] : []),
    ...run(program, container.identity),
  ];
}

/** Who runs what, the last steps of a container and of a command in it. */
export function run(program: Program, identity: Identity): Step[] {
  if (program === 'pause')
    return [...drop(identity), ...step.become(identity.user, identity.group, identity.groups), ...step.pause()];
  return [
    ...step.directories(program.workingDir),
    step.workIn(program.workingDir),
    ...drop(identity),
    ...step.become(identity.user, identity.group, identity.groups),
    ...step.execute(candidates(program.argv[0]!, program.env), program.argv, program.env),
  ];
}

function drop(identity: Identity): Step[] {
  const gone = Array.from({ length: LAST_CAPABILITY + 1 }, (_, i) => i).filter(i => !identity.capabilities.includes(i));
  return [...gone.map(step.dropCapability), ...(identity.noNewPrivileges ? [step.noNewPrivileges()] : [])];
}
/** Kernels may know fewer; dropping an unknown one fails, and may. */
export const LAST_CAPABILITY = 40;

/** Where a program of that name may be: the name itself when it has a slash, else in the directories of PATH. */
export function candidates(name: string, env: readonly string[]): readonly string[] {
  if (name.includes('/')) return [name];
  const path = env.find(entry => entry.startsWith('PATH='))?.slice(5) ?? '';
  return path.split(':').map(directory => `${directory || '.'}/${name}`);
}

/** The machine's root with a writable layer in memory. What belongs to this container alone is put in that layer beforehand. */
function layered({ scratch, layers, hidden, files }: Container, root: string): Step[] {
  const at = (path: string) => upper(scratch, layers, path);
  return [
    step.directory(root),
    ...layers.flatMap((_, i) => [step.directory(`${scratch}/upper${i}`), step.directory(`${scratch}/work${i}`)]),
    ...[...hidden].flatMap(([path, mode]) => [...step.directories(at(path), mode), step.opaque(at(path))]),
    ...devices(at('/dev')),
    ...[...files].flatMap(([path, { content, mode }]) => [
      ...step.directories(at(path).replace(/\/[^/]*$/, '')),
      ...step.file(at(path), content, mode),
    ]),
    ...layers.map((layer, i) =>
      layer.writable
        ? step.mount(
            'overlay',
            root + (layer.path === '/' ? '' : layer.path),
            `lowerdir=${layer.path},upperdir=${scratch}/upper${i},workdir=${scratch}/work${i}`,
          )
        : step.bind(layer.path, root + layer.path),
    ),
  ];
}

/** What every container finds in /dev (OCI runtime specification, Linux, default devices). */
function devices(dev: string): Step[] {
  const nodes: [name: string, major: number, minor: number][] = [
    ['null', 1, 3],
    ['zero', 1, 5],
    ['full', 1, 7],
    ['random', 1, 8],
    ['urandom', 1, 9],
    ['tty', 5, 0],
  ];
  const links = {
    fd: '/proc/self/fd',
    stdin: '/proc/self/fd/0',
    stdout: '/proc/self/fd/1',
    stderr: '/proc/self/fd/2',
    ptmx: 'pts/ptmx',
  };
  return [
    ...nodes.map(([name, major, minor]) => step.device(`${dev}/${name}`, major, minor, 0o666)),
    ...Object.entries(links).map(([name, target]) => step.symlink(target, `${dev}/${name}`)),
    step.directory(`${dev}/pts`),
    step.directory(`${dev}/shm`, 0o1777),
  ];
}

function kernelFiles(root: string, privileged: boolean): Step[] {
  // Kernels without them have nothing to guard.
  const guarded = privileged ? [] : [`${root}/proc/sys`, `${root}/proc/sysrq-trigger`];
  return [
    ...['proc', 'sys', 'dev', 'dev/pts'].map(name => step.directory(`${root}/${name}`)),
    step.mount('proc', `${root}/proc`, '', step.GUARDED),
    ...guarded.flatMap(path => [step.bind(path, path), step.readOnly(path)]).map(step.optional),
    step.mount('sysfs', `${root}/sys`, '', step.GUARDED | (privileged ? 0 : step.READ_ONLY)),
    step.mount('devpts', `${root}/dev/pts`, 'newinstance,ptmxmode=0666,mode=0620'),
  ];
}

function mountInto({ source, target, readOnly, directory }: ContainerMount): Step[] {
  const parent = target.replace(/\/[^/]*$/, '');
  return [
    ...(directory ? step.directories(target) : [...step.directories(parent), ...step.touch(target, step.FIRST_FD + 1)]),
    // The container's own symbolic links in `target` lead inside it, since its root is in place already.
    step.bind(`/proc/self/fd/${step.FIRST_FD}${source}`, target),
    ...(readOnly ? [step.readOnly(target)] : []),
  ];
}
