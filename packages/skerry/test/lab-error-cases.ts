import { PART_CASES } from './lab-part-error-cases.ts';

/** A lab with mistakes. A `▸` stands before each place that must be named. */
export interface ErrorCase {
  readonly title: string;
  readonly json: string;
  readonly yaml: string;
  /** Code and field of each error, in the file's order. */
  readonly expected: readonly string[];
}

export const CASES: readonly ErrorCase[] = [
  {
    title: 'unknown keys on every level',
    json: `{
  "name": "demo",
  ▸"machinez": 1,
  ▸"primary": true,
  "network": { ▸"cdr": "10.1.2.0/24" },
  "machines": {
    "one": { ▸"ram": 512, "disks": [{ "name": "a", "size": "1 GiB", ▸"bus": "x" }] },
    "two": { "forwards": [{ "host": 8080, "guest": 80, ▸"proto": "udp" }] }
  }
}`,
    yaml: `name: demo
▸machinez: 1
▸primary: true
network:
  ▸cdr: 10.1.2.0/24
machines:
  one:
    ▸ram: 512
    disks:
      - { name: a, size: 1 GiB, ▸bus: x }
  two:
    forwards:
      - host: 8080
        guest: 80
        ▸proto: udp
`,
    expected: [
      'LAB_KEY_UNKNOWN machinez',
      'LAB_KEY_UNKNOWN primary',
      'LAB_KEY_UNKNOWN network.cdr',
      'LAB_KEY_UNKNOWN machines.one.ram',
      'LAB_KEY_UNKNOWN machines.one.disks[0].bus',
      'LAB_KEY_UNKNOWN machines.two.forwards[0].proto',
    ],
  },
  {
    title: 'wrong types',
    json: `{
  "name": ▸5,
  "image": ▸["debian-12"],
  "machines": {
    "one": { "cpus": ▸"2", "nested": ▸"yes", "memory": ▸true },
    "two": ▸"big",
    "three": { "disks": ▸7, "forwards": { "8080": ▸"80" } },
    "four": { "disks": { "data": ▸10 } }
  }
}`,
    yaml: `name: ▸5
image: ▸[debian-12]
machines:
  one:
    cpus: ▸"2"
    nested: ▸yes
    memory: ▸true
  two: ▸big
  three:
    disks: ▸7
    forwards:
      8080: ▸"80"
  four:
    disks:
      data: ▸10
`,
    expected: [
      'LAB_TYPE name',
      'LAB_TYPE image',
      'LAB_TYPE machines.one.cpus',
      'LAB_TYPE machines.one.nested',
      'LAB_TYPE machines.one.memory',
      'LAB_TYPE machines.two',
      'LAB_TYPE machines.three.disks',
      'LAB_TYPE machines.three.forwards.8080',
      'LAB_TYPE machines.four.disks.data',
    ],
  },
  {
    title: 'values that are not allowed',
    json: `{
  "name": "demo",
  "memory": ▸"2 GB",
  "machines": {
    "one": { "cpus": ▸0, "memory": ▸"32 MiB" },
    "two": { "cpus": ▸1.5, "memory": ▸12 },
    "three": { "disks": { "data": ▸"10G", ▸"a-very-long-name-for-a-disk": "1 GiB" } },
    "four": { "forwards": { ▸"http": 80, "8080": ▸70000, ▸"70000": 80 } },
    "five": { "disks": [▸"big"], "forwards": [{ "host": ▸0, "guest": 80 }] }
  }
}`,
    yaml: `name: demo
memory: ▸2 GB
machines:
  one:
    cpus: ▸0
    memory: ▸32 MiB
  two:
    cpus: ▸1.5
    memory: ▸12
  three:
    disks:
      data: ▸10G
      ▸a-very-long-name-for-a-disk: 1 GiB
  four:
    forwards:
      ▸http: 80
      8080: ▸70000
      ▸70000: 80
  five:
    disks:
      - ▸big
    forwards:
      - { host: ▸0, guest: 80 }
`,
    expected: [
      'LAB_VALUE memory',
      'LAB_VALUE machines.one.cpus',
      'LAB_VALUE machines.one.memory',
      'LAB_VALUE machines.two.cpus',
      'LAB_VALUE machines.two.memory',
      'LAB_VALUE machines.three.disks.data',
      'LAB_VALUE machines.three.disks.a-very-long-name-for-a-disk',
      'LAB_VALUE machines.four.forwards.http',
      'LAB_VALUE machines.four.forwards.8080',
      'LAB_VALUE machines.four.forwards.70000',
      'LAB_VALUE machines.five.disks[0]',
      'LAB_VALUE machines.five.forwards[0].host',
    ],
  },
  {
    title: 'missing fields',
    json: `▸{
  "machines": { "one": { "forwards": [▸{ "guest": 80 }], "disks": [▸{ "size": "1 GiB" }] } }
}`,
    yaml: `▸machines:
  one:
    forwards:
      - ▸guest: 80
    disks:
      - ▸size: 1 GiB
`,
    expected: [
      'LAB_KEY_MISSING name',
      'LAB_KEY_MISSING machines.one.forwards[0].host',
      'LAB_KEY_MISSING machines.one.disks[0].name',
    ],
  },
  {
    title: 'no machines',
    json: `{ "name": "demo", "machines": ▸{} }`,
    yaml: `name: demo\nmachines: ▸{}\n`,
    expected: ['LAB_MACHINES_NONE machines'],
  },
  {
    title: 'names that are no host names',
    json: `{
  "name": ▸"my lab",
  "machines": {
    ▸"agent.*": {},
    ▸"_one": {},
    ▸"two-": {},
    ▸"localhost": {},
    "five": { "hostname": ▸"fi_ve" },
    ▸"7": {}
  }
}`,
    yaml: `name: ▸my lab
machines:
  ▸agent.*: {}
  ▸_one: {}
  ▸two-: {}
  ▸localhost: {}
  five: { hostname: ▸fi_ve }
  ▸7: {}
`,
    expected: [
      'LAB_NAME name',
      'LAB_NAME machines["agent.*"]',
      'LAB_NAME machines._one',
      'LAB_NAME machines.two-',
      'LAB_NAME machines.localhost',
      'LAB_NAME machines.five.hostname',
      'LAB_NAME machines.7',
    ],
  },
  {
    title: 'names that become the same host name',
    json: `{
  "name": "demo",
  "machines": {
    "agent_1": { "disks": [{ "name": "a", "size": "1 GiB" }, { "name": ▸"a", "size": "1 GiB" }] },
    ▸"agent-1": {},
    ▸"Agent_1": {},
    "other": { "hostname": ▸"agent-1" }
  }
}`,
    yaml: `name: demo
machines:
  agent_1:
    disks:
      - { name: a, size: 1 GiB }
      - { name: ▸a, size: 1 GiB }
  ▸agent-1:
  ▸Agent_1:
  other:
    hostname: ▸agent-1
`,
    expected: [
      'LAB_NAME_TWICE machines.agent_1.disks[1].name',
      'LAB_NAME_TWICE machines.agent-1',
      'LAB_NAME_TWICE machines.Agent_1',
      'LAB_NAME_TWICE machines.other.hostname',
    ],
  },
  {
    title: 'two primaries',
    json: `{
  "name": "demo",
  "machines": { "one": { "primary": true }, "two": { "primary": ▸true }, "three": { "primary": ▸true } }
}`,
    yaml: `name: demo
machines:
  one: { primary: true }
  two: { primary: ▸true }
  three:
    primary: ▸true
`,
    expected: [
      'LAB_PRIMARY_TWICE machines.two.primary',
      'LAB_PRIMARY_TWICE machines.three.primary',
    ],
  },
  {
    title: 'unknown images',
    json: `{
  "name": "demo",
  "image": ▸"debian12",
  "machines": { "one": { "image": ▸"plan9" }, "two": { "image": "debian-13" } }
}`,
    yaml: `name: demo
image: ▸debian12
machines:
  one: { image: ▸plan9 }
  two: { image: debian-13 }
`,
    expected: ['LAB_IMAGE_UNKNOWN image', 'LAB_IMAGE_UNKNOWN machines.one.image'],
  },
  {
    title: 'a network that is none',
    json: `{
  "name": "demo",
  "network": { "cidr": ▸"10.1.2.0", "domain": ▸"de mo" },
  "machines": { "one": { "address": ▸"10.1.2.300" } }
}`,
    yaml: `name: demo
network:
  cidr: ▸10.1.2.0
  domain: ▸de mo
machines:
  one:
    address: ▸10.1.2.300
`,
    expected: [
      'LAB_CIDR network.cidr',
      'LAB_DOMAIN network.domain',
      'LAB_ADDRESS machines.one.address',
    ],
  },
  {
    title: 'addresses that cannot be',
    json: `{
  "name": "demo",
  "network": { "cidr": "10.1.2.0/24" },
  "machines": {
    "out": { "address": ▸"10.1.3.5" },
    "gateway": { "address": ▸"10.1.2.1" },
    "net": { "address": ▸"10.1.2.0" },
    "cast": { "address": ▸"10.1.2.255" },
    "good": { "address": "10.1.2.7" },
    "twin": { "address": ▸"10.1.2.7" }
  }
}`,
    yaml: `name: demo
network: { cidr: 10.1.2.0/24 }
machines:
  out: { address: ▸10.1.3.5 }
  gateway: { address: ▸10.1.2.1 }
  net: { address: ▸10.1.2.0 }
  cast: { address: ▸10.1.2.255 }
  good: { address: 10.1.2.7 }
  twin: { address: ▸10.1.2.7 }
`,
    expected: [
      'LAB_ADDRESS machines.out.address',
      'LAB_ADDRESS machines.gateway.address',
      'LAB_ADDRESS machines.net.address',
      'LAB_ADDRESS machines.cast.address',
      'LAB_ADDRESS_TWICE machines.twin.address',
    ],
  },
  {
    title: 'a network too small for the machines',
    json: `{
  "name": "demo",
  "network": { "cidr": ▸"10.1.2.0/30" },
  "machines": { "one": {}, "two": {} }
}`,
    yaml: `name: demo
network:
  cidr: ▸10.1.2.0/30
machines:
  one:
  two:
`,
    expected: ['LAB_CIDR_SMALL network.cidr'],
  },
  {
    title: 'a machine larger than the host',
    json: `{
  "name": "demo",
  "machines": { "one": { "memory": ▸"16 GiB", "cpus": ▸9 }, "two": { "autostart": false } }
}`,
    yaml: `name: demo
machines:
  one:
    memory: ▸16 GiB
    cpus: ▸9
  two:
    autostart: false
`,
    expected: ['LAB_MEMORY machines.one.memory', 'LAB_CPUS machines.one.cpus'],
  },
  {
    title: 'machines together larger than the host',
    json: `{
  "name": "demo",
  "memory": ▸"3 GiB",
  "machines": { "one": {}, "two": {}, "three": {}, "four": { "autostart": false } }
}`,
    yaml: `name: demo
memory: ▸3 GiB
machines:
  one: {}
  two: {}
  three: {}
  four: { autostart: false }
`,
    expected: ['LAB_MEMORY memory'],
  },
  {
    title: 'host ports that cannot be taken',
    json: `{
  "name": "demo",
  "machines": {
    "one": { "forwards": { "8080": 80, ▸"443": 443 } },
    "two": { "forwards": { ▸"8080": 80 } },
    "three": { "forwards": [{ "host": ▸8080, "guest": 1, "address": "0.0.0.0" }] },
    "four": { "forwards": [{ "host": 8081, "guest": 1, "address": ▸"here" }] }
  }
}`,
    yaml: `name: demo
machines:
  one:
    forwards:
      8080: 80
      ▸443: 443
  two:
    forwards:
      ▸8080: 80
  three:
    forwards:
      - host: ▸8080
        guest: 1
        address: 0.0.0.0
  four:
    forwards:
      - host: 8081
        guest: 1
        address: ▸here
`,
    expected: [
      'LAB_PORT_PRIVILEGED machines.one.forwards.443',
      'LAB_PORT_TWICE machines.two.forwards.8080',
      'LAB_PORT_TWICE machines.three.forwards[0].host',
      'LAB_ADDRESS machines.four.forwards[0].address',
    ],
  },
  ...PART_CASES,
];
