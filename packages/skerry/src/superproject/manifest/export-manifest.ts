import { SkerryError } from '../../util/errors.ts';
import { groupsOf } from '../checkout/select.ts';
import { hideCredentials } from '../../util/hide-credentials.ts';
import type { PinnedComponent } from '../read-superproject.ts';
import { policyOf, trackedBranch } from '../tracked.ts';
import { writeManifest } from './formats.ts';
import type { Format, ManifestProject, WrittenManifest } from './project.ts';

export interface ExportOptions {
  readonly format: Format;
  /** What `branch = .` means. */
  readonly superBranch: string | undefined;
  /** Write the pins, beside the branches where the format can have both; else what the components follow. */
  readonly isFrozen: boolean;
}

/**
 * The components as a manifest of another tool. Urls are absolute, and without passwords: a clone's own url may have one.
 *
 * @throws SP_UNPINNED, when pins are wanted
 */
export function exportManifest(
  components: readonly PinnedComponent[],
  { format, superBranch, isFrozen }: ExportOptions,
): WrittenManifest {
  const projects = components.map((component): ManifestProject => {
    const { name, path, remote, pin } = component;
    if (isFrozen && pin === undefined) throw new SkerryError('SP_UNPINNED', { data: { name } });
    const stays = policyOf(component) === 'frozen';
    const branch = stays ? undefined : trackedBranch(component, superBranch);
    const isPinned = isFrozen || branch === undefined || format === 'json';
    return {
      ...{ name, path, url: hideCredentials(remote), groups: groupsOf(component) },
      ...(branch !== undefined && { branch }),
      ...(isPinned && pin !== undefined && { pin }),
    };
  });
  const { text, losses } = writeManifest(format, projects);
  const shadowed = components.filter(
    (one) => trackedBranch(one, superBranch) === undefined && policyOf(one) !== 'frozen',
  );
  const names = shadowed.map(({ path }) => path);
  const what = 'it follows the default branch of its remote, which is not written: its pin is';
  return { text, losses: isFrozen || names.length === 0 ? losses : [...losses, { what, names }] };
}
