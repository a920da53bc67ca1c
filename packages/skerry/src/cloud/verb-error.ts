import { isNotFound, LibvirtError } from '@skerry/libvirt';
import type { VerbErrorData } from './bus/messages.ts';
import { XmlError } from './xml/element.ts';
import { messageOf } from '../util/message-of.ts';

type Details = Omit<VerbErrorData, 'code' | 'message'>;

/** Why a verb was not done. It crosses the bus as {@link VerbErrorData}, and reaches the person who asked. */
export class VerbError extends Error {
  override readonly name = 'VerbError';
  readonly code: VerbErrorData['code'];
  readonly details: Details;

  constructor(code: VerbErrorData['code'], message: string, details: Details = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }

  toData(): VerbErrorData {
    return { code: this.code, message: this.message, ...this.details };
  }

  static fromData({ code, message, ...details }: VerbErrorData): VerbError {
    return new VerbError(code, message, details);
  }
}

/** Any error as what people are told: libvirt's own words and number where it was libvirt. */
export function toVerbError(error: unknown): VerbError {
  if (error instanceof VerbError) return error;
  if (error instanceof XmlError)
    return new VerbError('invalid', `the XML is wrong: ${error.message}`);
  if (error instanceof LibvirtError) {
    const code = isNotFound(error) ? 'not-found' : 'libvirt';
    return new VerbError(code, error.message, { libvirt: error.code });
  }
  const message = messageOf(error);
  return new VerbError(isTimeout(error) ? 'timeout' : 'failed', message);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
