import { expect, test } from 'vitest';
import { parseStage } from './stage.ts';

test.each([
  ["<skerry-stage:stage xmlns:skerry-stage='https://x/1/stage' is='ready'/>", 'ready'],
  ['<stage is="leaving"/>', 'leaving'],
  ['<stage is="of a later Skerry"/>', undefined],
  ['', undefined],
])('%s', (element, stage) => {
  expect(parseStage(element)).toBe(stage);
});
