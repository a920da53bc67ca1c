// libvirt's own bounds; what goes beyond them is refused before it is sent or kept.
export const MAX_PACKET: number = 4 + 32 * 1024 * 1024;
export const MIN_PACKET: number = 28;
export const MAX_STRING: number = 4 * 1024 * 1024;
/** The daemon cuts its stream packets at this size; we send no larger ones. */
export const MAX_STREAM_CHUNK: number = 262_144 - 24;
