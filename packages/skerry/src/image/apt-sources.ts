import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The host's own apt sources for a Debian release, as one-line entries: an image comes from the mirror this machine
 * already uses. Empty when it has none (another distribution); mmdebstrap then takes its default.
 */
export async function hostSources(suite: string, dir = '/etc/apt'): Promise<string[]> {
  const listed = await readdir(join(dir, 'sources.list.d')).catch((): string[] => []);
  const files = ['sources.list', ...listed.sort().map((file) => join('sources.list.d', file))];
  const found = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(dir, file), 'utf8').catch(() => '');
      return file.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text);
    }),
  );
  const suites = new Set([suite, `${suite}-updates`, `${suite}-security`]);
  // "main" tells Debian from those who name their own releases after Debian's.
  const wanted = found
    .flat()
    .filter((source) => suites.has(source.suite) && source.components.includes('main'));
  return wanted.map(
    ({ uri, suite: name, components }) => `deb ${uri} ${name} ${components.join(' ')}`,
  );
}

interface Source {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

function parseOneLine(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const words = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    const [, uri, suite, components] = words ?? [];
    if (!uri || !suite || !components) return [];
    return [{ uri, suite, components: components.trim().split(/\s+/) }];
  });
}

function parseDeb822(text: string): Source[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const field = (name: string): string[] =>
        new RegExp(`^${name}:(.*(?:\\n[ \\t].*)*)`, 'im').exec(stanza)?.[1]?.trim().split(/\s+/) ??
        [];
      if (!field('Types').includes('deb') || field('Enabled').includes('no')) return [];
      const components = field('Components');
      return field('URIs').flatMap((uri) =>
        field('Suites').map((suite) => ({ uri, suite, components })),
      );
    });
}
