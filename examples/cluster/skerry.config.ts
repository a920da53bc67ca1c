import { defineLab } from 'skerry';

const members = ['red', 'green', 'blue'];
const healthy = { http: 'http://localhost:2379/health' };

export default defineLab({
  name: 'cluster',
  memory: '512 MiB',
  packages: ['etcd-server', 'etcd-client'],
  machines: Object.fromEntries(members.map((name) => [name, { ready: healthy }])),

  // Once, and again when the module changes. The value is put when all three are healthy.
  provision: {
    etcd: {
      puppet: {
        manifestsPath: 'puppet/manifests',
        modulePath: 'puppet/modules',
        structuredFacts: { cluster: { members } },
      },
    },
    greeting: { on: 'red', phase: 'afterAllUp', shell: 'etcdctl put greeting "good morning"' },
  },

  // What you save in app/ is in all three a moment later.
  tree: { from: 'app', to: '/srv/app' },

  daemons: {
    etcd: { unit: 'etcd.service', ready: healthy },
    greeter: {
      // Without gems Ruby starts ten times as fast.
      command: 'ruby --disable-gems greeter.rb',
      watch: ['app/**'],
      dependsOn: ['etcd'],
      ready: { http: 'http://localhost:8080/' },
    },
  },

  triggers: [{ after: 'up', on: 'red', run: 'etcdctl endpoint health --cluster' }],
});
