import { defineConfig } from 'vitest/config';

// Machines take a while, the more so without KVM and when their template is made first.
export default defineConfig({
  test: { include: ['*.test.ts'], testTimeout: 120_000, hookTimeout: 600_000 },
});
