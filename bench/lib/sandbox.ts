// What the processes of the one lab that runs take, from /proc: memory of its machines, CPU time of everybody.
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError } from './bench.ts';

/** MiB of the QEMU process of one machine. */
export interface MachineMemory {
  readonly machine: string;
  /** All that is in memory, pages shared with others counted in full. */
  readonly resident: number;
  /** The same with each page divided by those who share it: sums of it are what the host gives. */
  readonly proportional: number;
  /** What nobody shares: this would be free again if the machine were not there. */
  readonly own: number;
  /** Of the proportional, what the guest itself has in memory. */
  readonly guest: number;
  /** Of the proportional, the guest's code as QEMU translated it; none with KVM. */
  readonly translated: number;
}

/** Seconds of CPU time since the sandbox was started. */
export interface SandboxCpu {
  /** The guests themselves: QEMU's virtual CPUs. */
  readonly guests: number;
  /** QEMU besides: starting, reading the device state, disks. */
  readonly qemu: number;
  readonly libvirtd: number;
  readonly supervisor: number;
  /** All else, such as the shell that sets the sandbox up, and processes that have ended. */
  readonly others: number;
}

const TICKS_A_SECOND = 100;

/** Memory of each machine that runs, by name. `dir` is the bench's folder. */
export async function machineMemory(dir: string): Promise<MachineMemory[]> {
  const found: MachineMemory[] = [];
  for (const { pid, words } of await sandboxProcesses(dir)) {
    const machine = words.map((word) => /^guest=([^,]+)/.exec(word)?.[1]).find(Boolean);
    if (machine === undefined) continue;
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
    found.push({
      machine,
      resident: mebibytes(rollup, 'Rss'),
      proportional: mebibytes(rollup, 'Pss'),
      own: mebibytes(rollup, 'Private_Clean') + mebibytes(rollup, 'Private_Dirty'),
      ...(await partsOf(pid)),
    });
  }
  return found.sort((a, b) => (a.machine < b.machine ? -1 : 1));
}

export async function sandboxCpu(dir: string): Promise<SandboxCpu> {
  const sum = { guests: 0, qemu: 0, libvirtd: 0, supervisor: 0, others: 0 };
  for (const { pid, words } of await sandboxProcesses(dir)) {
    const times = await cpuTimes(`/proc/${pid}`);
    sum.others += times.children;
    const guests = await guestSeconds(pid);
    sum.guests += guests;
    sum[kindOf(words)] += times.own - guests;
  }
  return sum;
}

/** What an idle supervisor takes: resident memory in MiB, and CPU time in percent of one core over `seconds`. */
export async function measureSupervisor(
  dir: string,
  seconds: number,
  signal: AbortSignal,
): Promise<{ rssMiB: number; cpuPercent: number }> {
  const pid = await supervisorPid(dir);
  const before = (await cpuTimes(`/proc/${pid}`)).own;
  await sleep(seconds * 1000, undefined, { signal });
  const used = (await cpuTimes(`/proc/${pid}`)).own - before;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return { rssMiB: mebibytes(status, 'VmRSS'), cpuPercent: (used / seconds) * 100 };
}

interface Process {
  readonly pid: string;
  readonly words: readonly string[];
}

/** Those in the supervisor's pid namespace. */
async function sandboxProcesses(dir: string): Promise<Process[]> {
  const namespaceOf = (pid: string): Promise<string> =>
    readlink(`/proc/${pid}/ns/pid`).catch(() => '');
  const sandbox = await namespaceOf(await supervisorPid(dir));
  const found: Process[] = [];
  for (const process of await processes())
    if ((await namespaceOf(process.pid)) === sandbox) found.push(process);
  return found;
}

async function supervisorPid(dir: string): Promise<string> {
  const found = (await processes()).find(
    ({ words }) => isSupervisor(words) && words.some((word) => word.startsWith(dir)),
  );
  if (!found) throw new BenchError('no supervisor of the bench runs');
  return found.pid;
}

async function processes(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid, words: commandLine.split(/[\0 ]/) };
    }),
  );
}

function isSupervisor([program = '', ...words]: readonly string[]): boolean {
  return /(?:^|\/)node$/.test(program) && words.some((word) => word.endsWith('/supervisor.cjs'));
}

function kindOf(words: readonly string[]): 'qemu' | 'libvirtd' | 'supervisor' | 'others' {
  if (isSupervisor(words)) return 'supervisor';
  const program = words[0]?.split('/').at(-1) ?? '';
  if (program.startsWith('qemu-system')) return 'qemu';
  return program === 'libvirtd' ? 'libvirtd' : 'others';
}

/** Translated code is the only memory of QEMU that may be both written and run; the guest's is the largest other. */
async function partsOf(pid: string): Promise<{ guest: number; translated: number }> {
  const text = await readFile(`/proc/${pid}/smaps`, 'utf8');
  const maps = text.split(/^(?=[0-9a-f]+-)/m);
  const isCode = (map: string): boolean => /^\S+ rwx/.test(map);
  const [guest = ''] = maps
    .filter((map) => !isCode(map))
    .sort((a, b) => mebibytes(b, 'Size') - mebibytes(a, 'Size'));
  const code = maps.filter(isCode).map((map) => mebibytes(map, 'Pss'));
  return { guest: mebibytes(guest, 'Pss'), translated: code.reduce((sum, size) => sum + size, 0) };
}

async function guestSeconds(pid: string): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  let sum = 0;
  for (const task of tasks) {
    const folder = `/proc/${pid}/task/${task}`;
    const name = await readFile(`${folder}/comm`, 'utf8').catch(() => '');
    if (/^CPU \d+\/(?:TCG|KVM)/.test(name)) sum += (await cpuTimes(folder)).own;
  }
  return sum;
}

/** Seconds of the process, and of its children that have ended. 0 of one that is gone. */
async function cpuTimes(folder: string): Promise<{ own: number; children: number }> {
  const stat = await readFile(`${folder}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const sum = (a = '0', b = '0'): number => (Number(a) + Number(b)) / TICKS_A_SECOND;
  return { own: sum(fields[11], fields[12]), children: sum(fields[13], fields[14]) };
}

function mebibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1]) / 1024;
}
