import { LocalBus } from '../src/cloud/bus/local.ts';
import { busContract } from './support/bus-contract.ts';

busContract('the bus of one process', async () => {
  const bus = new LocalBus();
  return {
    connect: async (address) => bus.connect(address),
    [Symbol.asyncDispose]: async () => {},
  };
});
