/** Labs for tests: `import { startLab } from 'skerry/testing'`. docs/how-to/test-with-a-lab.md has examples. */
export { startLab, type StartLabOptions } from './testing/start-lab.ts';
export type { LabSnapshot } from './testing/lab-snapshot.ts';
export type { ForkOptions, MachineSet, TestLab } from './testing/test-lab.ts';
export type { TestMachine } from './testing/test-machine.ts';
export type {
  Command,
  CommandOptions,
  CommandResult,
  ConnectOptions,
  Fault,
  LinkFaults,
  WaitOptions,
} from './testing/options.ts';
export type { LabConfig } from './lab-file/config.ts';
export type { Phase, ProgressEvent } from './lab/progress.ts';
export { SkerryError, SkerryErrors } from './util/errors.ts';
