import { ProtocolError } from './errors.ts';
import { PROGRAM } from './frame.ts';
import { qemuProcedures, remoteProcedures } from './procedure-table.ts';
import type { Args, Fields } from './schema.ts';

type Procedures = typeof remoteProcedures & typeof qemuProcedures;
type ArgsOf<Row> = Row extends `${string} (${infer Schema}) -> ${string}` ? Schema : never;
type ResultOf<Row> = Row extends `${string} -> (${infer Schema})${string}` ? Schema : never;

/** A procedure's name, as in libvirt, without its `REMOTE_PROC_` prefix. */
export type Procedure = keyof Procedures;
/** What a procedure takes. Nullable arguments and `flags` may be left out. */
export type ProcedureArgs<P extends Procedure> = Args<ArgsOf<Procedures[P]>>;
/** What a procedure answers. 64-bit numbers are bigint. */
export type ProcedureResult<P extends Procedure> = Fields<ResultOf<Procedures[P]>>;

/** How to send a call and read its answer. */
export interface ProcedureInfo {
  readonly name: Procedure;
  readonly program: number;
  readonly number: number;
  /** The libvirt that brought it, e.g. `7.8.0`. */
  readonly since: string;
  readonly args: string;
  readonly result: string;
  /** For a call that opens a stream: `read` when the daemon sends, `write` when we do. */
  readonly stream: 'read' | 'write' | undefined;
}

const infos = new Map<string, ProcedureInfo>([
  ...toInfos(PROGRAM.remote, remoteProcedures),
  ...toInfos(PROGRAM.qemu, qemuProcedures),
]);

/** Looks a procedure up; an unknown name is a caller's mistake that types would have caught. */
export function procedureInfo(name: Procedure): ProcedureInfo {
  const info = infos.get(name);
  if (info === undefined) throw new ProtocolError(`unknown procedure ${name as string}`);
  return info;
}

function toInfos(program: number, rows: Record<string, string>): [string, ProcedureInfo][] {
  return Object.entries(rows).map(([name, row]) => [
    name,
    { name: name as Procedure, program, ...parseRow(row) },
  ]);
}

function parseRow(row: string): Omit<ProcedureInfo, 'name' | 'program'> {
  const [, number, since = '', args = '', result = '', stream] =
    /^(\d+) (\d+\.\d+\.\d+) \((.*)\) -> \((.*)\)(?: (read|write))?$/.exec(row) ?? [];
  if (number === undefined) throw new Error(`bad row "${row}" in the table of procedures`);
  return {
    number: Number(number),
    since,
    args,
    result,
    stream: stream as ProcedureInfo['stream'],
  };
}
