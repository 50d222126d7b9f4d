/** `podwire doctor`: what is missing on this machine, before anything is tried. */

import type { LabConfig } from '../lab/config.js';
import { type Declare, integer, nameOption, outputOption } from './options.js';
import { line, type OutputFormat, paint, structured } from './print.js';

export const doctor: Declare = program => {
  program
    .command('doctor')
    .description('check that this machine can run a lab; changes nothing')
    .addOption(nameOption())
    .option('--api-port <port>', 'port of the API server (default: 6443)', integer)
    .addOption(outputOption())
    .action(async ({ output, ...given }: Partial<LabConfig> & { output: OutputFormat }) => {
      const [{ examine }, { labConfig }, { places }] = await Promise.all([
        import('../lab/doctor.js'),
        import('../lab/config.js'),
        import('../lab/places.js'),
      ]);
      const config = labConfig(given);
      const findings = await examine(config, places(config.name));
      const text = await structured(output, findings);
      if (text) line(text);
      else {
        const marks = { ok: paint('green', '✓'), warning: paint('yellow', '!'), error: paint('red', '✗') };
        for (const { level, text, advice } of findings)
          line(` ${marks[level]} ${text}${advice ? `\n   → ${advice}` : ''}`);
        const count = (level: string) => findings.filter(finding => finding.level === level).length;
        line(` ${count('ok')} ok, ${count('warning')} warnings, ${count('error')} errors`);
      }
      if (findings.some(({ level }) => level === 'error')) process.exitCode = 1;
    });
};
