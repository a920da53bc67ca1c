import type { ErrorCase } from './lab-error-cases.ts';

/** Those of trees, provisioners, daemons, triggers and what waits for what. */
export const PART_CASES: readonly ErrorCase[] = [
  {
    title: 'an address that a machine cannot ask, and a source without one',
    json: `{
  "name": "demo",
  ▸"source": { "ref": "3.11" },
  "machines": {
    "one": { "ready": { "http": ▸"https://localhost/" } },
    "two": { "ready": [{ "http": "http://localhost:8080/health?x=1" }, { "http": ▸"localhost:80" }] }
  }
}`,
    yaml: `name: demo
▸source: { ref: '3.11' }
machines:
  one: { ready: { http: ▸https://localhost/ } }
  two: { ready: [{ http: http://localhost:8080/health?x=1 }, { http: ▸'localhost:80' }] }
`,
    expected: [
      'LAB_KEY_MISSING source.url',
      'LAB_VALUE machines.one.ready.http',
      'LAB_VALUE machines.two.ready[1].http',
    ],
  },
  {
    title: 'trees that cannot be',
    json: `{
  "name": "demo",
  "machines": { "one": {}, "two": {} },
  "tree": [
    { "from": ".", "to": "/srv/src", "on": ▸"thre" },
    { "from": ".", "to": ▸"srv" },
    { "from": ".", "to": ▸"/etc" },
    { "from": "lib", "to": "/srv/lib", "on": ["/t.o/"] },
    { "from": ▸"out", "to": "out", "mode": "pull", "on": "one" },
    { "from": "/out", "to": "out", "mode": "pull", "on": ▸["one", "two"] },
    { "from": "/out", "to": "out", "mode": ▸"both" }
  ]
}`,
    yaml: `name: demo
machines:
  one: {}
  two: {}
tree:
  - { from: ., to: /srv/src, on: ▸thre }
  - { from: ., to: ▸srv }
  - { from: ., to: ▸/etc }
  - { from: lib, to: /srv/lib, on: [/t.o/] }
  - { from: ▸out, to: out, mode: pull, on: one }
  - { from: /out, to: out, mode: pull, on: ▸[one, two] }
  - { from: /out, to: out, mode: ▸both }
`,
    expected: [
      'LAB_REFERENCE tree[0].on',
      'LAB_VALUE tree[1].to',
      'LAB_VALUE tree[2].to',
      'LAB_VALUE tree[4].from',
      'LAB_VALUE tree[5].on',
      'LAB_VALUE tree[6].mode',
    ],
  },
  {
    title: 'provisioners, triggers and packages with mistakes',
    json: `{
  "name": "demo",
  "packages": [▸"Etcd server"],
  "machines": { "one": {} },
  "provision": {
    "none": ▸{ "run": "always" },
    "two": ▸{ "shell": "true", "file": { "from": "a", "to": "/a" } },
    "half": { "shell": ▸{ "args": ["x"] }, "on": [▸"agent"] },
    "early": { "shell": "true", "before": ▸"lat" },
    "seed": { "cloudInit": ▸{ "userData": "a", "userDataFile": "b" } },
    "round": ▸{ "shell": "true", "after": "trip" },
    "trip": { "shell": "true", "after": "round" },
    "app": { "puppet": { ▸"module_path": "modules" }, "run": ▸"twice" }
  },
  "triggers": [▸{ "run": "true" }, { "after": ▸"boot", "run": "true" }]
}`,
    yaml: `name: demo
packages: [▸Etcd server]
machines:
  one: {}
provision:
  none: ▸{ run: always }
  two: ▸{ shell: "true", file: { from: a, to: /a } }
  half: { shell: ▸{ args: [x] }, on: [▸agent] }
  early: { shell: "true", before: ▸lat }
  seed: { cloudInit: ▸{ userData: a, userDataFile: b } }
  round: ▸{ shell: "true", after: trip }
  trip: { shell: "true", after: round }
  app: { puppet: { ▸module_path: modules }, run: ▸twice }
triggers: [▸{ run: "true" }, { after: ▸boot, run: "true" }]
`,
    expected: [
      'LAB_VALUE packages[0]',
      'LAB_ONE_OF provision.none',
      'LAB_ONE_OF provision.two',
      'LAB_ONE_OF provision.half.shell',
      'LAB_REFERENCE provision.half.on[0]',
      'LAB_REFERENCE provision.early.before',
      'LAB_ONE_OF provision.seed.cloudInit',
      'LAB_CYCLE provision.round',
      'LAB_KEY_UNKNOWN provision.app.puppet.module_path',
      'LAB_VALUE provision.app.run',
      'LAB_ONE_OF triggers[0]',
      'LAB_VALUE triggers[1].after',
    ],
  },
  {
    title: 'what waits for each other, or for nobody',
    json: `{
  "name": "demo",
  "machines": {
    "one": { "dependsOn": ▸["two"] },
    "two": { "dependsOn": ["three"] },
    "three": { "dependsOn": ["one"], "ready": ▸{ "timeout": 5 } },
    "four": { "dependsOn": [▸"fife"], "ready": [{ "tcp": ▸70000 }] }
  },
  "daemons": {
    "web": ▸{ "command": "a", "unit": "b" },
    "db": { "command": "a", "cwd": ▸"src", "dependsOn": [▸"cache"], "build": { "command": "m", "on": ▸"five" } },
    "self": { "command": "a", "dependsOn": ▸["self"] }
  }
}`,
    yaml: `name: demo
machines:
  one: { dependsOn: ▸[two] }
  two: { dependsOn: [three] }
  three: { dependsOn: [one], ready: ▸{ timeout: 5 } }
  four: { dependsOn: [▸fife], ready: [{ tcp: ▸70000 }] }
daemons:
  web: ▸{ command: a, unit: b }
  db: { command: a, cwd: ▸src, dependsOn: [▸cache], build: { command: m, on: ▸five } }
  self: { command: a, dependsOn: ▸[self] }
`,
    expected: [
      'LAB_CYCLE machines.one.dependsOn',
      'LAB_ONE_OF machines.three.ready',
      'LAB_REFERENCE machines.four.dependsOn[0]',
      'LAB_VALUE machines.four.ready[0].tcp',
      'LAB_ONE_OF daemons.web',
      'LAB_VALUE daemons.db.cwd',
      'LAB_REFERENCE daemons.db.dependsOn[0]',
      'LAB_REFERENCE daemons.db.build.on',
      'LAB_CYCLE daemons.self.dependsOn',
    ],
  },
  {
    title: 'several mistakes in one thing',
    json: `{
  "name": "demo",
  "machines": { "one": {}, "two": { "ready": ▸{ "timeout": ▸"5" } } },
  "tree": [
    { "from": ".", "to": ▸"srv/src", "on": ▸"/((/", "owner": ▸7 },
    { "from": "/out", "to": ▸"/", "mode": "pull", "on": [▸"/nobody/"], ▸"delete": true },
    { "from": ▸"/home", "to": ▸7 }
  ],
  "provision": { "base": { ▸"shel": "true", "on": ▸"three" } },
  "daemons": {
    "web": ▸{ "on": [▸"/[/"], "user": ▸"a b", "cwd": ▸"src", ▸"colour": 1 },
    "api": { ▸"cmd": "x" },
    "db": { "command": ▸3 },
    "cache": ▸{ "command": ▸3, "unit": "redis.service" }
  }
}`,
    yaml: `name: demo
machines:
  one: {}
  two: { ready: ▸{ timeout: ▸"5" } }
tree:
  - { from: ., to: ▸srv/src, on: ▸/((/, owner: ▸7 }
  - { from: /out, to: ▸/, mode: pull, on: [▸/nobody/], ▸delete: true }
  - { from: ▸/home, to: ▸7 }
provision:
  base: { ▸shel: "true", on: ▸three }
daemons:
  web: ▸{ on: [▸"/[/"], user: ▸a b, cwd: ▸src, ▸colour: 1 }
  api: { ▸cmd: x }
  db: { command: ▸3 }
  cache: ▸{ command: ▸3, unit: redis.service }
`,
    expected: [
      'LAB_ONE_OF machines.two.ready',
      'LAB_TYPE machines.two.ready.timeout',
      'LAB_VALUE tree[0].to',
      'LAB_VALUE tree[0].on',
      'LAB_TYPE tree[0].owner',
      'LAB_VALUE tree[1].to',
      'LAB_REFERENCE tree[1].on[0]',
      'LAB_KEY_UNKNOWN tree[1].delete',
      'LAB_VALUE tree[2].from',
      'LAB_TYPE tree[2].to',
      'LAB_KEY_UNKNOWN provision.base.shel',
      'LAB_REFERENCE provision.base.on',
      'LAB_ONE_OF daemons.web',
      'LAB_VALUE daemons.web.on[0]',
      'LAB_VALUE daemons.web.user',
      'LAB_VALUE daemons.web.cwd',
      'LAB_KEY_UNKNOWN daemons.web.colour',
      'LAB_KEY_UNKNOWN daemons.api.cmd',
      'LAB_TYPE daemons.db.command',
      'LAB_ONE_OF daemons.cache',
      'LAB_TYPE daemons.cache.command',
    ],
  },
  {
    title: 'trees in each other',
    json: `{
  "name": "demo",
  "machines": { "one": {}, "two": {} },
  "tree": [
    { "from": ".", "to": "/srv/src" },
    { "from": "lib", "to": ▸"/srv/src/lib", "on": "one" },
    { "from": "lib", "to": "/srv/src2" }
  ]
}`,
    yaml: `name: demo
machines:
  one: {}
  two: {}
tree:
  - { from: ., to: /srv/src }
  - { from: lib, to: ▸/srv/src/lib, on: one }
  - { from: lib, to: /srv/src2 }
`,
    expected: ['LAB_TREE_OVERLAP tree[1].to'],
  },
  {
    title: 'daemons that cannot be written as units',
    json: `{
  "name": "demo",
  "machines": { "one": {} },
  "daemons": {
    ▸"guest": { "command": "a" },
    ▸"my.api": { "command": "a" },
    "web": { "command": "a", "cwd": ▸"/srv\\nUser=root", "user": ▸"a b", "env": { ▸"MY-VAR": "1" } },
    "db": { "unit": ▸"etcd server" }
  }
}`,
    yaml: `name: demo
machines:
  one: {}
daemons:
  ▸guest: { command: a }
  ▸my.api: { command: a }
  web: { command: a, cwd: ▸"/srv\\nUser=root", user: ▸a b, env: { ▸MY-VAR: "1" } }
  db: { unit: ▸etcd server }
`,
    expected: [
      'LAB_VALUE daemons.guest',
      'LAB_VALUE daemons["my.api"]',
      'LAB_VALUE daemons.web.cwd',
      'LAB_VALUE daemons.web.user',
      'LAB_VALUE daemons.web.env.MY-VAR',
      'LAB_VALUE daemons.db.unit',
    ],
  },
];
