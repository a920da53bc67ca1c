import { expect, test } from 'vitest';
import { arpEntries, neighbourDevice } from './proc-net.ts';

test('who has answered is at that address, on that device', () => {
  const text = `IP address       HW type     Flags       HW address            Mask     Device
10.98.0.109      0x1         0x2         52:54:00:B4:fb:7c     *        virbr0
10.98.0.110      0x1         0x0         00:00:00:00:00:00     *        virbr0
10.98.0.5        0x1         0x6         52:54:00:b4:fb:7c     *        eth0
`;
  const mac = '52:54:00:b4:fb:7c';
  expect(arpEntries(text)).toEqual([
    { address: '10.98.0.109', mac, device: 'virbr0' },
    { address: '10.98.0.5', mac, device: 'eth0' },
  ]);
  expect(arpEntries('')).toEqual([]);
});

const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	100	00FFFFFF	0	0	0
virbr0	0000620A	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth0	4000620A	010200C0	0003	0	0	0	C0FFFFFF	0	0	0
down0	0000630A	00000000	0000	0	0	0	00FFFFFF	0	0	0
near1	0007A8C0	00000000	0001	0	0	50	00FFFFFF	0	0	0
near2	0007A8C0	00000000	0001	0	0	20	00FFFFFF	0	0	0
`;

test.each([
  ['192.0.2.7', 'eth0'],
  ['10.98.0.57', 'virbr0'],
  // A longer prefix leads to a router.
  ['10.98.0.70', undefined],
  ['8.8.8.8', undefined],
  ['10.99.0.1', undefined],
  ['192.168.7.200', 'near2'],
])('%s is a neighbour on %s', (address, device) => {
  expect(neighbourDevice(ROUTES, address)).toBe(device);
});
