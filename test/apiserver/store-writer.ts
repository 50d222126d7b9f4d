/** Writes objects into the store at argv[2] until it is killed, and says each key once it is written. */

import { writeSync } from 'node:fs';
import { Store } from '../../src/apiserver/store/store.js';

const store = Store.open(process.argv[2]!);
for (let i = 0; ; i++) {
  const name = `${process.pid}-${i}`;
  const key = `/configmaps/default/${name}`;
  store.put(key, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: 'x'.repeat(i % 1000) });
  if (i % 100 === 0) store.compact();
  writeSync(1, `${key}\n`);
}
