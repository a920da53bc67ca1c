import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LabConfig } from './config.ts';
import { toHostName } from './host-name.ts';
import { contains, parseCidr, parseIpv4 } from './ipv4.ts';
import { resolveLab } from './resolve.ts';
import type { LabSpec } from './spec.ts';
import { validateLab } from './validate.ts';

const FILE = { file: '/srv/demo/skerry.config.ts' };
const name = fc
  .stringMatching(/^[a-z](?:[a-z0-9_]{0,8}[a-z0-9])?$/)
  .filter((n) => n !== 'localhost');
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 40, selector: toHostName });

function lab(labName: string, machines: readonly string[], cidr?: string): LabConfig {
  const network = cidr === undefined ? {} : { network: { cidr } };
  return { name: labName, ...network, machines: Object.fromEntries(machines.map((m) => [m, {}])) };
}

function placesOf(spec: LabSpec): string[] {
  return spec.machines.map(({ name, address, mac }) => `${name} ${address} ${mac}`);
}

describe('addresses and MACs', () => {
  test('stay when machines are added at the end', () => {
    fc.assert(
      fc.property(name, names, fc.nat(), (labName, all, at) => {
        const some = all.slice(0, 1 + (at % all.length));
        const before = placesOf(resolveLab(lab(labName, some), FILE));
        const after = placesOf(resolveLab(lab(labName, all), FILE));
        expect(after.slice(0, some.length)).toEqual(before);
      }),
    );
  });

  test('are all different, inside the network, and nobody else’s, also when it is full', () => {
    const cidrs = fc.constantFrom(undefined, '10.1.2.0/24', '192.168.4.64/26', '172.16.0.0/16');
    fc.assert(
      fc.property(name, names, cidrs, (labName, all, cidr) => {
        const { network, machines } = resolveLab(lab(labName, all, cidr), FILE);
        const range = parseCidr(network.cidr);
        const ips = machines.map(({ address }) => parseIpv4(address) ?? 0);
        expect(new Set(ips).size).toBe(all.length);
        expect(new Set(machines.map(({ mac }) => mac)).size).toBe(all.length);
        for (const ip of ips) {
          expect(range && contains(range, ip - 2) && contains(range, ip + 1)).toBe(true);
        }
      }),
    );
    const full = resolveLab(lab('full', ['a', 'b', 'c', 'd', 'e'], '10.1.2.8/29'), FILE);
    expect(full.machines.map(({ address }) => address).sort()).toEqual([
      '10.1.2.10',
      '10.1.2.11',
      '10.1.2.12',
      '10.1.2.13',
      '10.1.2.14',
    ]);
  });

  test('a valid lab is what validation lets through', () => {
    fc.assert(
      fc.property(name, names, (labName, all) => {
        expect(validateLab(lab(labName, all))).toEqual([]);
      }),
    );
  });

  test('set by hand go before derived ones', () => {
    const derived = resolveLab(lab('demo', ['one']), FILE).machines[0]?.address ?? '';
    const config: LabConfig = { name: 'demo', machines: { one: {}, two: { address: derived } } };
    const [one, two] = resolveLab(config, FILE).machines;
    expect(two?.address).toBe(derived);
    expect(one?.address).not.toBe(derived);
  });
});

test('fills in every default', () => {
  const config: LabConfig = {
    name: 'My_Lab',
    cpus: 2,
    disks: ['1 GiB', { name: 'log', size: '1.5 GiB' }],
    machines: {
      central_server: { forwards: { 8080: 80 }, memory: '2 GiB' },
      Agent_1: {
        hostname: 'worker',
        primary: true,
        nested: true,
        disks: { data: '10 GiB' },
        forwards: [{ host: 2222, guest: 22, address: '0.0.0.0' }],
      },
      idle: null,
    },
  };
  expect(resolveLab(config, FILE)).toMatchInlineSnapshot(`
    {
      "daemons": [],
      "dir": "/srv/demo",
      "file": "/srv/demo/skerry.config.ts",
      "machines": [
        {
          "address": "10.105.230.97",
          "aliases": [
            "central_server",
          ],
          "autostart": true,
          "cpus": 2,
          "dependsOn": [],
          "disks": [
            {
              "name": "disk1",
              "sizeBytes": 1073741824,
            },
            {
              "name": "log",
              "sizeBytes": 1610612736,
            },
          ],
          "forwards": [
            {
              "address": "127.0.0.1",
              "guest": 80,
              "host": 8080,
            },
          ],
          "hostname": "central-server",
          "image": "debian-12",
          "mac": "52:54:00:0e:1b:04",
          "memoryMiB": 2048,
          "name": "central_server",
          "nested": false,
          "packages": [],
          "primary": false,
          "ready": [],
        },
        {
          "address": "10.105.230.22",
          "aliases": [
            "Agent_1",
            "agent-1",
          ],
          "autostart": true,
          "cpus": 2,
          "dependsOn": [],
          "disks": [
            {
              "name": "data",
              "sizeBytes": 10737418240,
            },
          ],
          "forwards": [
            {
              "address": "0.0.0.0",
              "guest": 22,
              "host": 2222,
            },
          ],
          "hostname": "worker",
          "image": "debian-12",
          "mac": "52:54:00:81:87:bf",
          "memoryMiB": 512,
          "name": "Agent_1",
          "nested": true,
          "packages": [],
          "primary": true,
          "ready": [],
        },
        {
          "address": "10.105.230.227",
          "aliases": [],
          "autostart": true,
          "cpus": 2,
          "dependsOn": [],
          "disks": [
            {
              "name": "disk1",
              "sizeBytes": 1073741824,
            },
            {
              "name": "log",
              "sizeBytes": 1610612736,
            },
          ],
          "forwards": [],
          "hostname": "idle",
          "image": "debian-12",
          "mac": "52:54:00:52:7b:24",
          "memoryMiB": 512,
          "name": "idle",
          "nested": false,
          "packages": [],
          "primary": false,
          "ready": [],
        },
      ],
      "name": "My_Lab",
      "network": {
        "cidr": "10.105.230.0/24",
        "domain": "my-lab.test",
        "gateway": "10.105.230.1",
      },
      "provision": [],
      "trees": [],
      "triggers": [],
    }
  `);
});
