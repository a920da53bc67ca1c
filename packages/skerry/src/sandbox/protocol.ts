/** What the supervisor answers to `GET /status`. */
export interface SandboxStatus {
  /** Milliseconds since the supervisor began. */
  readonly uptimeMs: number;
  readonly libvirtd: 'starting' | 'running' | 'failed';
  /** How often libvirtd had to be started again. */
  readonly restarts: number;
  /** Why libvirtd is not running, when it is not. */
  readonly reason?: string;
  readonly accel: 'kvm' | 'tcg';
  readonly uplink: string;
  readonly forwards: readonly ForwardStatus[];
}

/** A port on the host that somebody (`forward.ts`) listens on for this lab. */
export interface ForwardStatus {
  readonly machine: string;
  readonly address: string;
  readonly host: number;
  readonly guest: number;
  /** It belongs to the lab file, not to somebody's terminal. */
  readonly background: boolean;
  readonly pid: number;
}

/** Environment of the supervisor, as init.sh passes it on. */
export interface SupervisorEnv {
  readonly SKERRY_ACCEL: 'kvm' | 'tcg';
  readonly SKERRY_UPLINK: string;
  /** The lab's DNS server, which the gateway asks for machine names. */
  readonly SKERRY_GATEWAY: string;
  readonly SKERRY_DOMAIN: string;
}
