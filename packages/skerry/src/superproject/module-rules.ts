import type { GitmodulesProblem, PlacedComponent } from './gitmodules.ts';
import { isRelative, leadsAbove, shownUrl } from './module-url.ts';
import { isObjectId, isRefName } from './ref-name.ts';

const POLICIES = ['fail', 'keep-previous', 'frozen'];
const UPDATES = ['checkout', 'rebase', 'merge', 'none'];
const SCHEMES = new Set(['https', 'http', 'ssh', 'git', 'git+ssh', 'ssh+git']);
/** What macOS leaves out of file names when it compares them. */
const INVISIBLE = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** Controls, C1 too, which terminals obey; ends of lines; and what turns the direction of text around. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

/** Whose components they are. */
export interface Owner {
  /** Its own url is of this computer, so components may be so too. */
  readonly isLocal: boolean;
  /** Its own url, where relative ones begin. */
  readonly base?: string | undefined;
}

/**
 * What a component may not be, because git, a file system or a shell could be made to do something else with it than what
 * it says. Each rule is one that was abused: CVE-2018-11235 and -2024-32002 (names, paths), -2018-17456 (leading dash),
 * -2019-1353 and -2021-21300 (.git under other names, case), -2019-19604 (update), -2022-39253 (local urls), -2025-48384
 * (carriage return), -2026-47191 (a branch that looks like a commit).
 */
export function ruleProblems(
  components: readonly PlacedComponent[],
  { isLocal, base }: Owner,
): GitmodulesProblem[] {
  const problems: GitmodulesProblem[] = [];
  for (const component of components) {
    const say = (key: string, message: string | undefined): void => {
      const place = component.places[key] ?? { line: component.line, column: 1 };
      if (message !== undefined)
        problems.push({
          line: place.line,
          column: place.column,
          message: `${shown(component.name)}: ${message}`,
        });
    };
    say('name', fault('name', component.name) ?? cloneFault(component.name));
    say('path', fault('path', component.path) ?? modulesFault(component.path));
    say('url', urlFault(component.url, isLocal) ?? heightFault(component.url, base));
    say('branch', component.branch === undefined ? undefined : branchFault(component.branch));
    say('update', updateFault(component.update));
    say('superproject-policy', policyFault(component.extra['superproject-policy']));
    say('superproject-tag-prefix', prefixFault(component.extra['superproject-tag-prefix']));
  }
  return [...problems, ...clashes(components, 'path'), ...clashes(components, 'name')];
}

/** Why a name or path is refused. */
function fault(what: 'name' | 'path', text: string): string | undefined {
  const parts = text.split('/');
  if (hasControl(text)) return `its ${what} ${shown(text)} has control characters`;
  if (text.startsWith('/') || /^[a-z]:/i.test(text)) return `its ${what} ${text} is absolute`;
  if (text.startsWith('-')) return `its ${what} ${text} looks like an option`;
  if (text.includes('\\')) return `its ${what} ${text} has a backslash`;
  if (parts.includes('')) return `its ${what} '${text}' has an empty part`;
  if (parts.includes('..') || parts.includes('.'))
    return `its ${what} ${text} leads elsewhere with '.' or '..'`;
  if (parts.some(isGitFolder)) return `its ${what} ${text} is git's own folder to some file system`;
  return undefined;
}

/** There a component is cloned before it gets its name, and what a killed clone left is removed. */
function cloneFault(name: string): string | undefined {
  const isTaken = name.toLowerCase().startsWith('.skerry-');
  return isTaken ? `its name ${name} is one of a clone that is under way` : undefined;
}

/** The superproject keeps its list there. */
function modulesFault(path: string): string | undefined {
  const isTaken = /^(\.gitmodules|gitmod~\d+)$/.test(plainPart(path.split('/')[0] ?? ''));
  return isTaken ? `its path ${path} is where .gitmodules itself is` : undefined;
}

/** `.git` as any file system may understand it: case, NTFS short names, streams, dots and blanks at the end, HFS+. */
function isGitFolder(part: string): boolean {
  return /^(\.git|git~\d+)$/.test(plainPart(part));
}

function plainPart(part: string): string {
  const plain = part.replace(INVISIBLE, '').toLowerCase().split(':')[0] ?? '';
  return plain.replace(/[ .]+$/, '');
}

function urlFault(url: string, isLocal: boolean): string | undefined {
  if (hasControl(url)) return `its url ${shown(url)} has control characters`;
  if (url.startsWith('-')) return `its url ${url} looks like an option`;
  if (isRelative(url)) return undefined;
  if (/^[a-z0-9+.-]+::/i.test(url))
    return `its url ${url} runs a program (${url.split('::')[0]}::)`;
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  const isPath = scheme === undefined && !/^[^/:]+:/.test(url);
  if (scheme === 'file' || isPath)
    return isLocal ? undefined : `its url ${url} is on this computer, the superproject's is not`;
  if (scheme !== undefined && !SCHEMES.has(scheme)) return `its url has the scheme ${scheme}`;
  const host = scheme === undefined ? url : url.slice(scheme.length + 3);
  if (/^([^/@]*@)?-/.test(host)) return `the host of its url ${url} looks like an option`;
  return undefined;
}

function heightFault(url: string, base: string | undefined): string | undefined {
  if (base === undefined || !leadsAbove(base, url)) return undefined;
  return `its url ${url} leads above the superproject's, ${shownUrl(base)}`;
}

/** The rules of git-check-ref-format(1) for branches, and no name that is a commit's. */
function branchFault(branch: string): string | undefined {
  if (branch === '.') return undefined;
  if (isObjectId(branch)) return `its branch ${branch} looks like a commit`;
  return isRefName(branch) ? undefined : `its branch ${shown(branch)} cannot be a branch's name`;
}

function updateFault(update: string | undefined): string | undefined {
  if (update === undefined || UPDATES.includes(update)) return undefined;
  return update.startsWith('!')
    ? `update = ${shown(update)} would run a program`
    : `update = ${shown(update)} is not one of ${UPDATES.join(', ')}`;
}

function policyFault(policy: string | undefined): string | undefined {
  return policy === undefined || POLICIES.includes(policy)
    ? undefined
    : `superproject-policy = ${shown(policy)} is not one of ${POLICIES.join(', ')}`;
}

/** With the name of a tag behind it, it is the name of a tag. */
function prefixFault(prefix: string | undefined): string | undefined {
  return prefix === undefined || isRefName(`${prefix}1.0`)
    ? undefined
    : `its superproject-tag-prefix ${shown(prefix)} cannot begin a tag's name`;
}

/** Two that are the same to a file system that knows no case, or one inside the other. */
function clashes(
  components: readonly PlacedComponent[],
  what: 'path' | 'name',
): GitmodulesProblem[] {
  const fold = (text: string): string => text.normalize('NFC').toLowerCase();
  const all = new Map<string, PlacedComponent>();
  const problems: GitmodulesProblem[] = [];
  const say = (one: PlacedComponent, message: string): void => {
    const place = one.places[what] ?? { line: one.line, column: 1 };
    problems.push({
      line: place.line,
      column: place.column,
      message: `${shown(one.name)}: ${message}`,
    });
  };
  for (const component of components) {
    const key = fold(component[what]);
    const other = all.get(key);
    if (other) say(component, `its ${what} is that of ${shown(other.name)} (line ${other.line})`);
    else all.set(key, component);
  }
  for (const [key, component] of all)
    for (let at = key.indexOf('/'); at >= 0; at = key.indexOf('/', at + 1)) {
      const outer = all.get(key.slice(0, at));
      if (outer)
        say(component, `its ${what} is inside that of ${shown(outer.name)} (line ${outer.line})`);
    }
  return problems;
}

function hasControl(text: string): boolean {
  return CONTROL.test(text);
}

/** A text from outside, safe to print. */
function shown(text: string): string {
  if (!hasControl(text)) return text;
  const escape = (char: string): string =>
    `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(new RegExp(CONTROL, 'gu'), escape);
}
