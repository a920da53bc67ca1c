import { existsSync } from 'node:fs';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { Target } from '../../superproject/target.ts';
import { SkerryError } from '../../util/errors.ts';
import { withJson } from '../common.ts';

export interface SuperprojectOptions {
  readonly url?: string;
  readonly json?: boolean;
  readonly jobs?: string;
}

/** The options of every command that is about a superproject and its remotes. */
export function withUrl(command: Command): Command {
  return withJson(command)
    .option('--url <url>', 'the superproject (default: the remote of the checkout around here)')
    .option('-j, --jobs <n>', 'connections to one host at once, at most (default: found out)');
}

/** The superproject a command is about. @throws SP_NOT_HERE, SP_NO_REMOTE */
export async function targetOf(
  options: SuperprojectOptions,
  signal?: AbortSignal,
): Promise<Target> {
  const { findTarget } = await import('../../superproject/target.ts');
  return findTarget(process.cwd(), { url: options.url, signal });
}

/** The number of an option such as --jobs. @throws USAGE */
export function countOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new SkerryError('USAGE', {
    data: {
      detail: `${name}: ${text} is not a whole number above 0`,
      command: 'skerry superproject',
    },
  });
}

/** The branch that is checked out, or a USAGE error that says what to type instead. */
export function requiredBranch(
  branch: string | undefined,
  command: string,
  instead: string,
): string {
  if (branch !== undefined) return branch;
  const detail = `which branch of the superproject? Nothing is checked out here: ${instead}`;
  throw new SkerryError('USAGE', { data: { detail, command: `skerry superproject ${command}` } });
}

/** What a dry run says of a tag that would be brought into components. */
export function formatTagPlan(tag: string, commands: readonly string[]): string {
  if (commands.length === 0) return `${tag} is complete.`;
  const head = `${styleText('bold', tag)}  would be brought into components. What would be run:`;
  return [head, ...commands.map((each) => `  ${each}`)].join('\n');
}

/** Looks at --identity and --sign before anything is done. @throws USAGE */
export function checkAuthor({ identity, sign }: { identity?: string; sign?: string }): void {
  const detail =
    identity !== undefined && !/^[^<>\n]+ <[^<>\n]+>$/.test(identity)
      ? `--identity: '${identity}' is not written 'Name <mail>'`
      : sign !== undefined && !existsSync(sign)
        ? `--sign: there is no key file ${sign}`
        : undefined;
  if (detail !== undefined)
    throw new SkerryError('USAGE', { data: { detail, command: 'skerry superproject' } });
}

/** Several `key=value` options as a map. @throws USAGE */
export function pairsOf(name: string, texts: readonly string[] = []): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
      throw new SkerryError('USAGE', {
        data: {
          detail: `${name}: '${text}' is not component=value, such as ${name} libfoo=dev`,
          command: 'skerry superproject',
        },
      });
    }),
  );
}

/** Collects an option that may be given several times, or once with commas. */
export function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').filter(Boolean)];
}

/** Seconds since 1970 of a time such as `2026-11-25T04:00:00Z` or `@1790000000`. @throws USAGE */
export function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = text.startsWith('@') ? Number(text.slice(1)) : Date.parse(text) / 1000;
  if (Number.isFinite(seconds) && seconds >= 0) return Math.floor(seconds);
  const detail = `--date: '${text}' is no time, such as 2026-11-25T04:00:00Z or @1790000000`;
  throw new SkerryError('USAGE', { data: { detail, command: 'skerry superproject' } });
}

/** Waits are told of in a log, too, but not each second. */
const LOG_MS = 15_000;

/** One line on a terminal that says what is under way; elsewhere only what is waited for, now and then. */
export function progressLine({ json }: SuperprojectOptions): {
  say: (text: string) => void;
  end: () => void;
} {
  const { stderr } = process;
  let [shown, loggedAt] = [false, performance.now()];
  const clear = (): void => {
    if (shown) stderr.write('\r\u001b[K');
    shown = false;
  };
  return {
    say: (text) => {
      if (stderr.isTTY && !json) {
        clear();
        stderr.write(text.slice(0, (stderr.columns || 80) - 1));
        shown = true;
      } else if (text.startsWith('waiting') && performance.now() - loggedAt > LOG_MS) {
        stderr.write(`${text}\n`);
        loggedAt = performance.now();
      }
    },
    end: clear,
  };
}
