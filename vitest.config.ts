import { defineConfig } from 'vitest/config';
import { Summary } from './test/summary.ts';

const conditions = ['@skerry/source'];
const shared = { ssr: { resolve: { conditions } }, resolve: { conditions } };

// unit: pure, beside its source. tools: git and mmdebstrap as they are, each file in a folder of its own. integration: real
// parts that share the computer (libvirtd, ejabberd, namespaces), no VM. e2e: real VMs. The last two run file by file: this
// is a two-core project.
const TOOLS = [
  'packages/skerry/test/superproject-*.test.ts',
  'packages/skerry/test/image-build.test.ts',
];
// What is polled for comes in milliseconds; where the machine does something else besides it may need seconds.
const expect = { poll: { timeout: 10_000 } };
const setupFiles = ['test/fixed-seed.ts'];
export default defineConfig({
  test: {
    silent: 'passed-only',
    reporters: [process.env.CI ? 'verbose' : 'default', new Summary()],
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          setupFiles,
          // They take milliseconds; a machine that does something else besides may need seconds.
          testTimeout: 60_000,
          ...(process.env.SKERRY_CAMPAIGN && {
            setupFiles: ['test/more-runs.ts'],
            testTimeout: 300_000,
          }),
        },
      },
      {
        ...shared,
        test: {
          name: 'tools',
          include: TOOLS,
          setupFiles,
          expect,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.test.ts', 'test/integration/**/*.test.ts'],
          exclude: TOOLS,
          setupFiles,
          fileParallelism: false,
          expect,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/support/image.ts'],
          fileParallelism: false,
          expect,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
