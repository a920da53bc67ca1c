import { ProtocolError } from './errors.ts';

const DASH = 0x2d;

/**
 * Writes `c7a5fdbd-edaf-9455-926a-d65c16db1809` as its 16 bytes; dashes may be absent. By hand,
 * since nearly every call has a uuid, and decoders that are asked from outside take longer.
 */
export function writeUuid(text: string, bytes: Uint8Array, at: number): void {
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DASH) continue;
    const value = hexDigit(code);
    if (value === -1 || digits === 32) throw new ProtocolError(`"${text}" is not a uuid`);
    const place = at + (digits >> 1);
    bytes[place] = ((bytes[place] ?? 0) << 4) | value;
    digits += 1;
  }
  if (digits !== 32) throw new ProtocolError(`"${text}" is not a uuid`);
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
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
