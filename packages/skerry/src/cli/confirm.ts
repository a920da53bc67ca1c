import { createInterface } from 'node:readline/promises';
import { SkerryError, SkerryErrors } from '../util/errors.ts';

/**
 * Asks before something is gone; where nobody can be asked it is not done.
 *
 * @param command what was typed: `skerry vm delete`
 * @throws USAGE without a terminal, NOT_CONFIRMED where the answer is not yes
 */
export async function confirm(question: string, command: string): Promise<void> {
  if (!process.stdin.isTTY) {
    const verb = command.split(' ').at(-1);
    const detail = `${verb} asks before it removes anything, and there is no terminal to ask on: add --yes`;
    throw new SkerryError('USAGE', { data: { detail, command } });
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`${question} [y/N] `).finally(() => prompt.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new SkerryErrors([new SkerryError('NOT_CONFIRMED')]);
}
