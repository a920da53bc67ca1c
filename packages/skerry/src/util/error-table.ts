import { BUS_ERRORS } from './bus-errors.ts';
import { CLOUD_ERRORS } from './cloud-errors.ts';
import { DAEMON_ERRORS } from './daemon-errors.ts';
import { type ErrorRow, EXIT } from './error-row.ts';
import { HYPERVISOR_ERRORS } from './hypervisor-errors.ts';
import { MACHINE_ERRORS } from './machine-errors.ts';
import { ORDER_ERRORS } from './order-errors.ts';
import { SUPERPROJECT_ERRORS } from './superproject-errors.ts';

export { EXIT };

/**
 * Every error Skerry can report. docs/reference/errors.md is generated from this table, and a test keeps the two
 * the same. Codes are stable; wording is not.
 */
export const ERRORS = {
  INTERNAL: {
    message: 'internal error: {detail}',
    hint: 'this is a bug in Skerry: run the command again with --debug and report the stack',
    exitCode: EXIT.failure,
  },
  DISK_FULL: {
    message: 'the disk is full: {detail}',
    hint: 'make room (see: skerry image gc --dry-run; skerry global-status), then run the command again',
    exitCode: EXIT.failure,
  },
  LIBVIRT: {
    message: 'libvirt says: {detail}',
    hint: 'run the command again; if it stays: skerry doctor',
    exitCode: EXIT.failure,
  },
  USAGE: { message: '{detail}', hint: 'see: {command} --help', exitCode: EXIT.usage },

  // The lab file.
  LAB_FILE_MISSING: {
    message: 'no lab file in {dir} or any folder above it',
    hint: 'make one with: skerry init',
    exitCode: EXIT.notFound,
  },
  LAB_FILE_AMBIGUOUS: {
    message: 'more than one lab file in {dir}: {files}',
    hint: 'keep one of them',
    exitCode: EXIT.usage,
  },
  LAB_FILE_UNREADABLE: {
    message: 'cannot read {file}: {reason}',
    hint: 'check the path and its permissions',
    exitCode: EXIT.failure,
  },
  LAB_FILE_SYNTAX: {
    message: '{reason}',
    hint: 'mend the syntax at that place',
    exitCode: EXIT.usage,
  },
  LAB_FILE_THROWS: {
    message: 'the lab file threw while it was loaded: {reason}',
    hint: 'mend it at that place; nothing was started',
    exitCode: EXIT.usage,
  },
  LAB_FILE_EMPTY: {
    message: '{file} gives no lab: {reason}',
    hint: 'write it as {example}',
    exitCode: EXIT.usage,
  },
  LAB_KEY_UNKNOWN: {
    message: "unknown key '{key}' in {object}",
    hint: '{advice}',
    exitCode: EXIT.usage,
  },
  LAB_KEY_MISSING: {
    message: '{field} is missing',
    hint: 'add it: {example}',
    exitCode: EXIT.usage,
  },
  LAB_KEY_TWICE: {
    message: "the key '{key}' is there twice; the first is in line {line}",
    hint: 'keep one of the two',
    exitCode: EXIT.usage,
  },
  LAB_TYPE: {
    message: '{field} must be {expected}, not {got}',
    hint: 'for example: {example}',
    exitCode: EXIT.usage,
  },
  LAB_VALUE: {
    message: '{field} is {value}; it must be {expected}',
    hint: 'for example: {example}',
    exitCode: EXIT.usage,
  },
  LAB_NAME: {
    message: "{what} '{name}' is no host name: it {reason}",
    hint: 'use letters, digits, - and _, with a letter or digit at both ends, at most 63',
    exitCode: EXIT.usage,
  },
  LAB_NAME_TWICE: {
    message: "{what} '{name}' and '{other}' would both be {same}",
    hint: 'rename one of them',
    exitCode: EXIT.usage,
  },
  LAB_MACHINES_NONE: {
    message: 'the lab has no machines',
    hint: 'add one: machines: { one: {} }',
    exitCode: EXIT.usage,
  },
  LAB_PRIMARY_TWICE: {
    message: "machine '{machine}' is primary, and so is '{other}'",
    hint: 'keep primary: true on one machine',
    exitCode: EXIT.usage,
  },
  LAB_IMAGE_UNKNOWN: {
    message: "{field}: there is no image '{image}'",
    hint: '{advice}',
    exitCode: EXIT.usage,
  },
  LAB_CIDR: {
    message: "{field}: '{cidr}' {reason}",
    hint: "for example: cidr: '{example}'",
    exitCode: EXIT.usage,
  },
  LAB_CIDR_SMALL: {
    message: '{cidr} has room for {room} machines, and the lab has {machines}',
    hint: "take a larger network: cidr: '{example}'",
    exitCode: EXIT.usage,
  },
  LAB_ADDRESS: {
    message: "{field}: '{address}' {reason}",
    hint: '{advice}',
    exitCode: EXIT.usage,
  },
  LAB_ADDRESS_TWICE: {
    message: "machine '{machine}' has the address {address}, and so has '{other}'",
    hint: 'change one of them, or leave it out to have one derived',
    exitCode: EXIT.usage,
  },
  LAB_DOMAIN: {
    message: "{field}: '{domain}' is no domain: it {reason}",
    hint: "for example: domain: '{example}'",
    exitCode: EXIT.usage,
  },
  LAB_MEMORY: {
    message: '{what} {memory} MiB of memory, and this host has {host} MiB',
    hint: '{advice}',
    exitCode: EXIT.usage,
  },
  LAB_CPUS: {
    message:
      "machine '{machine}' has {cpus} CPUs, and this host has {host}: more than {limit} would only wait",
    hint: 'give it at most {limit}',
    exitCode: EXIT.usage,
  },
  LAB_PORT_TWICE: {
    message: "machine '{machine}' forwards the host port {port}, and so does '{other}'",
    hint: 'take another host port for one of them',
    exitCode: EXIT.usage,
  },
  LAB_PORT_PRIVILEGED: {
    message: 'only root may listen on the host port {port}',
    hint: 'take one from 1024 up, such as {example}',
    exitCode: EXIT.usage,
  },
  LAB_ONE_OF: {
    message: '{field} needs exactly one of {keys}; it has {got}',
    hint: 'add one, or keep one',
    exitCode: EXIT.usage,
  },
  LAB_REFERENCE: {
    message: "{field}: there is no {what} '{name}'",
    hint: '{advice}',
    exitCode: EXIT.usage,
  },
  LAB_CYCLE: {
    message: '{what} wait for each other: {cycle}',
    hint: "take one of these out, such as that of '{last}'",
    exitCode: EXIT.usage,
  },
  LAB_TREE_OVERLAP: {
    message: '{field}: {path} and {other} are in each other, in the same machines',
    hint: 'give each tree a folder of its own',
    exitCode: EXIT.usage,
  },

  LAB_FOLDER_MISSING: {
    message: '{field}: there is no {what} {file}',
    hint: 'make it, or change {field}; relative paths begin at the folder of the lab file',
    exitCode: EXIT.usage,
  },

  // Trees.
  SYNC_NONE: {
    message: "the lab '{lab}' has no tree{where}",
    hint: "add one to the lab file: tree: { from: '.', to: '/srv/src' }",
    exitCode: EXIT.notFound,
  },
  TREE_MISSING: {
    message: 'a tree cannot be read: the folder {from} {reason}',
    hint: 'bring it back or make it, or change `from` in the lab file',
    exitCode: EXIT.failure,
  },
  SYNC_FAILED: {
    message: 'the tree {tree} is not up to date: {reason}',
    hint: 'mend that, then: skerry sync {machine}',
    exitCode: EXIT.failure,
  },
  PULL_FORK: {
    message: '{tree}: not brought here, since a fork writes nothing on this host by itself',
    hint: 'bring it into a folder that you choose: skerry sync --lab {fork} --into FOLDER',
    exitCode: EXIT.conflict,
  },
  SHARE_FAILED: {
    message: '{machine}: the folder {from} is not shared at {to}: {reason}',
    hint: 'mend that, then: skerry up {machine}; what the share says is in: skerry logs --system',
    exitCode: EXIT.failure,
  },
  SYNC_PROCESS: {
    message: 'the process that keeps trees up to date did not start',
    hint: 'see {log}',
    exitCode: EXIT.failure,
  },
  SYNC_SILENT: {
    message: 'the process that keeps trees up to date gave no answer within {seconds} s',
    hint: 'see {log}; end it with: skerry sync --stop',
    exitCode: EXIT.failure,
  },

  SYNC_STOPPED: {
    message: "nobody keeps the trees of the lab '{lab}' up to date any more",
    hint: 'go on with: skerry sync --watch',
    exitCode: EXIT.failure,
  },
  HACK_RUNS: {
    message: "the lab '{lab}' has a skerry hack already: process {pid}",
    hint: 'end that one with Ctrl-C where it runs, or: kill {pid}; to look on: skerry sync --watch',
    exitCode: EXIT.conflict,
  },

  // Machine names as arguments.
  MACHINE_UNKNOWN: {
    message: "the lab '{lab}' has no machine '{name}'",
    hint: '{advice}',
    exitCode: EXIT.notFound,
  },
  MACHINE_PATTERN: {
    message: '{pattern} is no regular expression: {reason}',
    hint: 'write it as /agent_.*/ (in quotes, for the shell)',
    exitCode: EXIT.usage,
  },
  MACHINE_PATTERN_EMPTY: {
    message: "{pattern} matches no machine of the lab '{lab}'",
    hint: 'its machines are: {known}',
    exitCode: EXIT.notFound,
  },
  // Programs and the machine's limits.
  PROGRAM_MISSING: {
    message: 'the program {program} is not installed',
    hint: 'see what is missing, and how to install it: skerry doctor',
    exitCode: EXIT.failure,
  },
  PROGRAM_FAILED: {
    message: '{program} ended with code {code}: {reason}',
    hint: 'see what may be wrong with this machine: skerry doctor',
    exitCode: EXIT.failure,
  },
  PROGRAM_TIMEOUT: {
    message: '{program} did not end in time and was killed',
    hint: 'see whether the machine is overloaded, then run the command again',
    exitCode: EXIT.timeout,
  },
  LOCK_TIMEOUT: {
    message: 'another command is still changing this lab: {holder}',
    hint: 'wait for it or end it, then run the command again',
    exitCode: EXIT.conflict,
  },

  // The sandbox.
  SANDBOX_START: {
    message: 'the sandbox did not start: {reason}',
    hint: 'find the cause and its remedy: skerry doctor (the log is {log})',
    exitCode: EXIT.failure,
  },
  SANDBOX_TIMEOUT: {
    message: 'the sandbox did not answer within {seconds} s',
    hint: 'read {log}, then: skerry doctor',
    exitCode: EXIT.timeout,
  },
  SANDBOX_SILENT: {
    message: 'the sandbox runs but its supervisor does not answer on {socket}',
    hint: 'end it with: skerry halt --force',
    exitCode: EXIT.timeout,
  },
  SANDBOX_STUCK: {
    message: 'a process of the sandbox does not die (it holds {lock})',
    hint: 'see which with: fuser -v {lock}',
    exitCode: EXIT.failure,
  },
  STATE_PATH_LONG: {
    message: 'the path of a socket is too long for the kernel (107 bytes): {path}',
    hint: 'set SKERRY_STATE_DIR to a folder with a shorter path',
    exitCode: EXIT.failure,
  },
  GATEWAY_REFUSED: {
    message: 'cannot connect to {target} port {port}: {reason}',
    hint: 'see whether the machine is up: skerry status',
    exitCode: EXIT.failure,
  },
  IMAGE_MISSING: {
    message: "there is no image called '{name}' here",
    hint: 'see what is there: skerry image list',
    exitCode: EXIT.notFound,
  },
  IMAGE_IN_USE: {
    message: 'image {name} is used by {labs}',
    hint: 'destroy those first: skerry global-status, skerry destroy',
    exitCode: EXIT.conflict,
  },
  TEMPLATE_MISSING: {
    message: "there is no template '{id}' here",
    hint: 'see what is there: skerry image list',
    exitCode: EXIT.notFound,
  },
  TEMPLATE_IN_USE: {
    message: 'template {id} is used by {labs}: disks of their machines are based on its disk',
    hint: 'destroy those first: skerry global-status, skerry destroy',
    exitCode: EXIT.conflict,
  },

  ...MACHINE_ERRORS,
  ...ORDER_ERRORS,
  ...CLOUD_ERRORS,
  ...SUPERPROJECT_ERRORS,
  ...DAEMON_ERRORS,

  // The cloud's bus.
  ...BUS_ERRORS,
  ...HYPERVISOR_ERRORS,

  // skerry/testing.
  COMMAND_FAILED: {
    message: '{machine}: {command} ended with exit code {code}{output}',
    hint: 'see what the machine says: its console is in {console}',
    exitCode: EXIT.failure,
  },
  COMMAND_TIMEOUT: {
    message: '{machine}: {command} did not end within {seconds} s and was killed',
    hint: 'give it more time (timeoutMs), or see whether the machine is paused',
    exitCode: EXIT.timeout,
  },
  PORT_SILENT: {
    message: 'port {port} of {machine} takes no connection within {seconds} s: {reason}',
    hint: 'see who listens in the machine: ss -ltn; give it more time (timeoutMs)',
    exitCode: EXIT.timeout,
  },
  FAULT_INVALID: {
    message: '{field} is {value}',
    hint: '{advice}',
    exitCode: EXIT.usage,
  },
  LAB_FOLDER_LEFT: {
    message: 'the folder of a temporary lab cannot be made or removed in {folder}: {reason}',
    hint: 'see who may write there and what holds it: ls -ld {folder}; fuser -v {folder}/*',
    exitCode: EXIT.failure,
  },

  // Images.
  IMAGE_UNKNOWN: {
    message: "there is no image '{image}'",
    hint: 'known images: {known}',
    exitCode: EXIT.notFound,
  },
  IMAGE_NOT_BUILT: {
    message: "image '{image}' is not in the store",
    hint: 'in the store: {known}; build it with: skerry image build {image}',
    exitCode: EXIT.notFound,
  },
  IMAGE_FIXED: {
    message: "packages cannot be added to image '{image}', which Skerry does not build",
    hint: 'add them to one of these: {known}; or leave `packages` out, and install them with a shell provisioner',
    exitCode: EXIT.usage,
  },
  IMAGE_PACKAGE_UNKNOWN: {
    message: 'no such package in the sources for {suite} of this host: {packages}',
    hint: 'look for its name: apt-cache search WORD; the lab file asks for it with `packages`',
    exitCode: EXIT.usage,
  },
  IMAGE_OFFLINE: {
    message: 'cannot build image {image}: {host} cannot be reached: {reason}',
    hint: 'an image is built from Debian packages, once: run the command again with a network; or copy {store} from a computer that has the image',
    exitCode: EXIT.failure,
  },
  IMAGE_BUILD_FAILED: {
    message: 'cannot build image {image}: {reason}',
    hint: 'see what this machine lacks: skerry doctor',
    exitCode: EXIT.failure,
  },

  // Provisioning.
  PROVISION_FILE_MISSING: {
    message: '{field}: there is no {what} {file}',
    hint: 'relative paths begin at the folder of the lab file; look: ls -ld {file}',
    exitCode: EXIT.usage,
  },
  PROVISION_ANSIBLE_MISSING: {
    message: 'provisioner {provisioner} needs ansible-playbook on this host',
    hint: "install it: apt-get install ansible-core; or let Ansible run in the machine: mode: 'local'",
    exitCode: EXIT.failure,
  },

  // The host.
  SUBUID_MISSING: {
    message: 'a lab needs 65536 ids of its own, and {finding}',
    hint: '{remedy}',
    exitCode: EXIT.failure,
  },
  USERNS_DENIED: {
    message: 'a lab needs namespaces of its own, and {finding}',
    hint: '{remedy}',
    exitCode: EXIT.failure,
  },
  TUN_DENIED: {
    message: 'machines need network cards, and {finding}',
    hint: '{remedy}',
    exitCode: EXIT.failure,
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;
