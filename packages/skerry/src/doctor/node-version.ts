import { type Finding, ok } from './check.ts';

const MINIMUM = [22, 18] as const;

export async function checkNodeVersion(): Promise<Finding> {
  return nodeFinding(process.versions.node);
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return ok(version);
  return {
    level: 'error',
    finding: `${version} is too old: Skerry needs ${MINIMUM.join('.')}`,
    remedy: [
      '# in a checkout of Skerry (brings its own Node.js):',
      'npm install',
      '# elsewhere:',
      'npm install --global node@24',
    ],
  };
}
