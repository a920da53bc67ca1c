// ejabberd.yml for a server of our own. JSON is YAML, so it is written as that.

export interface EjabberdSettings {
  /** People's and machines' accounts; those of the bus are in `bus.DOMAIN`. */
  readonly domain: string;
  readonly host: string;
  readonly port: number;
  /** For parts on this computer. */
  readonly socket: string;
  readonly adminSocket: string;
  /** Certificate and key in one file. */
  readonly certificate: string;
}

/** The domain of the bus's members: nobody else has an account there. */
export function busDomain(domain: string): string {
  return `bus.${domain}`;
}

export function ejabberdConfig(settings: EjabberdSettings): string {
  const { domain, host, port, socket, adminSocket, certificate } = settings;
  const bus = busDomain(domain);
  const c2s = {
    module: 'ejabberd_c2s',
    access: 'c2s',
    shaper: 'c2s',
    max_stanza_size: 1_048_576,
    max_fsm_queue: 100_000,
    // After a fault they all come at once.
    backlog: 4096,
  };
  const config = {
    hosts: [domain, bus],
    // From level 4 on, passwords that are set over the API are in the log.
    loglevel: 3,
    certfiles: [certificate],
    acme: { auto: false },
    auth_method: 'internal',
    auth_password_format: 'scram',
    auth_scram_hash: 'sha256',
    // Some people's clients know nothing but PLAIN; they all come with TLS.
    disable_sasl_mechanisms: ['DIGEST-MD5', 'X-OAUTH2'],
    // Who comes later is the same part, started again.
    resource_conflict: 'closeold',
    s2s_access: 'none',
    acl: { bus: { server: bus } },
    access_rules: { c2s: { allow: 'all' }, nodes: { allow: 'all' } },
    shaper: { people: 1_000_000 },
    shaper_rules: {
      c2s: [{ none: 'bus' }, { people: 'all' }],
      max_user_sessions: 100,
      max_user_offline_messages: 100,
    },
    listen: [
      {
        ...c2s,
        ip: host,
        port,
        starttls: true,
        starttls_required: true,
        protocol_options: ['no_sslv3', 'no_tlsv1', 'no_tlsv1_1'],
      },
      { ...c2s, port: `unix:${socket}` },
      // Whoever can open this socket may do all of this: only we can, by the rights of its folder.
      {
        module: 'ejabberd_http',
        port: `unix:${adminSocket}`,
        request_handlers: { '/api': 'mod_http_api' },
      },
    ],
    api_permissions: { ours: { from: ['mod_http_api'], who: 'all', what: API_COMMANDS } },
    modules: {
      mod_adhoc: {},
      mod_admin_extra: {},
      mod_caps: {},
      mod_disco: {},
      mod_http_api: {},
      mod_offline: { access_max_user_messages: 'max_user_offline_messages' },
      mod_ping: { send_pings: true, ping_interval: 60, timeout_action: 'kill' },
      mod_private: {},
      mod_pubsub: { access_createnode: 'nodes', plugins: ['flat', 'pep'], max_items_node: 1000 },
      mod_roster: { versioning: true },
      mod_shared_roster: {},
      mod_stream_mgmt: { resume_timeout: 300, max_ack_queue: 100_000 },
      mod_vcard: { search: false },
    },
    host_config: {
      [bus]: {
        disable_sasl_mechanisms: ['DIGEST-MD5', 'PLAIN', 'X-OAUTH2'],
        modules: {
          mod_admin_extra: {},
          mod_ping: {
            send_pings: true,
            ping_interval: 5,
            ping_ack_timeout: 5,
            timeout_action: 'kill',
          },
          mod_roster: {},
          mod_shared_roster: {},
          // How long a session is kept is for the member to say, up to this.
          mod_stream_mgmt: { resume_timeout: 120, max_ack_queue: 100_000 },
        },
      },
    },
  };
  return `# Written by Skerry at each start.\n${JSON.stringify(config, null, 2)}\n`;
}

const API_COMMANDS = [
  'add_rosteritem',
  'change_password',
  'check_password',
  'delete_rosteritem',
  'get_roster',
  'register',
  'registered_users',
  'srg_create',
  'srg_get_members',
  'srg_user_add',
  'srg_user_del',
  'status',
  'unregister',
];
