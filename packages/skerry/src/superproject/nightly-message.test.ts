import { expect, test } from 'vitest';
import { formatMessage } from './nightly-message.ts';
import { lastNightly, nextNightly } from './nightly-name.ts';
import { parseRefs } from './remote-refs.ts';

const id = (digit: string): string => digit.repeat(40);

test('says what moved, in the order of paths by bytes', () => {
  const move = { branch: 'dev', isRewound: false };
  const message = formatMessage({
    title: 'Nightly master-nightly-345',
    moved: [
      { ...move, name: 'b', path: 'libs/b', from: id('1'), to: id('2'), isRewound: true },
      { ...move, name: 'a', path: 'libs/B', from: undefined, to: id('3') },
    ],
    kept: [{ name: 'frozen/x', reason: 'frozen' }],
    count: 4,
    isStable: true,
    runKey: 'pipeline-7',
  });
  expect(message).toMatchInlineSnapshot(`
    "Nightly master-nightly-345

    2 of 4 components moved.

    libs/B: new, at 333333333333 (dev)
    libs/b: 111111111111..222222222222 (dev, rewound)

    frozen/x: kept where it was (frozen)

    Collected: stable, two equal reads
    Run-Key: pipeline-7
    "
  `);
});

test('nightlies are counted per branch, by number', () => {
  const { refs } = parseRefs(
    [
      `${id('1')}\trefs/tags/3.11-nightly-9`,
      `${id('2')}\trefs/tags/3.11-nightly-10`,
      `${id('5')}\trefs/tags/3.11-nightly-10^{}`,
      `${id('3')}\trefs/tags/3.11-nightly-10-rc`,
      `${id('4')}\trefs/tags/master-nightly-344`,
    ].join('\n'),
  );
  expect(nextNightly(refs, '3.11')).toBe('3.11-nightly-11');
  expect(nextNightly(refs, 'master')).toBe('master-nightly-345');
  expect(nextNightly(refs, 'new')).toBe('new-nightly-1');
  expect(lastNightly(refs, '3.11')).toBe('3.11-nightly-10');
  expect(lastNightly(refs, '3.11', id('5'))).toBe('3.11-nightly-10');
  expect(lastNightly(refs, '3.11', id('2'))).toBeUndefined();
});

test('the answer of ls-remote is read', () => {
  const { refs, head } = parseRefs(`ref: refs/heads/main\tHEAD\n${id('1')}\tHEAD\nnoise\n`);
  expect(head).toBe('refs/heads/main');
  expect([...refs]).toEqual([['HEAD', id('1')]]);
});
