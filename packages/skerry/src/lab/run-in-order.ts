import type { Graph } from '../lab-file/order.ts';
import { SkerryError } from '../util/errors.ts';

/**
 * Works on all names side by side. `turn` waits until all that a name waits for have ended well; where one has not, it
 * throws DEPENDENCY_FAILED, which names the one that failed first. Nothing stops the others.
 * @returns what each that failed failed with, by name
 */
export async function runInOrder(
  graph: Graph,
  work: (name: string, turn: () => Promise<void>) => Promise<void>,
): Promise<Map<string, unknown>> {
  const names = [...graph.keys()];
  const ends = new Map(names.map((name) => [name, Promise.withResolvers<unknown>()]));
  const failed = new Map<string, unknown>();
  await Promise.all(
    names.map(async (name) => {
      const turn = async (): Promise<void> => {
        await Promise.all(
          (graph.get(name) ?? []).map(async (other) => {
            const error = await ends.get(other)?.promise;
            if (error !== undefined) throw dependencyFailed(name, other, error);
          }),
        );
      };
      try {
        await work(name, turn);
        ends.get(name)?.resolve(undefined);
      } catch (error) {
        failed.set(name, error);
        ends.get(name)?.resolve(error ?? new Error('it failed'));
      }
    }),
  );
  return failed;
}

function dependencyFailed(machine: string, other: string, error: unknown): SkerryError {
  const isChained = error instanceof SkerryError && error.code === 'DEPENDENCY_FAILED';
  const root = isChained ? (error.data.root ?? other) : other;
  return new SkerryError('DEPENDENCY_FAILED', { data: { machine, root }, cause: error });
}
