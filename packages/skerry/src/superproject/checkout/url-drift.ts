import { join } from 'node:path';
import { runGit, tryGit } from '../git.ts';
import { parseGitmodules } from '../gitmodules.ts';
import { resolveUrl } from '../module-url.ts';
import type { Changes } from './changes.ts';
import type { Checkout, CheckoutComponent } from './checkout.ts';
import { changeConfig } from './config.ts';
import { remoteOf } from './fetch-pinned.ts';

/** A component whose url in the configuration, which git fetches from, is not that of `.gitmodules`. */
export interface UrlDrift {
  readonly component: CheckoutComponent;
  readonly configured: string;
  /** It is what `.gitmodules` said before: nobody chose it, it only was never updated. */
  readonly isStale: boolean;
}

/** How far back `.gitmodules` is looked at. */
const HISTORY = 1000;

/** Compares, and only where something differs reads the history of `.gitmodules`. */
export async function urlDrifts(
  checkout: Checkout,
  signal?: AbortSignal,
): Promise<readonly UrlDrift[]> {
  const different = checkout.components.filter(
    ({ configuredUrl, remote }) => configuredUrl !== undefined && configuredUrl !== remote,
  );
  if (different.length === 0) return [];
  const before = await urlsBefore(checkout, signal);
  return different.map((component) => {
    const configured = component.configuredUrl ?? '';
    return { component, configured, isStale: before.get(component.name)?.has(configured) ?? false };
  });
}

/** Component to all urls that `.gitmodules` ever gave it, made absolute. */
async function urlsBefore(
  { root, url }: Checkout,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const log = ['log', '--format=%H', `--max-count=${HISTORY}`, 'HEAD', '--', '.gitmodules'];
  const { stdout } = await tryGit(log, { cwd: root, signal, answers: [128] });
  const commits = stdout.toString().split('\n').filter(Boolean);
  const input = commits.map((commit) => `${commit}:.gitmodules\n`).join('');
  const out = await runGit(['cat-file', '--batch'], { cwd: root, signal, input });
  const urls = new Map<string, Set<string>>();
  for (const text of blobs(out))
    for (const component of parseGitmodules(text).components) {
      const known = urls.get(component.name) ?? new Set();
      urls.set(component.name, known.add(resolveUrl(url, component.url)));
    }
  return urls;
}

/** The contents in the output of git-cat-file(1) --batch. */
function* blobs(out: Buffer): Generator<string> {
  for (let at = 0; at < out.length;) {
    const end = out.indexOf('\n', at);
    if (end < 0) return;
    const size = / blob (\d+)$/.exec(out.toString('utf8', at, end))?.[1];
    at = end + 1;
    if (size === undefined) continue;
    yield out.toString('utf8', at, at + Number(size));
    at += Number(size) + 1;
  }
}

/** Brings stale urls up to date, in the component first: an interrupted one is found again. A chosen url, such as a fork's, stays. */
export async function mendUrls(
  changes: Changes,
  checkout: Checkout,
  drifts: readonly UrlDrift[],
): Promise<void> {
  const stale = drifts.filter(({ isStale }) => isStale);
  const { root } = checkout;
  for (const { component, configured } of stale) {
    const remote = component.state === 'absent' ? undefined : remoteOf(component.at.commonDir);
    if (remote === undefined) continue;
    const at = ['config', '--file', join(component.at.commonDir, 'config')];
    const ask = { cwd: root, signal: changes.signal, answers: [1] };
    const { stdout } = await tryGit([...at, '--get', `remote.${remote}.url`], ask);
    if (stdout.toString().trimEnd() === configured)
      await changes.git([...at, `remote.${remote}.url`, component.remote], { cwd: root });
  }
  const keys = stale.map(({ component: { name, remote } }) => ({
    name,
    key: 'url',
    value: remote,
  }));
  if (!changes.isDryRun) await changeConfig(join(checkout.commonDir, 'config'), keys);
  for (const { name, value } of keys)
    await changes.own(['config', `submodule.${name}.url`, value], root, async () => {});
}
