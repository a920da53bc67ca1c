import type { Socket } from 'node:net';
import type { Domain } from '@skerry/libvirt';
import { runScript } from '../guest/exec.ts';
import { connectLab } from '../sandbox/connect.ts';
import type { MachineSpec } from '../lab-file/spec.ts';
import { clockScript } from '../machine/identity.ts';
import { openGuest, openTunnel } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';
import type {
  Command,
  CommandOptions,
  CommandResult,
  ConnectOptions,
  WaitOptions,
} from './options.ts';
import { runCommand } from './run-command.ts';
import { waitForPort } from './wait-for-port.ts';

const CLOCK_MS = 30_000;

/**
 * What a machine needs of its lab.
 * @internal
 */
export interface MachineContext {
  readonly paths: LabPaths;
  readonly spec: MachineSpec;
  /** Brings this machine up. */
  readonly start: (signal?: AbortSignal) => Promise<void>;
}

/** One machine of a `TestLab`, running or not. */
export class TestMachine {
  readonly #context: MachineContext;

  /** @internal */
  constructor(context: MachineContext) {
    this.#context = context;
  }

  /** Its name in the lab file, such as `agent_1`. */
  get name(): string {
    return this.#context.spec.name;
  }

  /** Its host name, such as `agent-1`, by which other machines reach it. */
  get hostname(): string {
    return this.#context.spec.hostname;
  }

  /** Its IPv4 address in the lab's network. */
  get address(): string {
    return this.#context.spec.address;
  }

  /**
   * Runs a command in the machine as root, in `/root`, and gives all it wrote when it has ended. It needs no network in
   * the machine, so it works under every fault but a pause. What it leaves running goes on.
   *
   * @example const { stdout } = await machine.exec('hostname');
   * @example await machine.exec(['tee', '/etc/motd'], { input: 'hello\n', check: true });
   * @throws MACHINE_OFF when the machine is not running, GUEST_LOST when it goes away meanwhile, COMMAND_TIMEOUT,
   *   COMMAND_FAILED with `check`
   */
  exec(command: Command, options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this.#context.paths, this.name, command, options);
  }

  /**
   * Waits until a TCP port of the machine takes a connection from the lab's gateway. It must not listen on loopback only.
   * @throws PORT_SILENT
   */
  waitForPort(port: number, options: WaitOptions = {}): Promise<void> {
    const { paths, spec } = this.#context;
    return waitForPort(paths.gatewaySocket, spec, port, options);
  }

  /**
   * A TCP connection to a port of the machine, from the lab's gateway. The caller ends it.
   * @throws GATEWAY_REFUSED when the machine does not take it, or not within 10 s
   */
  connect(port: number, { signal }: ConnectOptions = {}): Promise<Socket> {
    return openTunnel(this.#context.paths.gatewaySocket, this.address, port, signal);
  }

  /** Stops the machine's CPUs, as a long pause of a garbage collector or a hypervisor would. @throws MACHINE_OFF */
  pause(): Promise<void> {
    return this.#act((domain) => domain.suspend());
  }

  /** Ends a pause. The machine's clock has stood still meanwhile: `setClock()` sets it right. @throws MACHINE_OFF */
  resume(): Promise<void> {
    return this.#act((domain) => domain.resume());
  }

  /** Pulls the plug: what was not written to disk is lost. @throws MACHINE_OFF */
  kill(): Promise<void> {
    return this.#act((domain) => domain.destroy());
  }

  /** Boots the machine after `kill()`, and waits until it is ready. It keeps its disk, name, address and faults. */
  start({ signal }: ConnectOptions = {}): Promise<void> {
    return this.#context.start(signal);
  }

  /**
   * Sets the machine's clock: `offsetMs` milliseconds ahead of this computer's, behind it where negative, right without.
   *
   * @example await machine.setClock({ offsetMs: -3_600_000 }); // an hour behind
   * @throws MACHINE_OFF, GUEST_SCRIPT_TIMEOUT
   */
  async setClock({ offsetMs = 0 }: { readonly offsetMs?: number } = {}): Promise<void> {
    const options = { timeoutMs: CLOCK_MS };
    const channel = await openGuest(this.#context.paths.gatewaySocket, this.name, options);
    const script = clockScript(Date.now() + offsetMs);
    const { exitCode, stderr } = await runScript(channel, script, { ...options, language: 'perl' });
    if (exitCode !== 0)
      throw new SkerryError('INTERNAL', { data: { detail: `clock of ${this.name}: ${stderr}` } });
  }

  async #act(action: (domain: Domain) => Promise<void>): Promise<void> {
    const { paths } = this.#context;
    await using connection = await connectLab(paths);
    const domain = await connection.domain(this.name).catch(() => undefined);
    if (!domain || !(await domain.isActive()))
      throw new SkerryError('MACHINE_OFF', { data: { machine: this.name } });
    await action(domain);
  }
}
