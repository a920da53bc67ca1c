export interface BatchObject {
  readonly id: string;
  readonly type: string;
  readonly text: string;
}

/** The objects in the output of git-cat-file(1) --batch: `<id> <type> <size>`, the content, a newline. What is missing is left out. */
export function parseBatch(out: Buffer): BatchObject[] {
  const objects: BatchObject[] = [];
  for (let at = 0; at < out.length;) {
    const end = out.indexOf(10, at);
    const [id = '', type = '', size] = out.toString('latin1', at, end).split(' ');
    const length = type === 'missing' ? 0 : Number(size) + 1;
    if (type !== 'missing')
      objects.push({ id, type, text: out.toString('utf8', end + 1, end + length) });
    at = end + 1 + length;
  }
  return objects;
}
