// What CI's time goes into: the files that took longest, at the end of a run.
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const SHOWN = 25;

export class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const files = modules
      .map((one) => ({
        name: relative('.', one.moduleId),
        seconds: one.diagnostic().duration / 1000,
      }))
      .toSorted((a, b) => b.seconds - a.seconds)
      .slice(0, SHOWN)
      .filter(({ seconds }) => seconds >= 1);
    if (files.length === 0) return;
    console.log('\nThe files that took longest:');
    for (const { name, seconds } of files)
      console.log(`${seconds.toFixed(0).padStart(6)} s  ${name}`);
  }
}
