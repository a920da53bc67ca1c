import type { Changes } from '../checkout/changes.ts';
import { type Checkout, readCheckout } from '../checkout/checkout.ts';
import { applyEdit, checkEdit, refuseUnstaged } from '../checkout/edit-modules.ts';
import { allOrNothing } from '../checkout/undo.ts';
import { type KeyChange, setKeys } from '../edit-gitmodules.ts';

/** Writes keys into `.gitmodules` as it is now, and stages it. @throws SP_GITMODULES_UNSTAGED, SP_GITMODULES_INVALID */
export async function writeKeys(
  changes: Changes,
  { root }: Checkout,
  keys: readonly (KeyChange & { readonly value: string })[],
): Promise<void> {
  const checkout = await readCheckout(root, changes.signal);
  await refuseUnstaged(checkout, changes.signal);
  const text = setKeys(checkout.gitmodules, keys);
  checkEdit(checkout, text);
  const commands = keys.map(({ name, key, value }) => [
    ...['config', '-f', '.gitmodules'],
    ...[`submodule.${name}.${key}`, value],
  ]);
  await allOrNothing((defer) =>
    applyEdit(changes, checkout, { text, commands, links: new Map() }, defer),
  );
}
