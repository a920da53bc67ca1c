// Changes of who may do what, with a way back.
import { apiPost, errorData } from '../api/client.ts';
import type { VerbErrorData } from '../api/types.ts';
import { toast } from '../ui/toasts.ts';

/** A verb of central, or of what `path` names, with its parameters. */
export interface Step {
  readonly verb: string;
  readonly params: object;
  readonly path?: string;
}

export interface Change {
  /** What was done, for the message. */
  readonly title: string;
  readonly steps: readonly Step[];
  /** What makes it as it was; none where that cannot be. */
  readonly undo?: readonly Step[];
}

/** Does a change and says so, with a button that takes it back. Never throws: what went wrong is the answer. */
export async function act({ title, steps, undo }: Change): Promise<VerbErrorData | undefined> {
  const lines: string[] = [];
  try {
    for (const { verb, params, path = 'central' } of steps) {
      const { changes = [] } = await apiPost<{ readonly changes?: readonly string[] }>(
        `${path}/${verb}`,
        params,
      );
      lines.push(...changes);
    }
  } catch (error) {
    return errorData(error);
  }
  toast({
    tone: 'good',
    title,
    text: lines.length > 0 ? short(lines) : 'Done.',
    ...(undo && { action: { label: 'Undo', run: () => void takeBack(title, undo) } }),
  });
  return undefined;
}

async function takeBack(title: string, steps: readonly Step[]): Promise<void> {
  const error = await act({ title: `Undone: ${title}`, steps });
  if (error) toast({ tone: 'bad', title: `Not undone: ${title}`, text: error.message });
}

function short(lines: readonly string[]): string {
  const text = lines.join('; ');
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
