import { shellQuote } from '../../util/shell-quote.ts';
import { CYCLONEDX, type Manifest, MANIFEST, SPDX } from './manifest.ts';
import { SIGNATURE, SUMS } from './sums.ts';
import { SOURCE_LIST, SOURCE_TAR } from './write-source.ts';

/** What somebody reads who has the deposit, git, and nothing else. */
export function formatReadme(manifest: Manifest): string {
  const { url, branchOrTag, commit, components, source, lfs, rewrites, main, since } = manifest;
  // The urls were written by others, and somebody is going to paste this into a shell.
  const absolute = rewrites.map(
    ({ url: start, path }) => ` -c "url.$PWD"/${shellQuote(`${path}.insteadOf=${start}`)}`,
  );
  const clone = `git -c protocol.file.allow=always${absolute.join('')} clone --recursive ${quoted(`./${main}`)} -b ${quoted(branchOrTag)} source`;
  const lfsNote =
    lfs.length === 0
      ? ''
      : `
WARNING: ${lfs.length} files are Git LFS pointers. Their content is NOT in this deposit; ${MANIFEST} lists
them with their SHA-256 under "lfs".
`;
  const needs =
    since === undefined
      ? 'This folder is complete: it needs no network, and no other program than git.'
      : `This folder needs an older deposit beside it, at ${since.path} from here, whose SHA256SUMS has the
SHA-256 ${since.sha256}.
With that, it needs no network, and no other program than git. A clone goes on needing both, until
git repack -a -d in it and in its components, and removing .git/objects/info/alternates.
The tar archive is complete.`;
  return `Source code deposit of ${url}
${branchOrTag}, commit ${commit}, with ${components.length - 1} components

${needs}

GET THE SOURCE, with its whole history, in this folder:

  ${clone}

If git says that the ownership is dubious, copy this folder first, so that it is yours.
Without git, the files alone: tar -xf ${SOURCE_TAR}
${lfsNote}
CHECK THAT NOTHING IS DAMAGED:

  sha256sum --check --quiet ${SUMS}

and, if there is a ${SIGNATURE}, who signed it (ssh-keygen of OpenSSH 8.1 or later):

  ssh-keygen -Y check-novalidate -n skerry-escrow -s ${SIGNATURE} < ${SUMS}

"skerry superproject escrow verify" does both, and restores and compares everything.

WHAT IS HERE

  *.git, external/     bare git repositories, as they lie to each other on their hosts
  ${SOURCE_TAR}           all files of all components, below ${source.folder}/
  ${SOURCE_LIST}     each of those files: mode, git object, SHA-256, bytes, path (%XX for odd bytes)
  ${MANIFEST}        refs, commits, and a hash over all git objects of each repository
  ${CYCLONEDX}        bill of materials, CycloneDX 1.5
  ${SPDX}       bill of materials, SPDX 2.3
  ${SUMS}           SHA-256 of all files above
`;
}

/** Quoted only where a shell, or git, would take it for more than a word. */
function quoted(word: string): string {
  return /^[\w.][\w./+-]*$/.test(word) ? word : shellQuote(word);
}
