import { expect, test } from 'vitest';
import { element } from './stanza.ts';
import { StreamManagement } from './stream-management.ts';

function sent(xml: string, again = true): Parameters<StreamManagement['sent']>[0] {
  return { stanza: element(xml), xml, again };
}

function texts(all: readonly { xml: string }[]): string[] {
  return all.map(({ xml }) => xml);
}

test('a resumption sends what the server has not got', () => {
  const management = new StreamManagement();
  management.begin('id');
  for (const xml of ['a', 'b', 'c', 'd']) management.sent(sent(xml));
  management.acknowledge(1);
  expect(texts(management.resumed(3))).toEqual(['d']);
  management.sent(sent('e'));
  expect(texts(management.resumed(3))).toEqual(['d', 'e']);
  management.acknowledge(5);
  expect(management.bytes).toBe(0);
});

test('a new session has what may be sent again, once', () => {
  const management = new StreamManagement();
  management.begin('id');
  for (const xml of ['a', 'b', 'c']) management.sent(sent(xml, xml !== 'b'));
  management.end(1);
  expect(management.id).toBeUndefined();
  management.begin('next');
  management.sent(sent('d'));
  management.end(undefined);
  expect(texts(management.takeLeft())).toEqual(['c', 'd']);
  expect(management.takeLeft()).toEqual([]);
});

test('a server that has got more than was sent is not believed', () => {
  const management = new StreamManagement();
  management.begin('id');
  management.sent(sent('a'));
  expect(() => management.acknowledge(2)).toThrow();
  expect(() => management.acknowledge(Number.NaN)).toThrow();
  management.acknowledge(1);
  expect(() => management.acknowledge(0)).toThrow();
});
