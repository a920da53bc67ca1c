/** A command line for `/bin/sh -c`, or a program and its arguments, which no shell touches. */
export type Command = string | readonly string[];

/** How long to wait for something, and who may end the wait early. */
export interface WaitOptions {
  /** Milliseconds; 60 000 unless told. */
  readonly timeoutMs?: number;
  /** Ends it early: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface CommandOptions extends WaitOptions {
  /** For the command's stdin; empty otherwise. */
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** More environment. The command has root's usual one. */
  readonly env?: Readonly<Record<string, string>>;
  /** Reject with COMMAND_FAILED when the exit code is not 0. */
  readonly check?: boolean;
}

export interface CommandResult {
  /** 0-255; 128 and the signal's number when a signal ended it, as a shell has it. */
  readonly exitCode: number;
  /** All it wrote, as UTF-8. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface ConnectOptions {
  readonly signal?: AbortSignal;
}

/** What a link does to frames, on each of its two ways. */
export interface LinkFaults {
  /** Milliseconds that each frame takes longer: a round trip takes twice that. */
  readonly delayMs?: number;
  /** Milliseconds that the delay varies by, up and down, at random. Frames keep their order. */
  readonly jitterMs?: number;
  /** Percent of the frames that are lost, at random: 0 to 100. */
  readonly lossPct?: number;
  /** Kilobits (1000 bits) a second that pass at most. */
  readonly rateKbit?: number;
}

/** A fault in the lab's network, until it is healed: by `heal()`, or at the end of the block of an `await using`. */
export interface Fault extends AsyncDisposable {
  /** Ends the fault; the network is as it would be without it when this resolves. Fine to call twice. */
  heal(): Promise<void>;
}
