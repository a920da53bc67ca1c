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

/** What happens to frames on one way of a link. Zeros: nothing. */
export interface LinkRule {
  /** Milliseconds that each frame takes longer. */
  readonly delayMs: number;
  /** Milliseconds that the delay is longer or shorter, at random; frames keep their order. */
  readonly jitterMs: number;
  /** Percent of the frames that are lost, at random. */
  readonly lossPct: number;
  /** Kilobits (1000 bits) a second that pass at most; 0 for no limit. */
  readonly rateKbit: number;
}

/** The faults of one machine's network card, as `PUT /network-faults` takes them. */
export interface MachineFaults {
  readonly mac: string;
  /** For all it sends, and all it gets. */
  readonly link?: LinkRule;
  /** For what it gets from other machines, by their MAC. */
  readonly from: Readonly<Record<string, LinkRule>>;
}

/** Environment of the supervisor, as init.sh passes it on. */
export interface SupervisorEnv {
  readonly SKERRY_ACCEL: 'kvm' | 'tcg';
  readonly SKERRY_UPLINK: string;
  /** The lab's DNS server, which the gateway asks for machine names. */
  readonly SKERRY_GATEWAY: string;
  readonly SKERRY_DOMAIN: string;
}
