/** GET /version: which Kubernetes API this server speaks. */

/** The version whose API we serve; clients compare it with their own. */
const MAJOR = '1';
const MINOR = '32';

export function versionInfo(): object {
  return {
    major: MAJOR,
    minor: MINOR,
    gitVersion: `v${MAJOR}.${MINOR}.0+podwire`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '2026-01-01T00:00:00Z',
    goVersion: '',
    compiler: 'tsc',
    platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
