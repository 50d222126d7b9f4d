/** The name servers that we are measured beside: how each is configured with the same zone, one thread each. Absent ones are skipped. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly version: string;
  readonly pid: number;
  end(): void;
}

interface Kind {
  readonly program: string;
  readonly version: readonly string[];
  /** Writes its files into the directory; the arguments to start it in the foreground. */
  prepare(directory: string, port: number, records: readonly string[]): readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  knot: {
    program: '/usr/sbin/knotd',
    version: ['--version'],
    prepare(directory, port, records) {
      const zone = zoneFile(directory, records);
      const file = join(directory, 'knot.conf');
      writeFileSync(
        file,
        [
          `server:\n  listen: 127.0.0.1@${port}\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1`,
          `  rundir: ${directory}\n  user: root:root`,
          `database:\n  storage: ${directory}`,
          `log:\n  - target: stderr\n    any: error`,
          `zone:\n  - domain: cluster.local\n    file: ${zone}\n    zonefile-load: whole\n    journal-content: none\n`,
        ].join('\n'),
      );
      return ['-c', file];
    },
  },
  nsd: {
    program: '/usr/sbin/nsd',
    version: ['-v'],
    prepare(directory, port, records) {
      const zone = zoneFile(directory, records);
      const file = join(directory, 'nsd.conf');
      writeFileSync(
        file,
        [
          `server:\n  ip-address: 127.0.0.1@${port}\n  server-count: 1\n  username: ""\n  chroot: ""\n  database: ""`,
          `  zonesdir: ${directory}\n  pidfile: ${directory}/nsd.pid\n  xfrdir: ${directory}\n  zonelistfile: ${directory}/zones`,
          `  xfrdfile: ${directory}/xfrd\n  rrl-ratelimit: 0\n`,
          `remote-control:\n  control-enable: no`,
          `zone:\n  name: cluster.local\n  zonefile: ${zone}\n`,
        ].join('\n'),
      );
      return ['-d', '-c', file];
    },
  },
  unbound: {
    program: '/usr/sbin/unbound',
    version: ['-V'],
    prepare(directory, port, records) {
      const file = join(directory, 'unbound.conf');
      const data = records.map(line => `  local-data: "${absolute(line)}"`);
      writeFileSync(
        file,
        [
          `server:\n  interface: 127.0.0.1@${port}\n  num-threads: 1\n  username: ""\n  chroot: ""\n  directory: ${directory}`,
          `  pidfile: ""\n  use-syslog: no\n  do-daemonize: no\n  module-config: "iterator"\n  local-zone: cluster.local. static`,
          ...data,
          'remote-control:\n  control-enable: no\n',
        ].join('\n'),
      );
      return ['-d', '-c', file];
    },
  },
};

export const PEERS = Object.keys(KINDS);

/** Undefined when the program is not there. It answers some time after this. */
export function startPeer(
  name: string,
  port: number,
  directory: string,
  records: readonly string[],
  run: (program: string, args: readonly string[]) => [string, readonly string[]],
): Peer | undefined {
  const kind = KINDS[name]!;
  if (!existsSync(kind.program)) return undefined;
  const own = join(directory, name);
  mkdirSync(own);
  const child = spawn(...run(kind.program, kind.prepare(own, port, records)), { stdio: 'ignore' });
  const { stdout, stderr } = spawnSync(kind.program, [...kind.version], { encoding: 'utf8' });
  const version = /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'of unknown version';
  return { name, port, version, pid: child.pid!, end: () => child.kill('SIGKILL') };
}

function zoneFile(directory: string, records: readonly string[]): string {
  const file = join(directory, 'cluster.local.zone');
  writeFileSync(file, ['$ORIGIN cluster.local.', '$TTL 5', ...records, ''].join('\n'));
  return file;
}

/** As unbound wants it: every name in full. Of SOA and SRV the names stand at known places. */
function absolute(line: string): string {
  const words = line.split(' ');
  const full = (word: string) => (word === '@' ? 'cluster.local.' : `${word}.cluster.local.`);
  const data = words.slice(2);
  if (words[1] === 'SOA') data.splice(0, 2, full(data[0]!), full(data[1]!));
  if (words[1] === 'NS' || words[1] === 'SRV') data.push(full(data.pop()!));
  return [full(words[0]!), '5 IN', words[1], ...data].join(' ');
}
