/** What a lab file imports. Everything else of this package is internal. */
export { defineLab, superproject } from './lab-file/config.ts';
export type {
  DiskConfig,
  ForwardConfig,
  LabConfig,
  MachineConfig,
  MachineDefaults,
  NetworkConfig,
  Size,
} from './lab-file/config.ts';
export type { SourceConfig } from './lab-file/config-sync.ts';
