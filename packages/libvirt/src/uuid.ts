import { ProtocolError } from './errors.ts';

/** `c7a5fdbd-edaf-9455-926a-d65c16db1809` to its 16 bytes; dashes may be absent. */
export function parseUuid(text: string): Buffer {
  const hex = text.replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new ProtocolError(`"${text}" is not a uuid`);
  return Buffer.from(hex, 'hex');
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
