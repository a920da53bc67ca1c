import { ProtocolError } from './errors.ts';

/** `c7a5fdbd-edaf-9455-926a-d65c16db1809` to its 16 bytes; dashes may be absent. */
export function parseUuid(text: string): Buffer {
  const hex = text.replaceAll('-', '');
  // Decoding stops at the first character that is not a hex digit.
  const bytes = Buffer.from(hex, 'hex');
  if (hex.length !== 32 || bytes.length !== 16) throw new ProtocolError(`"${text}" is not a uuid`);
  return bytes;
}

export function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
