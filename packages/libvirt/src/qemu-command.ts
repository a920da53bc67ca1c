import { ProtocolError } from './errors.ts';

/** A QMP or agent command: ready text, or an object that becomes JSON. */
export type QemuCommand =
  | string
  | {
      readonly execute: string;
      readonly arguments?: Readonly<Record<string, unknown>> | undefined;
    };

export function toCommandText(command: QemuCommand): string {
  return typeof command === 'string' ? command : JSON.stringify(command);
}

/** The `return` of a JSON answer. QMP errors come as one; the daemon turns agent errors into its own. */
export function unwrapReply(text: string): unknown {
  const reply: unknown = JSON.parse(text);
  if (typeof reply !== 'object' || reply === null) {
    throw new ProtocolError(`QEMU's answer is not an object: ${text.slice(0, 200)}`);
  }
  if ('error' in reply) {
    throw new QemuCommandError(reply.error);
  }
  return 'return' in reply ? reply.return : undefined;
}

/** QEMU refused a monitor command. */
export class QemuCommandError extends Error {
  readonly code = 'QEMU_COMMAND_FAILED';
  /** QEMU's error class, e.g. `CommandNotFound`. */
  readonly errorClass: string | undefined;

  constructor(error: unknown) {
    const { class: errorClass, desc } = (error ?? {}) as { class?: string; desc?: string };
    super(desc ?? 'QEMU refused the command');
    this.name = 'QemuCommandError';
    this.errorClass = errorClass;
  }
}
