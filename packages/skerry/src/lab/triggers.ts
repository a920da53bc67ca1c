// Commands of the user before and after what is done to a lab. They run without the lab's lock: they may call skerry.
import { StringDecoder } from 'node:string_decoder';
import type { TriggerAction } from '../lab-file/config-provision.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { TriggerSpec } from '../lab-file/spec-provision.ts';
import { execInGuest } from '../guest/exec.ts';
import { isHelperMissing, openGuest } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import { runShell } from '../util/run-shell.ts';
import type { Progress } from './progress.ts';
import { messageOf } from '../util/message-of.ts';

/** A trigger as a plan shows it. */
export interface TriggerStep {
  readonly when: 'before' | 'after';
  readonly run: string;
  /** Names of machines; none: this host. */
  readonly on?: readonly string[];
}

export interface TriggerOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The machines the action is about; empty means all. */
  readonly machines: readonly string[];
}

const TRIGGER_MS = 30 * 60_000;
const OPEN_MS = 5000;
const TAIL_LINES = 10;

/** What comes before and after an action, in the order it does. Pure. */
export function triggersOf(
  lab: LabSpec,
  action: TriggerAction,
  machines: readonly string[],
): TriggerStep[] {
  return (['before', 'after'] as const).flatMap((when) =>
    matching(lab, when, action).map((trigger) => {
      const on = machinesOf(trigger, machines);
      return { when, run: trigger.run, ...(on && { on }) };
    }),
  );
}

/**
 * Does `work` with the lab's triggers around it.
 * @throws TRIGGER_FAILED; of one that comes before, `work` is then not done
 */
export async function withTriggers<T>(
  lab: LabSpec | undefined,
  action: TriggerAction,
  options: TriggerOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (!lab) return work();
  await runTriggers(lab, 'before', action, options);
  const result = await work();
  await runTriggers(lab, 'after', action, options);
  return result;
}

async function runTriggers(
  lab: LabSpec,
  when: 'before' | 'after',
  action: TriggerAction,
  options: TriggerOptions,
): Promise<void> {
  for (const trigger of matching(lab, when, action)) {
    const on = machinesOf(trigger, options.machines);
    const places = on ?? [undefined];
    const outcomes = await Promise.all(
      places.map((machine) => runTrigger(lab, trigger, action, machine, options)),
    );
    options.signal.throwIfAborted();
    const errors = outcomes.filter((error) => error !== undefined);
    if (errors.length === 0) continue;
    if (trigger.onError === 'halt')
      throw errors.length === 1 ? errors[0] : new SkerryErrors(errors);
    for (const error of errors) options.progress.say('trigger', undefined, error.message);
  }
}

/** Runs it in one place, and gives the error where it failed. */
async function runTrigger(
  lab: LabSpec,
  { when, run }: TriggerSpec,
  action: TriggerAction,
  machine: string | undefined,
  { progress, signal, machines }: TriggerOptions,
): Promise<SkerryError | undefined> {
  const env = {
    SKERRY_LAB: lab.name,
    SKERRY_ACTION: action,
    SKERRY_MACHINES: (machines.length > 0 ? machines : lab.machines.map(({ name }) => name)).join(
      ' ',
    ),
  };
  const tail: string[] = [];
  const onLine = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    progress.note('trigger', machine, line);
  };
  const failed = (reason: string): SkerryError => {
    const where = machine === undefined ? 'on this host' : `in ${machine}`;
    const data = { when, action, run, where, reason: [reason, ...tail].join('\n') };
    return new SkerryError('TRIGGER_FAILED', { data });
  };
  progress.note('trigger', machine, `${when} ${action}: ${run}`);
  try {
    return await progress.phase('trigger', machine, async () => {
      const deadline = { signal, timeoutMs: TRIGGER_MS, onLine };
      const { exitCode, isLate } =
        machine === undefined
          ? await runShell(run, { ...deadline, cwd: lab.dir, env })
          : await runInMachine(lab, machine, run, env, deadline);
      if (isLate) return failed(`it did not end within ${TRIGGER_MS / 60_000} minutes`);
      return exitCode === 0 ? undefined : failed(`exit code ${exitCode}`);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (nobodyListens(error) || isHelperMissing(error)) {
      progress.say('trigger', machine, `not run, for the machine is not up: ${run}`);
      return undefined;
    }
    return failed(messageOf(error));
  }
}

async function runInMachine(
  lab: LabSpec,
  machine: string,
  command: string,
  env: Readonly<Record<string, string>>,
  options: { signal: AbortSignal; timeoutMs: number; onLine: (line: string) => void },
): Promise<{ exitCode: number; isLate: boolean }> {
  const { signal, timeoutMs, onLine } = options;
  const { gatewaySocket } = labPaths(lab);
  const channel = await openGuest(gatewaySocket, machine, { signal, timeoutMs: OPEN_MS });
  const deadline = AbortSignal.timeout(timeoutMs);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    const { exitCode } = await execInGuest(channel, ['/bin/sh', '-c', command], {
      signal: AbortSignal.any([signal, deadline]),
      env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      onOutput: (_stream, data) => {
        const lines = (rest + decoder.write(data)).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      },
    });
    if (rest !== '') onLine(rest);
    return { exitCode: exitCode ?? 128, isLate: false };
  } catch (error) {
    if (deadline.aborted && !signal.aborted) return { exitCode: 1, isLate: true };
    throw error;
  }
}

function matching(lab: LabSpec, when: 'before' | 'after', action: TriggerAction): TriggerSpec[] {
  return lab.triggers.filter(
    (trigger) => trigger.when === when && trigger.actions.includes(action),
  );
}

function machinesOf(
  { on }: TriggerSpec,
  machines: readonly string[],
): readonly string[] | undefined {
  return machines.length === 0 ? on : on?.filter((machine) => machines.includes(machine));
}
