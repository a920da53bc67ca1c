// Folders of the host that machines have mounted, in the labs of both kinds of users.
import { afterAll, describe } from 'vitest';
import { life } from './share/life.ts';
import { ordinaryUser, type OrdinaryUser } from './support/user.ts';

let user: OrdinaryUser | undefined;
afterAll(() => user?.[Symbol.asyncDispose]());

describe('of whoever runs the tests', () => life(() => Promise.resolve({})));
describe('of an ordinary user', () =>
  life(async () => {
    user = await ordinaryUser();
    return { ...user, root: user.folder };
  }));
