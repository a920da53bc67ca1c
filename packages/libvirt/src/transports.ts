/** What a libvirt URI means to us. */
export interface Target {
  /** The name for the daemon: the URI without transport, host and our own parameters. */
  readonly name: string;
  /** For messages: what we try to reach. */
  readonly address: string;
  readonly transport: Transport;
}

export type Transport = UnixTransport | TlsTransport | TcpTransport | SshTransport;

export interface UnixTransport {
  readonly kind: 'unix';
  /** Sockets to try, in order. */
  readonly sockets: readonly string[];
  /** A user's own daemon, which nobody may have started yet. */
  readonly isSession: boolean;
}

export interface TlsTransport {
  readonly kind: 'tls';
  readonly host: string;
  readonly port: number;
  /** Where cacert.pem, clientcert.pem and clientkey.pem are, instead of libvirt's own places. */
  readonly pkiPath: string | undefined;
  /** Whether the server must prove who it is. */
  readonly isVerified: boolean;
}

export interface TcpTransport {
  readonly kind: 'tcp';
  readonly host: string;
  readonly port: number;
}

export interface SshTransport {
  readonly kind: 'ssh';
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly keyFile: string | undefined;
  /** The ssh to run here. */
  readonly program: string;
  readonly isVerified: boolean;
  /** Whether ssh may ask the person at the terminal for a password. */
  readonly mayAsk: boolean;
  /** How the other side reaches its daemon: virt-ssh-helper, netcat, or the first if it is there. */
  readonly proxy: 'auto' | 'native' | 'netcat';
  /** The other side's netcat. */
  readonly netcat: string;
  /** The other side's sockets for netcat; the first that exists is taken. */
  readonly sockets: readonly string[];
  /** For virt-ssh-helper, which finds the socket itself; undefined when the URI names a socket. */
  readonly helperUri: string | undefined;
}
