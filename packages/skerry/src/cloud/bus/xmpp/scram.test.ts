import { expect, test } from 'vitest';
import { chooseMechanism, startScram } from './scram.ts';

// RFC 5802 section 5 and RFC 7677 section 3.
test.each([
  {
    mechanism: 'SCRAM-SHA-1',
    nonce: 'fyko+d2lbbFgONRv9qkxdawL',
    challenge: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    proof: 'v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    final: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    mechanism: 'SCRAM-SHA-256',
    nonce: 'rOprNGfwEbeRWgbNEkqO',
    challenge:
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    final: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
] as const)('$mechanism as in its RFC', async ({ mechanism, nonce, challenge, proof, final }) => {
  const scram = startScram(mechanism, 'user', 'pencil', nonce);
  expect(scram.first).toBe(`n,,n=user,r=${nonce}`);
  expect(scram.verify(final)).toBe(false);
  expect((await scram.answer(challenge)).split(',p=')[1]).toBe(proof);
  expect(scram.verify(final)).toBe(true);
  expect(scram.verify('v=AAAA')).toBe(false);
  expect(scram.verify('e=other-error')).toBe(false);
});

test.each([
  ['r=other,s=QSXCR+Q6sek8bf92,i=4096', 'another login'],
  ['r=abc,s=QSXCR+Q6sek8bf92,i=4096', 'another login'],
  ['r=abcd,s=QSXCR+Q6sek8bf92,i=1', 'rounds'],
  ['r=abcd,s=QSXCR+Q6sek8bf92,i=999999999', 'rounds'],
  ['', 'another login'],
])('refuses the challenge %j', async (challenge, reason) => {
  const scram = startScram('SCRAM-SHA-256', 'a,b=c', 'x', 'abc');
  expect(scram.first).toBe('n,,n=a=2Cb=3Dc,r=abc');
  await expect(scram.answer(challenge)).rejects.toThrow(reason);
});

test('takes the best that is offered, and never the password in the clear', () => {
  expect(chooseMechanism(['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256'])).toBe('SCRAM-SHA-256');
  expect(chooseMechanism(['PLAIN', 'DIGEST-MD5'])).toBeUndefined();
});
