/** Rules about the code itself, each with its reason in the message of its failure. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ERRORS } from '../src/report/errors.js';

const ROOT = projectRoot();

/** The layer of each folder of src, as ARCHITECTURE.md draws them. */
const LAYERS: Readonly<Record<string, number>> = {
  net: 0,
  report: 0,
  wire: 1,
  objects: 1,
  kernel: 1,
  model: 2,
  reconcile: 2,
  trace: 2,
  intent: 3,
  plan: 3,
  ipam: 3,
  controllers: 3,
  dns: 3,
  gateway: 3,
  host: 4,
  serve: 4,
  apiserver: 4,
  client: 4,
  view: 4,
  cni: 4,
  agent: 5,
  lab: 6,
  cli: 7,
};

/** Folders that may open files, sockets and processes; all others only compute. */
const IO_FOLDERS: ReadonlySet<string> = new Set(['host', 'serve', 'apiserver', 'client', 'agent', 'cni', 'lab', 'cli']);
/** Modules of Node that do no I/O; layer 0 does without them, too. */
const PURE_MODULES: ReadonlySet<string> = new Set(['node:crypto', 'node:util', 'node:buffer', 'node:zlib']);
/** Files that are one long table, which would not get clearer in pieces. */
const TABLES: ReadonlySet<string> = new Set<string>([]);
const LONGEST = 400;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly folder: string;
  readonly imports: readonly string[];
}

const sources = files(join(ROOT, 'src')).map(read);

describe('codebase', () => {
  it('every folder of src has a layer', () => {
    const strangers = [...new Set(sources.map(({ folder }) => folder))].filter(folder => LAYERS[folder] === undefined);
    assert.deepEqual(
      strangers,
      [],
      'a folder outside the layers has no place in the direction of imports: add it to LAYERS here and to ARCHITECTURE.md',
    );
  });

  it('imports go from higher layers to lower ones', () => {
    const wrong = sources.flatMap(({ path, folder, imports }) =>
      imports
        .filter(name => name.startsWith('.'))
        .map(name => folderOf(relative(ROOT, join(ROOT, dirname(path), name))))
        .filter(other => other !== folder && !(LAYERS[other]! < LAYERS[folder]!))
        .map(other => `${path}: ${folder} (layer ${LAYERS[folder]}) imports ${other} (layer ${LAYERS[other]})`),
    );
    assert.deepEqual(
      wrong,
      [],
      'a file knows its own folder and lower layers; folders of one layer are strangers. Move the file, or what it needs, or pass it in from above',
    );
  });

  it('only the outer folders do I/O', () => {
    const wrong = sources.flatMap(({ path, folder, imports }) =>
      imports
        .filter(
          name =>
            name.startsWith('node:') && !IO_FOLDERS.has(folder) && !(PURE_MODULES.has(name) && LAYERS[folder]! > 0),
        )
        .map(name => `${path} imports ${name}`),
    );
    assert.deepEqual(
      wrong,
      [],
      'what computes stays testable and replayable when it opens nothing: take the data as an argument',
    );
  });

  it('no source file asks for Node’s modules without the node: prefix, or for a package that is not ours to use', () => {
    const declared = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).dependencies);
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(name => !name.startsWith('.') && !name.startsWith('node:') && !declared.includes(packageOf(name)))
        .map(name => `${path} imports ${name}`),
    );
    assert.deepEqual(wrong, [], 'every run-time dependency is named in package.json, and few');
  });

  it('every file begins with a sentence on what it knows', () => {
    const mute = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\* ?(\n \* )?\S.{8,}/.test(text)).map(({ path }) => path);
    assert.deepEqual(
      mute,
      [],
      'the first thing a reader sees is a /** comment */ that says what the file knows, and what it refuses to know',
    );
  });

  it(`no file is longer than ${LONGEST} lines`, () => {
    const long = sources
      .filter(({ path }) => !TABLES.has(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > LONGEST)
      .map(({ path, lines }) => `${path}: ${lines}`);
    assert.deepEqual(long, [], 'a long file holds two ideas: give each its own');
  });

  it('each error code is defined once and used', () => {
    const definitions = readFileSync(join(ROOT, 'src/report/errors.ts'), 'utf8').match(/'PW-[A-Z]\d{3}':/g) ?? [];
    assert.equal(new Set(definitions).size, definitions.length, 'two errors with one code cannot be told apart');
    const used = sources
      .filter(({ path }) => path !== 'src/report/errors.ts')
      .map(({ text }) => text)
      .join('\n');
    assert.deepEqual(
      Object.keys(ERRORS).filter(code => !used.includes(code)),
      [],
      'a code that nothing raises is a promise that nobody keeps: raise it or remove it',
    );
  });

  it('each error says what to do', () => {
    const mute = Object.entries(ERRORS)
      .filter(([, { advice }]) => advice.trim() === '')
      .map(([code]) => code);
    assert.deepEqual(mute, [], 'an error without advice leaves its reader alone');
  });
});

function read(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const code = text.replace(/^\s*(\/\*\*?|\*|\/\/).*$/gm, '');
  const imports = [...code.matchAll(/(?:^(?:import|export|\})[^'\n]* from |^import |\bimport\()'([^'\n]+)'/gm)].map(
    match => match[1]!,
  );
  const name = relative(ROOT, path);
  return { path: name, text, folder: folderOf(name), imports };
}

/** `src/kernel/diff.ts` → `kernel`. */
function folderOf(path: string): string {
  return path.split('/')[1]!;
}

/** `@scope/name/part` → `@scope/name`. */
function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

/** The compiled test may lie anywhere; the sources are where the project's package.json and src are, from here or the working directory. */
function projectRoot(): string {
  for (const start of [dirname(fileURLToPath(import.meta.url)), process.cwd()]) {
    for (let at = start; at !== dirname(at); at = dirname(at)) {
      const names = new Set(readdirSync(at));
      if (names.has('package.json') && names.has('tsconfig.json')) return at;
    }
  }
  throw new Error('no package.json with a tsconfig.json above the test or the working directory');
}
