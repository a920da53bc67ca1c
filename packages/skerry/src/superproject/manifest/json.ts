import {
  manifestError,
  type ManifestProject,
  type ParsedManifest,
  type PlacedProject,
  type WrittenManifest,
} from './project.ts';

/** Reads what formatJson wrote. @throws SP_MANIFEST_INVALID */
export function parseJson(text: string, file: string): ParsedManifest {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw manifestError(file, 1, `it is not JSON: ${(error as Error).message}`);
  }
  const list = (data as { components?: unknown } | null)?.components;
  if (!Array.isArray(list)) throw manifestError(file, 1, "it has no list 'components'");
  return { projects: list.map((one: unknown, at) => projectOf(one, at, file)), losses: [] };
}

function projectOf(value: unknown, at: number, file: string): PlacedProject {
  const fault = (what: string): never => {
    throw manifestError(file, 1, `components[${at}] ${what}`);
  };
  if (typeof value !== 'object' || value === null) return fault('is not an object');
  const fields = value as Record<string, unknown>;
  const text = (key: string): string | undefined => {
    const found = fields[key];
    if (found !== undefined && typeof found !== 'string') fault(`has a ${key} that is no text`);
    return found as string | undefined;
  };
  const path = text('path') ?? fault('has no path');
  const [branch, pin] = [text('branch'), text('pin')];
  const groups = fields['groups'] ?? [];
  if (!Array.isArray(groups) || groups.some((group) => typeof group !== 'string'))
    fault('has groups that are no list of texts');
  return {
    name: text('name') ?? path,
    path,
    url: text('url') ?? fault('has no url'),
    ...(branch !== undefined && { branch }),
    ...(pin !== undefined && { pin }),
    groups: groups as string[],
    line: 1,
  };
}

/** All of it, with nothing lost. */
export function formatJson(projects: readonly ManifestProject[]): WrittenManifest {
  const components = projects.map(({ name, path, url, branch, pin, groups }) => ({
    ...{ name, path, url, branch, pin, groups },
  }));
  return { text: `${JSON.stringify({ components }, null, 2)}\n`, losses: [] };
}
