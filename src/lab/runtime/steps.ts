/** The steps that set a container up, by what they do. Knows the calls' arguments; refuses to know what a container is. */

import type { Step } from './program.js';

// asm-generic/fcntl.h, linux/mount.h, linux/sched.h, linux/stat.h, linux/prctl.h, asm-generic/signal.h
const AT_FDCWD = -100;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const O_PATH = 0o10000000;
const S_IFCHR = 0o020000;
const MS_RDONLY = 1;
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;
const MS_REMOUNT = 32;
const MS_BIND = 4096;
const MS_REC = 16384;
const MS_PRIVATE = 1 << 18;
const MNT_DETACH = 2;
export const CLONE_NEWNS = 0x00020000;
export const CLONE_NEWUTS = 0x04000000;
export const CLONE_NEWIPC = 0x08000000;
export const CLONE_NEWNET = 0x40000000;
const TIOCSCTTY = 0x540e;
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const SIGINT = 2;
const SIGTERM = 15;
const SIGCHLD = 17;
const SIG_IGN = 1;

/** The same step, passed over when it fails. */
export const optional = ({ call, args }: Step): Step => ({ call, args });

/** The lowest descriptor that `open` can return after `closeOthers`: the next ones count up from here. */
export const FIRST_FD = 4;

/** Closes what leaked into this process, so that the next opened file is FIRST_FD. */
export const closeOthers = (): Step => ({ call: 'close_range', args: [FIRST_FD, 0xffffffff, 0] });

/** The report's descriptor closes when the program starts: that is how its start is seen. */
export const closeReportOnStart = (): Step => ({ call: 'fcntl', args: [3, 2, 1], doing: 'preparing the report' });

/** Opens `path` to stand for its place; returns FIRST_FD, or the next one after that. */
export const open = (path: string): Step => ({
  call: 'openat',
  args: [AT_FDCWD, path, O_PATH],
  doing: `opening ${path}`,
});
export const openRead = (path: string): Step => ({
  call: 'openat',
  args: [AT_FDCWD, path, 0],
  doing: `opening ${path}`,
});
export const openTerminal = (path: string): Step => ({
  call: 'openat',
  args: [AT_FDCWD, path, O_RDWR],
  doing: `opening ${path}`,
});
export const close = (fd: number): Step => ({ call: 'close', args: [fd] });
/** Standard input becomes the controlling terminal of this session leader. */
export const controlTerminal = (): Step => ({ call: 'ioctl', args: [0, TIOCSCTTY, 0], doing: 'taking the terminal' });
export const duplicate = (from: number, to: number): Step => ({
  call: 'dup3',
  args: [from, to, 0],
  doing: 'redirecting',
});

/** Enters the namespace at `path`; uses FIRST_FD. */
export const enter = (path: string, type: number): Step[] => [
  openRead(path),
  { call: 'setns', args: [FIRST_FD, type], doing: `entering ${path}` },
  close(FIRST_FD),
];
export const unshare = (flags: number): Step => ({ call: 'unshare', args: [flags], doing: 'making namespaces' });

export const mount = (type: string, target: string, options = '', flags = 0): Step => ({
  call: 'mount',
  args: [type, target, type, flags, options],
  doing: `mounting ${type} at ${target}`,
});
/** Mounts made here are seen nowhere else. */
export const privateMounts = (): Step => ({
  call: 'mount',
  args: ['none', '/', 0, MS_REC | MS_PRIVATE, 0],
  doing: 'making mounts private',
});
export const bind = (source: string, target: string): Step => ({
  call: 'mount',
  args: [source, target, 0, MS_BIND | MS_REC, 0],
  doing: `mounting ${source} at ${target}`,
});
export const readOnly = (target: string): Step => ({
  call: 'mount',
  args: ['none', target, 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0],
  doing: `making ${target} read-only`,
});
export const GUARDED = MS_NOSUID | MS_NODEV | MS_NOEXEC;
export const READ_ONLY = MS_RDONLY;

/** Makes `root` the root; afterwards the old root is reached by `oldRoot` alone, a descriptor of it, until `leaveOldRoot`. */
export const pivot = (root: string): Step[] => [
  { call: 'chdir', args: [root], doing: `entering ${root}` },
  { call: 'pivot_root', args: ['.', '.'], doing: 'changing the root' },
];
export const leaveOldRoot = (oldRoot: number): Step[] => [
  { call: 'fchdir', args: [oldRoot], doing: 'leaving the old root' },
  { call: 'umount2', args: ['.', MNT_DETACH], doing: 'leaving the old root' },
  close(oldRoot),
];

/** The last directory is made, its parents too; what is there already stays. */
export function directories(path: string, mode = 0o755): Step[] {
  const parts = path.split('/').filter(Boolean);
  return parts.map((_, i) => directory(`/${parts.slice(0, i + 1).join('/')}`, i + 1 < parts.length ? 0o755 : mode));
}
export const directory = (path: string, mode = 0o755): Step => ({ call: 'mkdirat', args: [AT_FDCWD, path, mode] });
/** A file to mount on; `fd` is the next free descriptor. */
export const touch = (path: string, fd: number): Step[] => [
  { call: 'openat', args: [AT_FDCWD, path, O_CREAT, 0o644] },
  close(fd),
];
export const symlink = (target: string, path: string): Step => ({ call: 'symlinkat', args: [target, AT_FDCWD, path] });
export const device = (path: string, major: number, minor: number, mode: number): Step => ({
  call: 'mknodat',
  args: [AT_FDCWD, path, S_IFCHR | mode, major * 256 + minor],
  doing: `making ${path}`,
});
export const chmod = (path: string, mode: number): Step => ({ call: 'fchmodat', args: [AT_FDCWD, path, mode] });
/** `mode` is exact only while the umask is 0; uses FIRST_FD. */
export function file(path: string, content: string, mode: number): Step[] {
  const bytes = Buffer.from(content);
  return [
    { call: 'openat', args: [AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode], doing: `writing ${path}` },
    { call: 'write', args: [FIRST_FD, bytes, bytes.length], doing: `writing ${path}` },
    close(FIRST_FD),
  ];
}
/** Overlayfs: nothing of the lower layers' directory of that name is seen (Documentation/filesystems/overlayfs.rst). */
export const opaque = (path: string): Step => ({
  call: 'lsetxattr',
  args: [path, 'trusted.overlay.opaque', Buffer.from('y'), 1, 0],
  doing: `hiding what is in ${path}`,
});

export const workIn = (path: string): Step => ({
  call: 'chdir',
  args: [path],
  doing: `changing to the working directory ${path}`,
});
export const hostname = (name: string): Step => ({
  call: 'sethostname',
  args: [name, Buffer.byteLength(name)],
  doing: 'naming the host',
});
export const umask = (mask: number): Step => ({ call: 'umask', args: [mask] });
export const dropCapability = (number: number): Step => ({ call: 'prctl', args: [PR_CAPBSET_DROP, number, 0, 0, 0] });
export const noNewPrivileges = (): Step => ({
  call: 'prctl',
  args: [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0],
  doing: 'refusing new privileges',
});

export function become(user: number, group: number, groups: readonly number[]): Step[] {
  const list = new Uint8Array(Uint32Array.from(groups).buffer);
  return [
    { call: 'setgroups', args: [groups.length, list], doing: 'setting groups' },
    { call: 'setresgid', args: [group, group, group], doing: `becoming group ${group}` },
    { call: 'setresuid', args: [user, user, user], doing: `becoming user ${user}` },
  ];
}

/** Tries one file after the other; the last failure is reported. */
export function execute(files: readonly string[], argv: readonly string[], env: readonly string[]): Step[] {
  return files.map((path, i) => ({
    call: 'execve',
    args: [path, argv, env],
    ...(i === files.length - 1 && { doing: `running ${argv[0]}` }),
  }));
}

/** Waits for SIGTERM or SIGINT, then ends with 0. As process 1 it leaves no zombies. */
export function pause(): Step[] {
  // sigset_t of the kernel: bit n-1 is signal n. A blocked signal reaches process 1 although it has no handler.
  const signals = new Uint8Array(BigUint64Array.of((1n << BigInt(SIGINT - 1)) | (1n << BigInt(SIGTERM - 1))).buffer);
  const ignore = new Uint8Array(BigUint64Array.of(BigInt(SIG_IGN), 0n, 0n, 0n).buffer);
  return [
    { call: 'rt_sigprocmask', args: [0, signals, 0, 8], doing: 'blocking signals' },
    { call: 'rt_sigaction', args: [SIGCHLD, ignore, 0, 8], doing: 'ignoring children' },
    close(3),
    { call: 'rt_sigtimedwait', args: [signals, 0, 0, 8], again: true },
    { call: 'exit_group', args: [0] },
  ];
}
