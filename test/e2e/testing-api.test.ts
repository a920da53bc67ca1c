// The library API for tests, on real machines; see docs/how-to/test-with-a-lab.md.
import { faultsOfTheNetwork } from './testing-api/network.ts';
import { describe } from 'vitest';
import { exampleRuns } from './testing-api/example.ts';
import { killedRun } from './testing-api/killed.ts';
import { machines } from './testing-api/machines.ts';
import { momentsOfALab } from './testing-api/moments.ts';
import { sharedLab } from './testing-api/shared-lab.ts';

const lab = sharedLab();
machines(lab);
describe('faults of the network', () => faultsOfTheNetwork(lab));
momentsOfALab(lab);
killedRun();
exampleRuns();
