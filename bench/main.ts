/** `npm run bench [name …]`: every benchmark beside its peer, in one run; ratios are what to read, the machine decides the rest. */

import { cpus, release } from 'node:os';
import type { Row } from './row.js';

const BENCHES: Readonly<Record<string, () => Promise<{ bench(): Promise<Row[]> }>>> = {
  cni: () => import('./cni.js'),
  services: () => import('./services.js'),
  policy: () => import('./policy.js'),
  connections: () => import('./connections.js'),
  agent: () => import('./agent.js'),
  dns: () => import('./dns.js'),
  lab: () => import('./lab.js'),
};

const wanted = process.argv.slice(2).filter(word => !word.startsWith('-'));
const unknown = wanted.filter(name => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}; there are: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}
process.stdout.write(
  `linux ${release()}, node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown cpu'}\n`,
);
for (const [name, load] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const rows = await (await load()).bench();
  const head: Row = { name, ours: 'podwire', peer: 'peer', ratio: 'ratio', goal: 'goal' };
  const columns = ['name', 'ours', 'peer', 'ratio', 'goal'] as const;
  const widths = columns.map(column => Math.max(...[head, ...rows].map(row => row[column].length)));
  process.stdout.write('\n');
  for (const row of [head, ...rows])
    process.stdout.write(
      `${columns
        .map((column, i) => row[column].padEnd(widths[i]!))
        .join('   ')
        .trimEnd()}\n`,
    );
}
