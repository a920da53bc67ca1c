// Runs one transaction in a process of its own, which tests kill: node superproject-runner.ts WHAT URL NAME FROM
import { branch } from '../../src/superproject/branch.ts';
import { Network } from '../../src/superproject/network.ts';
import { nightly } from '../../src/superproject/nightly.ts';
import { tag } from '../../src/superproject/tag.ts';

const [what, url = '', name = '', from = 'main'] = process.argv.slice(2);
const network = new Network({ pauseMs: 5, tries: 2 });
const stamp = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

if (what === 'nightly') await nightly(network, { url, branch: name });
else if (what === 'branch') await branch(network, { url, name, from });
else await tag(network, { url, name, from, stamp, components: true });
