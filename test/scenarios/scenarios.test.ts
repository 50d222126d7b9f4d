/** Every scenario file: each step's kernel state as written, and the same end whichever way the steps are brought in. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { formatScenario, parseScenario, run, runFromScratch, runInSteps, runSquashed } from './scenario.js';

/** The tests run in the project's folder; the compiled ones stand elsewhere, without the files. */
const FOLDER = join(process.cwd(), 'test/scenarios');
const FILES = readdirSync(FOLDER).filter(name => name.endsWith('.txt'));

it('there are scenarios here', () => assert.notEqual(FILES.length, 0));

for (const file of FILES) {
  const path = join(FOLDER, file);
  const text = readFileSync(path, 'utf8');
  const scenario = parseScenario(text);

  describe(`${file}: ${scenario.title.split('\n')[0]}`, () => {
    it('brings the kernel where the file says', () => {
      const observed = formatScenario(run(scenario));
      if (process.env.UPDATE === '1') writeFileSync(path, observed);
      else assert.equal(observed, text);
    });
    it('ends the same when all comes at once', () => assert.equal(runSquashed(scenario), runInSteps(scenario)));
    it('ends the same when planned from scratch', () => assert.equal(runFromScratch(scenario), runInSteps(scenario)));
  });
}
