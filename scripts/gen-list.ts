import { labJsonSchema } from '../packages/skerry/src/lab-file/json-schema.ts';
import { commandsPage } from './gen-commands.ts';
import { errorsPage } from './gen-errors.ts';
import { labFilePage } from './gen-lab-file.ts';
import { libvirtPage } from './gen-libvirt.ts';
import { superprojectDoctorPage } from './gen-superproject-doctor.ts';
import { verbsPage } from './gen-verbs.ts';

/** Every generated file by its path in the repository. */
export const GENERATORS: Readonly<Record<string, () => string | Promise<string>>> = {
  'packages/skerry/schema.json': () => `${JSON.stringify(labJsonSchema(), null, 2)}\n`,
  'docs/reference/lab-file.md': labFilePage,
  'docs/reference/commands.md': commandsPage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/libvirt.md': libvirtPage,
  'docs/reference/superproject-doctor.md': superprojectDoctorPage,
  'docs/reference/verbs.md': verbsPage,
};
