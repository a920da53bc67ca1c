// What goes wrong: programs killed, ports taken, disks full, files broken.
import { describe } from 'vitest';
import { diskFull } from './faults/disk-full.ts';
import { killParts } from './faults/kill-parts.ts';
import { killUp } from './faults/kill-up.ts';
import { refused } from './faults/refused.ts';

describe('refused', refused);
describe('disk full', diskFull);
describe('up is killed', killUp);
describe('a part is killed', killParts);
