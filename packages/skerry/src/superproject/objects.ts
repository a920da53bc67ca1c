/** Who writes commits and tags, and when; seconds since 1970, always in UTC so that it is the same everywhere. */
export interface Stamp {
  /** `Name <mail>` */
  readonly identity: string;
  readonly seconds: number;
}

export interface CommitParts {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly stamp: Stamp;
  readonly message: string;
}

export interface TagParts {
  readonly object: string;
  readonly name: string;
  readonly stamp: Stamp;
  readonly message: string;
}

/** The commit object (gitformat: git-hash-object(1) -t commit): the same parts give the same bytes, and so the same id. */
export function formatCommit({ tree, parents, stamp, message }: CommitParts): string {
  const who = formatStamp(stamp);
  const lines = [
    `tree ${tree}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
  ];
  return `${lines.join('\n')}\n\n${ended(message)}`;
}

/** The object of an annotated tag of a commit (git-mktag(1)). */
export function formatTag({ object, name, stamp, message }: TagParts): string {
  const lines = [`object ${object}`, 'type commit', `tag ${name}`, `tagger ${formatStamp(stamp)}`];
  return `${lines.join('\n')}\n\n${ended(message)}`;
}

/** A commit with its ssh signature (git's header `gpgsig`, continuation lines begin with a space). */
export function signedCommit(commit: string, signature: string): string {
  const end = commit.indexOf('\n\n');
  const header = signature.trimEnd().replaceAll('\n', '\n ');
  const name = /^tree [0-9a-f]{64}/.test(commit) ? 'gpgsig-sha256' : 'gpgsig';
  return `${commit.slice(0, end)}\n${name} ${header}${commit.slice(end)}`;
}

/** A tag with its ssh signature, which stands at its end. */
export function signedTag(tag: string, signature: string): string {
  return `${tag}${ended(signature)}`;
}

export interface CommitFacts {
  readonly parents: readonly string[];
  /** Seconds since 1970 of the committer. */
  readonly seconds: number;
  readonly message: string;
}

/** Reads what we need of a commit object. A commit that is broken has time 0. */
export function parseCommit(text: string): CommitFacts {
  const at = text.indexOf('\n\n');
  const head = at < 0 ? text : text.slice(0, at);
  return {
    parents: [...head.matchAll(/^parent ([0-9a-f]+)$/gm)].map(([, id]) => id ?? ''),
    seconds: Number(/^committer .*> (\d+) [+-]\d{4}$/m.exec(head)?.[1] ?? 0),
    message: at < 0 ? '' : text.slice(at + 2),
  };
}

/** The trailers at the end of a message (git-interpret-trailers(1)), without folding. */
export function trailers(message: string): ReadonlyMap<string, string> {
  const last =
    message
      .split(/\n-----BEGIN /)[0]
      ?.trimEnd()
      .split('\n\n')
      .at(-1) ?? '';
  const lines = last.split('\n').map((line) => /^([A-Za-z][A-Za-z0-9-]*): (.*)$/.exec(line));
  return new Map(lines.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? '']] : [])));
}

function formatStamp({ identity, seconds }: Stamp): string {
  return `${identity} ${seconds} +0000`;
}

function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** Who made an annotated tag, when, and what it says (as `git cat-file -p` prints it); a light tag gives its commit's. */
export function parseTag(text: string): Stamp & { readonly message: string } {
  const at = text.indexOf('\n\n');
  const [, identity = '', seconds = '0'] =
    /^(?:tagger|committer) (.*>) (\d+) [+-]\d{4}$/m.exec(text.slice(0, at)) ?? [];
  return { identity, seconds: Number(seconds), message: text.slice(at + 2) };
}
