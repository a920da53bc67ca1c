import { connect } from '@skerry/libvirt';
import { expect, test } from 'vitest';
import { startDaemon } from '../../libvirt/test/daemon.ts';
import { runDomain } from '../src/lab/start-machine.ts';

test.each(['shut off', 'paused'])(
  'a domain that is %s, and that somebody else starts in the same moment, runs',
  async (state) => {
    await using daemon = await startDaemon();
    await using connection = await connect(daemon.uri('test:///default'));
    const domain = await connection.domain('test');
    await (state === 'paused' ? domain.suspend() : domain.destroy());
    // Both look before either acts: one of them is told that the domain runs already.
    await Promise.all([runDomain(domain), runDomain(domain)]);
    expect((await domain.state()).state).toBe('running');
  },
);
