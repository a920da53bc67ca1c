// Names of files are bytes. Within src/sync a path is a text with one character for each byte (latin1), relative to its
// tree, with / between: so any name is kept as it is, and can be a key.

/** For node:fs. */
export function toBytes(root: string, path: string): Buffer {
  const rest = Buffer.from(path, 'latin1');
  return path === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), rest]);
}

/** For people: as UTF-8 where it is that, without line ends and other control characters. */
export function toText(path: string): string {
  const text = Buffer.from(path, 'latin1').toString('utf8');
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f]/g, (character) =>
    JSON.stringify(character).slice(1, -1),
  );
}

/** Of a text of this program, such as a path from the command line. */
export function fromText(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** The folder a path is in: '' at the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** How deep it is: 0 at the top. */
export function depthOf(path: string): number {
  let depth = 0;
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) depth++;
  return depth;
}
