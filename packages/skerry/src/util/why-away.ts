// Why a machine is not reached, in the words that people read: the supervisor says them, and others look for them.

/** Nothing listens where its QEMU would. It may begin to boot at any moment. */
export const IS_OFF = 'it is off';
/** Its QEMU is there, and its helper is not. */
export const NO_ANSWER = 'it boots, or does not answer';
/** It was there until now. */
export const WENT_AWAY = 'it does not answer any more';
