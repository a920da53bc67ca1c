// npm run bench -- NAME: runs bench/NAME.ts and reports medians and ratios.
import { mkdir, mkdtemp, chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, BenchError } from './lib/bench.ts';
import { environmentOf } from './lib/environment.ts';
import { formatMarkdown, formatText, type Report } from './lib/report.ts';
import { resultOf } from './lib/stats.ts';

const HELP = `Usage: npm run bench -- [NAME] [options]

Measures Skerry beside the tool people use today, both on this machine in one run. Without a NAME: what there is.

Options:
  --runs N       how often each pair is measured; the medians are reported (default: 5)
  --json         print the data instead of the table
  --markdown     print the table for docs/benchmarks.md instead
  --commit REF   measure this commit instead of the working tree
  --install      install what the peer needs (with apt-get, as root) instead of saying what is missing
  -h, --help     print this

Everything is also written to bench/results/.

Example:
  $ npm run bench -- up --runs 1
  $ npm run --silent bench -- up --commit HEAD --markdown`;

const INTERRUPTED = new BenchError('interrupted');
const HERE = import.meta.dirname;
const { values, positionals } = parse();
const [name] = positionals;
if (values.help) console.log(HELP);
else if (name === undefined) await list();
else await runBench(name).catch(fail);

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        runs: { type: 'string', default: '5' },
        json: { type: 'boolean', default: false },
        markdown: { type: 'boolean', default: false },
        commit: { type: 'string' },
        install: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    console.error(`error: ${(error as Error).message}\nhint: npm run bench -- --help`);
    return process.exit(2);
  }
}

async function list(): Promise<void> {
  for (const name of await names())
    console.log(`${name.padEnd(10)} ${(await load(name)).description}`);
}

async function names(): Promise<string[]> {
  const files = (await readdir(HERE)).filter((file) => file.endsWith('.ts') && file !== 'run.ts');
  return files.map((file) => basename(file, '.ts')).sort();
}

async function load(name: string): Promise<Bench> {
  const known = await names();
  if (!known.includes(name))
    throw new BenchError(`there is no bench '${name}', only ${known.join(', ')}`);
  return ((await import(join(HERE, `${name}.ts`))) as { bench: Bench }).bench;
}

async function runBench(name: string): Promise<void> {
  const bench = await load(name);
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new BenchError('--runs wants a number of 1 or more');
  const signal = interruptible();
  const environment = await environmentOf(values.commit, signal);
  const facts: Record<string, string> = {};
  const attachments: Record<string, string> = {};
  await using cleanup = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'skerry-bench-'));
  cleanup.defer(() => rm(dir, { recursive: true, force: true }));
  await chmod(dir, 0o755);
  const rows = await bench.run({
    runs,
    install: values.install,
    commit: values.commit,
    signal,
    dir,
    cleanup,
    log: (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`),
    fact: (name, value) => (facts[name] = value),
    attach: (title, text) => (attachments[title] = text.trim()),
  });
  const { description } = bench;
  await publish({
    bench: name,
    description,
    runs,
    environment,
    facts,
    attachments,
    results: rows.map(resultOf),
  });
}

async function publish(report: Report): Promise<void> {
  const json = JSON.stringify(report, undefined, 2);
  const folder = join(HERE, 'results');
  const stamp = report.environment.date.slice(0, 19).replaceAll(':', '');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${report.bench}-${stamp}.json`), `${json}\n`);
  await writeFile(join(folder, `${report.bench}-${stamp}.md`), `${formatMarkdown(report)}\n`);
  if (values.json) console.log(json);
  else console.log(values.markdown ? formatMarkdown(report) : formatText(report));
}

/** Aborts on the first Ctrl-C, so that the bench cleans up; the second one ends the process. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort(INTERRUPTED);
    });
  return controller.signal;
}

function fail(error: unknown): void {
  console.error(error instanceof BenchError ? `error: ${error.message}` : error);
  process.exitCode = error === INTERRUPTED ? 130 : 1;
}
