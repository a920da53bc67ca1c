import type { Change } from './target.ts';

/** What a run said so far. */
export interface AnsibleResult {
  /** Of the machine's line in the recap; undefined without one. */
  readonly changed: number | undefined;
  readonly changes: readonly Change[];
  /** Failed tasks with their message, and mistakes in the playbook. */
  readonly failures: readonly Change[];
}

/** Reads the lines of ansible-playbook's default output as they come. */
export class AnsibleReader {
  readonly #machine: string;
  readonly #changes: Change[] = [];
  readonly #failures: Change[] = [];
  #task = '';
  /** Told just before it fails. */
  #place: string | undefined;
  #changed: number | undefined;
  #mistake = '';

  constructor(machine: string) {
    this.#machine = machine;
  }

  read(line: string): void {
    const task = /^(?:TASK|RUNNING HANDLER) \[(.*)\]/.exec(line)?.[1];
    if (task !== undefined) [this.#task, this.#place] = [task, undefined];
    this.#place = /^task path: (.+:\d+)$/.exec(line)?.[1] ?? this.#place;
    const [, what, host] = /^(changed|fatal|failed): \[([^\]]+?)(?: -> [^\]]*)?\]/.exec(line) ?? [];
    if (what === 'changed' && host === this.#machine) this.#changes.push({ what: this.#task });
    if ((what === 'fatal' || what === 'failed') && host === this.#machine)
      this.#failures.push({
        what: `${this.#task}: ${messageOf(line)}`,
        ...(this.#place !== undefined && { place: this.#place }),
      });
    // A failure that is ignored is none.
    if (line === '...ignoring') this.#failures.pop();
    const [, recap, changed] = /^(\S+)\s+: ok=\d+\s+changed=(\d+)/.exec(line) ?? [];
    if (recap === this.#machine) this.#changed = Number(changed);
    const mistake = /^(?:ERROR!|\[ERROR\]:) (.*)/.exec(line)?.[1];
    if (mistake !== undefined) {
      this.#mistake = mistake;
      this.#failures.push({ what: mistake });
    }
    const [, file, number] = /appears? to be in '([^']+)': line (\d+)/.exec(line) ?? [];
    if (file !== undefined && this.#mistake !== '')
      this.#failures.splice(-1, 1, { what: this.#mistake, place: `${file}:${number}` });
  }

  get result(): AnsibleResult {
    return { changed: this.#changed, changes: this.#changes, failures: this.#failures };
  }
}

/** Out of `fatal: [one]: FAILED! => {"msg": "..."}`. */
function messageOf(line: string): string {
  const json = line.slice(line.indexOf('=> ') + 3);
  try {
    const { msg, stderr } = JSON.parse(json) as { msg?: unknown; stderr?: unknown };
    const texts = [msg, stderr].filter((one) => typeof one === 'string' && one !== '');
    if (texts.length > 0) return texts.join(': ');
  } catch {
    // Not JSON: said as it is.
  }
  return json;
}
