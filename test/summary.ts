// The last thing that a run prints, since CI keeps only the end: the files that took longest, what was not run, what failed.
import { relative } from 'node:path';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

const SLOWEST = 15;
const FAILURES = 20;
/** Of one failure's text. */
const SHOWN = 600;

/** How the name of a test says why it is not run everywhere. */
const REASON = /\((not run|only run)/;

export class Summary implements Reporter {
  #isSome = false;

  onInit({ config }: Vitest): void {
    this.#isSome = config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const files = modules
      .map((one) => ({ name: nameOf(one), seconds: one.diagnostic().duration / 1000 }))
      .toSorted((a, b) => b.seconds - a.seconds)
      .slice(0, SLOWEST)
      .filter(({ seconds }) => seconds >= 1);
    if (files.length > 0) console.log('\nThe files that took longest:');
    for (const { name, seconds } of files)
      console.log(`${seconds.toFixed(0).padStart(6)} s  ${name}`);
    const skipped = this.#isSome ? [] : modules.flatMap(skippedOf);
    if (skipped.length > 0) console.log(`\n${skipped.length} not run on this computer:`);
    for (const name of skipped) console.log(`  ${name}`);
    const failures = modules.flatMap(failuresOf);
    if (failures.length > 0) console.log(`\n${failures.length} failed:`);
    for (const failure of failures.slice(0, FAILURES)) console.log(failure);
  }
}

function skippedOf(module: TestModule): string[] {
  return [...module.children.allTests('skipped')]
    .filter(({ fullName }) => REASON.test(fullName))
    .map(({ fullName }) => `${nameOf(module)} > ${fullName}`);
}

function failuresOf(module: TestModule): string[] {
  const tests = [...module.children.allTests('failed')].map((test) =>
    textOf(`${nameOf(module)} > ${test.fullName}`, test.result().errors),
  );
  const suites = [module, ...module.children.allSuites()].flatMap((one) =>
    one.errors().length > 0 ? textOf(nameOf(module), one.errors()) : [],
  );
  return [...suites, ...tests];
}

function textOf(name: string, errors: readonly { readonly message: string }[] = []): string {
  const text = errors.map(({ message }) => message).join('\n');
  return `  ${name}\n${text.slice(0, SHOWN).replaceAll(/^/gm, '      ')}`;
}

function nameOf(module: TestModule): string {
  return relative('.', module.moduleId);
}
