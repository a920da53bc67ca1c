/** What the names of scratch folders begin with. */
export const SCRATCH_PREFIX = 'skerry-superproject-';
