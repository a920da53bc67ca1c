import { expect, test } from 'vitest';
import { AuditStore } from './audit-store.ts';
import { ChangeLog } from './change-log.ts';
import { Database } from './database.ts';
import { Joins } from './joins.ts';
import { PolicyStore } from './policy-store.ts';
import { Users } from './users.ts';

const VM = 'vm:0a1b2c3d-0000-4000-8000-000000000001';

function open(): { db: Database; log: ChangeLog } {
  const db = new Database(':memory:');
  const log = new ChangeLog(db);
  log.begin();
  return { db, log };
}

/** All that is copied, in one order. */
function contents(db: Database): unknown {
  return ['users', 'sessions', 'policy', 'audit', 'parked', 'jobs', 'members'].map((name) =>
    db.all(`SELECT * FROM ${name} ORDER BY 1, 2`),
  );
}

function entry(id: string, at = Date.now()) {
  const by = { user: 'ann', via: 'web' as const };
  const what = { verb: 'create', outcome: 'done' as const, message: '', params: {}, durationMs: 1 };
  return { id, at, entity: VM, name: 'web', hypervisor: 'hv1', by, ...what };
}

test('what changes in one database changes in the other, exactly', async () => {
  const [from, to] = [open(), open()];
  const users = new Users(from.db);
  for (const name of ['ann', 'ben']) await users.add(name);
  users.issue('ben', 'token', 'of a script');
  users.issue('ann', 'session');
  const policies = new PolicyStore(from.db);
  policies.update((policy) => ({ ...policy, admins: ['ann'] }));
  policies.setGrant('user:ben', VM, ['create', `it's "quoted" é`]);
  new AuditStore(from.db).add(entry('one'));
  users.remove('ben');
  const changes = from.log.after(0) ?? [];
  to.log.apply(changes, () => {});
  expect(contents(to.db)).toEqual(contents(from.db));
  expect(new PolicyStore(to.db).policy).toEqual(policies.policy);
  // His token went with him, and so it does there.
  expect(to.db.all('SELECT user FROM sessions')).toEqual([{ user: 'ann' }]);
  expect(from.log.after(from.log.head)).toEqual([]);
});

test('a key that changes is another row', () => {
  const [from, to] = [open(), open()];
  from.db.run(`INSERT INTO members VALUES ('hv1', 1)`);
  to.log.apply(from.log.after(0) ?? [], () => {});
  const { head } = from.log;
  from.db.run(`UPDATE members SET hypervisor = 'hv2'`);
  to.log.apply(from.log.after(head) ?? [], () => {});
  expect(to.db.all('SELECT hypervisor FROM members')).toEqual([{ hypervisor: 'hv2' }]);
});

test('links and join tokens stay where they were made', async () => {
  const { db, log } = open();
  const users = new Users(db);
  await users.add('ann');
  const { head } = log;
  users.redeem(users.issue('ann', 'link'));
  users.issue('ann', 'link');
  new Joins(db).issue('hv1');
  expect(log.after(head)).toEqual([]);
  expect(log.copy().tables['sessions']).toEqual([]);
});

test('a transaction that is undone was no change', () => {
  const { db, log } = open();
  expect(() =>
    db.transaction(() => {
      db.run(`INSERT INTO members VALUES ('hv1', 1)`);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(log.after(0)).toEqual([]);
});

test('a gap is said, and so is a database that is ahead', () => {
  const { db, log } = open();
  for (let at = 0; at < 5; at++) db.run(`INSERT INTO members VALUES ('hv${at}', 1)`);
  log.prune(3);
  expect(log.after(2)).toBeUndefined();
  expect(log.after(3)?.map(({ seq }) => seq)).toEqual([4, 5]);
  expect(log.after(6)).toBeUndefined();
  // The numbers go on, also when nothing is left.
  log.prune(5);
  db.run('DELETE FROM members');
  expect(log.after(5)?.map(({ seq }) => seq)).toEqual([6, 7, 8, 9, 10]);
});

test('a whole copy replaces all, joins the history, and leaves what is for one host', async () => {
  const [from, to] = [open(), open()];
  const [there, here] = [new Users(from.db), new Users(to.db)];
  for (const name of ['ann', 'ben']) await there.add(name);
  for (const name of ['ann', 'cleo']) await here.add(name);
  there.issue('ben', 'token');
  here.issue('ann', 'token');
  const link = here.issue('ann', 'link');
  const lost = here.issue('cleo', 'link');
  new AuditStore(from.db).add(entry('one'));
  new AuditStore(to.db).add(entry('two'));
  const { rows, next } = from.log.history(0);
  expect(next).toBeNull();
  to.log.addHistory(rows);
  to.log.replace(from.log.copy(), () => {});
  expect(here.names()).toEqual(['ann', 'ben']);
  expect(to.db.all(`SELECT user FROM sessions WHERE kind = 'token'`)).toEqual([{ user: 'ben' }]);
  expect(here.redeem(link)).toBe('ann');
  expect(here.redeem(lost)).toBeUndefined();
  expect(
    new AuditStore(to.db)
      .list({})
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['one', 'two']);
});

test('a long history comes in parts', () => {
  const [from, to] = [open(), open()];
  const audit = new AuditStore(from.db);
  for (let at = 0; at < 25; at++) audit.add(entry(`entry-${at}`));
  let parts = 0;
  for (let after: number | null = 0; after !== null; parts++) {
    const { rows, next } = from.log.history(after, 10);
    to.log.addHistory(rows);
    after = next;
  }
  expect(parts).toBe(3);
  expect(new AuditStore(to.db).list({})).toHaveLength(25);
});
