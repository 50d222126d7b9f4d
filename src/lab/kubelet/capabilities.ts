/** Capabilities by name, and those that a container keeps. Pure. */

/** By number (linux/capability.h). */
const NAMES = [
  ...[
    'CHOWN',
    'DAC_OVERRIDE',
    'DAC_READ_SEARCH',
    'FOWNER',
    'FSETID',
    'KILL',
    'SETGID',
    'SETUID',
    'SETPCAP',
    'LINUX_IMMUTABLE',
  ],
  ...[
    'NET_BIND_SERVICE',
    'NET_BROADCAST',
    'NET_ADMIN',
    'NET_RAW',
    'IPC_LOCK',
    'IPC_OWNER',
    'SYS_MODULE',
    'SYS_RAWIO',
    'SYS_CHROOT',
    'SYS_PTRACE',
  ],
  ...[
    'SYS_PACCT',
    'SYS_ADMIN',
    'SYS_BOOT',
    'SYS_NICE',
    'SYS_RESOURCE',
    'SYS_TIME',
    'SYS_TTY_CONFIG',
    'MKNOD',
    'LEASE',
    'AUDIT_WRITE',
  ],
  ...[
    'AUDIT_CONTROL',
    'SETFCAP',
    'MAC_OVERRIDE',
    'MAC_ADMIN',
    'SYSLOG',
    'WAKE_ALARM',
    'BLOCK_SUSPEND',
    'AUDIT_READ',
    'PERFMON',
    'BPF',
  ],
  'CHECKPOINT_RESTORE',
];

/** What container runtimes leave by default. */
const DEFAULT = [
  ...['CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP'],
  ...['NET_BIND_SERVICE', 'SYS_CHROOT', 'KILL', 'AUDIT_WRITE'],
];

export interface CapabilityChange {
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}

/** Numbers, ascending. Names may have the prefix CAP_; unknown ones are passed over. */
export function keptCapabilities(
  privileged: boolean,
  { add = [], drop = [] }: CapabilityChange = {},
): readonly number[] {
  if (privileged) return NAMES.map((_, i) => i);
  const named = (names: readonly string[]) => new Set(names.map(name => name.toUpperCase().replace(/^CAP_/, '')));
  const [added, dropped] = [named(add), named(drop)];
  const base = dropped.has('ALL') ? [] : DEFAULT;
  return NAMES.flatMap((name, i) => {
    // What is named goes before ALL; what is added and dropped, is dropped.
    const kept = !dropped.has(name) && (added.has(name) || added.has('ALL') || base.includes(name));
    return kept ? [i] : [];
  });
}
