// Does a verb, optimistically: the page shows it at once, and takes it back with central's words when it was refused.
import { apiPost, errorData, pathOf } from '../api/client.ts';
import type { EntityState, VerbErrorData, VerbInfo } from '../api/types.ts';
import { cloud } from '../store/cloud.ts';
import { answer, ask, forget } from '../store/pending.ts';
import { toast } from '../ui/toasts.ts';

export type Outcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: VerbErrorData };

export interface Order {
  readonly entity: EntityState;
  readonly verb: VerbInfo;
  readonly params?: Readonly<Record<string, unknown>>;
  /** The caller shows a refusal itself: a form, or the list of many. */
  readonly quiet?: boolean;
}

/** How long words stay after central's answer when no new state comes. */
const SETTLE_MS = 1500;
/** A guest takes its time to shut down. */
const GUEST_MS = 30_000;

/** Never throws. */
export async function perform(order: Order): Promise<Outcome> {
  const { entity, verb, params = {}, quiet = false } = order;
  const id = crypto.randomUUID();
  const { user } = cloud.get();
  cloud.update((state) => ask(state, { id, entity, verb, at: Date.now() }));
  try {
    const result = await apiPost(`${pathOf(entity.id)}/${verb.name}`, params, id);
    cloud.update((state) => answer(state, { id, entity, at: Date.now() }));
    const waitsForGuest = verb.states?.includes('shutting-down') && verb.name === 'shutdown';
    setTimeout(
      () => cloud.update((state) => forget(state, entity.id, id)),
      waitsForGuest ? GUEST_MS : SETTLE_MS,
    );
    return { ok: true, result };
  } catch (thrown) {
    const error = errorData(thrown);
    cloud.update((state) => answer(state, { id, entity, at: Date.now() }, error));
    if (!quiet && cloud.get().user === user)
      toast({
        tone: 'bad',
        title: `${verb.title}: ${entity.name}`,
        text: error.message,
        ...(error.hint && { hint: error.hint }),
        action: { label: 'Try again', run: () => void perform(order) },
      });
    return { ok: false, error };
  }
}

/** A verb of central itself, as `unpark`. */
export async function performCentral(
  verb: VerbInfo,
  params: Readonly<Record<string, unknown>>,
): Promise<Outcome> {
  try {
    return { ok: true, result: await apiPost(`central/${verb.name}`, params) };
  } catch (thrown) {
    return { ok: false, error: errorData(thrown) };
  }
}
