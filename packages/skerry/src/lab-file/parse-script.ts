import { stripTypeScriptTypes } from 'node:module';
import { parse, type Program } from 'acorn';
import { SkerryError, type Place } from '../util/errors.ts';

/** The syntax tree of a JavaScript or TypeScript source. A mistake in it is an error with its place. */
export function parseScript(file: string, source: string): Program {
  const code = /\.[cm]?ts$/.test(file) ? stripTypes(file, source) : source;
  try {
    return parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const { line, column } = (cause as SyntaxError & { loc: { line: number; column: number } }).loc;
    const reason = cause.message.replace(/ \(\d+:\d+\)$/, '');
    throw syntaxError(reason, { file, line, column: column + 1 }, cause);
  }
}

/** Types become spaces, so every place stays what it was. */
function stripTypes(file: string, source: string): string {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => {}; // That this API is experimental is our affair, not the user's.
  try {
    return stripTypeScriptTypes(source);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    // The place is only in the stack: `:3`, the source around it, and a caret below the column.
    const line = Number(/:(\d+)$/m.exec(cause.stack ?? '')?.[1] ?? 1);
    const column = (/^( *)\^+$/m.exec(cause.stack ?? '')?.[1]?.length ?? 0) + 1;
    throw syntaxError(cause.message, { file, line, column }, cause);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function syntaxError(reason: string, place: Place, cause: unknown): SkerryError {
  return new SkerryError('LAB_FILE_SYNTAX', { data: { reason }, place, cause });
}
