/** Manifests on disk as objects: files, directories, several documents in one. Checks nothing but that they are objects. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../objects/meta.js';
import { PodwireError } from '../report/errors.js';

const EXTENSIONS = ['.yaml', '.yml', '.json'];

/** In the order of the files' names and of the documents in them, as kubectl does. Throws PW-U902 with file and line. */
export function readManifests(path: string): readonly KubeObject[] {
  return filesOf(path).flatMap(file =>
    parseAllDocuments(readFileSync(file, 'utf8'), { version: '1.1', prettyErrors: true }).flatMap(document => {
      const wrong = (problem: string) => new PodwireError('PW-U902', { file, problem });
      if (document.errors[0]) throw wrong(document.errors[0].message.split('\n')[0]!);
      const value: unknown = document.toJS();
      if (value === null) return [];
      const { apiVersion, kind, metadata } = value as Partial<KubeObject>;
      if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof metadata?.name !== 'string')
        throw wrong('a document has no apiVersion, kind or metadata.name');
      return [value as KubeObject];
    }),
  );
}

function filesOf(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new PodwireError('PW-U902', { file: path, problem: 'it does not exist' });
  if (!stat.isDirectory()) return [path];
  return readdirSync(path)
    .filter(name => EXTENSIONS.includes(extname(name)))
    .sort()
    .map(name => join(path, name));
}
