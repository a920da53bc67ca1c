/** A file that says under which licence things are. */
export interface LicenceFile {
  /** In the whole source tree. */
  readonly path: string;
  readonly sha256: string;
  /** What it says of itself, as an SPDX identifier; nothing is guessed from its text. */
  readonly spdxId: string | undefined;
}

const NAME = /^((un)?licen[cs]es?|copying|copyright|notice)([.-].*)?$/i;
/** Programs that are called so. */
const CODE = /\.(c|cc|cpp|h|hpp|go|java|js|mjs|pl|py|rb|rs|sh|ts|tsx)$/i;
const ID = /^[A-Za-z0-9][A-Za-z0-9.+-]*$/;

/** Whether a file is one by its name, or by its folder `LICENSES` (REUSE specification 3.3). */
export function isLicence(path: string): boolean {
  const parts = path.split('/');
  const name = parts.at(-1) ?? '';
  return (NAME.test(name) && !CODE.test(name)) || parts.at(-2) === 'LICENSES';
}

/** The identifier in an `SPDX-License-Identifier:` line, else the file's name in the folder `LICENSES`. */
export function spdxIdOf(path: string, content: Buffer): string | undefined {
  const line = /SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+-]+)/.exec(content.toString('latin1'));
  const [folder, name = ''] = path.split('/').slice(-2);
  const id = line?.[1] ?? (folder === 'LICENSES' ? name.replace(/\.[a-z]+$/, '') : '');
  return ID.test(id) ? id : undefined;
}
