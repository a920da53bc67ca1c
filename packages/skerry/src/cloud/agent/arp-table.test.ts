import { expect, test } from 'vitest';
import { parseArpTable } from './arp-table.ts';

test('who has answered is at that address', () => {
  const text = `IP address       HW type     Flags       HW address            Mask     Device
10.98.0.109      0x1         0x2         52:54:00:B4:fb:7c     *        virbr0
10.98.0.110      0x1         0x0         00:00:00:00:00:00     *        virbr0
10.98.0.5        0x1         0x6         52:54:00:b4:fb:7c     *        virbr0
`;
  expect(parseArpTable(text)).toEqual(
    new Map([['52:54:00:b4:fb:7c', ['10.98.0.109', '10.98.0.5']]]),
  );
  expect(parseArpTable('')).toEqual(new Map());
});
